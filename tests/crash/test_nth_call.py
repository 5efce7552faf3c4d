"""Every call of the disk and of the server fails once, in every way: the run ends as it should, the next completes."""

from tests.crash.images.film import film_of
from tests.crash.images.ordeal import Ordeal


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
