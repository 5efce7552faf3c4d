"""The door to time. Everything that waits or dates a fact takes a `Clock`, so that tests run on virtual time."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for dating facts, monotonic time for measuring waits."""

    def now(self) -> float:
        """Seconds since the Unix epoch; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back within one process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, letting other tasks run."""
        ...


class SystemClock:
    """The machine's clocks and the event loop's sleep."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)
