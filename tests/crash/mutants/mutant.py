"""A mutant: a name, the patches that break the project, and the first seed in which the simulation notices."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from runner.errors import LockfileDamaged
from tests.crash.simulation.judge import Violation
from tests.crash.simulation.quick import quickened
from tests.crash.simulation.world import World

Patch = Any  # of unittest.mock: it has `start` and `stop`


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One step that is missing or in the wrong place."""

    name: str
    patches: Callable[[], list[Patch]]


def first_violation(mutant: Mutant, seeds: Iterable[int]) -> tuple[int, str] | None:
    """The first seed in which the mutant is caught, and by what; nothing is wrong there without the mutant."""
    left = iter(seeds)
    while True:
        with applied(mutant.patches()), quickened():
            found = next(_violations(left), None)
        if found is None:
            return None
        with quickened():
            if not any(_violations([found[0]])):
                return found


def _violations(seeds: Iterable[int]) -> Iterator[tuple[int, str]]:
    for seed in seeds:
        try:
            World(seed).play()
        except (Violation, RuntimeError, LockfileDamaged) as violation:
            yield seed, str(violation)


@contextmanager
def applied(patches: list[Patch]) -> Iterator[None]:
    """Break the project for a while."""
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()
