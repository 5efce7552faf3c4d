"""What a seed leans to: a few things that happen often, and others not at all, so that what is rare meets.

A seed in which everything may happen seldom sees two particular things one after the other.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.crash.simulation.life import LONGEST, SETTLE
from tests.crash.simulation.server import FAULTS, Nature

Draws = tuple[float, ...]

_FAULTLESS: Mapping[str, float] = dict.fromkeys((*FAULTS, "late", "lag"), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """What is drawn from."""

    lives: tuple[int, ...] = (1, 1, 1, 1, 1, 1, 2, 3)
    manifests: tuple[int, ...] = (1, 1, 1, 1, 1, 2)
    shots: tuple[int, ...] = (1, 1, 1, 1, 2, 3)
    variety: tuple[int, ...] = (1, 3, 6)  # how many prompts there are
    gaps: Draws = (0.0, 0.0, 5.0, 60.0, 600.0, 7200.0, 100_000.0)  # seconds between lives
    fuse: float = 0.8  # how often a process is to die
    power: float = 0.5  # how often the power goes when one dies
    branch: float = 0.2  # how often a colleague goes on from the same commit
    account: float = 0.25  # how often a run with nothing to do comes last
    loses: tuple[str, ...] = ("lockfile", "ledger", "both")
    lists: tuple[str, ...] = ("faithful",) * 3 + ("none", "empty", "partial", "blind", "normalising")
    events: Mapping[str, int] = field(default_factory=dict)  # the weights of the only things that happen; else all do
    rates: Mapping[str, float] = field(default_factory=dict)  # of the server, in place of what is drawn for all

    @property
    def short_gaps(self) -> Draws:
        """Those after which a server still has its jobs."""
        return tuple(gap for gap in self.gaps if gap < Nature.retention)


ANYTHING = Leaning()
# Shots are renamed back and forth, and get twins, on a server that does nothing wrong.
NAMES = Leaning(
    lives=(3, 4),
    manifests=(1,),
    shots=(1, 1, 2),
    variety=(1,),
    gaps=(5.0,),
    fuse=0.05,
    branch=0.0,
    loses=("lockfile",),
    events={"rename": 5, "add": 4, "reverse": 1},
    rates=_FAULTLESS | {"render": 1.0},
)
# Two runs buy the same, and answers come late or not at all.
RIVALS = Leaning(
    lives=(1,),
    manifests=(2,),
    shots=(1, 2),
    variety=(1,),
    fuse=0.2,
    branch=0.0,
    loses=("lockfile",),
    lists=("faithful",),
    rates=_FAULTLESS | {"lose_before": 0.4, "slow": 60.0, "render": 1.0},
)
# Another client of the account buys with the same words.
ECHOES = Leaning(
    lives=(1, 2),
    manifests=(1,),
    variety=(1,),
    gaps=(0.0, 60.0, 600.0, 7200.0),
    branch=0.0,
    loses=("lockfile",),
    lists=("faithful", "faithful", "normalising"),
    events={"colleague_buys": 4, "decide": 3, "ask_again": 2, "nothing": 1},
    rates=_FAULTLESS | {"lose_before": 0.4, "lose_after": 0.2, "foreign": 0.3, "echo": 0.7, "render": 1.0},
)
# Hardly an answer arrives, renders are long, and people decide soon.
DOUBTS = Leaning(
    lives=(2,),
    shots=(2,),
    manifests=(1,),
    gaps=(0.0, 5.0, 60.0),
    fuse=0.4,
    branch=0.4,
    loses=("lockfile",),
    lists=("faithful", "none", "empty", "partial"),
    events={"decide": 8, "ask_again": 2, "add": 2, "nothing": 1},
    rates=_FAULTLESS | {"lose_before": 0.1, "lose_after": 0.5, "render": 300.0},
)

# Two people decide about the same doubt on two branches.
FORKS = Leaning(
    lives=(2,),
    manifests=(1,),
    shots=(1,),
    gaps=(0.0, 60.0, 600.0),
    fuse=0.4,
    branch=1.0,
    account=1.0,
    loses=("lockfile",),
    lists=("faithful", "none", "empty", "partial"),
    events={"nothing": 1},
    rates=_FAULTLESS | {"lose_after": 0.7, "render": 1.0},
)

# Every run dies, the power goes with it, and git takes the lockfile away.
CUTS = Leaning(
    lives=(2, 3),
    manifests=(1,),
    shots=(1, 1, 2),
    gaps=(0.0, 60.0),
    fuse=1.0,
    power=0.8,
    branch=0.0,
    loses=("lockfile",),
    events={"nothing": 3, "roll_back": 3},
    rates=_FAULTLESS | {"lose_after": 0.1, "render": 1.0},
)

LEANINGS = (ANYTHING, NAMES, RIVALS, ECHOES, DOUBTS, FORKS, CUTS)
WEIGHTS = (14, 1, 1, 1, 1, 1, 1)


def draw_nature(rng: random.Random, leaning: Leaning) -> Nature:
    """A server: what its list is like, and how often what goes wrong."""
    rate = lambda most: rng.uniform(0, most) if rng.random() < 0.5 else 0.0  # noqa: E731
    lag = rng.choice((0.0, 0.0, 20.0))
    nature = Nature(
        lists=rng.choice(leaning.lists),
        lag=lag,
        late=rng.choice((0.0, 60.0, SETTLE - 310.0 - lag)),
        render=rng.choice((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 20.0, 20.0, 60.0, LONGEST)),
        slow=rng.choice((0.5, 0.5, 0.5, 30.0)),
        fails=rate(0.2),
        lose_before=rate(0.3),
        lose_after=rate(0.3),
        error_before=rate(0.2),
        error_after=rate(0.2),
        unsent=rate(0.2),
        busy=rate(0.2),
        poll_trouble=rate(0.2),
        content_trouble=rate(0.3),
        forgets=rate(0.1),
        foreign=rate(0.3),
        echo=rate(0.3),
        dated=rng.random() < 0.9,
    )
    for name, value in leaning.rates.items():
        setattr(nature, name, value)
    return nature
