"""What is kept at hand of all attempts is what reading them all again would give."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from runner.lock.costs import Costs
from runner.lock.facts import Attempt, AttemptId, End, State, join
from runner.lock.known import Known
from tests.unit.factories import BORN, make_attempt

ORIGINS = ("https://one.test/v1", "https://other.test/v1")
PRICES = st.sampled_from([None, Decimal("0.4"), Decimal("1.25")])
OPEN = (State.INTENT, State.SUBMITTED, State.ABANDONED)

attempts = st.builds(
    lambda state, number, price: make_attempt(state, number, price=price, origin=ORIGINS[number % 2]),
    st.sampled_from(State),
    st.integers(1, 6),
    PRICES,
)


@given(st.lists(attempts, max_size=25))
def test_every_answer_is_that_of_reading_all_attempts_again(facts: list[Attempt]) -> None:
    known = Known()
    for fact in facts:
        before = known.get(fact.id)
        known[fact.id] = fact if before is None else join(before, fact)
    all_ = list(known.values())
    assert known == {each.id: each for each in all_} == Known(all_)
    assert known.newest == max(known, default="")
    assert known.clips == {each.clip.sha256 for each in all_ if each.clip}
    for origin in ORIGINS:
        here = [each for each in all_ if each.intent.origin == origin]
        assert {each.id for each in known.open_at(origin)} == {each.id for each in here if each.state in OPEN}
        jobs = {job for each in here for job in each.jobs}
        assert {job for job in map("video_{}".format, range(8)) if known.has_job(job, origin)} == jobs
    costs = [each.intent.price for each in all_ if each.state not in (State.UNSENT, State.REJECTED)]
    assert known.costs.total("USD") == (None if None in costs else sum(costs))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcd"), PRICES), max_size=30))
def test_a_sum_is_that_of_what_was_put_and_not_dropped(steps: list[tuple[bool, str, Decimal | None]]) -> None:
    costs, expected = Costs(), dict[str, Decimal | None]()
    for put, name, cost in steps:
        if put:
            costs.put(AttemptId(name), cost, "USD")
            expected[name] = cost
        else:
            costs.drop(AttemptId(name))
            expected.pop(name, None)
    values = list(expected.values())
    assert costs.total("USD") == (None if None in values else sum(values))


def test_prices_of_two_currencies_have_no_sum() -> None:
    costs = Costs()
    costs.put(AttemptId("a"), Decimal("0.8"), "USD")
    costs.put(AttemptId("free"), Decimal(0), "")
    assert (costs.total("USD"), costs.total("EUR")) == (Decimal("0.8"), None)
    costs.put(AttemptId("b"), Decimal("0.5"), "EUR")
    assert (costs.total("USD"), costs.total("EUR")) == (None, None)
    costs.drop(AttemptId("a"))
    assert (costs.total("USD"), costs.total("EUR")) == (None, Decimal("0.5"))


def test_a_price_without_a_currency_is_of_any() -> None:
    costs = Costs()
    costs.put("old", Decimal("0.4"), "")
    assert (costs.total("USD"), costs.total("")) == (Decimal("0.4"), Decimal("0.4"))
    costs.put("new", Decimal("0.8"), "USD")
    assert (costs.total("USD"), costs.total("EUR"), costs.known("EUR")) == (Decimal("1.2"), None, Decimal("0.4"))


def test_a_job_that_was_recorded_twice_was_paid_for_once() -> None:
    first, again = make_attempt(State.EXPIRED, 1, job="video_1"), make_attempt(State.SUBMITTED, 2, job="video_1")
    other = make_attempt(State.SUBMITTED, 3, job="video_3")
    assert Costs.of([first, again, other]).total("USD") == Decimal("1.6")
    known = Known([first, again, other])
    assert known.costs.total("USD") == Decimal("1.6")
    known[again.id] = replace(again, end=End(state=State.FAILED, code="", message="", at=BORN))
    assert known.costs.total("USD") == Decimal("1.6")
