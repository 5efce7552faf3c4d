"""A recorded life: at every operation, which disks a crash may leave, what the server knows, and what was promised."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.events import Bought, Ending, Event, ShotEnded
from runner.execute.execution import Report
from tests.crash.images.cuts import power_cuts
from tests.crash.images.film import Film, Life, Wish
from tests.crash.images.line import Books, Flight, Line, server_at
from tests.crash.images.tree import Image, Tree
from tests.crash.images.tree_disk import TreeDisk
from tests.crash.simulation.loop import VirtualLoop

THERE = (Ending.DONE, Ending.RESTORED, Ending.KEPT)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a process has acted upon: no crash may make the next one forget it."""

    sent: Counter[Wish] = field(default_factory=Counter)  # POSTs that may have arrived: each has an intent
    jobs: frozenset[str] = frozenset()  # ids that were used or told
    now: frozenset[str] = frozenset()  # those of this life: its lockfile has them, and its ledger
    there: frozenset[str] = frozenset()  # shots whose clip was said to be there

    @property
    def key(self) -> int:
        """Equal for equal promises."""
        return hash((frozenset(self.sent.items()), self.jobs, self.now, self.there))


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A crash right after one operation."""

    number: int
    what: str
    at: float
    books: Books
    flight: Flight | None
    promise: Promise
    images: tuple[Image, ...]  # every disk that may be left, that of a kill first
    tree: Tree | None  # the disk as the next process would find it if only this one died, un-synced changes and all


@dataclass(kw_only=True)
class Recording:
    """Plays a life and keeps its moments."""

    film: Film
    tree: Tree
    books: Books = field(default_factory=Books)
    promise: Promise = field(default_factory=Promise)
    at: float = 0.0
    lists: bool = True
    mishaps: Mapping[int, str] = field(default_factory=dict)
    meddle: Callable[[str, "Recording"], None] = lambda what, recording: None  # what somebody else does meanwhile
    brought: set[str] = field(default_factory=set)  # ids that somebody else put on the disk
    number: int = 1
    quiet: bool = False  # only what a kill leaves is of interest
    thin: int = 1  # look at each nth moment only
    moments: list[Moment] = field(default_factory=list)
    _known: tuple[int, tuple[Image, ...]] = (-1, ())

    def play(self) -> Report:
        """Live to the end; the tree, the books, the promise and the time are then as the life left them."""
        self._loop = VirtualLoop()
        self._loop.jump(self.at)
        self._server = server_at(self._loop, self.books, lists=self.lists)
        self._line = Line(self._server, tick=self._crossed, mishaps=self.mishaps)
        self._before = self.promise
        self._told: set[str] = set()
        self._there: set[str] = set()
        self._keep("start", self._disks())
        life = Life(
            disk=_Recorded(self),
            videos=self._line,
            loop=self._loop,
            film=self.film,
            complete=self.lists,
            number=self.number,
            listen=self._hear,
        )
        try:
            return life.lead()
        finally:
            self.promise, self.at = self._promise, self._loop.time()
            self.books = self._books
            self._loop.close()

    @property
    def looking(self) -> bool:
        """Whether the next moment's disks are of interest."""
        return not self.quiet and not len(self.moments) % self.thin

    def after(self, what: str, path: Path) -> None:
        """The disk has done something."""
        name = "a stored clip" if path.parent.name == "store" and path.suffix == ".mp4" else path.name
        self._keep(f"{what} {name}", self._disks())

    def amid(self, path: Path, image: Image) -> None:
        """A write is half done: what a power cut can leave of that, the whole write tells."""
        self._keep(f"half a write {path.name}", (image,))

    def _crossed(self, what: str) -> None:
        self.meddle(what, self)
        self._keep(what, self._disks())

    def _disks(self) -> tuple[Image, ...]:
        if not self.looking:
            return ()
        if self._known[0] != self.tree.version:
            images = {image.key: image for image in (self.tree.image, *power_cuts(self.tree))}
            self._known = (self.tree.version, tuple(images.values()))
        return self._known[1]

    def _keep(self, what: str, images: tuple[Image, ...]) -> None:
        moment = Moment(
            number=len(self.moments),
            what=what,
            at=self._loop.time(),
            books=self._books,
            flight=self._line.flight,
            promise=self._promise,
            images=images,
            tree=self.tree.twin() if self.quiet else None,
        )
        self.moments.append(moment)

    @property
    def _books(self) -> Books:
        return Books(jobs=tuple(self._server.look()), polled=frozenset(self._server.polled))

    @property
    def _promise(self) -> Promise:
        now = frozenset((self._server.polled - self.books.polled) | self._told)
        return Promise(
            sent=self._before.sent + Counter(self._line.sent),
            jobs=self._before.jobs | now | self.brought,
            now=now,
            there=self._before.there | self._there,
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, Bought):
            self._told.add(event.job)
        if isinstance(event, ShotEnded) and event.ending in THERE:
            self._there.add(event.shot)


class _Recorded(TreeDisk):
    """The recorded process's disk."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording.tree, after=recording.after)
        self._recording = recording

    def write(self, path: Path, data: bytes, *, at: int | None) -> None:
        if self._recording.looking:
            aside = Tree.of(self.tree.image)
            TreeDisk(aside).write_half(path, data, at=at)
            self._recording.amid(path, aside.image)
        super().write(path, data, at=at)
