"""When to ask for a job's state: seldom early, densely near the end that is predicted, never without end."""

from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import Final

from runner.lock.facts import Attempt
from runner.manifest.request import Request

_FIRST: Final = 1.0  # seconds; the ramp doubles from here
_MOST: Final = 30.0
_REMEMBERED: Final = 100  # renders of a kind
_LEAST: Final = 0.2  # a server's wish for no pause is no leave to hammer it


class PastRenders:
    """How long renders took, by what they were of."""

    def __init__(self, attempts: Iterable[Attempt] = ()) -> None:
        self._took: dict[tuple[str, str, str], deque[float]] = {}
        for attempt in attempts:
            self.learn(attempt)

    def learn(self, attempt: Attempt) -> None:
        """Take note of a clip that was rendered."""
        clip, accepted = attempt.clip, attempt.acceptance
        if clip and clip.completed_at and accepted and accepted.created_at:
            took = self._took.setdefault(_kind(attempt.intent.request), deque(maxlen=_REMEMBERED))
            took.append(clip.completed_at - accepted.created_at)

    def expected(self, request: Request, typical: float) -> float:
        """Seconds that a render of this kind takes: the median of the last ones, else what the profile says."""
        took = self._took.get(_kind(request))
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
