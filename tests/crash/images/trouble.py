"""Trouble at a call: what a disk may answer, and what may become of a call to the server, each at one crossing."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from runner.errors import ExitCode
from runner.lock.lines import HEADER
from runner.manifest.request import Request
from runner.provider.replies import Missing, NoRoute, NotAServer, NotVideo, Refused, TooMany, Troubled, Unreachable
from runner.provider.videos import Content, Image, JobId, Page, Polled, Posted, Resume, Sink
from tests.crash.images.film import HIDDEN, LOCKFILE, RENDERS, Life
from tests.crash.images.line import Line
from tests.crash.images.theirs import line_of_theirs
from tests.crash.images.tree import Cut, Tree
from tests.crash.images.tree_disk import TreeDisk
from tests.crash.simulation.server import Server

CODES: Final = ("ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "EACCES", "EINTR")
_ROOM: Final = frozenset({"write", "copy", "make_folder"})
_CHANGES: Final = frozenset({"write", "copy", "make_folder", "truncate", "rename", "remove"})
_LASTING: Final[Mapping[str, frozenset[str] | None]] = {  # what fails from there on; None: everything
    "ENOSPC": _ROOM,
    "EDQUOT": _ROOM,
    "EROFS": _CHANGES,
    "EIO": None,
    "EMFILE": None,
    "EACCES": None,
    "EINTR": None,
}
_PASSING: Final = {
    "reset": Unreachable("reset"),
    "error": Troubled("502", status=502),
    "garbage": Troubled("a body that makes no sense", status=200),
    "busy": TooMany("slow down", status=429, retry_after=3.0),
}
ANSWERS: Final[Mapping[str, Mapping[str, Exception]]] = {
    "retrieve": {**_PASSING, "missing": Missing("no such video", status=404)},
    "list": {
        **_PASSING,
        "no route": NoRoute("not found", status=404),
        "refused": Refused("no", status=401),
        "a web page": NotAServer("<html>", status=200),
    },
    "content": {**_PASSING, "missing": Missing("no content", status=404), "no video": NotVideo("a page came")},
}
POSTS: Final = ("unsent", "lose_before", "lose_after", "error_before", "error_after", "busy", "garbage", "refused")
ENDS: Final = ("cancel", "interrupt")  # how somebody ends a run in the middle of a call
KILL: Final = "kill"
KILL_AFTER: Final = "kill when it was billed"
FROM_THERE_ON: Final = " from there on"


class Killed(BaseException):
    """The process is dead; nothing of it runs on."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One crossing: of the disk or of the line to the server."""

    door: str  # "disk" or "http"
    what: str
    name: str = ""
    guarded: bool = False  # the ledger's lock is held

    def __str__(self) -> str:
        return f"{self.what} {self.name}".strip()

    def kinds(self, *, lasting: bool = False) -> tuple[str, ...]:
        """Every trouble that there can be here."""
        if self.door == "disk":
            return (*CODES, *(f"{code}{FROM_THERE_ON}" for code in CODES)) if lasting else CODES
        return (*POSTS, *ENDS) if self.what == "create" else (*ANSWERS[self.what], *ENDS)


class Fate:
    """What happens at which crossing, counted over all lives; and everything that was crossed."""

    def __init__(self, troubles: Mapping[int, str]) -> None:
        self._troubles = troubles
        self._lasting = ""
        self._life = 0
        self.crossed: list[Point] = []
        self.met: list[tuple[Point, str]] = []

    @property
    def over(self) -> bool:
        """Whether everything has happened."""
        return len(self.met) >= len(self._troubles)

    def next_life(self) -> int:
        """The disk is well again; what has not happened yet is still to come. Nothing of earlier lives goes on."""
        self._life += 1
        self._lasting = ""
        return self._life

    def kill(self) -> NoReturn:
        """This life is over, now."""
        self._life += 1
        raise Killed

    def cross(self, point: Point, life: int) -> str:
        """The trouble of a crossing; empty where all is well."""
        if life != self._life:
            raise Killed
        kind = self._troubles.get(len(self.crossed), "")
        self.crossed.append(point)
        if kind:
            self.met.append((point, kind))
            code = kind.removesuffix(FROM_THERE_ON)
            self._lasting = self._lasting if code == kind else code
            kind = code
        if kind == KILL:
            self.kill()
        return kind or self._lasts(point)

    def _lasts(self, point: Point) -> str:
        if not self._lasting or point.door != "disk":
            return ""
        touched = _LASTING[self._lasting]
        return self._lasting if touched is None or point.what in touched else ""


def _remove(tree: Tree, gone: Callable[[Path], bool]) -> None:
    disk = TreeDisk(tree)
    for path in [path for path in tree.files if gone(path)]:
        disk.remove(path)


def _replace(tree: Tree, data: bytes) -> None:
    """As git does: another file takes the name."""
    disk = TreeDisk(tree)
    disk.remove(LOCKFILE)
    disk.write(LOCKFILE, data, at=0)


def _cut_ledger(tree: Tree) -> None:
    for path, inode in tree.files.items():
        if path.suffix == ".jsonl":
            tree.change(inode, Cut(len(inode.data) // 2))


MEDDLING: Final[Mapping[str, Callable[[Tree], None]]] = {  # what somebody else does to our files meanwhile
    "lockfile gone": lambda tree: _remove(tree, lambda path: path == LOCKFILE),
    "lockfile older": lambda tree: _replace(tree, HEADER),
    "lockfile in conflict": lambda tree: _replace(tree, HEADER + b"<<<<<<< ours\n" + line_of_theirs()),
    "ledger gone": lambda tree: _remove(tree, lambda path: path.suffix == ".jsonl"),
    "ledger cut": _cut_ledger,
    "clips gone": lambda tree: _remove(tree, lambda path: path.parent == RENDERS),
    "parts and store gone": lambda tree: _remove(tree, lambda path: HIDDEN in path.parents),
}


class TroubledDisk(TreeDisk):
    """A disk with a fate. A write or a copy that fails for want of room, or in the middle, leaves its first half."""

    def __init__(self, tree: Tree, fate: Fate, life: int, noted: Callable[[str, Path], None]) -> None:
        super().__init__(tree, before=self._cross)
        self._fate = fate
        self._life = life
        self._noted = noted
        self._guarded = False

    @contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        with super().lock(path):
            self._guarded = True
            try:
                yield
            finally:
                self._guarded = False

    def write(self, path: Path, data: bytes, *, at: int | None) -> None:
        try:
            super().write(path, data, at=at)
        except OSError as error:
            if error.errno in _HALFWAY and path.parent in self.tree.folders:
                self.write_half(path, data, at=at)
            raise

    def copy(self, source: Path, target: Path) -> None:
        try:
            super().copy(source, target)
        except OSError as error:
            if error.errno in _HALFWAY and source in self.tree.files and target.parent in self.tree.folders:
                self.write_half(target, self.tree.files[source].data, at=0)
            raise

    def _cross(self, what: str, path: Path) -> None:
        point = Point(door="disk", what=what, name=path.name, guarded=self._guarded)
        kind = self._fate.cross(point, self._life)
        if kind in MEDDLING:
            MEDDLING[kind](self.tree)
        elif kind:
            self._noted(what, path)
            raise OSError(getattr(errno, kind), _WORDS[kind], str(path))


_HALFWAY: Final = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_WORDS: Final = {
    "ENOSPC": "No space left on device",
    "EDQUOT": "Disk quota exceeded",
    "EROFS": "Read-only file system",
    "EIO": "Input/output error",
    "EMFILE": "Too many open files",
    "EACCES": "Permission denied",
    "EINTR": "Interrupted system call",
}


class TroubledLine(Line):
    """A line to the server with a fate."""

    def __init__(self, server: Server, fate: Fate, number: int) -> None:
        super().__init__(server, tick=lambda what: None)
        self._fate = fate
        self._number = number
        self.life: Life | None = None

    async def create(self, request: Request, image: Image | None) -> Posted:
        kind = self._crossed("create")
        if kind == "refused":
            return Posted(sent=True, status=401, body={"error": {"message": "no"}}, text="no")
        if kind in ("unsent", "lose_before", "lose_after", "error_before", "error_after", "busy"):
            self._mishaps = {self.begun: kind}
        posted = await super().create(request, image)
        if kind == KILL_AFTER:
            self._fate.kill()
        return Posted(sent=True, status=200, text="<html>") if kind == "garbage" else posted

    async def retrieve(self, job: JobId) -> Polled:
        self._answer("retrieve")
        return await super().retrieve(job)

    async def list(self, after: str | None) -> Page:
        self._answer("list")
        return await super().list(after)

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        self._answer("content")
        return await super().content(job, sink, resume)

    def _answer(self, what: str) -> None:
        kind = self._crossed(what)
        if kind in ANSWERS[what]:
            if kind != "reset":
                self._dated()  # as every reply is, whatever else it says
            raise ANSWERS[what][kind]

    def _crossed(self, what: str) -> str:
        kind = self._fate.cross(Point(door="http", what=what), self._number)
        if kind in ENDS:
            assert self.life is not None
            if kind == "interrupt":
                self.life.control.interrupt(ExitCode.INTERRUPTED)
            else:
                assert self.life.task is not None
                self.life.task.cancel()
        return kind
