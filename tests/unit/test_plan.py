"""The plan: every row of the table, and whose clip is whose when a person edits the manifest."""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lock.facts import Attempt, Claim, Clip, End, State, join_all
from runner.manifest.batch import Shot, ShotId
from runner.plan.ownership import assign, owner_of
from runner.plan.standing import may_retry, servable
from runner.plan.steps import Plan, make, total
from runner.plan.table import TABLE, Action, Best, Reason, Row, decide
from tests.unit.factories import (
    BORN,
    Clips,
    claimed,
    make_attempt,
    make_clip,
    make_profile,
    make_shot,
    make_situation,
)

DAY = 86_400.0
GOING = (State.INTENT, State.SUBMITTED, State.DONE)


def plan_of(*shots: Shot, known: Sequence[Attempt] = (), **fields: object) -> Plan:
    return make(shots or (make_shot(),), make_situation(*known, **fields))


def actions(plan: Plan) -> dict[str, Action]:
    return {step.shot: step.action for step in plan.steps if step.wanted}


def bought(plan: Plan) -> list[str]:
    return [step.shot for step in plan.purchases]


# -- the table


@dataclass(frozen=True, kw_only=True)
class Case:
    """A situation that leads to a row of the table."""

    attempts: tuple[Attempt, ...]
    retries: int = 0
    retake: frozenset[ShotId] = frozenset()
    resubmit_lost: bool = False
    traces: Mapping[ShotId, str] = field(default_factory=dict)


CASES = {
    Best.NOTHING: [Case(attempts=()), Case(attempts=(make_attempt(State.UNSENT),))],
    Best.OTHER: [Case(attempts=(make_attempt(state, prompt="as it was"),)) for state in State],
    Best.DOUBTFUL: [
        Case(attempts=attempts, retries=1, traces={ShotId("beach"): "its clip lies there"})
        for attempts in (
            (),
            (make_attempt(prompt="as it was"),),
            (make_attempt(State.UNSENT),),
            (make_attempt(State.FAILED),),
            (make_attempt(State.ABANDONED, resubmit=True),),
        )
    ],
    Best.ORDERED: [
        Case(attempts=(make_attempt(State.ABANDONED, resubmit=True),)),
        *[
            Case(attempts=(make_attempt(state),), retake=frozenset({ShotId("beach")}))
            for state in State
            if state not in (State.INTENT, State.SUBMITTED)
        ],
    ],
    Best.INTENT: [Case(attempts=(make_attempt(State.INTENT),))],
    Best.SUBMITTED: [Case(attempts=(make_attempt(State.SUBMITTED),))],
    Best.RETRYABLE: [Case(attempts=(make_attempt(State.FAILED),), retries=1)],
    Best.FAILED: [
        Case(attempts=(make_attempt(State.FAILED),)),
        Case(attempts=(make_attempt(State.REJECTED),), retries=9),
        Case(attempts=(make_attempt(State.FAILED, code="moderation_blocked"),), retries=9),
    ],
    Best.ABANDONED: [Case(attempts=(make_attempt(State.ABANDONED),))],
    Best.LOST: [Case(attempts=(make_attempt(State.EXPIRED),), resubmit_lost=True)],
    Best.EXPIRED: [Case(attempts=(make_attempt(State.EXPIRED),))],
    Best.DONE: [Case(attempts=(make_attempt(State.DONE),))],
}
FOUND = list(itertools.product((True, False), repeat=3))
ROWS = [(row, case) for row in TABLE for case in CASES[row.best]]


def applies(row: Row, here: bool, stored: bool, served: bool) -> bool:
    return row.here in (None, here) and row.stored in (None, stored) and row.served in (None, served)


@pytest.mark.parametrize(("row", "case"), ROWS, ids=[f"{row.best}-{number}" for number, (row, _) in enumerate(ROWS)])
def test_every_row_of_the_table_is_reached(row: Row, case: Case) -> None:
    for here, stored, served in (found for found in FOUND if applies(row, *found)):
        (step, *others) = plan_of(
            known=case.attempts,
            here=here,
            stored=stored,
            now=BORN + 200 if served else BORN + 2 * DAY,
            retries=case.retries,
            retake=case.retake,
            profile=make_profile(resubmit_lost=case.resubmit_lost),
            traces=case.traces,
        ).steps
        assert (step.action, step.reason) == (row.action, row.reason)
        assert (step.attempt is None) == (row.action is Action.SUBMIT or row.reason is Reason.DOUBTFUL)
        assert all(other.wanted is None for other in others)


@pytest.mark.parametrize("best", Best)
def test_exactly_one_row_stands_for_each_case(best: Best) -> None:
    for here, stored, served in FOUND:
        rows = [row for row in TABLE if row.best is best and applies(row, here, stored, served)]
        assert rows == [decide(best, here=here, stored=stored, served=served)]


def test_every_action_and_every_reason_is_in_the_table() -> None:
    assert {row.action for row in TABLE} == set(Action)
    assert {row.reason for row in TABLE} == set(Reason)


def test_only_purchases_take_a_slot() -> None:
    assert all((row.slot == "takes") == (row.action is Action.SUBMIT) for row in TABLE)


# -- whose clip


SHOTS = (make_shot("beach", "a cat"), make_shot("walk", "a dog"), make_shot("alley", "a horse"))
DONE = tuple(
    make_attempt(State.DONE, number, shot=shot.id, request=shot.request) for number, shot in enumerate(SHOTS, 1)
)


def test_when_all_is_done_there_is_nothing_to_do() -> None:
    plan = plan_of(*SHOTS, known=DONE)
    assert set(actions(plan).values()) == {Action.KEEP}
    assert plan.claims == ()


@pytest.mark.parametrize("state", [state for state in State if state is not State.UNSENT])
def test_renaming_costs_nothing(state: State) -> None:
    before = make_attempt(state)
    plan = plan_of(make_shot("sea"), known=[before])
    assert bought(plan) == []
    assert plan.claims == (claimed(before, "sea"),)
    assert len(plan.steps) == 1


@pytest.mark.parametrize("shots", list(itertools.permutations(SHOTS)))
def test_reordering_costs_nothing(shots: tuple[Shot, ...]) -> None:
    plan = plan_of(*shots, known=DONE)
    assert actions(plan) == {shot.id: Action.KEEP for shot in shots}
    assert [step.shot for step in plan.steps] == [shot.id for shot in shots]
    assert plan.claims == ()


@pytest.mark.parametrize("place", range(4))
def test_an_inserted_shot_costs_one_clip(place: int) -> None:
    shots = [*SHOTS]
    shots.insert(place, make_shot("new", "a bird"))
    assert bought(plan_of(*shots, known=DONE)) == ["new"]


def test_a_shot_that_is_taken_out_and_put_back_costs_nothing() -> None:
    assert bought(plan_of(*SHOTS[1:], known=DONE)) == []
    assert set(actions(plan_of(*SHOTS, known=DONE)).values()) == {Action.KEEP}


@pytest.mark.parametrize("ids", list(itertools.permutations(["beach", "walk", "alley"])))
def test_swapping_ids_costs_nothing(ids: tuple[str, ...]) -> None:
    shots = [replace(shot, id=ShotId(id_)) for shot, id_ in zip(SHOTS, ids, strict=True)]
    plan = plan_of(*shots, known=DONE)
    assert bought(plan) == []
    assert {step.shot: step.attempt.fingerprint for step in plan.steps if step.attempt} == {
        shot.id: shot.request.fingerprint for shot in shots
    }


def test_moving_a_prompt_to_another_shot_costs_only_the_prompt_that_is_new() -> None:
    beach, walk, alley = SHOTS
    shots = (replace(beach, request=make_shot(prompt="a bird").request), replace(walk, request=beach.request), alley)
    plan = plan_of(*shots, known=DONE)
    assert bought(plan) == ["beach"]
    assert plan.claims == (claimed(DONE[0], "walk"),)


def test_an_edit_costs_one_clip() -> None:
    (step,) = plan_of(make_shot("beach", "a cat, at night"), known=[DONE[0]]).purchases
    assert (step.shot, step.reason, step.take) == ("beach", Reason.CHANGED, 1)
    assert step.cost == Decimal("0.80")


def test_an_edit_back_costs_nothing() -> None:
    edited = make_attempt(State.DONE, 2, prompt="a cat, at night")
    assert actions(plan_of(make_shot(), known=[DONE[0], edited])) == {"beach": Action.KEEP}
    assert actions(plan_of(make_shot("beach", "a cat, at night"), known=[DONE[0], edited])) == {"beach": Action.KEEP}


def test_two_equal_shots_are_two_purchases() -> None:
    twins = (make_shot("one"), make_shot("two"))
    assert bought(plan_of(*twins)) == ["one", "two"]
    first = make_attempt(State.DONE, 1, shot="one")
    assert bought(plan_of(*twins, known=[first])) == ["two"]
    second = make_attempt(State.SUBMITTED, 2, shot="two")
    assert actions(plan_of(*twins, known=[first, second])) == {"one": Action.KEEP, "two": Action.AWAIT}


def test_two_equal_shots_that_are_renamed_take_over_one_clip_each() -> None:
    clips = [make_attempt(State.DONE, 1, shot="one"), make_attempt(State.DONE, 2, shot="two")]
    plan = plan_of(make_shot("left"), make_shot("right"), known=clips)
    assert bought(plan) == []
    assert plan.claims == (claimed(clips[0], "left"), claimed(clips[1], "right"))


def test_a_shot_that_keeps_its_clip_does_not_lose_it_to_an_equal_new_shot() -> None:
    plan = plan_of(make_shot("before"), make_shot("beach"), make_shot("after"), known=[DONE[0]])
    assert bought(plan) == ["before", "after"]
    assert plan.claims == ()


def test_the_best_of_what_is_left_over_is_taken_first() -> None:
    clip, job, post = (make_attempt(state, number, shot=f"old{number}") for number, state in enumerate(GOING[::-1], 1))
    assert plan_of(make_shot("one"), known=[post, job, clip]).claims == (claimed(clip, "one"),)
    plan = plan_of(make_shot("one"), make_shot("two"), make_shot("three"), known=[post, job, clip])
    assert plan.claims == (claimed(clip, "one"), claimed(job, "two"), claimed(post, "three"))


def test_with_a_clip_its_whole_history_is_taken_over() -> None:
    history = [make_attempt(State.FAILED, 1), make_attempt(State.DONE, 2), make_attempt(State.DONE, 3, take=2)]
    plan = plan_of(make_shot("sea"), known=history)
    assert {each.id for each in plan.claims} == {"0001", "0002", "0003"}
    assert actions(plan) == {"sea": Action.KEEP}
    assert plan.steps[0].attempt is not None
    assert plan.steps[0].attempt.id == "0003"


@pytest.mark.parametrize("cut", [1, 2])
def test_a_rename_that_was_cut_short_by_a_kill_buys_nothing(cut: int) -> None:
    takes = [make_attempt(State.DONE, 1), make_attempt(State.FAILED, 2, take=3), make_attempt(State.DONE, 3, take=2)]
    claims = plan_of(make_shot("sea"), known=takes).claims
    assert [each.intent.take for each in claims] == [2, 1, 3]
    cut_short = join_all([*takes, *claims[:cut]])
    plan = plan_of(make_shot("sea"), known=list(cut_short.values()))
    assert bought(plan) == []
    assert plan.steps[0].attempt is not None
    assert plan.steps[0].attempt.intent.take == 2


def test_claims_are_numbered_and_of_those_that_fit_the_highest_counts() -> None:
    clip = claimed(make_attempt(State.DONE), "two", "three")
    wish = clip.fingerprint
    assert owner_of(clip, {"beach": wish, "two": wish, "three": wish}) == "three"
    assert owner_of(clip, {"beach": wish, "two": wish}) == "two"
    assert owner_of(clip, {"beach": wish, "three": make_shot(prompt="a dog").request.fingerprint}) == "beach"
    assert owner_of(clip, {"four": wish}) is None
    plan = plan_of(make_shot("four"), known=[clip])
    assert plan.claims == (claimed(clip, "two", "three", "four"),)


def test_claims_of_two_branches_with_one_number_are_settled_by_name() -> None:
    clip = replace(make_attempt(State.DONE), claims=(Claim(number=1, shot="b"), Claim(number=1, shot="c")))
    assert owner_of(clip, {"b": clip.fingerprint, "c": clip.fingerprint}) == "c"
    assert bought(plan_of(make_shot("b"), make_shot("c"), known=[clip])) == ["b"]


def test_a_claim_does_not_bind_a_shot_that_wants_something_else_now() -> None:
    clip = claimed(make_attempt(State.DONE), "walk")
    owned, claims = assign([make_shot("walk", "a dog"), make_shot("beach")], [clip])
    returned = claimed(clip, "walk", "beach")
    assert owned == {"walk": (), "beach": (returned,)}
    assert claims == (returned,)


def test_a_shot_that_got_its_name_back_keeps_its_clip_from_a_new_shot_of_the_name_between() -> None:
    # `s2` became `y` and `s2` again; then the equal `s1` became `y`.
    there_and_back = claimed(make_attempt(State.DONE, 1, shot="s2"), "y")
    plan = plan_of(make_shot("s2"), make_shot("s1"), known=[there_and_back, make_attempt(State.DONE, 2, shot="s1")])
    known = [plan.claims[0], make_attempt(State.DONE, 2, shot="s1")]
    later = plan_of(make_shot("s2"), make_shot("y"), known=known)
    assert {step.shot: step.attempt.id for step in later.steps if step.attempt} == {
        "s2": there_and_back.id,
        "y": known[1].id,
    }


@pytest.mark.parametrize("shown", [1, 2])
def test_of_a_take_that_was_bought_twice_the_clip_that_is_there_stays(shown: int) -> None:
    known = [replace(make_attempt(State.DONE, number), clip=make_clip(sha256=f"{number}" * 64)) for number in (1, 2)]

    class Shown(Clips):
        def here(self, shot: str, clip: Clip) -> bool:
            return clip.sha256 == f"{shown}" * 64

    (step, *_) = make([make_shot()], make_situation(*known, clips=Shown())).steps
    assert (step.action, step.attempt) == (Action.KEEP, known[shown - 1])


def test_a_name_that_is_used_again_does_not_mix_two_histories() -> None:
    # `beach` became `sea`; then there was a second, equal `beach`, bought anew; and that one became `shore`.
    first = claimed(make_attempt(State.DONE, 1), "sea")
    second = make_attempt(State.DONE, 2)
    plan = plan_of(make_shot("sea"), make_shot("shore"), known=[first, second])
    assert bought(plan) == []
    assert plan.claims == (claimed(second, "shore"),)


def test_equal_shots_may_be_renamed_after_their_prompts_were_swapped() -> None:
    # `a` and `b` swapped prompts; then `a` got its old prompt back and was bought anew, as there are two that want it.
    cat, dog = make_shot("b", "a cat"), make_shot("a", "a dog")
    moved = claimed(make_attempt(State.DONE, 1, shot="a", request=cat.request), "b")
    other = claimed(make_attempt(State.DONE, 2, shot="b", request=dog.request), "a")
    anew = make_attempt(State.DONE, 3, shot="a", request=cat.request)
    known = [moved, other, anew]
    assert bought(plan_of(cat, make_shot("renamed"), known=known)) == []


def test_a_clip_too_many_is_given_to_who_has_none() -> None:
    # `beach` became `sea`, a second `beach` was bought, `sea` was edited: both clips are `beach`'s now.
    first = claimed(make_attempt(State.DONE, 1), "sea")
    second = make_attempt(State.DONE, 2)
    shots = (make_shot("beach"), make_shot("sea", "a dog"), make_shot("shore"))
    dog = make_attempt(State.DONE, 3, shot="sea", prompt="a dog")
    assert bought(plan_of(*shots, known=[first, second, dog])) == []


SOME_SHOTS = st.lists(st.sampled_from("xyz"), min_size=1, max_size=6).map(
    lambda prompts: [make_shot(f"s{number}", prompt) for number, prompt in enumerate(prompts)]
)


@given(SOME_SHOTS, st.randoms())
def test_when_all_is_done_no_order_and_no_new_names_cost_anything(shots: list[Shot], luck: random.Random) -> None:
    done = [make_attempt(State.DONE, number, shot=shot.id, request=shot.request) for number, shot in enumerate(shots)]
    after = [replace(shot, id=ShotId(luck.choice((shot.id, f"{shot.id}-new")))) for shot in shots]
    luck.shuffle(after)
    plan = plan_of(*after, known=done)
    assert set(actions(plan).values()) == {Action.KEEP}
    assert len({step.attempt.id for step in plan.steps if step.attempt}) == len(shots)
    once_more = plan_of(*after, known=list(join_all([*done, *plan.claims]).values()))
    assert once_more.claims == ()
    assert [step.attempt and step.attempt.id for step in once_more.steps] == [
        step.attempt and step.attempt.id for step in plan.steps
    ]


# -- which attempt speaks for a shot


@pytest.mark.parametrize("later", [State.UNSENT, State.REJECTED, State.FAILED, State.EXPIRED, State.ABANDONED])
def test_a_clip_counts_whatever_became_of_later_attempts(later: State) -> None:
    plan = plan_of(known=[make_attempt(State.DONE, 1), make_attempt(later, 2, take=2)])
    assert actions(plan) == {"beach": Action.KEEP}


@pytest.mark.parametrize(("newest", "action"), [(State.SUBMITTED, Action.AWAIT), (State.INTENT, Action.RESOLVE)])
def test_a_newer_take_that_may_get_a_clip_is_waited_for(newest: State, action: Action) -> None:
    plan = plan_of(known=[make_attempt(State.DONE, 1), make_attempt(newest, 2, take=2)])
    assert actions(plan) == {"beach": action}
    assert plan.steps[0].take == 2


def test_the_newest_take_is_shown() -> None:
    takes = [make_attempt(State.DONE, number, take=take) for number, take in ((1, 1), (2, 3), (3, 2))]
    (step,) = plan_of(known=takes).steps
    assert step.attempt == takes[1]


def test_of_what_ended_badly_the_last_word_counts() -> None:
    plan = plan_of(known=[make_attempt(State.EXPIRED, 1), make_attempt(State.FAILED, 2), make_attempt(State.UNSENT, 3)])
    assert (plan.steps[0].action, plan.steps[0].reason) == (Action.HOLD, Reason.FAILED)
    assert plan.steps[0].note == "it broke"


def test_an_order_of_a_person_outlives_a_purchase_that_was_not_sent() -> None:
    plan = plan_of(known=[make_attempt(State.ABANDONED, 1, resubmit=True), make_attempt(State.UNSENT, 2)])
    assert (plan.steps[0].action, plan.steps[0].reason) == (Action.SUBMIT, Reason.ASKED)


def test_an_order_of_a_person_is_carried_out_once() -> None:
    for state in (State.SUBMITTED, State.DONE, State.FAILED, State.REJECTED):
        plan = plan_of(known=[make_attempt(State.ABANDONED, 1, resubmit=True), make_attempt(state, 2)])
        assert bought(plan) == []


@pytest.mark.parametrize(("ended", "reason"), [(50, Reason.EXPIRED), (-50, Reason.ASKED)])
def test_an_order_is_used_up_by_a_clip_that_was_taken_over_though_it_expired_since(
    ended: float, reason: Reason
) -> None:
    """Seed 174359: a run held the shot, as expired, and the next one bought it."""
    taken_over = claimed(make_attempt(State.EXPIRED, 1, shot="sea"), "beach")
    lost = replace(taken_over, end=End(state=State.EXPIRED, code="", message="", at=BORN + 1 + ended))
    (step,) = plan_of(known=[lost, make_attempt(State.ABANDONED, 2, resubmit=True)]).steps
    assert step.reason is reason


def test_a_lost_clip_that_was_bought_again_for_its_renamed_shot_is_not_anothers() -> None:
    lost = claimed(make_attempt(State.EXPIRED, 1), "sea")
    plan = plan_of(make_shot("sea"), make_shot("new"), known=[lost, make_attempt(State.DONE, 2, shot="sea")])
    assert actions(plan) == {"sea": Action.KEEP, "new": Action.SUBMIT}


def test_an_unconfirmed_retake_is_bought_again_where_a_person_says_so() -> None:
    plan = plan_of(known=[make_attempt(State.DONE, 1), make_attempt(State.ABANDONED, 2, take=2, resubmit=True)])
    (step,) = plan.purchases
    assert (step.reason, step.take) == (Reason.ASKED, 2)


def test_why_a_shot_is_held_is_said_in_the_servers_words() -> None:
    (step,) = plan_of(known=[make_attempt(State.REJECTED)]).steps
    assert step.note == "no reason"
    assert plan_of().steps[0].note == ""
    for state in (State.ABANDONED, State.EXPIRED):
        before = make_attempt(state)
        done = make_attempt(State.DONE, ruling=before.ruling, end=before.end)
        assert plan_of(known=[done]).steps[0].note == "", "it came after all"


def test_a_renamed_shot_that_was_edited_is_changed_not_new() -> None:
    (step,) = plan_of(make_shot("sea", "a dog"), known=[claimed(make_attempt(State.DONE), "sea")]).purchases
    assert step.reason is Reason.CHANGED


# -- retries, retakes, orphans


@pytest.mark.parametrize(
    ("failures", "retries", "again"), [(1, 0, False), (1, 1, True), (2, 1, False), (2, 2, True), (9, 2, False)]
)
def test_retries_are_counted_over_the_lockfiles_life(failures: int, retries: int, again: bool) -> None:
    known = [make_attempt(State.FAILED, number) for number in range(failures)]
    assert bool(bought(plan_of(known=known, retries=retries))) is again


def test_only_failures_of_this_request_and_shot_count() -> None:
    known = [
        make_attempt(State.FAILED, 1, prompt="as it was"),
        make_attempt(State.FAILED, 2, shot="twin"),
        make_attempt(State.UNSENT, 3),
        make_attempt(State.FAILED, 4),
    ]
    assert bought(plan_of(make_shot(), make_shot("twin"), known=known, retries=1)) == ["beach", "twin"]


@pytest.mark.parametrize("code", ["moderation_blocked", "content_policy_violation", "sentinel_block"])
def test_moderation_is_never_retried(code: str) -> None:
    failed = make_attempt(State.FAILED, code=code)
    assert not may_retry(failed, [failed], 99)
    assert plan_of(known=[failed], retries=99).steps[0].action is Action.HOLD


def test_what_has_not_failed_is_not_retried() -> None:
    assert not may_retry(make_attempt(State.REJECTED), [], 99)


def test_retakes_are_numbered() -> None:
    takes: list[Attempt] = []
    for number in (1, 2, 3):
        (step,) = plan_of(known=takes, retake={ShotId("beach")}).purchases
        assert step.take == number
        takes.append(make_attempt(State.DONE, number, take=step.take))


def test_a_retake_of_one_shot_leaves_the_others_alone() -> None:
    plan = plan_of(*SHOTS, known=DONE, retake={ShotId("walk")})
    assert bought(plan) == ["walk"]


@pytest.mark.parametrize("state", [State.INTENT, State.SUBMITTED])
def test_no_retake_is_bought_while_a_take_is_on_its_way(state: State) -> None:
    assert bought(plan_of(known=[make_attempt(state)], retake={ShotId("beach")})) == []


@pytest.mark.parametrize(
    ("state", "action", "reason"),
    [(State.SUBMITTED, Action.AWAIT, Reason.IN_FLIGHT), (State.INTENT, Action.RESOLVE, Reason.UNCONFIRMED)],
)
def test_what_was_bought_for_a_shot_that_is_gone_is_still_awaited(state: State, action: Action, reason: Reason) -> None:
    orphan = make_attempt(state, shot="gone", prompt="a dog", take=3)
    *_, step = plan_of(known=[orphan]).steps
    assert (step.shot, step.action, step.reason, step.wanted, step.attempt, step.take) == (
        "gone", action, reason, None, orphan, 3,
    )  # fmt: skip


def test_what_was_bought_before_an_edit_is_still_awaited() -> None:
    plan = plan_of(known=[make_attempt(State.SUBMITTED, prompt="as it was")])
    assert [(step.action, step.wanted is None) for step in plan.steps] == [(Action.SUBMIT, False), (Action.AWAIT, True)]


def test_two_jobs_of_one_shot_are_both_awaited() -> None:
    plan = plan_of(
        known=[make_attempt(State.SUBMITTED, 1), make_attempt(State.SUBMITTED, 2), make_attempt(State.INTENT, 3)]
    )
    assert sorted(step.attempt.id for step in plan.steps if step.attempt) == ["0001", "0002", "0003"]
    assert [step.wanted is not None for step in plan.steps] == [True, False, False]


@pytest.mark.parametrize("state", [state for state in State if state not in (State.SUBMITTED, State.INTENT)])
def test_nothing_is_done_about_what_ended_for_a_shot_that_is_gone(state: State) -> None:
    assert len(plan_of(known=[make_attempt(state, shot="gone", prompt="a dog")]).steps) == 1


# -- money and time


def test_what_was_spent_counts_failed_and_unconfirmed_attempts() -> None:
    known = [make_attempt(state, number, price=Decimal(10) ** number) for number, state in enumerate(State)]
    plan = plan_of(known=known)
    assert plan.spent == sum(
        10**number for number, state in enumerate(State) if state not in (State.UNSENT, State.REJECTED)
    )
    assert plan.spent_known
    assert plan.currency == "USD"


def test_a_price_that_is_not_known_makes_the_sum_unknown() -> None:
    plan = plan_of(known=[make_attempt(State.DONE, 1), make_attempt(State.DONE, 2, shot="gone", price=None)])
    assert plan.spent == Decimal("0.8")
    assert not plan.spent_known
    assert plan_of(known=[make_attempt(State.UNSENT, price=None)]).spent_known


@pytest.mark.parametrize("state", State)
def test_only_what_was_surely_not_bought_cost_nothing(state: State) -> None:
    assert make_attempt(state).may_have_cost is (state not in (State.UNSENT, State.REJECTED))


def test_a_plan_costs_the_sum_of_its_purchases() -> None:
    plan = plan_of(make_shot("a", seconds="4"), make_shot("b", seconds="12"), make_shot("beach"), known=[DONE[0]])
    assert plan.cost == Decimal("1.60")
    assert plan.seconds == 16
    assert plan_of(profile=make_profile(prices=None)).cost is None
    assert plan_of(profile=make_profile(prices=None)).currency == ""
    assert plan_of(known=[DONE[0]]).cost == 0


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert total([]) == 0
    assert total([Decimal(1), Decimal(2)]) == 3
    assert total([Decimal(1), None]) is None


def test_how_long_a_clip_can_be_had_is_said_by_the_server_or_else_by_its_retention() -> None:
    told = make_attempt(State.DONE, clip=make_clip(expires_at=BORN + 500, completed_at=BORN + 1))
    assert servable(told, DAY, BORN + 499)
    assert not servable(told, DAY, BORN + 500)
    completed = make_attempt(State.DONE, clip=make_clip(completed_at=BORN + 50))
    assert servable(completed, 100, BORN + 149)
    assert not servable(completed, 100, BORN + 150)
    assert servable(make_attempt(State.DONE), 100, BORN + 99)
    assert not servable(make_attempt(State.DONE), 100, BORN + 100)


def test_the_order_in_which_facts_were_read_does_not_matter() -> None:
    known = [make_attempt(state, number, shot=f"old{number % 3}") for number, state in enumerate(State)]
    shots = [make_shot("a"), make_shot("b"), make_shot("old1")]
    plans = [plan_of(*shots, known=order) for order in (known, known[::-1], known[3:] + known[:3])]
    assert plans[0].claims == plans[1].claims == plans[2].claims != ()
    wanted = [[step for step in plan.steps if step.wanted] for plan in plans]
    assert wanted[0] == wanted[1] == wanted[2]


@pytest.mark.parametrize(
    ("attempts", "list_complete", "again"),
    [
        ((), False, 2),
        ((make_attempt(State.SUBMITTED),), False, 2),
        ((make_attempt(State.FAILED, 1), make_attempt(State.SUBMITTED, 2)), False, 1),
        ((make_attempt(State.FAILED),), False, 1),
        ((make_attempt(State.FAILED, 1), make_attempt(State.FAILED, 2)), False, 0),
        ((make_attempt(State.INTENT),), False, 2),
        ((make_attempt(State.INTENT),), True, 3),
        ((make_attempt(State.DONE),), True, 0),
        ((make_attempt(State.EXPIRED),), True, 0),
    ],
)
def test_a_step_knows_how_often_it_may_buy_again(
    attempts: tuple[Attempt, ...], list_complete: bool, again: int
) -> None:
    situation = make_situation(*attempts, retries=2, profile=make_profile(list_complete=list_complete))
    (step,) = make([make_shot()], situation).steps
    assert step.further == again


def test_what_nobody_wants_any_more_is_not_bought_again() -> None:
    situation = make_situation(make_attempt(State.SUBMITTED, prompt="another"), retries=2)
    assert [step.further for step in make([make_shot("other")], situation).steps] == [2, 0]


def test_what_was_spent_in_another_currency_is_not_known_in_this_one() -> None:
    dollars, euros = make_attempt(State.DONE, 1), make_attempt(State.DONE, 2, currency="EUR", price=Decimal("0.5"))
    plan = make([], make_situation(dollars, euros))
    assert (plan.spent, plan.spent_known, plan.currency) == (Decimal("0.8"), False, "USD")
    unpriced = make([], make_situation(euros, profile=make_profile(prices=None)))
    assert (unpriced.spent, unpriced.spent_known, unpriced.currency) == (Decimal("0.5"), True, "EUR")


def test_a_job_that_was_taken_back_makes_up_for_nothing() -> None:
    """Renamed, given up and taken back: what was given up is not lent to the next equal shot, which is bought."""
    given_up = claimed(make_attempt(State.EXPIRED, 1, job="video_1"), "shore")
    back = make_attempt(State.DONE, 2, shot="shore", job="video_1")
    plan = make([make_shot("shore"), make_shot("shore2")], make_situation(given_up, back))
    assert [step.action for step in plan.steps] == [Action.KEEP, Action.SUBMIT]


def test_a_clip_that_is_recorded_twice_is_no_spare() -> None:
    records = [make_attempt(State.DONE, number, job=job) for number, job in ((1, "j"), (2, "k"), (3, "j"))]
    plan = make([make_shot(name) for name in ("beach", "two", "three")], make_situation(*records))
    assert [step.action for step in plan.steps] == [Action.KEEP, Action.KEEP, Action.SUBMIT]
