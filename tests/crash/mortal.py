"""The runner with a death foretold: `python -m tests.crash.mortal POINT NTH -- render film.yaml`.

At the NTH crossing of POINT the process kills itself, or from then on the disk fails. Nothing in the product knows
of this: the launcher wraps the disk and the HTTP client from outside, and then runs the command line as it is.

Points are named `WHO.WHAT.WHEN`. WHO is the role of a file (`ledger`, `lockfile`, `fold`, `part`, `store`, `clip` and
so on) with WHAT as the operation on the disk, or `disk` for a file of any role, or `any.WHEN` for every operation; or
it is a call of the API (`post`, `retrieve`, `list`, `content`), with no WHAT. WHEN is `before`, `after`, or `half` of
a write.

    POINT NTH          die there by SIGKILL
    full:POINT NTH     from there on the disk is full: the first half of a write is done, then ENOSPC
    once:POINT NTH     the same, but only that once
    bad:POINT NTH      from there on nothing can be synced: EIO
    limit BYTES        no file may become longer: the kernel takes a part of a write, then refuses
    count FILE         let live, and write down how often each point was crossed
    hasty SECONDS      let live, and look that often whether another run's job has left its slot
"""

import errno
import json
import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from runner.cli import main as shotlock
from runner.disk import SystemDisk
from runner.execute import slots
from runner.provider.http import HttpVideos

_CALLS = {"create": "post", "retrieve": "retrieve", "list": "list", "content": "content"}
_OPERATIONS = ("write", "sync", "sync_folder", "rename", "truncate", "copy", "remove")
_TAKES_ROOM = ("write", "copy")
_NEEDS_SYNC = ("sync", "sync_folder")


class Fate:
    """What happens at which crossing."""

    def __init__(self, point: str, nth: str) -> None:
        self._act, _, self._point = point.rpartition(":")
        self._nth = 0 if point == "count" else int(nth)
        if point == "limit":
            sys.dont_write_bytecode = True
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._nth, self._nth))
        if point == "hasty":
            assert slots._LOOK_AGAIN, "it is no longer there"
            vars(slots)["_LOOK_AGAIN"] = float(nth)
        self._counts = Path(nth).resolve() if point == "count" else None
        self._crossed: Counter[str] = Counter()
        self._met = False

    def cross(self, *names: str) -> None:
        """A point with some names is crossed; this may be the end."""
        self._crossed.update(names)
        here = self._point in names and self._crossed[self._point] == self._nth
        if here and not self._act:
            os.kill(os.getpid(), signal.SIGKILL)
        self._met = (self._met and self._act != "once") or here

    def refuses(self, operation: str) -> int:
        """The errno that the disk gives now; 0 where it does as it is told."""
        if not self._met:
            return 0
        if self._act in ("full", "once"):
            return errno.ENOSPC if operation in _TAKES_ROOM else 0
        return errno.EIO if self._act == "bad" and operation in _NEEDS_SYNC else 0

    def write_down(self) -> None:
        """Tell how often each point was crossed, if that was asked."""
        if self._counts is not None:
            self._counts.write_text(json.dumps(dict(sorted(self._crossed.items())), indent=1))


def role_of(path: Path) -> str:
    """What a file or folder is for."""
    name, folder = path.name.removesuffix(".new"), path.parent.name
    match Path(name).suffix:
        case ".jsonl":
            return "rescue" if name == "rescue.jsonl" else "ledger"
        case ".lock":
            return "lockfile" if name == path.name else "fold"
        case ".json":
            return "seen"
        case ".part" | ".restored":
            return "part"
        case ".mp4":
            return "store" if folder == "store" else "clip"
        case _:
            pass
    roles = {"shotlock": "state", "store": "store", "parts": "parts", ".gitignore": "ignore"}
    return roles.get(name, "clip" if folder == "renders" else "folder")


def _mortal_operation(fate: Fate, name: str) -> None:
    real: Callable[..., None] = getattr(SystemDisk, name)

    @wraps(real)
    def crossing(disk: SystemDisk, path: Path, *arguments: Any, **named: Any) -> None:
        # A rename and a copy are of the file that comes to be.
        role = role_of(arguments[0] if name in ("rename", "copy") else path)
        told = (f"{role}.{name}", f"disk.{name}", "any")
        fate.cross(*(f"{each}.before" for each in told))
        if error := fate.refuses(name):
            _do_half(real, disk, name, path, *arguments, **named)
            raise OSError(error, os.strerror(error), str(path))
        if name == "write":
            # The bytes come in two pieces, as a kernel may take them.
            _do_half(real, disk, name, path, *arguments, **named)
            fate.cross(*(f"{each}.half" for each in told))
        real(disk, path, *arguments, **named)
        fate.cross(*(f"{each}.after" for each in told))

    setattr(SystemDisk, name, crossing)


def _do_half(real: Callable[..., None], disk: SystemDisk, name: str, path: Path, *arguments: Any, **named: Any) -> None:
    if name == "write":
        real(disk, path, arguments[0][: len(arguments[0]) // 2], **named)


def _mortal_call(fate: Fate, name: str) -> None:
    real: Callable[..., Awaitable[Any]] = getattr(HttpVideos, name)

    @wraps(real)
    async def crossing(*arguments: Any) -> Any:
        fate.cross(f"{_CALLS[name]}.before")
        reply = await real(*arguments)
        fate.cross(f"{_CALLS[name]}.after")
        return reply

    setattr(HttpVideos, name, crossing)


def main(arguments: Sequence[str]) -> int:
    """Run a command of the runner up to its fate."""
    point, nth, dashes, *command = arguments
    assert dashes == "--", "POINT NTH -- COMMAND..."
    fate = Fate(point, nth)
    for name in _OPERATIONS:
        _mortal_operation(fate, name)
    for name in _CALLS:
        _mortal_call(fate, name)
    code = shotlock(command)
    fate.write_down()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
