"""Small pieces of text that every report is made of: harmless words, counts, spans of time, paths."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from runner.provider.words import clean

_LONGEST: Final = 2000  # characters of a path or a command


def shown(text: str, limit: int = 300) -> str:
    """Words of a server or a manifest on one line, with nothing in them that a terminal obeys."""
    return clean(text, limit=limit)


def command(text: str) -> str:
    """A command or a path, which is of no use when it is cut."""
    return clean(text, limit=_LONGEST)


def near(path: Path) -> str:
    """A path as a person would type it: from the working folder on, where it lies below that."""
    here = _working_folder()
    return command(as_argument(str(path.relative_to(here)) if here and path.is_relative_to(here) else str(path)))


def as_argument(path: str) -> str:
    """A path that no command takes for an option."""
    return f"./{path}" if path.startswith("-") else path


def _working_folder() -> Path | None:
    """None where it was removed since this command began."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def counted(number: int, one: str, many: str = "") -> str:
    """A number and its noun: `1 clip`, `2,500 clips`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """A span of time in hours, minutes and seconds: `0:07`, `12:30`, `1:02:03`."""
    whole = str(timedelta(seconds=max(0, round(seconds))))
    return whole.removeprefix("0:").removeprefix("0") if whole.startswith("0:") else whole
