"""The real executor on virtual time, as many seeds as most of a minute holds; and proof that it notices."""

import time

import pytest

from tests.crash.mutants import MUTANTS, first_violation
from tests.crash.simulation.quick import remembered_lines
from tests.crash.simulation.world import World

SECONDS = 45.0
AT_LEAST = 200
QUICKLY_FOUND = (
    "intent after the POST",
    "POST again when the answer is lost",
    "no settle time",
    "unconfirmed attempts hold no slot",
    "content not verified",
    "absence believed from any list",
    "one nonce for two POSTs",
)


@pytest.mark.timeout(300)
def test_no_seed_breaks_a_promise() -> None:
    until, seed = time.monotonic() + SECONDS, 0
    while seed < AT_LEAST or time.monotonic() < until:
        with remembered_lines():
            World(seed).play()
        seed += 1
    print(f"{seed} seeds")


@pytest.mark.parametrize("name", QUICKLY_FOUND)
def test_a_protocol_without_this_step_is_caught(name: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    assert first_violation(mutant, range(150)) is not None
