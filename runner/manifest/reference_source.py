"""Where references come from: the paths that shots name, each file looked at once."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

from runner.manifest.batch import Reference
from runner.manifest.limits import Limits
from runner.manifest.problems import Problem
from runner.manifest.wish import Wish
from runner.manifest.wording import nearest, quoted

if TYPE_CHECKING:
    from runner.manifest.images import Unusable

_ELSEWHERE: Final = "://"


class References:
    """The images of one manifest."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._inspect = cache(self._inspected)
        self._seen: dict[tuple[int, ...], Reference | Unusable] = {}  # a file can be named in many ways

    def of(self, wish: Wish) -> tuple[Reference | None, list[Problem]]:
        """A shot's reference, or why it cannot be used; neither where there is none or the schema has spoken."""
        setting = wish.own("input_reference")
        written = setting.value
        if not isinstance(written, str) or not written or _ELSEWHERE in written:
            return None, []
        if _is_absolute(written):
            message = f"is {quoted(written)}, which other machines do not have"
            return None, [wish.problem(setting, message, "write a path that starts from the folder of the manifest")]
        looked = self._inspect(written)
        if isinstance(looked, Reference):
            return looked, []
        hint = self._near(written) or looked.hint
        return None, [wish.problem(setting, f"{quoted(written)} {looked.says}", hint)]

    def _inspected(self, written: str) -> "Reference | Unusable":
        # Pillow is loaded only where a shot has a reference.
        from runner.manifest.images import inspect

        path = self._folder / written
        stamp = _stamp(path)
        looked = self._seen.get(stamp) or inspect(path, self._limits)
        if stamp:
            self._seen[stamp] = looked
        return replace(looked, path=path) if isinstance(looked, Reference) else looked

    def _near(self, written: str) -> str:
        """A hint for a file that is not there."""
        path = self._folder / written
        if os.path.lexists(path):
            return ""
        if "\\" in written:
            return "write `/` between folders"
        near = nearest(path.name, _names(path.parent))
        return f"did you mean {quoted(str(PurePosixPath(written).with_name(near)))}?" if near else ""


def _stamp(path: Path) -> tuple[int, ...]:
    """What tells a file from all others, and from what it was before; nothing where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _is_absolute(written: str) -> bool:
    windows = PureWindowsPath(written)
    return written.startswith("~") or PurePosixPath(written).is_absolute() or bool(windows.drive or windows.root)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
