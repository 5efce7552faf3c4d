"""Whether the run goes on: what stopped it, and the waits that end early when something happens."""

import asyncio
from typing import Any

from runner.errors import ExitCode, Stop


class Control:
    """Flags of one run. Halted: nothing more is bought. Interrupted: nothing more is waited for, either."""

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.signal: ExitCode | None = None
        self.interrupted = False
        self.lost = False  # the server cannot be reached any more
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def buying(self) -> bool:
        """Whether purchases may still be made."""
        return self.stop is None and not self.interrupted

    @property
    def waiting(self) -> bool:
        """Whether jobs are still awaited."""
        return not (self.interrupted or self.lost)

    def halt(self, stop: Stop, *, lost: bool = False) -> None:
        """Buy no more; what is paid for is still awaited, unless the server is `lost`. The first reason stays."""
        self.stop = self.stop or stop
        self.lost = self.lost or lost
        self.nudge()

    def interrupt(self, signal: ExitCode | None) -> None:
        """Come to an end soon: a person or a time limit asked for it."""
        self.interrupted = True
        self.signal = self.signal or signal
        self.nudge()

    def nudge(self) -> None:
        """Something changed: let everybody look again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def change(self, seconds: float | None = None) -> None:
        """Wait until something changes, or for so many seconds."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiters.add(waiter)
        alarm = loop.call_later(seconds, _wake, waiter) if seconds is not None else None
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if alarm:
                alarm.cancel()

    async def either(self, task: asyncio.Task[Any]) -> None:
        """Wait until something changes or a task ends."""
        changing = asyncio.ensure_future(self.change())
        try:
            await asyncio.wait({task, changing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changing.cancel()

    async def pause(self, seconds: float) -> bool:
        """Wait so many seconds, however much changes; False as soon as jobs are no longer awaited."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self.waiting and (rest := until - loop.time()) > 0:
            await self.change(rest)
        return self.waiting


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
