"""The runner with a death foretold: `python -m tests.crash.mortal POINT NTH -- render film.yaml`.

At the NTH crossing of POINT the process kills itself, or something else befalls it. Nothing in the product knows of
this: the launcher wraps the disk and the HTTP client from outside, and then runs the command line as it is. There may
be several pairs of POINT and NTH.

Points are named `WHO.WHAT.WHEN`. WHO is the role of a file (`ledger`, `lockfile`, `fold`, `part`, `store`, `clip` and
so on) with WHAT as the operation on the disk, or `disk` for a file of any role, or `any.WHEN` for every operation; or
it is a call of the API (`post`, `retrieve`, `list`, `content`), with no WHAT. WHEN is `before`, `after`, `half` of a
write, or `sent` of a POST: its last byte is with the kernel.

    POINT NTH          die there by SIGKILL
    full:POINT NTH     from there on the disk is full: the first half of a write is done, then ENOSPC
    once:POINT NTH     the same, but only that once
    bad:POINT NTH      from there on nothing can be synced: EIO
    int:POINT NTH      be asked to end there, by SIGINT; `int2` is asked twice; so `term` and `term2`
    stop:POINT NTH     be stopped there, until SIGCONT comes
    raise:POINT NTH    a bug strikes there; `memory`: there is no more of it
    +60:POINT NTH      the clock jumps there by so many seconds; `-60`: back
    clock SECONDS      the clock is wrong from the beginning
    files NUMBER       no more files than that can be open
    limit BYTES        no file may become longer: the kernel takes a part of a write, then refuses
    count FILE         let live, and write down how often each point was crossed
    toll FILE          let live, and write down what it has cost so far whenever a clip gets its name
    hasty SECONDS      let live, and look that often whether another run's job has left its slot
"""

import errno
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from runner.cli import main as shotlock
from runner.disk import SystemDisk
from runner.execute import slots
from runner.provider.evidence import Evidence
from runner.provider.http import HttpVideos

_CALLS = {"create": "post", "retrieve": "retrieve", "list": "list", "content": "content"}
_OPERATIONS = ("write", "sync", "sync_folder", "rename", "truncate", "copy", "remove")
_TAKES_ROOM = ("write", "copy")
_NEEDS_SYNC = ("sync", "sync_folder")
_REFUSALS = {"full": (_TAKES_ROOM, errno.ENOSPC), "once": (_TAKES_ROOM, errno.ENOSPC), "bad": (_NEEDS_SYNC, errno.EIO)}
_SIGNALS = {
    "": (signal.SIGKILL,),
    "stop": (signal.SIGSTOP,),
    "int": (signal.SIGINT,),
    "int2": (signal.SIGINT, signal.SIGINT),
    "term": (signal.SIGTERM,),
    "term2": (signal.SIGTERM, signal.SIGTERM),
}
_BUGS = {"raise": RuntimeError, "memory": MemoryError}


class Fate:
    """What happens at which crossing."""

    def __init__(self, point: str, nth: int) -> None:
        self._act, _, self._point = point.rpartition(":")
        self._nth = nth
        self._crossed = 0
        self._met = False

    def cross(self, names: Sequence[str]) -> None:
        """A point with some names is crossed; this may be the end."""
        if self._act == "once":
            self._met = False
        if self._point in names:
            self._crossed += 1
            if self._crossed == self._nth:
                self._met = True
                self._befall()

    def refuses(self, operation: str) -> int:
        """The errno that the disk gives now; 0 where it does as it is told."""
        operations, number = _REFUSALS.get(self._act, ((), 0))
        return number if self._met and operation in operations else 0

    def _befall(self) -> None:
        for number in _SIGNALS.get(self._act, ()):
            os.kill(os.getpid(), number)
        if self._act in _BUGS:
            raise _BUGS[self._act]("foretold")
        if self._act.startswith(("+", "-")):
            _jump(float(self._act))


class Count:
    """How often each point was crossed."""

    def __init__(self, file: str) -> None:
        self._path = Path(file).resolve()
        self._crossed: Counter[str] = Counter()

    def cross(self, names: Sequence[str]) -> None:
        self._crossed.update(names)

    def write_down(self) -> None:
        self._path.write_text(json.dumps(dict(sorted(self._crossed.items())), indent=1))


class Toll:
    """What a life has cost so far, as a line of a file for every clip that gets its name."""

    def __init__(self, file: str) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._syncs = self._bytes = 0

    def cross(self, names: Sequence[str], size: int) -> None:
        self._syncs += "disk.sync.after" in names or "disk.sync_folder.after" in names
        self._bytes += size if names[-1] == "any.after" else 0
        if "clip.rename.after" in names:
            os.write(self._file, f"{json.dumps(self._told())}\n".encode())

    def _told(self) -> dict[str, float]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return {
            "syncs": self._syncs,
            "kilobytes": self._bytes / 1000,
            "cpu": 1000 * time.process_time(),
            "wall": 1000 * time.monotonic(),
            "files": len(os.listdir("/proc/self/fd")),
            "memory": pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        }


class Fates:
    """All that is foretold of one life."""

    def __init__(self, told: Iterable[tuple[str, str]]) -> None:
        self._fates: list[Fate] = []
        self._count: Count | None = None
        self._toll: Toll | None = None
        for point, what in told:
            match point:
                case "count":
                    self._count = Count(what)
                case "toll":
                    self._toll = Toll(what)
                case "limit" | "files" | "hasty" | "clock":
                    _BEGINNINGS[point](float(what))
                case _:
                    self._fates.append(Fate(point, int(what)))

    def cross(self, *names: str, size: int = 0) -> None:
        """A point with some names is crossed."""
        if self._count:
            self._count.cross(names)
        if self._toll:
            self._toll.cross(names, size)
        for fate in self._fates:
            fate.cross(names)

    def refuses(self, operation: str) -> int:
        """The errno that the disk gives now; 0 where it does as it is told."""
        return max((fate.refuses(operation) for fate in self._fates), default=0)

    def write_down(self) -> None:
        """Tell how often each point was crossed, if that was asked."""
        if self._count:
            self._count.write_down()


def _limit(most: float) -> None:
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))


def _files(most: float) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(most), int(most)))


def _hasty(seconds: float) -> None:
    assert slots._LOOK_AGAIN, "it is no longer there"
    vars(slots)["_LOOK_AGAIN"] = seconds


def _jump(seconds: float) -> None:
    told, told_ns = time.time, time.time_ns
    vars(time)["time"] = lambda: told() + seconds
    vars(time)["time_ns"] = lambda: told_ns() + int(seconds) * 10**9


_BEGINNINGS: dict[str, Callable[[float], None]] = {"limit": _limit, "files": _files, "hasty": _hasty, "clock": _jump}


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


def _mortal_operation(fates: Fates, name: str) -> None:
    real: Callable[..., None] = getattr(SystemDisk, name)

    @wraps(real)
    def crossing(disk: SystemDisk, path: Path, *arguments: Any, **named: Any) -> None:
        # A rename and a copy are of the file that comes to be.
        role = role_of(arguments[0] if name in ("rename", "copy") else path)
        told = (f"{role}.{name}", f"disk.{name}", "any")
        fates.cross(*(f"{each}.before" for each in told))
        if error := fates.refuses(name):
            _do_half(real, disk, name, path, *arguments, **named)
            raise OSError(error, os.strerror(error), str(path))
        if name == "write":
            # The bytes come in two pieces, as a kernel may take them.
            _do_half(real, disk, name, path, *arguments, **named)
            fates.cross(*(f"{each}.half" for each in told))
            _do_rest(real, disk, path, *arguments, **named)
        else:
            real(disk, path, *arguments, **named)
        fates.cross(*(f"{each}.after" for each in told), size=_size_of(name, arguments))

    setattr(SystemDisk, name, crossing)


def _do_half(real: Callable[..., None], disk: SystemDisk, name: str, path: Path, *arguments: Any, **named: Any) -> None:
    if name == "write":
        real(disk, path, arguments[0][: len(arguments[0]) // 2], **named)


def _do_rest(real: Callable[..., None], disk: SystemDisk, path: Path, data: bytes, *, at: int | None) -> None:
    half = len(data) // 2
    real(disk, path, data[half:], at=at if at is None else at + half)


def _size_of(name: str, arguments: tuple[Any, ...]) -> int:
    """The bytes that an operation has written."""
    if name == "write":
        return len(arguments[0])
    return arguments[0].stat().st_size if name == "copy" else 0


def _mortal_call(fates: Fates, name: str) -> None:
    real: Callable[..., Awaitable[Any]] = getattr(HttpVideos, name)

    @wraps(real)
    async def crossing(*arguments: Any) -> Any:
        fates.cross(f"{_CALLS[name]}.before")
        reply = await real(*arguments)
        fates.cross(f"{_CALLS[name]}.after")
        return reply

    setattr(HttpVideos, name, crossing)


def _mortal_sending(fates: Fates) -> None:
    real = Evidence.trace

    async def crossing(evidence: Evidence, event: str, told: Mapping[str, Any]) -> None:
        await real(evidence, event, told)
        if event.endswith("send_request_body.complete"):
            fates.cross("post.sent")

    setattr(Evidence, "trace", crossing)  # noqa: B010 - as the other doors are wrapped


def main(arguments: Sequence[str]) -> int:
    """Run a command of the runner up to its fate."""
    dashes = arguments.index("--")
    told, command = arguments[:dashes], arguments[dashes + 1 :]
    fates = Fates(zip(told[::2], told[1::2], strict=True))
    for name in _OPERATIONS:
        _mortal_operation(fates, name)
    for name in _CALLS:
        _mortal_call(fates, name)
    _mortal_sending(fates)
    code = shotlock(command)
    fates.write_down()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
