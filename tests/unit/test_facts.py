"""Records of one attempt join to one truth, in whatever order and however often they come."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given

from runner.lock import lines
from runner.lock.facts import (
    RANK,
    Acceptance,
    Attempt,
    AttemptId,
    Claim,
    End,
    Owner,
    Ruling,
    State,
    adds,
    join,
    join_all,
    name_after,
)
from runner.lock.lockfile import folded
from runner.lock.scan import scan
from tests.unit.factories import BORN, by_id, make_attempt, make_clip, make_owner
from tests.unit.strategies import FACTS_OF_ONE

ONE_OF_EACH = [make_attempt(state, job="video_1") for state in State]
TWINS = [
    make_attempt(State.INTENT, owner=make_owner("/a")),
    make_attempt(State.INTENT, owner=make_owner("/b", key="", calibrated=False), claims=(Claim(number=1, shot="x"),)),
    make_attempt(State.SUBMITTED, acceptance=Acceptance(jobs=("other",), at=BORN + 9, created_at=BORN)),
    make_attempt(State.ABANDONED, resubmit=True),
    make_attempt(State.DONE, clip=make_clip(bytes=7)),
    replace(make_attempt(State.UNSENT), more={"later": 1}),
    replace(make_attempt(State.FAILED, code="x"), more={"later": 2}),
]
SMALL = ONE_OF_EACH + TWINS


def test_every_state_has_a_rank() -> None:
    assert set(RANK) == set(State)


@pytest.mark.parametrize("state", State)
def test_the_state_is_that_of_the_fact_of_the_highest_rank(state: State) -> None:
    assert make_attempt(state).state is state


def test_of_two_records_the_higher_rank_counts() -> None:
    for one, other in itertools.product(SMALL, SMALL):
        assert RANK[join(one, other).state] == max(RANK[one.state], RANK[other.state])


def test_joining_is_idempotent_commutative_and_associative_in_small_cases() -> None:
    for one in SMALL:
        assert join(one, one) == one
    for one, other in itertools.product(SMALL, SMALL):
        assert join(one, other) == join(other, one)
    for one, other, third in itertools.product(SMALL, SMALL, SMALL):
        assert join(join(one, other), third) == join(one, join(other, third))


@given(FACTS_OF_ONE)
def test_joining_is_idempotent(one: Attempt) -> None:
    assert join(one, one) == one


@given(FACTS_OF_ONE, FACTS_OF_ONE)
def test_joining_is_commutative(one: Attempt, other: Attempt) -> None:
    assert join(one, other) == join(other, one)


@given(FACTS_OF_ONE, FACTS_OF_ONE, FACTS_OF_ONE)
def test_joining_is_associative(one: Attempt, other: Attempt, third: Attempt) -> None:
    assert join(join(one, other), third) == join(one, join(other, third))


@given(FACTS_OF_ONE, FACTS_OF_ONE)
def test_nothing_is_unlearnt(one: Attempt, other: Attempt) -> None:
    joined = join(one, other)
    assert not adds(one, joined)
    assert not adds(other, joined)
    assert RANK[joined.state] >= RANK[one.state]
    assert {*one.jobs, *other.jobs} == set(joined.jobs)
    assert {*one.claims, *other.claims} == set(joined.claims)
    assert {*one.more, *other.more} == set(joined.more)


@given(FACTS_OF_ONE, FACTS_OF_ONE)
def test_joining_before_or_after_writing_gives_the_same_bytes(one: Attempt, other: Attempt) -> None:
    read = scan(b"".join(lines.write(each, crc=True, owner=True) for each in (one, other))).records
    assert read == (one, other)
    for owner in (False, True):
        joined = lines.write(join(one, other), crc=False, owner=owner)
        assert lines.write(join(*read), crc=False, owner=owner) == joined
        assert lines.write(join(other, one), crc=False, owner=owner) == joined


@given(FACTS_OF_ONE, FACTS_OF_ONE)
def test_folding_two_branches_and_joining_them_is_joining_and_folding(one: Attempt, other: Attempt) -> None:
    apart = [record for each in (one, other) for record in scan(folded([each])).records]
    assert folded(join_all(apart).values()) == folded([join(one, other)])


@pytest.mark.parametrize("state", [State.UNSENT, State.REJECTED, State.ABANDONED])
def test_no_ruling_outranks_a_job(state: State) -> None:
    ruled, sent = make_attempt(state), make_attempt(State.SUBMITTED)
    assert join(ruled, sent).state is State.SUBMITTED
    assert join(sent, ruled).state is State.SUBMITTED
    assert join(sent, ruled).ruling == ruled.ruling


def test_a_clip_outranks_a_failure() -> None:
    assert join(make_attempt(State.EXPIRED), make_attempt(State.DONE)).state is State.DONE


def test_two_jobs_of_one_attempt_are_both_remembered() -> None:
    one = make_attempt(State.SUBMITTED, job="video_b")
    joined = join(one, make_attempt(State.SUBMITTED, job="video_a"))
    assert joined.jobs == ("video_a", "video_b")
    assert joined.job == "video_a"


def test_a_job_is_remembered_from_the_first_time_that_anybody_heard_of_it() -> None:
    early = make_attempt(acceptance=Acceptance(jobs=("a",), at=BORN + 1))
    late = make_attempt(acceptance=Acceptance(jobs=("a",), at=BORN + 5, created_at=BORN + 2))
    assert join(late, early).acceptance == Acceptance(jobs=("a",), at=BORN + 1, created_at=BORN + 2)


def test_claims_and_paths_accumulate() -> None:
    one = make_attempt(claims=(Claim(number=1, shot="x"),), owner=make_owner("/b", "/a"))
    other = make_attempt(claims=(Claim(number=2, shot="y"),), owner=make_owner("/c"))
    joined = join(one, other)
    assert joined.claims == (Claim(number=1, shot="x"), Claim(number=2, shot="y"))
    assert joined.owner == make_owner("/a", "/b", "/c")


def test_who_made_it_outweighs_who_was_only_told() -> None:
    maker, told = make_owner("/a", key="key"), Owner(paths=("/b",), key="", calibrated=False)
    assert join(make_attempt(owner=told), make_attempt(owner=maker)).owner == make_owner("/a", "/b", key="key")
    assert join(make_attempt(), make_attempt(owner=told)).owner == told


def test_of_two_rulings_the_later_counts() -> None:
    early = make_attempt(ruling=Ruling(state=State.UNSENT, why="z", at=BORN + 1))
    late = make_attempt(ruling=Ruling(state=State.ABANDONED, why="a", at=BORN + 2))
    assert join(early, late).state is State.ABANDONED
    assert join(late, early).state is State.ABANDONED


def test_records_are_joined_by_attempt() -> None:
    first, again, second = make_attempt(number=1), make_attempt(State.SUBMITTED, number=1), make_attempt(number=2)
    assert join_all([first, second, again]) == by_id([join(first, again), second])
    assert join_all([again], into=by_id([first, second])) == join_all([first, second, again])
    assert join_all([]) == {}


def test_a_record_adds_only_what_is_not_known() -> None:
    known = make_attempt(State.FAILED)
    assert adds(known, None)
    assert not adds(known, known)
    assert not adds(make_attempt(State.SUBMITTED), known)
    assert adds(replace(known, claims=(Claim(number=1, shot="x"),)), known)
    assert adds(replace(known, end=End(state=State.FAILED, code="", message="told more", at=BORN + 99)), known)


@pytest.mark.parametrize(
    "newest", ["", "0199c7b41f0ca1b2c3d4", "f" * 20, "f" * 12, "zzzz", "0", "0199C7B41F0CA1B2C3D4", "\U0010ffff"]
)
def test_a_new_name_sorts_after_every_known_one_and_names_do_not_grow(newest: str) -> None:
    names = [AttemptId(newest)]
    for at in (1_760_000_000_000, 1_760_000_000_000, 5, 1 << 47):
        names.append(name_after(names[-1], at, "a1b2c3d4"))
    assert names == sorted(set(names))
    assert {len(name) for name in names[1:]} <= {20, len(newest) + 20}
    assert len({len(name) for name in names[1:]}) == 1
