"""The real executor on virtual time: the same seeds every time; and proof that it notices."""

import pytest

from tests.crash.images import mutants as images
from tests.crash.mutants.mutant import Mutant, applied, first_violation
from tests.crash.mutants.table import MUTANTS
from tests.crash.simulation.__main__ import play

SEEDS = 1200


@pytest.mark.timeout(300)
def test_no_seed_breaks_a_promise() -> None:
    assert play(range(SEEDS)).violations == ()


def test_a_seed_plays_the_same_world_every_time() -> None:
    one, other = play(range(40, 80)), play(range(40, 80))
    assert (one.posts, one.kills, one.billed) == (other.posts, other.kills, other.billed)


@pytest.mark.parametrize(
    "name",
    [
        "intent after the POST",
        "POST again when the answer is lost",
        "no settle time",
        "unconfirmed attempts hold no slot",
        "content not verified",
        "one nonce for two POSTs",
        "unconfirmed attempts not brought back",
    ],
)
def test_a_protocol_without_this_step_is_caught(name: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    assert first_violation(mutant, range(800)) is not None


@pytest.mark.parametrize("mutant", [*MUTANTS, *images.MUTANTS], ids=lambda mutant: mutant.name)
def test_every_mutant_still_finds_the_step_that_it_breaks(mutant: Mutant | images.Mutant) -> None:
    with applied(mutant.patches()):
        pass
