"""Asking again: one generic retry over named, passing errors. Owner of tenacity; time is the injected clock's alone."""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from runner.clock import Clock
from runner.provider.replies import ReplyError

T = TypeVar("T")


async def repeat(
    call: Callable[[], Awaitable[T]],
    *,
    clock: Clock,
    passing: tuple[type[Exception], ...],
    attempts: int,
    first: float,
    most: float,
    deadline: float | None = None,
    jitter: Callable[[], float] = random.random,
) -> T:
    """Call until it succeeds, raises something that is not passing, or may not be tried again.

    Waits are exponential with full jitter: between nothing and `first` seconds, then twice that, at most `most`;
    never less than the `retry_after` of a `ReplyError`.

    Args:
        call: makes one attempt.
        clock: sleeps, and measures `deadline`.
        passing: the errors after which another attempt makes sense; anything else, cancellation too, goes up at once.
        attempts: how many at most.
        first: seconds.
        most: seconds.
        deadline: instant of `clock.monotonic()` at which no attempt may begin any more.
        jitter: a fraction from 0 to 1.

    Raises:
        Exception: the last attempt's own.
    """

    def wait(state: RetryCallState) -> float:
        ceiling = min(most, first * 2.0 ** min(state.attempt_number - 1, 60))
        return max(ceiling * jitter(), _asked(state) or 0.0)

    def stop(state: RetryCallState) -> bool:
        late = deadline is not None and clock.monotonic() + state.upcoming_sleep >= deadline
        return late or state.attempt_number >= attempts

    retrying = AsyncRetrying(
        sleep=clock.sleep, wait=wait, stop=stop, retry=retry_if_exception_type(passing), reraise=True
    )

    async def once() -> T:  # tenacity awaits only what it can see to be a coroutine function, and a lambda is none
        return await call()

    return await retrying(once)


def _asked(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error.retry_after if isinstance(error, ReplyError) else None
