"""A film and one life of the project's own memory, plan and executor for it; only the doors are simulated."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from runner.disk import Disk
from runner.events import Event
from runner.execute.control import Control
from runner.execute.doors import Doors, Options
from runner.execute.execution import Report, execute
from runner.lock.facts import AttemptId
from runner.lock.memory import Memory, Where
from runner.lock.seen import Seen
from runner.lock.store import Shelf
from runner.manifest.batch import Shot, ShotId
from runner.manifest.limits import Limits
from runner.manifest.problems import Place
from runner.manifest.request import Request
from runner.plan import steps as planning
from runner.provider.manner import Manner
from runner.provider.profile import Prices, Profile
from runner.provider.videos import Videos
from tests.crash.images.tree import Tree
from tests.crash.simulation.loop import VirtualClock, VirtualLoop

ORIGIN = "https://videos.test/v1"
SETTLE = 480.0
LONGEST = 900.0
FOLDER = Path("/films")
STATE = Path("/state/shotlock")
MANIFEST = FOLDER / "film.yaml"
LOCKFILE = FOLDER / "film.lock"
HIDDEN = FOLDER / ".shotlock"
RENDERS = FOLDER / "renders" / "film"

Wish = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Film:
    """What a manifest says, and how often the server may be paid for it in the end."""

    prompts: dict[str, str]  # by shot
    retake: frozenset[ShotId] = frozenset()
    retries: int = 0
    least: Counter[Wish] = field(default_factory=Counter)  # clips bought in the end
    most: Counter[Wish] = field(default_factory=Counter)
    rolled_back: bool = False  # somebody put an older lockfile there
    bare: bool = False  # somebody removed clips that are recorded
    strange: bytes = b""  # a person's own file, which lay in the way of a clip

    @cached_property
    def key(self) -> int:
        """Equal for equal films."""
        return hash(repr(self))

    @property
    def shots(self) -> list[Shot]:
        place = Place(line=1, column=1)
        return [
            Shot(id=ShotId(name), request=request_of(prompt), reference=None, place=place)
            for name, prompt in self.prompts.items()
        ]

    def clip(self, shot: str) -> Path:
        return RENDERS / f"{shot}.mp4"


def film_of(count: int, **changes: object) -> Film:
    """A film of so many shots, each to be bought once."""
    prompts = {f"s{number}": f"scene {number}" for number in range(count)}
    once = bills(*prompts.values())
    return Film(**{"prompts": prompts, "least": once, "most": once, **changes})  # type: ignore[arg-type]


def bills(*prompts: str) -> Counter[Wish]:
    """So many clips of so many requests."""
    return Counter(wish(request_of(prompt)) for prompt in prompts)


def request_of(prompt: str) -> Request:
    return Request(model="sora-2", prompt=prompt, size="1280x720", seconds="4")


def wish(request: Request) -> Wish:
    """A request as bills are counted."""
    return request.model, request.prompt, request.size, request.seconds


def empty_tree() -> Tree:
    """A disk on which nothing was ever made."""
    return Tree(FOLDER, STATE.parent)


@dataclass(kw_only=True)
class Life:
    """One process, from its start to the end of its run."""

    disk: Disk
    videos: Videos
    loop: VirtualLoop
    film: Film
    complete: bool  # the profile vouches for the server's list
    number: int = 1  # of the life: no two have a nonce in common
    listen: Callable[[Event], None] = lambda event: None
    control: Control = field(default_factory=Control)
    task: "asyncio.Task[Report] | None" = None

    def lead(self) -> Report:
        """Live. Raises Stop, OSError and whatever a door raises, as a real run does to its caller."""
        random.seed(self.number)
        self.task = self.loop.create_task(self._live())
        return self.loop.run_until_complete(self.task)

    async def _live(self) -> Report:
        clock = VirtualClock(self.loop)
        memory, shelf = open_memory(self.disk, self.film), shelf_on(self.disk)
        profile = _profile(complete=self.complete)
        situation = planning.Situation(
            attempts=memory.attempts,
            clips=shelf,
            profile=profile,
            retries=self.film.retries,
            now=clock.now(),
            retake=self.film.retake,
        )
        serial = iter(range(10**6))
        doors = Doors(
            disk=self.disk,
            clock=clock,
            memory=memory,
            shelf=shelf,
            videos_at=lambda origin: self.videos,
            listen=self.listen,
            image_of=lambda shot: None,
            nonce=lambda at: AttemptId(f"{int(clock.now() * 1000):012x}{self.number:04x}{next(serial):04x}"),
            running=lambda path: False,
            trouble_in=None,
        )
        self.plan = planning.make(self.film.shots, situation)
        return await execute(self.plan, doors, self._options(profile), self.control)

    def _options(self, profile: Profile) -> Options:
        return Options(
            manifest=MANIFEST.name,
            file_name=MANIFEST.name,
            origin=ORIGIN,
            profile=profile,
            key="key-one",
            slots=2,
            settle=SETTLE,
            retries=self.film.retries,
        )


def open_memory(disk: Disk, film: Film) -> Memory:
    """What is remembered. Raises Stop."""
    where = Where(lockfile=LOCKFILE, manifest=MANIFEST, state=STATE, key="key-one")
    return Memory.open(disk, where, _fingerprints(film.shots))


def _fingerprints(shots: Iterable[Shot]) -> set[str]:
    return {shot.request.fingerprint for shot in shots}


def shelf_on(disk: Disk) -> Shelf:
    """Where the clips lie."""
    seen = Seen(disk, HIDDEN / "film.seen.json")
    return Shelf(disk=disk, folder=FOLDER, renders=RENDERS, hidden=HIDDEN, store=HIDDEN / "store", seen=seen)


def _profile(*, complete: bool) -> Profile:
    limits = Limits(
        profile="sim", models={}, model="m", size="s", seconds=4, prompt_length=10, image_types=(), image_bytes=0
    )
    return Profile(
        name="sim",
        limits=limits,
        prices=Prices(currency="USD", date="", source="", per_second={"*": {"*": Decimal("0.1")}}),
        slots=2,
        manner=Manner(),
        list_complete=complete,
        settle=SETTLE,
        longest_render=LONGEST,
        retention=86_400.0,
        typical_render=2.0,
        not_admitted=(),
        resubmit_lost=False,
    )
