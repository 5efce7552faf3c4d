"""How a shot stands: of several attempts, the one that speaks for it."""

from dataclasses import dataclass

import pytest

from runner.lock.facts import Attempt, End, State
from runner.plan.standing import foremost
from tests.unit.factories import BORN, claimed, make_attempt

ORDERED_AT = BORN + 1  # as the factory dates rulings


@dataclass(frozen=True, kw_only=True)
class Case:
    """The attempts of a shot, and which of them speaks for it."""

    name: str
    known: tuple[Attempt, ...]
    here: frozenset[str] = frozenset()
    speaks: str | None


def order(number: int, **fields: object) -> Attempt:
    """An attempt that a person gave up for a new purchase."""
    return make_attempt(State.ABANDONED, number, resubmit=True, **fields)


def lost(number: int, at: float) -> Attempt:
    """A clip that was bought and expired."""
    return make_attempt(State.EXPIRED, number, end=End(state=State.EXPIRED, code="", message="", at=at))


CASES = [
    Case(name="nothing was tried", known=(), speaks=None),
    Case(name="what was not sent, where nothing else is", known=(make_attempt(State.UNSENT, 1),), speaks="0001"),
    Case(
        name="what was not sent says less than an older word",
        known=(make_attempt(State.FAILED, 1), make_attempt(State.UNSENT, 2)),
        speaks="0001",
    ),
    Case(
        name="the latest of those that came to nothing",
        known=(make_attempt(State.FAILED, 1), make_attempt(State.REJECTED, 2)),
        speaks="0002",
    ),
    Case(
        name="a clip says more than a later failure",
        known=(make_attempt(State.DONE, 1), make_attempt(State.FAILED, 2)),
        speaks="0001",
    ),
    Case(
        name="of one take a clip says more than a job in flight",
        known=(make_attempt(State.DONE, 1), make_attempt(State.SUBMITTED, 2)),
        speaks="0001",
    ),
    Case(
        name="a later take in flight says more than a clip",
        known=(make_attempt(State.DONE, 1), make_attempt(State.SUBMITTED, 2, take=2)),
        speaks="0002",
    ),
    Case(
        name="of a take that was bought twice the later clip",
        known=(make_attempt(State.DONE, 1), make_attempt(State.DONE, 2)),
        speaks="0002",
    ),
    Case(
        name="of a take that was bought twice the clip that is here",
        known=(make_attempt(State.DONE, 1), make_attempt(State.DONE, 2)),
        here=frozenset({"0001"}),
        speaks="0001",
    ),
    Case(
        name="a job in flight of the same take is no rival of two clips",
        known=(make_attempt(State.DONE, 1), make_attempt(State.DONE, 2), make_attempt(State.SUBMITTED, 3)),
        speaks="0002",
    ),
    # -- orders
    Case(name="one of a later take stands", known=(make_attempt(State.DONE, 1), order(2, take=2)), speaks="0002"),
    Case(name="one of a take that has a clip is used up", known=(make_attempt(State.DONE, 1), order(2)), speaks="0001"),
    Case(name="one stands after what was lost before it", known=(lost(1, ORDERED_AT - 9), order(2)), speaks="0002"),
    Case(
        name="an order is used up by a clip that was taken over for it and lost since",
        known=(claimed(lost(1, ORDERED_AT + 9), "beach"), order(2)),
        speaks="0001",
    ),
    Case(
        name="an order stands where the clip that was taken over was lost before it",
        known=(claimed(lost(1, ORDERED_AT - 9), "beach"), order(2)),
        speaks="0002",
    ),
    Case(
        name="an order stands where the shot's own clip was lost after it",
        known=(lost(1, ORDERED_AT + 9), order(2)),
        speaks="0002",
    ),
    Case(
        name="an order stands where what was taken over has failed",
        known=(
            claimed(
                make_attempt(State.FAILED, 1, end=End(state=State.FAILED, code="", message="", at=ORDERED_AT + 9)),
                "beach",
            ),
            order(2),
        ),
        speaks="0002",
    ),
    Case(
        name="what is given up for good is no order",
        known=(claimed(lost(1, ORDERED_AT + 9), "beach"), make_attempt(State.ABANDONED, 2)),
        speaks="0002",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_attempt_that_speaks_for_a_shot(case: Case) -> None:
    for known in (case.known, case.known[::-1]):
        found = foremost(known, lambda each: each.id in case.here)
        assert (found.id if found else None) == case.speaks
