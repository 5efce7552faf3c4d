"""Questions on their way when a run comes to its end."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from runner.errors import ServerUnreachable
from runner.execute.control import Control, Interrupted
from tests.crash.simulation.loop import VirtualLoop


def lived(story: Callable[[Control], Coroutine[Any, Any, str]]) -> tuple[str, float]:
    """What comes of a story, and how long it took."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(story(Control())), loop.time()
    finally:
        loop.close()


async def answer(after: float) -> str:
    await asyncio.sleep(after)
    return "the answer"


async def trouble() -> str:
    raise OSError("trouble")


def test_an_answer_is_awaited_while_the_run_goes_on() -> None:
    assert lived(lambda control: control.answered(answer(600))) == ("the answer", 600)


def test_trouble_comes_through() -> None:
    with pytest.raises(OSError, match="trouble"):
        lived(lambda control: control.answered(trouble()))


@pytest.mark.parametrize(("after", "told", "took"), [(12, "the answer", 12), (60, "interrupted", 13)])
def test_after_an_interrupt_only_what_comes_soon_is_awaited(after: float, told: str, took: float) -> None:
    async def story(control: Control) -> str:
        asyncio.get_running_loop().call_later(10, control.interrupt, None)
        try:
            return await control.answered(answer(after))
        except Interrupted:
            return "interrupted"

    assert lived(story) == (told, took)


def test_a_lost_server_is_not_awaited_either() -> None:
    async def story(control: Control) -> str:
        control.halt(ServerUnreachable("gone"), lost=True)
        try:
            return await control.answered(answer(60))
        except Interrupted:
            return "interrupted"

    assert lived(story) == ("interrupted", 3)
