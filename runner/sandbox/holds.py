"""Requests that faults keep waiting. They wait in real time, and less when time is made to pass."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True, eq=False)
class _Hold:
    until: float
    deserted: Callable[[], bool]
    loop: asyncio.AbstractEventLoop
    moved: asyncio.Event


class Holds:
    """Who waits, and until when. Time may be advanced from any thread."""

    def __init__(self) -> None:
        self._advanced = 0.0
        self._holds: set[_Hold] = set()

    async def wait(self, seconds: float, deserted: Callable[[], bool]) -> None:
        """Keep a request waiting; `deserted` tells whether its client has gone."""
        loop = asyncio.get_running_loop()
        hold = _Hold(until=self._now() + seconds, deserted=deserted, loop=loop, moved=asyncio.Event())
        self._holds.add(hold)
        try:
            await asyncio.sleep(0)
            while (rest := hold.until - self._now()) > 0:
                hold.moved.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(rest):
                        await hold.moved.wait()
        finally:
            self._holds.discard(hold)

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._advanced += seconds
        for hold in tuple(self._holds):
            hold.loop.call_soon_threadsafe(hold.moved.set)

    def rests(self) -> list[float]:
        """How long each request has still to wait, in seconds, as far as its client is still there."""
        now = self._now()
        return [max(hold.until - now, 0.0) for hold in tuple(self._holds) if not hold.deserted()]

    def _now(self) -> float:
        return time.monotonic() + self._advanced
