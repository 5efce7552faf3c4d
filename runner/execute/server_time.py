"""The server's clock, as far as it told it: facts are dated and ages are measured by it, not by a wall clock that jumps."""

from runner.clock import Clock


class ServerTime:
    """The Date of one reply, carried on by monotonic time; the machine's clock until there is one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset: float | None = None

    @property
    def calibrated(self) -> bool:
        """Whether a server told its time in this run."""
        return self._offset is not None

    def told(self, server_time: float | None) -> None:
        """Take note of a reply's Date."""
        if server_time is not None and self._offset is None:
            self._offset = server_time - self._clock.monotonic()

    def now(self) -> float:
        """Unix seconds, in whole milliseconds."""
        if self._offset is None:
            return round(self._clock.now(), 3)
        return round(self._clock.monotonic() + self._offset, 3)
