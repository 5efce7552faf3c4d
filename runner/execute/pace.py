"""When to ask for a job's state: seldom early, densely near the end that is predicted, never without end."""

from collections.abc import Iterable
from statistics import median
from typing import Final

from runner.lock.facts import Attempt
from runner.manifest.request import Request

_FIRST: Final = 1.0  # seconds; the ramp doubles from here
_MOST: Final = 30.0
_LEAST: Final = 0.2  # a server's wish for no pause is no leave to hammer it


def expected_render(request: Request, attempts: Iterable[Attempt], typical: float) -> float:
    """Seconds that a render of this kind takes: the median of past ones, else what the profile says."""
    took = [
        each.clip.completed_at - each.acceptance.created_at
        for each in attempts
        if each.clip and each.clip.completed_at and each.acceptance and each.acceptance.created_at
        if _kind(each.intent.request) == _kind(request)
    ]
    return max(median(took), 0.2) if took else typical


class Pace:
    """The waits between the polls of one job."""

    def __init__(self, expected: float) -> None:
        self._expected = expected
        self._ramp = min(_FIRST, max(expected / 10, 0.1))

    def remaining(self, elapsed: float, progress: int | None) -> float:
        """Seconds until the end, by progress where that says something, else by past renders."""
        if progress is not None and 5 <= progress < 100 and elapsed > 0:
            return elapsed / progress * (100 - progress)
        return max(self._expected - elapsed, 0.0)

    def wait(self, elapsed: float, progress: int | None, asked: float | None) -> float:
        """Seconds until the next poll; `asked` is the server's own wish."""
        if asked is not None:
            return max(asked, _LEAST)
        dense = min(max(self._expected / 30, 0.1), 5.0)
        ramp, self._ramp = self._ramp, min(self._ramp * 2, _MOST)
        left = self.remaining(elapsed, progress)
        by_prediction = left / 2 if left > dense else max(dense, elapsed / 20)
        return min(max(by_prediction, dense), ramp, _MOST)


def _kind(request: Request) -> tuple[str, str, str]:
    return request.model, request.size, request.seconds
