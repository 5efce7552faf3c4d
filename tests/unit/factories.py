"""Attempts, shots, situations and disks for the tests of what happened, what to do and how it is done.

Every field has a default, so that a test names only what matters to it.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.execute.control import Control
from runner.execute.doors import Doors, Options
from runner.execute.scene import Run
from runner.execute.server_time import ServerTime
from runner.lock.facts import Acceptance, Attempt, AttemptId, Claim, Clip, End, Intent, Owner, Ruling, State
from runner.lock.memory import Memory, Where
from runner.lock.seen import Seen
from runner.lock.store import Shelf
from runner.manifest.batch import Shot, ShotId
from runner.manifest.problems import Place
from runner.manifest.request import Fit, ReferenceImage, Request
from runner.plan.steps import Situation
from runner.provider.profile import Profile
from runner.provider.videos import Content, Image, Job, JobId, Page, Polled, Posted, Resume, Sink, ToldTime
from tests.crash.simulation.disk import Crash, Filesystem, SimDisk
from tests.unit.report_factory import make_profile as make_profile_of_reports

ORIGIN = "https://videos.test/v1"
BORN = 1_760_000_000.0  # Unix seconds: when the intents of the tests are dated
FOLDER = Path("/films")
STATE = Path("/state")

_RULED = (State.UNSENT, State.REJECTED, State.ABANDONED)
_ENDED = (State.FAILED, State.EXPIRED)


def make_request(prompt: str = "a cat", **fields: Any) -> Request:
    defaults: dict[str, Any] = {"model": "sora-2", "size": "1280x720", "seconds": "8"}
    return Request(prompt=prompt, **{**defaults, **fields})


def make_reference(letter: str = "a", **fit: Any) -> ReferenceImage:
    fitted = Fit(**{"mode": "cover", "focus": (0.5, 0.5), **fit}) if fit else None
    return ReferenceImage(sha256=letter * 64, fit=fitted)


def make_intent(**fields: Any) -> Intent:
    request = fields.pop("request", None) or make_request(fields.pop("prompt", "a cat"))
    defaults: dict[str, Any] = {
        "shot": "beach", "take": 1, "origin": ORIGIN, "profile": "sora", "price": Decimal("0.8"), "currency": "USD",
        "manifest": "film.yaml", "at": BORN,
    }  # fmt: skip
    return Intent(request=request, **{**defaults, **fields})


def make_clip(**fields: Any) -> Clip:
    defaults: dict[str, Any] = {
        "path": "renders/film/beach.mp4", "sha256": "c" * 64, "bytes": 1000, "size": "1280x720", "seconds": 8.0,
        "audio": True, "at": BORN + 100,
    }  # fmt: skip
    return Clip(**{**defaults, **fields})


def make_attempt(state: State = State.INTENT, number: int = 1, **fields: Any) -> Attempt:
    """An attempt in a state, by the shortest way there; fields of the intent may be given by their names."""
    parts: dict[str, Any] = {}
    for name in ("ruling", "acceptance", "end", "clip", "claims", "owner", "more"):
        if name in fields:
            parts[name] = fields.pop(name)
    job = fields.pop("job", f"video_{number}")
    resubmit, code = fields.pop("resubmit", False), fields.pop("code", "")
    if state in _RULED:
        parts.setdefault("ruling", Ruling(state=state, why="no reason", at=BORN + 1, resubmit=resubmit))
    if state in (State.SUBMITTED, State.DONE, *_ENDED):
        parts.setdefault("acceptance", Acceptance(jobs=(job,), at=BORN + 2))
    if state in _ENDED:
        parts.setdefault("end", End(state=state, code=code, message="it broke", at=BORN + 50))
    if state is State.DONE:
        parts.setdefault("clip", make_clip(sha256=f"{number:064x}", bytes=1000 + number))
    return Attempt(id=AttemptId(f"{number:04}"), intent=make_intent(**fields), **parts)


def make_owner(*paths: str, key: str = "key", calibrated: bool = True) -> Owner:
    return Owner(paths=paths or ("/films/film.yaml",), key=key, calibrated=calibrated)


def claimed(attempt: Attempt, *shots: str) -> Attempt:
    """The attempt, taken over by one shot after the other."""
    claims = tuple(Claim(number=number, shot=shot) for number, shot in enumerate(shots, 1))
    return replace(attempt, claims=claims)


def make_shot(id_: str = "beach", prompt: str = "a cat", **fields: Any) -> Shot:
    return Shot(id=ShotId(id_), request=make_request(prompt, **fields), reference=None, place=Place(line=1, column=1))


def make_profile(**fields: Any) -> Profile:
    return make_profile_of_reports(**{"longest_render": 300.0, **fields})


class Clips:
    """A disk for the planner: which clips are in their places and in the store."""

    def __init__(self, *, here: bool = True, stored: bool = True) -> None:
        self._here = here
        self._stored = stored

    def here(self, shot: str, clip: Clip) -> bool:
        return self._here

    def stored(self, clip: Clip) -> bool:
        return self._stored


def make_situation(*attempts: Attempt, **fields: Any) -> Situation:
    clips = Clips(here=fields.pop("here", True), stored=fields.pop("stored", True))
    profile = fields.pop("profile", None) or make_profile()
    defaults: dict[str, Any] = {"clips": clips, "retries": 0, "now": BORN + 200}
    return Situation(attempts=by_id(attempts), profile=profile, **{**defaults, **fields})


def by_id(attempts: Iterable[Attempt]) -> Mapping[AttemptId, Attempt]:
    return {each.id: each for each in attempts}


def make_job(id_: str = "video_9", prompt: str | None = "a cat", **fields: Any) -> Job:
    defaults: dict[str, Any] = {
        "status": "completed", "model": "sora-2", "size": "1280x720", "seconds": "8", "created_at": BORN + 1,
    }  # fmt: skip
    return Job(id=JobId(id_), prompt=prompt, **{**defaults, **fields})


class Machine:
    """One machine's filesystem; every `disk` is another process's door to it."""

    def __init__(self, fs: Filesystem | None = None) -> None:
        self.fs = fs or Filesystem(random.Random(1))
        self.operations: list[str] = []
        self.failing: Callable[[str], int] = lambda _: 0  # errno of the next operation of a kind

    def disk(self) -> SimDisk:
        return SimDisk(self.fs, self.operations.append, self._fails)

    def dying_disk(self, operations: int) -> SimDisk:
        """A door that a process has only for so many steps; at the next one it is dead, by `Crash`."""
        left = iter(range(operations))

        def tick(_: str) -> None:
            if next(left, None) is None:
                raise Crash

        return SimDisk(self.fs, tick, self._fails)

    def put(self, path: Path, data: bytes) -> None:
        """Another program puts a file there, as `git checkout` does: a new file of that name."""
        self.disk().remove(path)
        self.disk().write(path, data, at=0)

    def lose(self, *paths: Path) -> None:
        for path in paths:
            self.disk().remove(path)

    def _fails(self, what: str) -> int:
        return self.failing(what)

    def lose_ledger(self) -> None:
        self.lose(*[path for path in map(Path, self.fs.files) if path.parent == STATE])


def make_where(name: str = "film", *, folder: Path = FOLDER, key: str = "key") -> Where:
    return Where(lockfile=folder / f"{name}.lock", manifest=folder / f"{name}.yaml", state=STATE, key=key)


def open_memory(machine: Machine, *wanted: Attempt, where: Where | None = None) -> Memory:
    """The memory of a manifest that wants the clips of some attempts."""
    return Memory.open(machine.disk(), where or make_where(), {each.fingerprint for each in wanted})


class StillClock:
    """Two clocks that only a test, or sleeping, moves on."""

    def __init__(self, wall: float = BORN, monotonic: float = 5000.0) -> None:
        self.wall = wall
        self.ticks = monotonic
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds


class Line:
    """A server that answers what it is told to, one answer or error after the other."""

    def __init__(self, *answers: Polled | Page | Exception, told_time: ToldTime | None = None) -> None:
        self._answers = list(answers)
        self.asked: list[str | None] = []
        self.told_time = told_time

    async def retrieve(self, job: JobId) -> Polled:
        answer = self._next(job)
        assert isinstance(answer, Polled)
        return answer

    async def list(self, after: str | None) -> Page:
        answer = self._next(after)
        assert isinstance(answer, Page)
        return answer

    async def create(self, request: Request, image: Image | None) -> Posted:
        raise AssertionError("nothing is bought here")

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        raise AssertionError("nothing is fetched here")

    async def close(self) -> None:
        pass

    def _next(self, asked: str | None) -> Polled | Page:
        self.asked.append(asked)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def make_options(**fields: Any) -> Options:
    profile = fields.pop("profile", None) or make_profile()
    defaults: dict[str, Any] = {
        "manifest": "film.yaml", "file_name": "film.yaml", "origin": ORIGIN, "key": "key", "slots": 2, "settle": 480.0,
        "retries": 0,
    }  # fmt: skip
    return Options(profile=profile, **{**defaults, **fields})


def make_run(memory: Memory, clock: StillClock, line: Line | None = None, **options: Any) -> Run:
    """A run at its start: what a test does not name may not be touched."""
    disk = Machine().disk()
    hidden = FOLDER / ".shotlock"
    shelf = Shelf(
        disk=disk,
        folder=FOLDER,
        renders=FOLDER / "renders",
        hidden=hidden,
        store=hidden / "store",
        seen=Seen(disk, hidden / "seen.json"),
    )
    doors = Doors(
        disk=disk,
        clock=clock,
        memory=memory,
        shelf=shelf,
        videos_at=lambda _: line,
        listen=lambda _: None,
        image_of=lambda _: None,
        nonce=lambda _: AttemptId("fresh"),
        running=lambda _: False,
        trouble_in=None,
    )
    return Run(doors=doors, options=make_options(**options), control=Control(), time=ServerTime(clock, line))
