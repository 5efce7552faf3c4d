"""Halted, interrupted, nudged: who goes on, and whose wait ends, on a loop whose time only jumps."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import pytest

from runner.errors import BudgetPassed, ExitCode, ServerUnreachable
from runner.execute.control import Control
from tests.crash.simulation.loop import VirtualLoop

T = TypeVar("T")


def played(story: Coroutine[None, None, T]) -> T:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(story)
    finally:
        loop.close()


def now() -> float:
    return asyncio.get_running_loop().time()


def later(seconds: float, what: object, *args: object) -> None:
    asyncio.get_running_loop().call_later(seconds, what, *args)


def test_at_its_start_a_run_buys_and_waits() -> None:
    control = Control()
    assert (control.buying, control.waiting) == (True, True)


def test_what_stops_the_buying_does_not_stop_the_waiting() -> None:
    control = Control()
    control.halt(BudgetPassed("enough"))
    assert (control.buying, control.waiting) == (False, True)


def test_a_lost_server_is_not_waited_for() -> None:
    control = Control()
    control.halt(ServerUnreachable("gone"), lost=True)
    assert (control.buying, control.waiting) == (False, False)


def test_the_first_reason_to_stop_stays() -> None:
    control, first = Control(), BudgetPassed("first")
    control.halt(first)
    control.halt(ServerUnreachable("second"), lost=True)
    control.halt(BudgetPassed("third"))
    assert control.stop is first
    assert control.lost


def test_an_interrupt_ends_buying_and_waiting_and_its_first_signal_stays() -> None:
    control = Control()
    control.interrupt(None)
    assert (control.buying, control.waiting, control.signal) == (False, False, None)
    control.interrupt(ExitCode.INTERRUPTED)
    control.interrupt(ExitCode.TERMINATED)
    assert control.signal is ExitCode.INTERRUPTED


def test_a_pause_is_as_long_as_it_was_asked_for() -> None:
    async def story() -> tuple[bool, float]:
        return await Control().pause(12.5), now()

    goes_on, at = played(story())
    assert goes_on
    assert at == pytest.approx(12.5)


@pytest.mark.parametrize("seconds", [0.0, -5.0])
def test_no_pause_takes_no_time(seconds: float) -> None:
    async def story() -> tuple[bool, float]:
        return await Control().pause(seconds), now()

    assert played(story()) == (True, 0.0)


def test_changes_that_do_not_end_the_waiting_do_not_shorten_a_pause() -> None:
    async def story() -> tuple[bool, float]:
        control = Control()
        for at in (1, 2, 3):
            later(at, control.nudge)
        later(4, control.halt, BudgetPassed("enough"))
        return await control.pause(10), now()

    goes_on, at = played(story())
    assert goes_on
    assert at == pytest.approx(10)


def test_an_interrupt_ends_a_pause_early() -> None:
    async def story() -> tuple[bool, float]:
        control = Control()
        later(3, control.interrupt, ExitCode.INTERRUPTED)
        return await control.pause(1000), now()

    assert played(story()) == (False, 3.0)


def test_a_lost_server_ends_a_pause_early() -> None:
    async def story() -> tuple[bool, float]:
        control = Control()
        later(3, lambda: control.halt(ServerUnreachable("gone"), lost=True))
        return await control.pause(1000), now()

    assert played(story()) == (False, 3.0)


def test_after_an_interrupt_no_pause_begins() -> None:
    async def story() -> tuple[bool, float]:
        control = Control()
        control.interrupt(None)
        return await control.pause(1000), now()

    assert played(story()) == (False, 0.0)


def test_a_nudge_wakes_everybody_who_waits() -> None:
    async def story() -> list[float]:
        control, woken = Control(), []

        async def wait(seconds: float | None) -> None:
            await control.change(seconds)
            woken.append(now())

        later(5, control.nudge)
        await asyncio.gather(wait(None), wait(100), wait(2))
        return woken

    assert played(story()) == [2.0, 5.0, 5.0]


def test_a_nudge_before_the_wait_is_not_kept() -> None:
    async def story() -> float:
        control = Control()
        control.nudge()
        await control.change(7)
        return now()

    assert played(story()) == 7.0


def test_a_wait_that_was_cancelled_leaves_nothing_behind() -> None:
    async def story() -> tuple[int, float]:
        control = Control()
        waiting = asyncio.ensure_future(control.change(1000))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        control.nudge()
        return len(control._waiters), now()

    assert played(story()) == (0, 1.0)
