"""The server's time, in one place, so that a test can let a day pass at once."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time in Unix seconds. Read from several threads."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def advance(self, seconds: float) -> None:
        """Jump; a negative number goes back."""
        ...


class MovableClock:
    """The machine's time and an offset."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """See `Clock.now`."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """See `Clock.advance`."""
        self._offset += seconds
