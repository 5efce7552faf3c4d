import json
from decimal import Decimal
from textwrap import dedent

import pytest

from runner.plan.table import Action, Reason
from runner.report.plan_text import plan_json, plan_text
from tests.unit.report_factory import make_attempt, make_plan, make_profile, make_step

MIXED = make_plan(
    make_step("harbour"),
    make_step("雨夜", reason=Reason.CHANGED, seconds="12"),
    make_step("alley", Action.HOLD, Reason.FAILED, note="blocked by\x1b[2J moderation"),
    make_step("rain", Action.KEEP, Reason.UP_TO_DATE, note="never mind"),
    make_step("old", Action.AWAIT, Reason.IN_FLIGHT, wanted=None, attempt=make_attempt("old")),
    spent=Decimal("1.60"),
)


def words(plan, *, host="api.example.com", budget=None, **fields):
    return plan_text(plan, manifest="film.yaml", host=host, profile=make_profile(**fields), budget=budget)


def test_a_plan_tells_what_why_and_how_much():
    assert words(MIXED, budget=Decimal(12)) == dedent("""\
        film.yaml: api.example.com, profile sora

        shot     action  reason         size      seconds  price
        harbour  submit  new            1280x720        8  $0.80
        雨夜     submit  changed        1280x720       12  $1.20
        alley    hold    failed before  1280x720        8         blocked by moderation
        rain     keep    up to date     1280x720        8
        old      await   in flight      1280x720        8         an earlier request of the shot

        shots   2 submit, 1 await, 1 hold, 1 keep
        to buy  2 clips, 20 s, $2.00 at most
        prices  of 2026-09-24: a price list
        spent   $1.60 so far
        budget  $12.00, of which $8.40 would be left
    """)


def test_a_large_plan_lists_only_what_is_to_do():
    kept = [make_step(f"s{n}", Action.KEEP, Reason.UP_TO_DATE) for n in range(10_000)]
    assert words(make_plan(*kept, make_step("harbour"))) == dedent("""\
        film.yaml: api.example.com, profile sora

        shot     action  reason  size      seconds  price
        harbour  submit  new     1280x720        8  $0.80

        shots   1 submit, 10,000 keep
        to buy  1 clip, 8 s, $0.80 at most
        prices  of 2026-09-24: a price list
    """)
    assert words(make_plan(*kept)) == (
        "film.yaml: api.example.com, profile sora\n\nshots   10,000 keep\nto buy  nothing\n"
    )


def totals(plan, **fields):
    return words(plan, **fields).split("\n\n")[-1].splitlines()


def test_an_unknown_price_is_said():
    some = make_plan(make_step("harbour"), make_step("alley", cost=None))
    assert totals(some)[1] == "to buy  2 clips, 16 s, $0.80 at most for 1 of them, the price of 1 is not known"
    none = make_plan(make_step(cost=None), currency="")
    assert totals(none, prices=None) == [
        "shots   1 submit",
        "to buy  1 clip, 8 s, price unknown",
        "prices  none are known: say them under `prices` in the manifest",
    ]
    assert words(none).splitlines()[3].endswith("8  unknown")


def test_a_budget_that_would_be_passed_is_said():
    assert totals(make_plan(make_step(), spent=Decimal(4)), budget=Decimal(4))[-2:] == [
        "spent   $4.00 so far",
        "budget  $4.00, which this would pass by $0.80",
    ]


def test_a_budget_cannot_be_kept_to_without_prices():
    plan = make_plan(make_step(), spent=Decimal(1), spent_known=False)
    assert totals(plan, budget=Decimal(4))[-2:] == [
        "spent   at least $1.00 so far: some prices are unknown",
        "budget  $4.00, which cannot be kept to while a price is unknown",
    ]


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Decimal("0.8"), "3 clips, $2.40 at most, should jobs come to nothing"),
        (None, "3 clips, price unknown, should jobs come to nothing"),
    ],
)
def test_what_may_be_bought_again_by_itself_is_told(cost: Decimal | None, words: str):
    plan = make_plan(make_step(cost=cost, further=2), make_step("old", Action.AWAIT, cost=cost, further=1))
    assert totals(plan)[2] == f"more    {words}"


def test_previews_are_free():
    assert totals(make_plan(make_step()), host="embedded", budget=Decimal(4)) == [
        "shots    1 submit",
        "to make  1 preview, 8 s, free",
    ]
    kept = make_plan(make_step("harbour", Action.KEEP, Reason.UP_TO_DATE))
    assert totals(kept, host="embedded") == ["shots    1 keep", "to make  nothing"]


def test_a_plan_as_data():
    tree = plan_json(
        make_plan(*MIXED.steps[1:3], MIXED.steps[4], spent=Decimal("1.60")),
        manifest="film.yaml", host="api.example.com", profile=make_profile(), budget=None,
    )  # fmt: skip
    alike = {"take": 1, "model": "sora-2", "size": "1280x720"}
    assert json.loads(json.dumps(tree)) == {
        "manifest": "film.yaml",
        "host": "api.example.com",
        "profile": "sora",
        "steps": [
            {"shot": "雨夜", "action": "submit", "reason": "changed", "wanted": True, **alike, "seconds": 12,
             "most_cost": 1.2, "job": None, "note": ""},
            {"shot": "alley", "action": "hold", "reason": "failed before", "wanted": True, **alike, "seconds": 8,
             "most_cost": None, "job": None, "note": "blocked by\x1b[2J moderation"},
            {"shot": "old", "action": "await", "reason": "in flight", "wanted": False, **alike, "seconds": 8,
             "most_cost": None, "job": "video_old", "note": ""},
        ],
        "actions": {"submit": 1, "await": 1, "hold": 1},
        "purchases": {"clips": 1, "seconds": 12, "most_cost": 1.2, "currency": "USD"},
        "further": {"clips": 0, "most_cost": 0},
        "prices": {"currency": "USD", "date": "2026-09-24", "source": "a price list"},
        "spent": 1.6,
        "spent_known": True,
        "budget": None,
    }  # fmt: skip
