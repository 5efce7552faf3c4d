"""The line to a simulated server: it tells every moment of a call, and a POST may be told to go wrong."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from runner.manifest.request import Request
from runner.provider.videos import Image, Posted
from tests.crash.images.film import Wish, wish
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.crash.simulation.server import Billed, Nature, Server, SimVideos

RENDER = 2.0  # seconds
EPOCH = VirtualClock(VirtualLoop()).true_time()


@dataclass(frozen=True, kw_only=True)
class Flight:
    """A POST whose answer has not come."""

    request: Request
    billed: bool  # the server has made a job of it

    def __hash__(self) -> int:
        return hash((wish(self.request), self.billed))


@dataclass(frozen=True, kw_only=True)
class Books:
    """What the server knew at a moment."""

    jobs: tuple[Billed, ...] = ()
    polled: frozenset[str] = frozenset()

    @property
    def key(self) -> int:
        """Equal where the same was bought."""
        return hash(tuple(job.id for job in self.jobs))

    def with_job(self, request: Request, at: float) -> "Books":
        """The same, with a job of a POST whose answer nobody will hear."""
        name = f"video_{len(self.jobs):04d}lost"
        job = Billed(id=name, request=request, created=EPOCH + at, ends=EPOCH + at + RENDER, fails=False)
        return replace(self, jobs=(*self.jobs, job))


def server_at(loop: VirtualLoop, books: Books, *, lists: bool) -> Server:
    """The server as it stood, its clock that of the loop."""
    nature = Nature(lists="faithful" if lists else "none", render=RENDER)
    server = Server(clock=VirtualClock(loop), rng=random.Random(7), nature=nature)
    server.books = list(books.jobs)
    server.by_id = {job.id: job for job in books.jobs}
    server.polled = set(books.polled)
    return server


class Line(SimVideos):
    """One process's line; `mishaps` says by which rate of the server's nature the nth POST goes wrong."""

    def __init__(
        self, server: Server, *, tick: Callable[[str], None], mishaps: Mapping[int, str] | None = None
    ) -> None:
        super().__init__(server, self._ticked)
        self.server = server
        self.flight: Flight | None = None
        self.sent: list[Wish] = []  # every POST of which the server may have seen something
        self.calls = 0
        self._told = tick
        self._mishaps = mishaps or {}
        self.begun = 0  # POSTs

    async def create(self, request: Request, image: Image | None) -> Posted:
        rate = self._mishaps.get(self.begun, "")
        self.begun += 1
        self.flight = Flight(request=request, billed=False)
        if rate:
            setattr(self.server.nature, rate, 1.0)
        try:
            return await super().create(request, image)
        finally:
            self.flight = None
            if rate:
                setattr(self.server.nature, rate, 0.0)

    def _ticked(self, what: str) -> None:
        self.calls += 1
        if self.flight and what == "headers sent":
            self.sent.append(wish(self.flight.request))
        if self.flight and what == "billed":
            self.flight = replace(self.flight, billed=True)
        self._told(what)
