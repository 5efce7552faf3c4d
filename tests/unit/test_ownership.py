"""Whose attempt each is, where shots were renamed, swapped and merged: nothing is bought again or counted twice."""

from dataclasses import dataclass, field

import pytest

from runner.lock.facts import Attempt, Ruling, State
from runner.plan.ownership import assign, ordered
from tests.unit.factories import BORN, claimed, make_attempt, make_shot

Owned = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Equal shots in the order of the manifest, the attempts, and the ids that each shot has of them in the end."""

    name: str
    shots: tuple[str, ...]
    known: tuple[Attempt, ...]
    owned: Owned = field(default_factory=dict)  # none for shots that are not named


def bought(number: int, shot: str, state: State = State.DONE, **fields: object) -> Attempt:
    return make_attempt(state, number, shot=shot, **fields)


def failed(number: int, shot: str) -> Attempt:
    return bought(number, shot, State.FAILED)


def expired(number: int, shot: str, **fields: object) -> Attempt:
    return bought(number, shot, State.EXPIRED, **fields)


def given_up(number: int, shot: str, **fields: object) -> Attempt:
    return bought(number, shot, State.ABANDONED, **fields)


CASES = [
    # -- names that came and went
    Case(
        name="what a name that is gone had taken falls back to the shot that it was made for",
        shots=("new", "a"),
        known=(claimed(bought(1, "a"), "gone"),),
        owned={"a": ["0001"]},
    ),
    Case(
        name="but not to one that has another take of its own",
        shots=("a", "new"),
        known=(claimed(bought(1, "a"), "gone"), bought(2, "a", take=2)),
        owned={"a": ["0002"], "new": ["0001"]},
    ),
    # -- claims that were cut by a kill
    Case(
        name="the failures that a cut claim left behind count for the shot that claimed, and for no other",
        shots=("a", "new"),
        known=(failed(1, "gone"), claimed(failed(2, "gone"), "a")),
        owned={"a": ["0002", "0001"]},
    ),
    Case(
        name="what failed under the name after it was given to another shot is that one's",
        shots=("a", "new"),
        known=(claimed(failed(2, "gone"), "a"), failed(3, "gone")),
        owned={"a": ["0002"], "new": ["0003"]},
    ),
    Case(
        name="a shot with failures of its own takes no others over",
        shots=("a",),
        known=(failed(1, "a"), failed(2, "gone")),
        owned={"a": ["0001"]},
    ),
    Case(
        name="but a clip that nobody has",
        shots=("a",),
        known=(failed(1, "a"), bought(2, "gone")),
        owned={"a": ["0001", "0002"]},
    ),
    # -- what a shot has beyond one attempt
    Case(
        name="of a take that was bought twice an equal shot gets one, in spite of failures of its own",
        shots=("twice", "a"),
        known=(bought(1, "twice"), bought(2, "twice"), failed(3, "a")),
        owned={"twice": ["0002"], "a": ["0003", "0001"]},
    ),
    Case(
        name="of two takes it gets none",
        shots=("twice", "a"),
        known=(bought(1, "twice"), bought(2, "twice", take=2)),
        owned={"twice": ["0001", "0002"]},
    ),
    Case(
        name="of a take that was lost twice an equal shot that has nothing gets one: it is not bought by itself",
        shots=("twice", "a"),
        known=(expired(1, "twice"), expired(2, "twice")),
        owned={"twice": ["0002"], "a": ["0001"]},
    ),
    Case(
        name="and one that has failed gets none: nothing is there to be had",
        shots=("twice", "a"),
        known=(expired(1, "twice"), expired(2, "twice"), failed(3, "a")),
        owned={"twice": ["0001", "0002"], "a": ["0003"]},
    ),
    Case(
        name="a failure beside what was lost is nobody else's",
        shots=("b", "a"),
        known=(expired(1, "b"), failed(2, "b")),
        owned={"b": ["0001", "0002"]},
    ),
    # -- what came to nothing, and was made up for by what another shot had bought
    Case(
        name="what was given up, in whose place another's clip was taken over, is for the next equal shot",
        shots=("b", "a"),
        known=(given_up(1, "b"), claimed(bought(2, "gone"), "b")),
        owned={"b": ["0002"], "a": ["0001"]},
    ),
    Case(
        name="not what was never sent",
        shots=("b", "a"),
        known=(bought(1, "b", State.UNSENT), claimed(bought(2, "gone"), "b")),
        owned={"b": ["0001", "0002"]},
    ),
    Case(
        name="nor an order",
        shots=("b", "a"),
        known=(given_up(1, "b", resubmit=True), claimed(bought(2, "gone"), "b")),
        owned={"b": ["0001", "0002"]},
    ),
    Case(
        name="nor what may still bring a clip",
        shots=("b", "a"),
        known=(bought(1, "b", State.INTENT), claimed(bought(2, "gone", take=2), "b")),
        owned={"b": ["0001", "0002"]},
    ),
    Case(
        name="nor what was taken back",
        shots=("b", "a"),
        known=(expired(1, "b", job="v"), bought(2, "b", job="v"), claimed(bought(3, "gone", take=2), "b")),
        owned={"b": ["0001", "0002", "0003"]},
    ),
    Case(
        name="nor anything for what failed, too",
        shots=("b", "a"),
        known=(given_up(1, "b"), claimed(failed(2, "gone"), "b")),
        owned={"b": ["0001", "0002"]},
    ),
    Case(
        name="nor anything for a clip of its own",
        shots=("b", "a"),
        known=(claimed(given_up(1, "gone"), "b"), bought(2, "b")),
        owned={"b": ["0001", "0002"]},
    ),
    Case(
        name="nor anything for one that came back to it",
        shots=("b", "a"),
        known=(given_up(1, "b"), claimed(bought(2, "b"), "gone", "b")),
        owned={"b": ["0001", "0002"]},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_whose_attempt_each_is(case: Case) -> None:
    shots = [make_shot(name) for name in case.shots]
    for known in (case.known, case.known[::-1]):
        owned, claims = assign(shots, known)
        assert {shot: sorted(each.id for each in mine) for shot, mine in owned.items()} == {
            name: sorted(case.owned.get(name, ())) for name in case.shots
        }
        again, more = assign(shots, [*{each.id: each for each in (*known, *claims)}.values()])
        assert more == (), "what is claimed stays with whom it is"
        assert {shot: {each.id for each in mine} for shot, mine in again.items()} == {
            shot: {each.id for each in mine} for shot, mine in owned.items()
        }


def test_an_order_that_has_brought_a_job_is_none_any_more() -> None:
    ruling = Ruling(state=State.ABANDONED, why="", at=BORN, resubmit=True)
    assert ordered(make_attempt(State.ABANDONED, ruling=ruling))
    assert not ordered(make_attempt(State.SUBMITTED, ruling=ruling))
    assert not ordered(make_attempt(State.INTENT))
