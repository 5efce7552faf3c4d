"""A server that bills, runs, lags, loses answers, hides and forgets; its own ledger is the judge."""

import asyncio
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from runner.manifest.request import Request
from runner.provider.replies import Missing, NoRoute, NotVideo, Troubled, Unreachable
from runner.provider.videos import Begun, Content, Image, Job, JobId, Page, Polled, Posted, Resume, Sink, ToldTime
from tests.crash.simulation.loop import VirtualClock

FAULTS = (  # of a server's nature: what goes wrong so often
    "fails", "lose_before", "lose_after", "error_before", "error_after", "unsent", "busy", "poll_trouble",
    "content_trouble", "forgets", "foreign",
)  # fmt: skip
SPELLS = (1e-3, 1e-3, 50.0, 150.0)  # seconds for which it forgets a job
PAGE = 3  # jobs: small, so that paging is exercised


@dataclass(kw_only=True)
class Billed:
    """A job as the server's books have it."""

    id: str
    request: Request
    created: float
    ends: float
    fails: bool
    foreign: bool = False  # another client of the account bought it
    purged: bool = False  # the server forgot it before its time


@dataclass(kw_only=True)
class Nature:
    """What kind of server a seed drew. Rates are per request."""

    lists: str = "faithful"  # faithful, none, empty, partial, blind (no prompts), normalising
    lag: float = 0.0  # seconds until the list shows a job
    late: float = 0.0  # most seconds that a job comes after its lost POST
    render: float = 60.0
    fails: float = 0.0
    lose_before: float = 0.0
    lose_after: float = 0.0
    error_before: float = 0.0
    error_after: float = 0.0
    unsent: float = 0.0
    busy: float = 0.0
    poll_trouble: float = 0.0
    content_trouble: float = 0.0
    forgets: float = 0.0  # says of a job that there is none, and knows it again later
    retention: float = 86_400.0
    slow: float = 0.5  # most seconds between a job and the answer that tells it
    foreign: float = 0.0  # how often another client of the account buys something
    echo: float = 0.0  # how often that is the very same
    dated: bool = True  # its replies have a Date

    def calm(self) -> None:
        """All faults stop; what kind of list there is stays."""
        for name in FAULTS:
            setattr(self, name, 0.0)


@dataclass(kw_only=True)
class Server:
    """The books, and what the account may do."""

    clock: VirtualClock
    rng: random.Random
    nature: Nature
    slots: int = 2
    books: list[Billed] = field(default_factory=list)
    by_id: dict[str, Billed] = field(default_factory=dict)
    posts: int = 0
    polled: set[str] = field(default_factory=set)  # ids that some process of ours has used
    refused: int = 0  # POSTs for which no slot was free
    ambiguous: int = 0  # POSTs whose answer was lost
    most_running: int = 0
    late: list[tuple[float, Request]] = field(default_factory=list)
    forgotten: dict[str, float] = field(default_factory=dict)  # jobs of which it says that there are none, until when

    def commit(self, request: Request) -> Billed:
        now = self.clock.true_time()
        self._admit_late()
        seconds = self.nature.render * self.rng.uniform(0.5, 1.0)
        job = Billed(
            id=f"video_{len(self.books):04d}{self.rng.randrange(16**6):06x}",
            request=request,
            created=now,
            ends=now + seconds,
            fails=self.rng.random() < self.nature.fails,
        )
        self._enter(job)
        self.most_running = max(self.most_running, self.running())
        return job

    def _enter(self, job: Billed) -> None:
        self.books.append(job)
        self.by_id[job.id] = job

    def purge(self) -> None:
        """It forgets every job that has ended, as a server does that keeps them in memory and is started anew."""
        now = self.clock.true_time()
        for job in self.look():
            job.purged = job.purged or job.ends <= now

    def running(self) -> int:
        now = self.clock.true_time()
        return self._running_at(now)

    def _running_at(self, at: float) -> int:
        return sum(1 for job in self.books if job.created <= at < job.ends and not job.foreign)

    def foreigner(self, request: Request | None = None) -> None:
        """Another client buys something of the same size and length, or the same altogether."""
        now = self.clock.true_time()
        request = request or Request(model="sora-2", prompt=f"theirs {len(self.books)}", size="1280x720", seconds="4")
        job = Billed(
            id=f"video_theirs{len(self.books)}", request=request, created=now, ends=now + 30, fails=False, foreign=True
        )
        self._enter(job)

    def _admit_late(self) -> None:
        if not self.late:
            return
        now = self.clock.true_time()
        due = [entry for entry in self.late if entry[0] <= now]
        self.late = [entry for entry in self.late if entry[0] > now]
        for at, request in sorted(due, key=lambda entry: entry[0]):
            ends = at + self.nature.render * self.rng.uniform(0.5, 1.0)
            job = Billed(id=f"video_late{len(self.books):04d}", request=request, created=at, ends=ends, fails=False)
            self._enter(job)
            self.most_running = max(self.most_running, self._running_at(at))

    def look(self) -> list[Billed]:
        self._admit_late()
        return self.books


class SimVideos:
    """One process's line to the server; `tick` may raise Crash at every moment that the wire knows."""

    def __init__(self, server: Server, tick: Callable[[str], None]) -> None:
        self._server = server
        self._tick = tick
        self.told_time: ToldTime | None = None

    async def create(self, request: Request, image: Image | None) -> Posted:
        server, nature = self._server, self._server.nature
        rng = server.rng
        self._tick("connect")
        await asyncio.sleep(rng.uniform(0.05, 0.5))
        if rng.random() < nature.unsent:
            return Posted(sent=False, text="connection refused")
        self._tick("headers sent")
        server.posts += 1
        server.look()
        if rng.random() < nature.foreign:
            server.foreigner(request if rng.random() < nature.echo else None)
        if server.running() >= server.slots:
            server.refused += 1
            return _error(429, "Too many running tasks")
        chance = rng.random()
        for rate, status in ((nature.lose_before, None), (nature.error_before, 502)):
            if chance < rate:
                if nature.late and rng.random() < 0.5:
                    at = server.clock.true_time() + rng.uniform(0, nature.late)
                    server.late.append((at, request))
                await asyncio.sleep(rng.choice((0.1, 30.0, 300.0)))
                server.ambiguous += 1
                self._tick("answer lost")
                return _lost() if status is None else _error(status, "bad gateway")
            chance -= rate
        if chance < nature.busy:
            return _error(429, "slow down", {"retry-after": "3"})
        job = server.commit(request)
        self._tick("billed")
        await asyncio.sleep(rng.uniform(0.05, nature.slow))
        if rng.random() < nature.lose_after:
            server.ambiguous += 1
            return _lost()
        if rng.random() < nature.error_after:
            server.ambiguous += 1
            return _error(500, "internal error")
        self._dated()
        self._tick("answered")
        body = {"id": job.id, "object": "video", "status": "queued", "created_at": int(job.created)}
        return Posted(sent=True, status=200, body=body)

    async def retrieve(self, job: JobId) -> Polled:
        self._tick("poll")
        if self._server.rng.random() < 0.1:  # so that others come between
            await asyncio.sleep(self._server.rng.uniform(0.0, 3.0))
        self._trouble()
        self._dated()
        self._server.polled.add(job)
        billed = self._find(job)
        now = self._server.clock.true_time()
        progress = min(99, int(100 * (now - billed.created) / (billed.ends - billed.created)))
        status = "in_progress" if now < billed.ends else "failed" if billed.fails else "completed"
        return Polled(job=self._show(billed, status, progress))

    async def list(self, after: str | None) -> Page:
        self._tick("list")
        if self._server.rng.random() < 0.1:  # so that others come between
            await asyncio.sleep(self._server.rng.uniform(0.0, 3.0))
        nature, server = self._server.nature, self._server
        self._dated()
        if nature.lists == "none":
            raise NoRoute("not found", status=404)
        self._trouble()
        now = server.clock.true_time()
        shown = [
            job
            for job in server.look()
            if job.created + nature.lag <= now < job.created + nature.retention and not job.purged
        ]
        if nature.lists == "empty":
            shown = []
        if nature.lists == "partial":
            shown = [job for job in shown if hash_of(job.id) % 2]
        shown.sort(key=lambda job: (-job.created, job.id))
        start = next((i + 1 for i, job in enumerate(shown) if job.id == after), 0) if after else 0
        page = shown[start : start + PAGE]
        more = start + PAGE < len(shown)
        jobs = tuple(self._show(job, "completed" if now >= job.ends else "in_progress", 0) for job in page)
        return Page(jobs=jobs, after=page[-1].id if more and page else None)

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        self._tick("content")
        if self._server.rng.random() < 0.1:  # so that others come between
            await asyncio.sleep(self._server.rng.uniform(0.0, 3.0))
        self._trouble()
        self._dated()
        billed = self._find(job)
        data = clip_bytes(billed.id)
        rng, nature = self._server.rng, self._server.nature
        sink.begin(Begun(start=0, length=len(data), etag=None))
        if rng.random() < nature.content_trouble:
            kind = rng.randrange(3)
            if kind == 0:
                sink.take(data[: len(data) // 2])
                return Content(media_type="video/mp4", length=None, etag=None, start=0)
            if kind == 1:
                sink.take(data[: len(data) // 3])
                raise Unreachable("the line broke")
            raise NotVideo("a page came")
        sink.take(data[:100])
        self._tick("half the content")
        sink.take(data[100:])
        return Content(media_type="video/mp4", length=len(data), etag=None, start=0)

    async def close(self) -> None:
        pass

    def _dated(self) -> None:
        """Every reply has a Date."""
        clock = self._server.clock
        if not self._server.nature.dated:
            return
        self.told_time = ToldTime(server=float(int(clock.true_time())), monotonic=clock.monotonic())

    def _trouble(self) -> None:
        rng = self._server.rng
        if rng.random() < self._server.nature.poll_trouble:
            raise rng.choice((Unreachable("reset"), Troubled("502", status=502)))

    def _find(self, job: str) -> Billed:
        now = self._server.clock.true_time()
        self._server.look()
        found = self._server.by_id.get(job)
        if self._server.rng.random() < self._server.nature.forgets:
            self._server.forgotten[job] = now + SPELLS[hash_of(job) % len(SPELLS)]
        known = now >= self._server.forgotten.get(job, 0.0)
        if found and known and not found.purged and now < found.created + self._server.nature.retention:
            return found
        raise Missing("no such video", status=404)

    def _show(self, billed: Billed, status: str, progress: int) -> Job:
        request, lists = billed.request, self._server.nature.lists
        prompt: str | None = request.prompt
        model = request.model
        if lists == "blind":
            prompt = None
        if lists == "normalising":
            prompt, model = request.prompt.upper() + " ", f"{request.model}-2025-12-08"
        return Job(
            id=JobId(billed.id),
            status=status,
            progress=progress,
            model=model,
            prompt=prompt,
            size=request.size,
            seconds=request.seconds,
            created_at=float(int(billed.created)),
            completed_at=float(int(billed.ends)) if status == "completed" else None,
            expires_at=float(int(billed.created + self._server.nature.retention)) if status == "completed" else None,
        )


@lru_cache(maxsize=200)
def clip_bytes(job: str) -> bytes:
    """A structurally whole MP4 that tells its job."""
    mvhd = struct.pack(">I4s12xII80x", 108, b"mvhd", 1000, 8000)
    moov = struct.pack(">I4s", 8 + len(mvhd), b"moov") + mvhd
    payload = job.encode() * 4
    return (
        struct.pack(">I4s8s", 16, b"ftyp", b"isom\0\0\0\0")
        + moov
        + struct.pack(">I4s", 8 + len(payload), b"mdat")
        + payload
    )


def hash_of(text: str) -> int:
    """A hash that does not change between processes."""
    return sum(text.encode())


def _lost() -> Posted:
    return Posted(sent=True, text="the connection was closed before an answer")


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Posted:
    return Posted(sent=True, status=status, headers=headers or {}, body={"error": {"message": message}}, text=message)
