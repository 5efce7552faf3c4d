"""One seed: a batch, a disk, a server, and the lives of processes that are killed at any operation.

Every life runs the project's own memory, plan and executor; only the doors are simulated.
"""

import asyncio
import errno
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from runner.errors import ExitCode, LockfileDamaged, Stop
from runner.events import Ending
from runner.execute.control import Control
from runner.execute.doors import Doors, Options
from runner.execute.execution import Report, execute
from runner.execute.verdict import adopted, given_up, open_cases
from runner.lock.facts import RANK, Attempt, AttemptId, State, join_all
from runner.lock.memory import Memory, Where
from runner.lock.scan import scan
from runner.lock.seen import Seen
from runner.lock.store import Shelf
from runner.manifest.batch import Shot, ShotId
from runner.manifest.limits import Limits
from runner.manifest.problems import Place
from runner.manifest.request import Request
from runner.plan import steps as planning
from runner.provider.profile import Prices, Profile
from tests.crash.simulation.disk import Crash, Filesystem, SimDisk
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.crash.simulation.server import Nature, Server, SimVideos, clip_bytes

ORIGIN = "https://videos.test/v1"
SETTLE = 480.0
LONGEST = 900.0
MOST_LIVES = 5


class Violation(AssertionError):
    """A promise was broken."""


@dataclass(kw_only=True)
class Manifest:
    """One manifest: its shots as they stand, and all that ever stood in it."""

    path: Path
    shots: list[Shot]
    orders: Counter[tuple[str, ...]] = field(default_factory=Counter)  # purchases a person asked for, by request
    most_wanted: Counter[tuple[str, ...]] = field(default_factory=Counter)
    older: list[bytes] = field(default_factory=list)  # lockfiles as git would have them
    key: str = "key-one"
    held: dict[str, str] = field(default_factory=dict)
    promised: dict[str, State] = field(default_factory=dict)  # what its lockfile said when a run ended well

    @property
    def lockfile(self) -> Path:
        return self.path.with_suffix(".lock")

    def note_wishes(self) -> None:
        wanted = Counter(wish(shot.request) for shot in self.shots)
        for request, count in wanted.items():
            self.most_wanted[request] = max(self.most_wanted[request], count)


@dataclass(kw_only=True)
class Process:
    """One life: it dies when its fuse has burnt down."""

    world: "World"
    manifest: Manifest
    fuse: int | None
    disk_fault: tuple[int, int] | None  # operation number, errno
    dead: bool = False
    ticks: int = 0
    trace: list[str] = field(default_factory=list)

    def tick(self, what: str) -> None:
        if self.dead:
            raise Crash
        self.ticks += 1
        if self.fuse is not None and self.ticks >= self.fuse:
            self.dead = True
            self.trace.append(what)
            raise Crash

    def fails(self, what: str) -> int:
        if self.disk_fault and self.ticks >= self.disk_fault[0] and what == "write":
            code, self.disk_fault = self.disk_fault[1], None
            return code
        return 0


class World:
    """Everything of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        random.seed(seed)
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        self.fs = Filesystem(self.rng)
        self.nature = draw_nature(self.rng)
        self.server = Server(clock=self.clock, rng=self.rng, nature=self.nature)
        self.complete = self.nature.lists == "faithful" and self.rng.random() < 0.7
        self.retries = self.rng.choice((0, 0, 1, 2))
        self.manifests = self._draw_manifests()
        self.alive: dict[str, Process] = {}
        self.reports: list[Report] = []
        # Losing the ledger and the lockfile together is survived only by a list that still shows what was bought.
        self.loses = self.rng.choice(("lockfile", "ledger", "both" if self.nature.lists == "faithful" else "lockfile"))
        if self.loses != "lockfile":
            self.manifests = self.manifests[:1]

    # -- the story

    def play(self) -> None:
        """All lives, then calm, then the last account. Raises Violation."""
        try:
            for _ in range(self.rng.randint(1, MOST_LIVES)):
                self._life_together()
                self._between_lives()
            self._calm_down()
        finally:
            self.loop.close()

    def _life_together(self) -> None:
        together = self.manifests if self.rng.random() < 0.7 else [self.rng.choice(self.manifests)]
        processes = [self._process(each, mortal=True) for each in together]
        self.run(processes)
        if any(process.dead for process in processes) and self.rng.random() < 0.5:
            self.fs.power_cut()
        self.check()

    def _calm_down(self) -> None:
        self.nature.calm()
        self.server.slots = 2
        for _ in range(4):
            self._pass(self.rng.choice((3600.0, 7200.0)))
            for manifest in self.manifests:
                self.run([self._process(manifest, mortal=False)])
                self.check()
        self._last_account()

    def _between_lives(self) -> None:
        gaps = (0.0, 0.0, 5.0, 60.0, 600.0, 7200.0, 100_000.0)
        self._pass(self.rng.choice(gaps[:-1] if self.loses == "both" else gaps))
        for manifest in self.manifests:
            match self.rng.randrange(12):
                case 0 | 1:
                    self._edit(manifest)
                case 2:
                    self._rename(manifest)
                case 3:
                    manifest.shots.reverse()
                case 4 if self.loses != "ledger":
                    self._roll_back(manifest)
                case 5:
                    self._decide(manifest)
                case 6 if self.loses != "lockfile":
                    self._lose_ledger(manifest)
                case 7:
                    manifest.key = "key-two"
                case 8:
                    self.clock.skew = self.rng.choice((0.0, 86_400.0, -86_400.0, -3e8))
                case 9:
                    self._lose_clips(manifest)
            manifest.note_wishes()

    # -- what happens between lives

    def _edit(self, manifest: Manifest) -> None:
        number = self.rng.randrange(len(manifest.shots))
        shot = manifest.shots[number]
        manifest.shots[number] = replace(shot, request=draw_request(self.rng))

    def _rename(self, manifest: Manifest) -> None:
        number = self.rng.randrange(len(manifest.shots))
        shot = manifest.shots[number]
        manifest.shots[number] = replace(shot, id=ShotId(f"{shot.id}x"))

    def _written(self, manifest: Manifest) -> dict[str, State]:
        file = self.fs.files.get(manifest.lockfile)
        found = scan(file.data if file else b"")
        if found.bad:
            raise Violation(f"{manifest.lockfile}: {found.bad}")
        return {id_: each.state for id_, each in join_all(found.records).items() if each.state is not State.UNSENT}

    def _roll_back(self, manifest: Manifest) -> None:
        """git checkout, reset or clean: the lockfile is an older one, or gone."""
        manifest.promised = {}
        if manifest.older and self.rng.random() < 0.5:
            data = self.rng.choice(manifest.older)
            disk = self._quiet_disk()
            disk.remove(manifest.lockfile)
            disk.write(manifest.lockfile, data, at=0)
            disk.sync(manifest.lockfile)
            disk.sync_folder(manifest.lockfile.parent)
        else:
            self._quiet_disk().remove(manifest.lockfile)
            self.fs.sync_folder(manifest.lockfile.parent)

    def _lose_ledger(self, manifest: Manifest) -> None:
        """A new machine: only lockfiles are left. What ran then was recorded in both, so nothing is bought again."""
        disk = self._quiet_disk()
        for path in [path for path in self.fs.files if path.suffix == ".jsonl"]:
            disk.remove(path)
        for folder in {path.parent for path in self.fs.files}:
            self.fs.sync_folder(folder)
        self.fs.sync_folder(STATE)

    def _lose_clips(self, manifest: Manifest) -> None:
        disk = self._quiet_disk()
        for path in [path for path in self.fs.files if path.suffix == ".mp4"]:
            if self.rng.random() < 0.5:
                disk.remove(path)

    def _decide(self, manifest: Manifest) -> None:
        """A person resolves a held shot."""
        for name in sorted(manifest.held):
            memory = self._memory(manifest)
            for attempt in open_cases(memory.attempts.values(), name):
                self._verdict(manifest, memory, attempt)

    def _verdict(self, manifest: Manifest, memory: Memory, attempt: Attempt) -> None:
        known = {job for each in memory.ledger.attempts.values() for job in each.jobs}
        mine = [
            job
            for job in self.server.look()
            if not job.foreign and job.id not in known and wish(job.request) == wish(attempt.intent.request)
        ]
        match self.rng.randrange(3):
            case 0 if mine:
                memory.record(adopted(attempt, mine[0].id, self.clock.now()))
            case 1:
                memory.record(given_up(attempt, self.clock.now(), resubmit=True))
                manifest.orders[wish(attempt.intent.request)] += 1
            case _:
                memory.record(given_up(attempt, self.clock.now(), resubmit=False))

    # -- running

    def run(self, processes: list[Process]) -> None:
        """Run processes side by side until each has ended or died."""

        async def together() -> list[object]:
            return await asyncio.gather(*(self._one(each) for each in processes), return_exceptions=True)

        for each in processes:
            self.alive[str(each.manifest.path)] = each
        results = self.loop.run_until_complete(together())
        self.alive.clear()
        for process, result in zip(processes, results, strict=True):
            if isinstance(result, Report):
                self.reports.append(result)
                process.manifest.held = {
                    each.shot: each.reason for each in result.outcomes if each.ending is Ending.HELD
                }
                self._remember_lockfile(process.manifest)
                if result.stop is None:
                    process.manifest.promised = self._written(process.manifest)
            elif isinstance(result, LockfileDamaged):
                raise Violation(f"the lockfile cannot be read: {result}")
            elif isinstance(result, BaseException) and not isinstance(result, Crash | Stop):
                raise result

    async def _one(self, process: Process) -> Report:
        try:
            return await self._live(process)
        finally:
            self.alive.pop(str(process.manifest.path), None)

    async def _live(self, process: Process) -> Report:
        manifest = process.manifest
        disk = SimDisk(self.fs, process.tick, process.fails)
        wanted = {shot.request.fingerprint for shot in manifest.shots}
        memory = Memory.open(disk, self._where(manifest), wanted)
        shelf = self._shelf(disk, manifest)
        profile = self._profile()
        plan = planning.make(
            manifest.shots,
            planning.Situation(
                attempts=memory.attempts, clips=shelf, profile=profile, retries=self.retries, now=self.clock.now()
            ),
        )
        videos = SimVideos(self.server, process.tick)
        serial = iter(range(10**6))
        doors = Doors(
            disk=disk,
            clock=self.clock,
            memory=memory,
            shelf=shelf,
            videos_at=lambda origin: videos,
            listen=lambda event: None,
            image_of=lambda shot: None,
            nonce=lambda at: AttemptId(
                f"{int(self.clock.true_time() * 1000):012x}{self.rng.randrange(16**4):04x}{next(serial):x}"
            ),
            running=lambda path: path in self.alive and not self.alive[path].dead,
            trouble_in=None,
        )
        options = Options(
            manifest=manifest.path.name,
            file_name=manifest.path.name,
            origin=ORIGIN,
            profile=profile,
            key=manifest.key,
            slots=2,
            settle=SETTLE,
            retries=self.retries,
            grace=25.0,
        )
        control = Control()
        if process.fuse is not None and self.rng.random() < 0.3:
            self.loop.call_later(self.rng.uniform(0, 300), control.interrupt, ExitCode.INTERRUPTED)
        return await execute(plan, doors, options, control)

    def _process(self, manifest: Manifest, *, mortal: bool) -> Process:
        fuse = self.rng.randint(1, 160) if mortal and self.rng.random() < 0.8 else None
        fault = None
        if mortal and self.rng.random() < 0.1:
            fault = (self.rng.randint(1, 100), self.rng.choice((errno.ENOSPC, errno.EIO)))
        return Process(world=self, manifest=manifest, fuse=fuse, disk_fault=fault)

    def _memory(self, manifest: Manifest) -> Memory:
        return Memory.open(self._quiet_disk(), self._where(manifest), set())

    def _quiet_disk(self) -> SimDisk:
        return SimDisk(self.fs, lambda what: None, lambda what: 0)

    def _where(self, manifest: Manifest) -> Where:
        return Where(lockfile=manifest.lockfile, manifest=manifest.path, state=STATE, key=manifest.key)

    def _shelf(self, disk: SimDisk, manifest: Manifest) -> Shelf:
        folder = manifest.path.parent
        hidden = folder / ".shotlock"
        return Shelf(
            disk=disk,
            folder=folder,
            renders=folder / "renders" / manifest.path.stem,
            hidden=hidden,
            store=hidden / "store",
            seen=Seen(disk, hidden / f"{manifest.path.stem}.seen.json"),
        )

    def _profile(self) -> Profile:
        return Profile(
            name="sim",
            limits=Limits(
                profile="sim",
                models={},
                model="m",
                size="s",
                seconds=4,
                prompt_length=10,
                image_types=(),
                image_bytes=0,
            ),
            prices=Prices(currency="USD", date="", source="", per_second={"*": {"*": Decimal("0.1")}}),
            slots=2,
            auth="bearer",
            list_complete=self.complete,
            settle=SETTLE,
            longest_render=LONGEST,
            retention=self.nature.retention,
            typical_render=60.0,
            not_admitted=(),
            resubmit_lost=False,
        )

    def _pass(self, seconds: float) -> None:
        self.loop.jump(seconds)

    def _remember_lockfile(self, manifest: Manifest) -> None:
        file = self.fs.files.get(manifest.lockfile)
        if file:
            manifest.older.append(file.data)

    def _draw_manifests(self) -> list[Manifest]:
        manifests = []
        for number in range(self.rng.choice((1, 2))):
            count = self.rng.randint(1, 4)
            shots = [
                Shot(id=ShotId(f"s{i}"), request=draw_request(self.rng), reference=None, place=Place(line=1, column=1))
                for i in range(count)
            ]
            manifest = Manifest(path=Path(f"/sim/m{number}/batch.yaml"), shots=shots)
            manifest.note_wishes()
            manifests.append(manifest)
        return manifests

    # -- the judge

    def check(self) -> None:
        """The invariants that hold after every life."""
        self._check_bills()
        self._check_memory()
        if self.loses == "lockfile" and self.server.refused:
            raise Violation("a purchase was tried while no slot was free")
        if self.server.most_running > 2:
            raise Violation(f"{self.server.most_running} jobs ran at once")
        self._check_clips()

    def _check_bills(self) -> None:
        allowed: Counter[tuple[str, ...]] = Counter()
        for manifest in self.manifests:
            allowed += manifest.most_wanted + manifest.orders
        ours = [job for job in self.server.look() if not job.foreign]
        good = Counter(wish(job.request) for job in ours if not job.fails)
        every = Counter(wish(job.request) for job in ours)
        for request, count in every.items():
            with_retries = allowed[request] * (self.retries + 1)
            if good[request] > allowed[request] or (self.loses == "lockfile" and count > with_retries):
                jobs = [(job.id, "failed" if job.fails else "") for job in ours if wish(job.request) == request]
                raise Violation(f"{count} bills for {request}, {allowed[request]} wanted: {jobs}")

    def _check_memory(self) -> None:
        """Ids that were used are remembered, what a lockfile said it still says, and every job is its attempt's."""
        ledgers = [scan(file.data) for path, file in self.fs.files.items() if path.suffix == ".jsonl"]
        known = {job for found in ledgers for each in found.records for job in each.jobs}
        settled = {each.id for found in ledgers for each in found.records if each.state is State.UNSENT}
        books = {job.id: wish(job.request) for job in self.server.books}
        owners: dict[str, str] = {}
        for manifest in self.manifests:
            file = self.fs.files.get(manifest.lockfile)
            records = join_all(scan(file.data).records) if file else {}
            known |= {job for each in records.values() for job in each.jobs}
            for id_, state in manifest.promised.items():
                if state is State.INTENT and id_ in settled:
                    continue  # proven unsent since, and followed by something better
                if id_ not in records or RANK[records[AttemptId(id_)].state] < RANK[state]:
                    raise Violation(f"{manifest.lockfile} forgot that {id_} is {state}")
            for each in records.values():
                if any(books[job] != wish(each.intent.request) for job in each.jobs):
                    raise Violation(f"{each.intent.shot} took a job of another request: {each.jobs}")
            for job, attempt in ((job, each.id) for each in records.values() for job in each.jobs):
                if owners.setdefault(job, attempt) != attempt and self.loses == "lockfile":
                    raise Violation(f"{job} is two purchases: {owners[job]} and {attempt}")
        if self.loses == "lockfile" and self.server.polled - known:
            raise Violation(f"{self.server.polled - known} was used and is forgotten")

    def _check_clips(self) -> None:
        whole = {clip_bytes(job.id) for job in self.server.books}
        for path, file in self.fs.files.items():
            if "renders" in path.parts and path.suffix == ".mp4" and file.data not in whole:
                raise Violation(f"{path} is no whole clip")

    def _last_account(self) -> None:
        for manifest in self.manifests:
            before, posts = self.fs.files[manifest.lockfile].data, self.server.posts
            process = self._process(manifest, mortal=False)
            self.run([process])
            self.check()
            self._check_rest(manifest, before, posts)
        self._check_lost()

    def _check_rest(self, manifest: Manifest, before: bytes, posts: int) -> None:
        if self.server.posts != posts:
            raise Violation("a run with nothing to do sent a purchase")
        if self.fs.files[manifest.lockfile].data != before:
            raise Violation("a run with nothing to do changed the lockfile")
        report = self.reports[-1]
        for each in report.outcomes:
            if each.ending is Ending.PENDING:
                raise Violation(f"{each.shot} is never done: {each.reason}")

    def _check_lost(self) -> None:
        """Every job that was billed is known, or somebody is told that it may exist."""
        attempts = [each for manifest in self.manifests for each in self._memory(manifest).attempts.values()]
        attempts += list(self._memory(self.manifests[0]).ledger.attempts.values())
        known = {job for each in attempts for job in each.jobs}
        open_ = {wish(each.intent.request) for each in attempts if each.state in (State.INTENT, State.ABANDONED)}
        for manifest in self.manifests:
            open_ |= {wish(shot.request) for shot in manifest.shots if shot.id in manifest.held}
        if self.loses == "both":  # what nobody wants any more may be forgotten with both memories
            open_ |= {wish(job.request) for job in self.server.books} - {
                wish(shot.request) for each in self.manifests for shot in each.shots
            }
        for job in self.server.look():
            if not job.foreign and job.id not in known and wish(job.request) not in open_:
                raise Violation(f"{job.id} was billed and nobody knows of it")


STATE = Path("/sim/state")


def wish(request: Request) -> tuple[str, ...]:
    """A request as bills are counted."""
    return request.model, request.prompt, request.size, request.seconds


def draw_request(rng: random.Random) -> Request:
    """A request out of few, so that equal ones meet."""
    return Request(model="sora-2", prompt=f"scene {rng.randrange(6)}", size="1280x720", seconds=rng.choice(("4", "8")))


def draw_nature(rng: random.Random) -> Nature:
    """A server: what its list is like, and how often what goes wrong."""
    rate = lambda most: rng.uniform(0, most) if rng.random() < 0.5 else 0.0  # noqa: E731
    lag = rng.choice((0.0, 0.0, 20.0))
    return Nature(
        lists=rng.choice(("faithful", "faithful", "faithful", "none", "empty", "partial", "blind", "normalising")),
        lag=lag,
        late=rng.choice((0.0, 60.0, SETTLE - 310.0 - lag)),
        render=rng.choice((1.0, 60.0, LONGEST)),
        fails=rate(0.2),
        lose_before=rate(0.3),
        lose_after=rate(0.3),
        error_before=rate(0.2),
        error_after=rate(0.2),
        unsent=rate(0.3),
        busy=rate(0.3),
        poll_trouble=rate(0.3),
        content_trouble=rate(0.5),
        foreign=rate(0.3),
    )
