"""Some of the batches that `make kills` plays without end: kills and faults are drawn, the seed names them."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future

import pytest

from tests.crash.kills import KINDS, Batch, Tally, play
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import PROMPTS
from tests.rest import parted

SEEDS = range(40)
_ALWAYS = 16


@pytest.mark.parametrize("seed", parted(SEEDS, lambda _, seed: seed < _ALWAYS))
def test_a_batch_that_is_killed_at_random_buys_each_clip_once(seed: int, played: Mapping[int, "Future[Batch]"]) -> None:
    batch = played[seed].result()
    assert batch.verdict == ""
    assert (batch.billed, batch.clips) == (len(PROMPTS), len(PROMPTS))


def test_the_closing_line_counts_kills_by_kind_bills_clips_and_violations() -> None:
    tally = Tally()
    for kind in KINDS:
        tally.add(Batch(seed=1, kills={kind: 2}, billed=4, clips=4, verdict=""))
    told = "6 kills (2 by time, 2 by point, 2 by server), 12 jobs billed and 12 clips whole of 12 wanted, 0 violations"
    assert str(tally) == told


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Mapping[int, "Future[Batch]"]]:
    with side_by_side(asked(request, "seed"), play) as futures:
        yield futures
