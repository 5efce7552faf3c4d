"""Asking again, on a clock that only sleeping moves."""

import asyncio
from collections.abc import Callable

import pytest

from runner.provider.replies import Missing, TooMany, Troubled, Unreachable
from runner.provider.retry import repeat

PASSING = (Unreachable, Troubled, TooMany)


class SleepClock:
    """Remembers every sleep; time goes by in no other way."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []

    def now(self) -> float:
        return 1e9 + self.monotonic()

    def monotonic(self) -> float:
        return sum(self.sleeps)

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)


class Calls:
    """Raises what it is given, one after the other, and then answers."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.count = 0

    async def __call__(self) -> str:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def ask(
    calls: Calls,
    clock: SleepClock,
    *,
    attempts: int = 5,
    deadline: float | None = None,
    jitter: Callable[[], float] = lambda: 1.0,
) -> str:
    return asyncio.run(
        repeat(
            calls,
            clock=clock,
            passing=PASSING,
            attempts=attempts,
            first=1.0,
            most=4.0,
            deadline=deadline,
            jitter=jitter,
        )
    )


def test_an_answer_is_not_asked_for_again() -> None:
    calls, clock = Calls(), SleepClock()
    assert ask(calls, clock) == "answer"
    assert (calls.count, clock.sleeps) == (1, [])


def test_waits_grow_to_their_ceiling() -> None:
    calls, clock = Calls(*[Unreachable("x")] * 4), SleepClock()
    assert ask(calls, clock) == "answer"
    assert clock.sleeps == [1.0, 2.0, 4.0, 4.0]


def test_jitter_takes_any_part_of_the_wait() -> None:
    fractions = iter([0.0, 0.5, 0.25])
    calls, clock = Calls(*[Troubled("x")] * 3), SleepClock()
    ask(calls, clock, jitter=lambda: next(fractions))
    assert clock.sleeps == [0.0, 1.0, 1.0]


def test_the_wait_that_the_server_asks_for_is_kept() -> None:
    calls, clock = Calls(TooMany("x", retry_after=30.0), TooMany("x", retry_after=0.0)), SleepClock()
    ask(calls, clock)
    assert clock.sleeps == [30.0, 2.0]


def test_the_last_error_goes_up_as_it_is() -> None:
    last = Troubled("last")
    calls, clock = Calls(Unreachable("first"), last), SleepClock()
    with pytest.raises(Troubled) as caught:
        ask(calls, clock, attempts=2)
    assert caught.value is last
    assert (calls.count, clock.sleeps) == (2, [1.0])


def test_no_attempt_begins_at_or_after_the_deadline() -> None:
    calls, clock = Calls(*[Unreachable("x")] * 9), SleepClock()
    with pytest.raises(Unreachable):
        ask(calls, clock, attempts=9, deadline=7.0)
    assert (calls.count, clock.sleeps) == (3, [1.0, 2.0])


@pytest.mark.parametrize("error", [Missing("gone"), ValueError("bug"), OSError("disk")])
def test_what_is_not_passing_goes_up_at_once(error: Exception) -> None:
    calls, clock = Calls(error), SleepClock()
    with pytest.raises(type(error)):
        ask(calls, clock)
    assert (calls.count, clock.sleeps) == (1, [])


@pytest.mark.parametrize("error", [asyncio.CancelledError, KeyboardInterrupt, SystemExit])
def test_cancellation_and_exits_are_never_swallowed(error: type[BaseException]) -> None:
    calls, clock = Calls(Unreachable("x"), error()), SleepClock()
    with pytest.raises(error):
        ask(calls, clock)
    assert calls.count == 2


def test_a_task_that_is_cancelled_while_it_waits_ends() -> None:
    class Stuck(SleepClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    async def go() -> Calls:
        calls = Calls(*[Unreachable("x")] * 9)
        asking = repeat(calls, clock=Stuck(), passing=PASSING, attempts=9, first=1.0, most=4.0)
        task = asyncio.create_task(asking)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return calls

    assert asyncio.run(go()).count == 1
