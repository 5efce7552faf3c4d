"""An event loop on virtual time: when nothing is ready, the clock jumps to the next alarm.

It has what tasks, futures and sleeping need, and nothing else: no sockets, no threads, no debug mode. A million seeds
go through it, so it is small.
"""

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

MOST_JUMPS = 100_000  # of one seed: more is a life that does not end


class Alarm:
    """Something to be called at a time; it can be called off."""

    __slots__ = ("at", "due", "off")

    def __init__(self, at: float, due: Any) -> None:
        self.at = at
        self.due = due
        self.off = False

    def cancel(self) -> None:
        self.off = True

    def cancelled(self) -> bool:
        return self.off

    def when(self) -> float:
        return self.at


class VirtualLoop(asyncio.AbstractEventLoop):
    """Runs what is ready; then time is what the next alarm says."""

    def __init__(self) -> None:
        self._now = 0.0
        self._jumps = 0
        self._number = 0
        self._ready: deque[tuple[Any, Any]] = deque()  # call, arguments: nobody here has variables of a context
        self._alarms: list[tuple[float, int, Alarm]] = []

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        """Let time pass while nobody is awake."""
        self._now += max(seconds, 0.0)

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:
        self._ready.append((callback, args))

    call_soon_threadsafe = call_soon

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        self._number += 1
        alarm = Alarm(when, (callback, args))
        heapq.heappush(self._alarms, (when, self._number, alarm))
        return alarm

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], **options: Any) -> "asyncio.Task[Any]":
        return asyncio.Task(coro, loop=self, **options)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return events._get_running_loop() is self

    def is_closed(self) -> bool:
        return False

    def close(self) -> None:
        self._ready.clear()
        self._alarms.clear()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tasks of the dead are never awaited; whatever else goes wrong goes up by itself."""

    def run_until_complete(self, future: Any) -> Any:
        """Run until a task has ended; its result. Raises what it raised, RuntimeError for a deadlock."""
        task = self.create_task(future) if asyncio.iscoroutine(future) else future
        events._set_running_loop(self)
        try:
            self._run(task.done)
        finally:
            events._set_running_loop(None)
        return task.result()

    def _run(self, over: Callable[[], bool]) -> None:
        ready = self._ready
        while not over():
            if not ready:
                self._wake()
            call, arguments = ready.popleft()
            call(*arguments)

    def _wake(self) -> None:
        """Go to the time of the next alarm."""
        while self._alarms:
            at, _, alarm = heapq.heappop(self._alarms)
            if not alarm.off:
                break
        else:
            raise RuntimeError("deadlock: nothing is ready and nothing is scheduled")
        self._now = max(self._now, at)
        self._jumps += 1
        if self._jumps > MOST_JUMPS:
            raise RuntimeError("a life that does not end: it only waits")
        self._ready.append(alarm.due)


class VirtualClock:
    """The wall clock jumps by `skew` when a seed says so; monotonic time never does."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.skew = 0.0

    def now(self) -> float:
        return 1_760_000_000.0 + self._loop.time() + self.skew

    def true_time(self) -> float:
        return 1_760_000_000.0 + self._loop.time()

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
