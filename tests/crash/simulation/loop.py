"""An event loop on virtual time: when nothing is ready, the clock jumps to the next alarm."""

import asyncio
from asyncio import base_events

MOST_JUMPS = 100_000


class _Jump:
    """Stands where a selector would: waiting means moving the clock."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[object]:
        if timeout is None:
            raise RuntimeError("deadlock: nothing is ready and nothing is scheduled")
        self._loop.jump(timeout)
        return []


class VirtualLoop(base_events.BaseEventLoop):
    """A loop without sockets or threads."""

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._virtual = start
        self._jumps = 0
        self._selector = _Jump(self)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._virtual

    def jump(self, seconds: float) -> None:
        self._virtual += max(seconds, 0.0)
        self._jumps += 1
        if self._jumps > MOST_JUMPS:
            raise RuntimeError("a life that does not end: it only waits")

    def _process_events(self, event_list: list[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


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
