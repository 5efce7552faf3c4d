"""The note of a bug: the traceback in a file, without the key."""

import os
import platform
import time
import traceback
from pathlib import Path

from runner import __version__
from runner.provider.words import hidden
from runner.settings import Settings


def written(error: BaseException, settings: Settings) -> Path | None:
    """Write a crash down in the state folder; None where that fails, too."""
    folder = settings.state / "crashes"
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{time.time_ns() % 10**6:06}.txt"
    about = f"shotlock {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    text = about + "".join(traceback.format_exception(error))
    told = hidden(text.replace("\0", ""), (settings.key,) if settings.key else ())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as note:
            note.write(told)
    except OSError:
        return None
    return path
