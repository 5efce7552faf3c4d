"""Whether the run goes on: what stopped it, and the waits that end early when something happens."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final, TypeVar

from runner.errors import ExitCode, Stop

_LAST_WORDS: Final = 3.0  # seconds that a server has to answer what was asked before the run came to its end

T = TypeVar("T")


class Interrupted(Exception):
    """The run comes to its end, and the answer would come too late."""


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

    async def change(self, seconds: float | None = None, task: "asyncio.Task[Any] | None" = None) -> None:
        """Wait until something changes, a task ends, or so many seconds have passed."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        wake = partial(_wake, waiter)
        self._waiters.add(waiter)
        alarm = loop.call_later(seconds, wake) if seconds is not None else None
        if task:
            task.add_done_callback(wake)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if alarm:
                alarm.cancel()
            if task:
                task.remove_done_callback(wake)

    async def answered(self, asking: Coroutine[Any, Any, T]) -> T:
        """The answer to a question that costs nothing.

        Raises:
            Interrupted: jobs are no longer awaited, and it does not come soon.
        """
        task = asyncio.create_task(asking)
        try:
            while not task.done() and self.waiting:
                await self.change(task=task)
            if not task.done():
                await asyncio.wait({task}, timeout=_LAST_WORDS)
            if not task.done():
                raise Interrupted
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def pause(self, seconds: float) -> bool:
        """Wait so many seconds, however much changes; False as soon as jobs are no longer awaited."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self.waiting and (rest := until - loop.time()) > 0:
            await self.change(rest)
        return self.waiting


def _wake(waiter: asyncio.Future[None], _task: object = None) -> None:
    if not waiter.done():
        waiter.set_result(None)
