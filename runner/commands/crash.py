"""The note of a bug: the traceback in a file, without the key."""

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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(hidden(text, (settings.key,) if settings.key else ()), encoding="utf-8")
    except OSError:
        return None
    return path
