"""The server's clock, as far as it told it: facts are dated and ages measured by it, not by a wall clock that jumps."""

from runner.clock import Clock
from runner.provider.videos import ToldTime, Videos


class ServerTime:
    """The Date of the server's last reply, carried on by monotonic time; the machine's clock until there is one."""

    def __init__(self, clock: Clock, videos: Videos | None) -> None:
        self._clock = clock
        self._videos = videos

    @property
    def calibrated(self) -> bool:
        """Whether the server told its time in this run."""
        return self._told is not None

    def now(self) -> float:
        """Unix seconds, in whole milliseconds."""
        told = self._told
        if told is None:
            return round(self._clock.now(), 3)
        return round(told.server + self._clock.monotonic() - told.monotonic, 3)

    @property
    def _told(self) -> ToldTime | None:
        return self._videos.told_time if self._videos else None
