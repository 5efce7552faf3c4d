"""Flags: durations, amounts, and the plan for what was asked for."""

from decimal import Decimal

import click
import pytest

from runner.commands.asked import Asked, Duration, Money, chosen
from runner.commands.buying import check_bounds, purchases_of
from runner.errors import BudgetPassed, WrongUsage
from runner.manifest.batch import Shot, ShotId
from runner.manifest.problems import Place
from runner.manifest.request import Request
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason


def make_step(
    shot: str, action: Action = Action.SUBMIT, *, seconds: str = "4", cost: str | None = "0.4", further: int = 0
) -> Step:
    request = Request(model="sora-2", prompt=shot, size="1280x720", seconds=seconds)
    wanted = Shot(id=ShotId(shot), request=request, reference=None, place=Place(line=1, column=1))
    price = None if cost is None else Decimal(cost)
    return Step(shot=ShotId(shot), action=action, reason=Reason.NEW, wanted=wanted, cost=price, further=further)


def make_plan(*steps: Step, spent: str = "0", spent_known: bool = True) -> Plan:
    return Plan(steps=steps, claims=(), spent=Decimal(spent), spent_known=spent_known, currency="USD")


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("10m", 600), ("2h", 7200), ("1.5s", 1.5)])
def test_a_duration_has_a_unit(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["30", "s", "-1s", "1d", "1 h", ""])
def test_what_has_none_is_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no duration, such as 30s, 10m or 2h"):
        Duration().convert(text, None, None)


def test_an_amount_is_exact() -> None:
    assert Money().convert("0.10", None, None) == Decimal("0.10")


@pytest.mark.parametrize("text", ["-1", "NaN", "inf", "1,5", "$4", ""])
def test_what_cannot_be_counted_is_no_amount(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no amount of money"):
        Money().convert(text, None, None)


def test_only_takes_the_shots_that_fit_and_what_is_in_flight() -> None:
    plan = make_plan(make_step("a1"), make_step("b1"), make_step("b2", Action.AWAIT), make_step("b3", Action.KEEP))
    assert [step.shot for step in chosen(plan, Asked(only="a*")).steps] == ["a1", "b2"]


def test_a_pattern_that_fits_no_shot_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match="no shot fits `x"):
        chosen(make_plan(make_step("a1")), Asked(only="x*"))


def test_a_retake_takes_the_shots_that_were_named() -> None:
    plan = make_plan(make_step("a1"), make_step("b1"), make_step("c1", Action.HOLD))
    assert [step.shot for step in chosen(plan, Asked(retake=frozenset([ShotId("b1")]))).steps] == ["b1"]


def test_a_limit_bounds_the_cost_by_the_dearest_clips() -> None:
    plan = make_plan(make_step("a"), make_step("b", seconds="12", cost="1.2"), make_step("c", seconds="8", cost="0.8"))
    bought = purchases_of(plan, Asked(limit=2))
    assert (bought.clips, bought.seconds, bought.cost) == (2, 20, Decimal("2.0"))
    assert bought.words == "2 clips, 20 s, at most $2.00"


def test_a_frozen_run_buys_nothing() -> None:
    bought = purchases_of(make_plan(make_step("a")), Asked(frozen=True))
    assert (bought.clips, bought.cost, bought.words) == (0, 0, "nothing to buy")


def test_one_unknown_price_makes_the_cost_unknown() -> None:
    bought = purchases_of(make_plan(make_step("a"), make_step("b", cost=None)), Asked())
    assert bought.cost is None
    assert bought.words == "2 clips, 8 s, at a price that is not known"


@pytest.mark.parametrize(
    ("steps", "limit", "words", "most"),
    [
        (
            (make_step("a", further=2), make_step("b", Action.AWAIT, cost="0.8", further=1)),
            None,
            "1 clip, 4 s, at most $0.40; 3 clips more, at most $1.60, should jobs come to nothing",
            "2.0",
        ),
        (
            (make_step("a"), make_step("b", Action.AWAIT, cost="1.2", further=1)),
            1,
            "1 clip, 4 s, at most $0.40; at most $1.20 should jobs come to nothing",
            "1.2",
        ),
        (
            (make_step("a", cost="0"), make_step("b", Action.AWAIT, cost=None, further=1)),
            1,
            "1 clip, 4 s, at most $0.00; at a price that is not known should jobs come to nothing",
            None,
        ),
        (
            (make_step("a", further=2), make_step("b", Action.AWAIT, cost="0.8", further=1)),
            2,
            "1 clip, 4 s, at most $0.40; 1 clip more, at most $0.80, should jobs come to nothing",
            "1.2",
        ),
        ((make_step("a", further=2),), 1, "1 clip, 4 s, at most $0.40", "0.4"),
        (
            (make_step("a", Action.RESOLVE, further=1),),
            None,
            "nothing to buy; 1 clip more, at most $0.40, should jobs come to nothing",
            "0.4",
        ),
        (
            (make_step("a", Action.RESOLVE, cost=None, further=1),),
            None,
            "nothing to buy; 1 clip more, at a price that is not known, should jobs come to nothing",
            None,
        ),
        ((make_step("a", Action.AWAIT, further=1),), 0, "nothing to buy", "0"),
    ],
)
def test_what_may_be_bought_again_by_itself_is_announced(
    steps: tuple[Step, ...], limit: int | None, words: str, most: str | None
) -> None:
    bought = purchases_of(make_plan(*steps), Asked(limit=limit))
    assert (bought.words, bought.most_cost) == (words, _amount(most))
    assert purchases_of(make_plan(*steps), Asked(frozen=True)).words == "nothing to buy"


@pytest.mark.parametrize(
    ("plan", "budget", "max_cost"),
    [
        (make_plan(make_step("a"), spent="0.7"), "1", None),
        (make_plan(make_step("a")), None, "0.39"),
        (make_plan(make_step("a", cost=None)), "9", None),
        (make_plan(make_step("a", cost=None)), None, "9"),
        (make_plan(make_step("a"), spent_known=False), "9", None),
    ],
)
def test_what_could_pass_a_bound_is_refused(plan: Plan, budget: str | None, max_cost: str | None) -> None:
    with pytest.raises(BudgetPassed):
        check_bounds(plan, purchases_of(plan, Asked()), budget=_amount(budget), max_cost=_amount(max_cost))


@pytest.mark.parametrize(
    ("plan", "budget", "max_cost"),
    [
        (make_plan(make_step("a"), spent="0.6"), "1", None),
        (make_plan(make_step("a")), None, "0.4"),
        (make_plan(make_step("a", Action.KEEP), spent="5"), "1", "0"),
        (make_plan(make_step("a", Action.KEEP), spent_known=False), "1", None),
    ],
)
def test_what_is_within_bounds_or_buys_nothing_is_let_through(
    plan: Plan, budget: str | None, max_cost: str | None
) -> None:
    check_bounds(plan, purchases_of(plan, Asked()), budget=_amount(budget), max_cost=_amount(max_cost))


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
