"""Facts files that were cut short, damaged bit by bit, or had something else put in their place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from runner.errors import LockfileDamaged
from runner.lock import lines
from runner.lock.facts import Acceptance, Attempt, State, corrected, join_all
from runner.lock.lines import HEADER
from runner.lock.lockfile import believe, folded
from runner.lock.scan import scan
from runner.plan.steps import make
from tests.crash.flips import HARMLESS, LOCKFILE, OWNERSHIP, RETRIED, RIGHT, WHY, Book, books, entry, fates, flipped
from tests.unit.factories import BORN, STATE, Machine, make_shot, make_situation, make_where, open_memory

SHOTS = [make_shot("beach"), make_shot("walk", "a dog on the beach"), make_shot("alley", "a fox")]
FACTS = [
    entry(State.DONE, 1),
    entry(State.SUBMITTED, 2, shot="walk", prompt="a dog on the beach"),
    entry(State.INTENT, 3, shot="alley", prompt="a fox"),
]
BOOK = Book(SHOTS, FACTS)
TAIL = b"".join(lines.write(each, crc=True, owner=False) for each in (replace(FACTS[1], acceptance=None), *FACTS[1:]))
FORMS = {"folded": folded(FACTS), "a tail only": HEADER + TAIL, "both": folded(FACTS[:1]) + TAIL}


def on_machine(data: bytes, *, ledger: bool) -> dict[str, Attempt]:
    return dict(BOOK.opened(BOOK.machine(data, ledger=ledger)).attempts)


def bought_upon(attempts: Sequence[Attempt]) -> list[str]:
    return [step.shot for step in make(SHOTS, make_situation(*attempts)).purchases]


# -- cut short


@pytest.mark.parametrize("form", FORMS)
def test_a_lockfile_that_is_cut_anywhere_tells_a_beginning_of_its_facts(form: str) -> None:
    whole = FORMS[form]
    records = scan(whole).records
    for size in range(0, len(whole), 3):
        reading = scan(whole[:size])
        assert reading.records == records[: len(reading.records)]
        assert len(reading.records) >= whole[:size].count(b"\n") - 1
        found = on_machine(whole[:size], ledger=False)
        assert found == join_all(reading.records)


@pytest.mark.parametrize("form", FORMS)
def test_a_lockfile_that_is_cut_anywhere_is_made_whole_by_the_ledger(form: str) -> None:
    whole = FORMS[form]
    for size in range(0, len(whole), 11):
        assert on_machine(whole[:size], ledger=True).keys() == {each.id for each in FACTS}


def test_a_ledger_that_is_cut_anywhere_is_made_whole_by_the_lockfile() -> None:
    for path, whole in BOOK.ledger.items():
        for size in range(0, len(whole), 5):
            machine = BOOK.machine(FORMS["folded"], ledger=True)
            machine.put(path, whole[:size])
            assert bought_upon(list(BOOK.opened(machine).attempts.values())) == []
            machine.lose(LOCKFILE)
            assert BOOK.opened(machine).attempts.keys() == {each.id for each in FACTS}


def test_a_ledger_that_is_cut_anywhere_tells_a_beginning_of_its_facts() -> None:
    for path, whole in BOOK.ledger.items():
        records = scan(whole).records
        for size in range(0, len(whole), 5):
            machine = Machine()
            machine.put(path, whole[:size])
            found = BOOK.opened(machine).attempts
            assert found == join_all(records[: len(found)])
            assert len(found) >= whole[:size].count(b"\n") - 1


# -- one bit turned


@pytest.mark.parametrize("ledger", [True, False], ids=["with the ledger", "alone"])
@pytest.mark.parametrize("name", books())
def test_a_bit_that_turned_in_a_folded_lockfile_buys_nothing_that_was_bought(name: str, ledger: bool) -> None:
    book = books()[name]
    assert make(book.shots, make_situation(*book.attempts, retries=book.retries)).purchases == ()
    found = Counter(fates(book, ledger=ledger, every=97, whole=OWNERSHIP))
    bought = {part: fate for part, fate in found if fate not in ("refused", RIGHT, HARMLESS)}
    assert bought in ({}, {"shot": RETRIED})
    assert {part for part, fate in found if fate == HARMLESS} <= WHY.keys()


def test_a_bit_that_turned_in_an_unfolded_lockfile_or_a_ledger_is_noticed_or_changes_no_fact() -> None:
    short = Book(SHOTS[:1], FACTS[:1])
    (ledger,) = short.ledger.values()
    tail = HEADER + b"".join(
        lines.write(entry(state, 1), crc=True, owner=False) for state in (State.INTENT, State.DONE)
    )
    for data in (tail, ledger):
        truth = scan(data).records
        for place in range(len(data)):
            for bit in range(8):
                reading = scan(flipped(data, place, bit))
                noticed = reading.bad or reading.newer
                assert noticed or reading.records == truth, (data[place - 30 : place + 30], place, bit)
                assert noticed or place < len(HEADER) or place == len(data) - 1


def test_a_bit_that_turned_in_the_last_line_end_loses_no_fact() -> None:
    """The line was once whole, and was acted upon: it must not pass for a torn one."""
    for data in (*FORMS.values(), *BOOK.ledger.values()):
        for bit in range(8):
            damaged = flipped(data, len(data) - 1, bit)
            reading = scan(damaged)
            assert (reading.records, reading.bad) == (scan(data).records, ())
            mended = damaged[: reading.good] + b"\n"
            assert reading.unterminated
            assert mended == data


def test_a_ledger_whose_last_line_end_was_damaged_is_mended_and_written_on() -> None:
    ((path, data),) = BOOK.ledger.items()
    machine = Machine()
    machine.put(path, flipped(data, len(data) - 1, 5))
    memory = BOOK.opened(machine)
    memory.record(entry(State.DONE, 2, shot="walk", prompt="a dog on the beach"))
    reading = scan(machine.disk().read(path))
    assert (len(reading.records), reading.bad, reading.torn) == (4, (), 0)


@pytest.mark.parametrize("form", ["folded", "a tail only"])
def test_a_space_of_the_last_line_that_became_a_zero_is_damage_and_no_torn_tail(form: str) -> None:
    data = FORMS[form]
    spaces = [place for place in range(data.rstrip().rindex(b"\n"), len(data)) if data[place : place + 1] == b" "]
    assert spaces
    for place in spaces:
        damaged = data[:place] + b"\0" + data[place + 1 :]
        assert [bad.number for bad in scan(damaged).bad] == [data.count(b"\n")]


@pytest.mark.parametrize("lost", [2, 64, 200])
def test_a_block_of_zeros_in_the_last_line_is_a_torn_tail(lost: int) -> None:
    data = FORMS["a tail only"]
    start = data.rstrip().rindex(b"\n") + 1
    for begin in (start, start + 40):
        reading = scan(data[:begin] + bytes(lost) + data[begin + lost :])
        assert (reading.bad, len(reading.records)) == ((), 2)
    assert scan(data[:start] + b"\0" + data[start + 1 :]).bad == ()


def test_a_name_that_was_damaged_in_the_lockfile_is_put_right_by_the_ledger() -> None:
    damaged = FORMS["folded"].replace(b'"shot":"beach"', b'"shot":"beaci"')
    machine = BOOK.machine(damaged, ledger=True)
    assert BOOK.opened(machine).attempts[FACTS[0].id].intent.shot == "beach"
    assert machine.disk().read(LOCKFILE) == FORMS["folded"]
    assert all(b"beaci" not in machine.disk().read(STATE / name) for name in machine.disk().names(STATE))


def test_the_ledger_puts_right_only_what_is_told_of_the_same_moment() -> None:
    known = entry(State.SUBMITTED, 1)
    other = replace(known, acceptance=Acceptance(jobs=("video_other",), at=BORN + 2))
    later = replace(known, acceptance=Acceptance(jobs=("video_other",), at=BORN + 9))
    both = replace(known, acceptance=Acceptance(jobs=("video_1", "video_other"), at=BORN + 2))
    assert corrected(other, known).jobs == known.jobs
    assert corrected(later, known).jobs == later.jobs
    assert corrected(both, known).jobs == both.jobs, "ids of two histories were joined: none is dropped"
    assert corrected(known, entry(State.INTENT, 1)) == known


# -- whose attempt it is, when its name was damaged


def test_a_failed_shot_takes_over_a_clip_of_its_request_that_nobody_kept() -> None:
    attempts = [entry(State.FAILED, 1), entry(State.DONE, 2, shot="beaci")]
    plan = make(SHOTS[:1], make_situation(*attempts, retries=1))
    assert plan.purchases == ()
    assert [(claim.id, claim.claims[-1].shot) for claim in plan.claims] == [(attempts[1].id, "beach")]


def test_a_shot_that_was_ordered_again_takes_over_the_clip_that_came_of_it() -> None:
    attempts = [entry(State.ABANDONED, 1, resubmit=True), entry(State.SUBMITTED, 2, shot="beaci")]
    assert make(SHOTS[:1], make_situation(*attempts)).purchases == ()


def test_a_failure_that_nobody_kept_is_not_taken_over() -> None:
    attempts = [entry(State.ABANDONED, 1, resubmit=True), entry(State.FAILED, 2, shot="gone")]
    plan = make(SHOTS[:1], make_situation(*attempts))
    assert [step.shot for step in plan.purchases] == ["beach"]
    assert plan.claims == ()


def test_a_shot_without_a_clip_takes_over_what_an_equal_shot_has_twice() -> None:
    twins = [make_shot("one"), make_shot("two")]
    twice = [entry(State.DONE, 1, shot="one"), entry(State.SUBMITTED, 2, shot="one")]
    plan = make(twins, make_situation(*twice))
    assert plan.purchases == ()
    assert [(claim.id, claim.claims[-1].shot) for claim in plan.claims] == [(twice[1].id, "two")]
    settled = join_all(plan.claims, {each.id: each for each in twice}).values()
    assert make(twins, make_situation(*settled)).claims == ()


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ((State.EXPIRED, State.EXPIRED), ["hold", "hold"]),
        ((State.EXPIRED, State.DONE), ["keep", "submit"]),
        ((State.FAILED, State.DONE), ["keep", "submit"]),
        ((State.FAILED, State.FAILED), ["hold", "submit"]),
    ],
)
def test_a_lost_clip_that_an_equal_shot_has_twice_is_held_and_a_failure_is_not(
    states: Sequence[State], found: list[str]
) -> None:
    """Two branches may claim one attempt for different shots: the shot that does not get it was bought, too."""
    twins = [make_shot("one"), make_shot("two")]
    attempts = [entry(state, number, shot="one") for number, state in enumerate(states, 1)]
    assert [str(step.action) for step in make(twins, make_situation(*attempts)).steps] == found


def test_takes_of_one_shot_stay_its_own() -> None:
    twins = [make_shot("one"), make_shot("two")]
    takes = [entry(State.DONE, 1, shot="one"), entry(State.DONE, 2, shot="one", take=2)]
    assert [step.shot for step in make(twins, make_situation(*takes)).purchases] == ["two"]


def test_one_job_under_two_names_is_no_second_purchase_to_give_away() -> None:
    twins = [make_shot("one"), make_shot("two")]
    ghost = [entry(State.DONE, number, shot="one", job="video_1") for number in (1, 2)]
    assert [step.shot for step in make(twins, make_situation(*ghost)).purchases] == ["two"]


# -- something else in their place


def test_every_damaged_line_is_named_in_the_refusal() -> None:
    damaged = FORMS["folded"].replace(b'"take":1', b'"take":one', 1)
    machine = BOOK.machine(damaged, ledger=True)
    with pytest.raises(LockfileDamaged, match=r"film.lock:2: not a record"):
        BOOK.opened(machine)
    assert machine.disk().read(LOCKFILE) == damaged


@pytest.mark.parametrize("data", [b"", HEADER, HEADER[:20], b"\n", b"\0" * 4096])
def test_nothing_is_not_damage(data: bytes) -> None:
    machine = Machine()
    machine.put(LOCKFILE, data)
    assert open_memory(machine, where=make_where()).attempts == {}
    assert believe(scan(machine.disk().read(LOCKFILE)), LOCKFILE) == ()
