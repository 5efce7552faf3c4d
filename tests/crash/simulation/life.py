"""One life: the project's own memory, plan and executor behind simulated doors; it may die at any operation."""

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from runner.errors import ExitCode
from runner.execute.control import Control
from runner.execute.doors import Doors, Options
from runner.execute.execution import Report, execute
from runner.lock.facts import AttemptId, name_after
from runner.lock.memory import Memory, Where
from runner.lock.seen import Seen
from runner.lock.store import Shelf
from runner.manifest.limits import Limits
from runner.plan import steps as planning
from runner.provider.manner import Manner
from runner.provider.profile import Prices, Profile
from tests.crash.simulation.disk import Crash, Filesystem, SimDisk
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.crash.simulation.people import Manifest, wish
from tests.crash.simulation.server import Server, SimVideos

ORIGIN = "https://videos.test/v1"
SETTLE = 480.0
LONGEST = 900.0

PROFILE = Profile(
    name="sim",
    limits=Limits(
        profile="sim", models={}, model="m", size="s", seconds=4, prompt_length=10, image_types=(), image_bytes=0
    ),
    prices=Prices(currency="USD", date="", source="", per_second={"*": {"*": Decimal("0.1")}}),
    slots=2,
    manner=Manner(),
    list_complete=False,
    settle=SETTLE,
    longest_render=LONGEST,
    retention=86_400.0,
    typical_render=60.0,
    not_admitted=(),
    resubmit_lost=False,
)


@dataclass(kw_only=True)
class Machine:
    """What all lives of a seed share: time, the disk, the server, what the profile says of it."""

    rng: random.Random
    loop: VirtualLoop
    clock: VirtualClock
    fs: Filesystem
    server: Server
    profile: Profile
    retries: int
    alive: dict[str, "Process"] = field(default_factory=dict)
    born: dict[AttemptId, float] = field(default_factory=dict)  # true time at which attempts were made
    by_hand: set[str] = field(default_factory=set)  # jobs that a person named


@dataclass(kw_only=True)
class Process:
    """It dies when its fuse has burnt down."""

    manifest: Manifest
    fuse: int | None = None  # operations
    disk_fault: tuple[int, int, bool] | None = None  # operation number, errno, for good
    gremlin: Callable[[], None] | None = None  # something that another program does in the middle of the run
    puller: Callable[[], bool] | None = None  # the same, when it can be done; whether it was
    interrupt: float | None = None  # seconds until the first signal
    dead: bool = False
    ticks: int = 0
    trace: list[str] = field(default_factory=list)

    def tick(self, what: str) -> None:
        if self.dead:
            raise Crash
        self.ticks += 1
        if self.gremlin and self.ticks == 30:
            self.gremlin()
        if self.puller and self.ticks >= 30 and what == "sync" and self.puller():
            self.puller = None
        if self.fuse is not None and self.ticks >= self.fuse:
            self.dead = True
            self.trace.append(what)
            raise Crash

    def fails(self, what: str) -> int:
        fault = self.disk_fault
        if not fault or self.ticks < fault[0] or what != ("write" if fault[1] == errno.ENOSPC else "sync"):
            return 0
        if not fault[2]:
            self.disk_fault = None
        return fault[1]


async def live(process: Process, machine: Machine) -> Report:
    """Open the memory, plan, execute. Raises what the command would tell a person, and Crash."""
    manifest = process.manifest
    disk = SimDisk(machine.fs, process.tick, process.fails)
    wanted = {shot.request.fingerprint for shot in manifest.shots}
    memory = Memory.open(disk, where(manifest), wanted)
    shelf = shelf_of(disk, manifest)
    situation = planning.Situation(
        attempts=memory.attempts,
        clips=shelf,
        profile=machine.profile,
        retries=machine.retries,
        now=machine.clock.now(),
        retake=manifest.retakes,
    )
    plan = planning.make(manifest.shots, situation)
    for step in plan.purchases:
        if step.wanted and step.shot in manifest.retakes:
            manifest.orders[wish(step.wanted.request)] += 1
    manifest.retakes = set()
    control = Control()
    if process.interrupt is not None:
        machine.loop.call_later(process.interrupt, control.interrupt, ExitCode.INTERRUPTED)
    return await execute(plan, _doors(process, machine, disk, memory, shelf), _options(manifest, machine), control)


def where(manifest: Manifest) -> Where:
    return Where(lockfile=manifest.lockfile, manifest=manifest.path, state=manifest.state, key=manifest.key)


def shelf_of(disk: SimDisk, manifest: Manifest) -> Shelf:
    return Shelf(
        disk=disk,
        folder=manifest.folder,
        renders=manifest.renders,
        hidden=manifest.hidden,
        store=manifest.store,
        seen=Seen(disk, manifest.hidden / f"{manifest.path.stem}.seen.json"),
    )


def _doors(process: Process, machine: Machine, disk: SimDisk, memory: Memory, shelf: Shelf) -> Doors:
    videos = SimVideos(machine.server, process.tick)
    rng, clock = machine.rng, machine.clock

    def nonce(newest: AttemptId) -> AttemptId:
        name = name_after(newest, int(clock.now() * 1000), f"{rng.randrange(16**8):08x}")
        machine.born[name] = clock.true_time()
        return name

    return Doors(
        disk=disk,
        clock=clock,
        memory=memory,
        shelf=shelf,
        videos_at=lambda origin: videos,
        listen=lambda event: None,
        image_of=lambda shot: None,
        nonce=nonce,
        running=lambda path: path in machine.alive and not machine.alive[path].dead,
        trouble_in=None,
    )


def _options(manifest: Manifest, machine: Machine) -> Options:
    return Options(
        manifest=manifest.path.name,
        file_name=manifest.path.name,
        origin=ORIGIN,
        profile=machine.profile,
        key=manifest.key,
        slots=2,
        settle=SETTLE,
        retries=machine.retries,
        grace=25.0,
    )


def profile(*, complete: bool, retention: float) -> Profile:
    """What the people of a seed believe of their server."""
    return replace(PROFILE, list_complete=complete, retention=retention)
