"""A long batch in small: killed three times, billed once for each shot, and its cost for a shot does not grow."""

import sys

import pytest

from tests.crash.cradle import Cradle
from tests.crash.soak import COSTS, DURABLE, JUDGED, Toll, quarters, soak, unevenness


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@pytest.mark.timeout(300)
def test_a_long_batch_is_billed_once_and_stays_flat() -> None:
    with Cradle() as cradle:
        complaints, told = soak(150, 3, judged=DURABLE, cradle=cradle)
    assert complaints == [], told
    assert told.startswith("150 shots, 3 kills, 150 jobs billed, 150 clips whole"), told


def _life(clips: int, grows: float) -> list[Toll]:
    """The toll of a life whose clips cost ever more."""
    costs = [10 + grows * number for number in range(clips)]
    sums = [sum(costs[: number + 1]) for number in range(clips)]
    return [{**dict.fromkeys(COSTS, each), "files": 14 + grows * 100, "memory": 60 + grows * 1000} for each in sums]


def test_what_grows_is_noticed() -> None:
    assert unevenness(quarters([_life(120, 0.0), _life(80, 0.0)], 200), JUDGED) == []
    grown = [{**toll, "files": 14.0 + number, "memory": 60.0 + number} for number, toll in enumerate(_life(200, 0.1))]
    told = unevenness(quarters([grown], 200), JUDGED)
    assert {line.partition(" ")[0] for line in told} == {*COSTS, "files", "memory"}
