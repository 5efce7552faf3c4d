"""Every call of the disk and of the server fails once, in every way: the run ends as it should, the next completes."""

from collections.abc import Iterable
from itertools import islice

import pytest

from tests.crash.images.film import film_of
from tests.crash.images.nth import Trial, a_few_singles, pairs, singles
from tests.crash.images.ordeal import Ordeal
from tests.crash.images.quick import quickened


def violations(trials: Iterable[Trial], *, every: int = 1) -> list[str]:
    """What is wrong with trials, and with their number."""
    with quickened():
        tried = [found for trial in islice(trials, 0, None, every) for found in (trial.play()[1],)]
    assert len(tried) > 50
    return [each for found in tried for each in found]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lists", [True, False], ids=["a list", "no list"])
def test_a_run_of_one_shot_bears_trouble_at_any_of_its_calls(lists: bool) -> None:
    assert violations(a_few_singles(film_of(1), lists=lists)) == []


@pytest.mark.parametrize(("count", "every"), [(2, 11), (3, 17)])
def test_a_run_of_more_shots_bears_trouble_at_any_of_its_calls(count: int, every: int) -> None:
    assert violations(singles(film_of(count), lists=True), every=every) == []


def test_a_run_bears_two_troubles_in_a_row() -> None:
    assert violations(pairs(film_of(1), lists=True), every=211) == []


def number_of(what: str, after: str) -> int:
    """The number of the first crossing of a kind after one of another kind, in a run without trouble."""
    whole = Ordeal(film=film_of(1), troubles={})
    assert whole.play() == []
    names = [point.what for point in whole.fate.crossed]
    return names.index(what, names.index(after))


def test_a_job_is_not_forgotten_when_the_disk_fails_between_its_answer_and_its_record() -> None:
    for what in ("look into", "lock", "names"):
        ordeal = Ordeal(film=film_of(1), troubles={number_of(what, "create"): "EIO"})
        assert ordeal.play() == []
        assert ordeal.endings[0].code == 4


def test_a_lockfile_in_conflict_leaves_no_intent_open_of_which_nothing_was_sent() -> None:
    ordeal = Ordeal(film=film_of(1), troubles={number_of("list", "list") - 1: "lockfile in conflict"})
    assert ordeal.play() == []
    assert ordeal.endings[0].code == 4


def test_a_lockfile_in_conflict_is_never_folded_over() -> None:
    for number in (number_of("look into", "create"), number_of("content", "create") + 1):
        ordeal = Ordeal(film=film_of(1), troubles={number: "lockfile in conflict"})
        assert ordeal.play() == []  # what the colleague's line says is known in the end
        assert ordeal.endings[0].code == 4


def test_a_ledger_that_is_gone_is_not_written_on_at_its_old_end() -> None:
    ordeal = Ordeal(film=film_of(1), troubles={number_of("look into", "create"): "ledger gone"})
    assert ordeal.play() == []


def test_a_job_is_not_forgotten_when_the_ledger_cannot_be_believed_any_more() -> None:
    ordeal = Ordeal(film=film_of(1), troubles={number_of("look into", "create"): "ledger cut"})
    assert ordeal.play() == []
    assert ordeal.endings[0].code == 4


def test_nothing_is_bought_once_the_disk_has_failed_beside_the_purchases() -> None:
    count = film_of(3)
    whole = Ordeal(film=count, troubles={})
    assert whole.play() == []
    removals = [n for n, point in enumerate(whole.fate.crossed) if point.name.endswith(".part")]
    assert removals
    for number in removals:
        ordeal = Ordeal(film=count, troubles={number: "EIO"})
        assert ordeal.play() == []
        assert ordeal.endings[0].code == 4
