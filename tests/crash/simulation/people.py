"""What people want: manifests, what ever stood in them, and what a person could expect of them."""

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from runner.lock.facts import State
from runner.manifest.batch import Shot, ShotId
from runner.manifest.problems import Place
from runner.manifest.request import Request

Wish = tuple[str, ...]

STATE = Path("/sim/state")


@dataclass(kw_only=True)
class Manifest:
    """One manifest: its shots as they stand, and all that ever stood in it."""

    path: Path
    shots: list[Shot]
    state: Path = STATE  # of the machine that it is rendered on
    orders: Counter[Wish] = field(default_factory=Counter)  # purchases a person asked for, by request
    most_wanted: Counter[Wish] = field(default_factory=Counter)
    older: list[bytes] = field(default_factory=list)  # lockfiles as git would have them
    key: str = "key-one"
    held: dict[str, str] = field(default_factory=dict)
    retakes: set[ShotId] = field(default_factory=set)  # of the next run
    promised: dict[str, State] = field(default_factory=dict)  # what its lockfile said when a run ended well
    pulled: dict[str, State] = field(default_factory=dict)  # what another branch brought in the middle of a run
    shown: dict[tuple[str, Wish], bytes] = field(default_factory=dict)  # the clips of shots that stand unchanged

    @cached_property
    def lockfile(self) -> Path:
        return self.path.with_suffix(".lock")

    @cached_property
    def folder(self) -> Path:
        return self.path.parent

    @cached_property
    def hidden(self) -> Path:
        return self.folder / ".shotlock"

    @cached_property
    def store(self) -> Path:
        return self.hidden / "store"

    @cached_property
    def renders(self) -> Path:
        return self.folder / "renders" / self.path.stem

    def place(self, shot: str) -> Path:
        return self.renders / f"{shot}.mp4"

    def note_wishes(self) -> None:
        """What stands in the manifest now may be bought, once for each shot."""
        wanted = Counter(wish(shot.request) for shot in self.shots)
        for request, count in wanted.items():
            self.most_wanted[request] = max(self.most_wanted[request], count)
        standing = {(shot.id, wish(shot.request)) for shot in self.shots}
        self.shown = {key: clip for key, clip in self.shown.items() if key in standing}

    def doubt(self) -> None:
        """Git or a loss took the lockfile: what it said before is no promise any more."""
        self.promised, self.pulled = {}, {}
        self.shown = {}


def wish(request: Request) -> Wish:
    """A request as bills are counted."""
    return request.model, request.prompt, request.size, request.seconds


def draw_request(rng: random.Random, variety: int = 6, about: str = "") -> Request:
    """A request out of few, so that equal ones meet."""
    prompt = f"scene {rng.randrange(variety)}{about}"
    return Request(model="sora-2", prompt=prompt, size="1280x720", seconds=rng.choice(("4", "8")))


def shot_of(name: str, request: Request) -> Shot:
    return Shot(id=ShotId(name), request=request, reference=None, place=Place(line=1, column=1))
