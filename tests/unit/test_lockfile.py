"""The lockfile: folded to the same bytes by everybody, appended to durably, and watched for others' changes."""

import errno
import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.disk import SystemDisk, append_durably
from runner.lock import lines
from runner.lock.facts import Attempt, State, join_all
from runner.lock.lines import HEADER
from runner.lock.lockfile import Lockfile, folded
from runner.lock.scan import scan
from tests.crash.simulation.disk import Crash
from tests.unit.factories import FOLDER, Machine, claimed, make_attempt
from tests.unit.strategies import ATTEMPTS

PATH = FOLDER / "film.lock"


def records_in(machine: Machine) -> tuple[Attempt, ...]:
    return scan(machine.disk().read(PATH)).records


def opened(machine: Machine) -> Lockfile:
    lockfile = Lockfile(machine.disk(), PATH)
    lockfile.load()
    return lockfile


def shots_and_states(data: bytes) -> list[tuple[str, State]]:
    return [(each.intent.shot, each.state) for each in scan(data).records]


def test_a_lockfile_has_its_header_first_and_one_line_for_each_attempt() -> None:
    data = folded([make_attempt(number=1), make_attempt(State.DONE, number=2)])
    assert data.startswith(HEADER)
    assert data.count(b"\n") == 3
    assert folded([]) == HEADER


def test_lines_stand_by_shot_take_and_attempt() -> None:
    attempts = [
        make_attempt(State.DONE, number=number, shot=shot, take=take)
        for number, (shot, take) in enumerate(itertools.product(("walk", "beach"), (2, 1, 10)), 1)
    ]
    places = [(each.intent.shot, each.intent.take) for each in scan(folded(attempts)).records]
    assert places == [("beach", 1), ("beach", 2), ("beach", 10), ("walk", 1), ("walk", 2), ("walk", 10)]


@given(st.lists(ATTEMPTS, max_size=4, unique_by=lambda each: each.id), st.randoms())
def test_equal_facts_give_equal_bytes_in_whatever_order_they_came(records: list[Attempt], luck: random.Random) -> None:
    data = folded(records)
    shuffled = [*records]
    luck.shuffle(shuffled)
    assert folded(shuffled) == data
    assert folded(scan(data).records) == data


@given(st.permutations([make_attempt(state, number=number) for number in (1, 2) for state in State]))
def test_the_facts_of_two_attempts_fold_to_the_same_bytes_in_any_order(facts: list[Attempt]) -> None:
    assert folded(join_all(facts).values()) == folded(join_all(sorted(facts, key=lambda each: each.id)).values())


def test_editing_one_shot_adds_one_line() -> None:
    before = [make_attempt(State.DONE, number=number, shot=f"shot-{number}") for number in (1, 2, 3)]
    after = [*before, make_attempt(State.DONE, number=4, shot="shot-2", prompt="a dog")]
    added = set(folded(after).splitlines()) - set(folded(before).splitlines())
    assert set(folded(before).splitlines()) <= set(folded(after).splitlines())
    assert len(added) == 1


@pytest.mark.parametrize("better", [state for state in State if state is not State.UNSENT])
def test_unsent_attempts_go_as_soon_as_something_better_came(better: State) -> None:
    attempts = [make_attempt(State.UNSENT, number=1), make_attempt(better, number=2)]
    assert shots_and_states(folded(attempts)) == [("beach", better)]
    assert shots_and_states(folded([make_attempt(better, number=1), make_attempt(State.UNSENT, number=2)])) == [
        ("beach", better)
    ]


def test_of_many_unsent_attempts_the_last_is_kept() -> None:
    attempts = [make_attempt(State.UNSENT, number=number) for number in (1, 3, 2)]
    assert [each.id for each in scan(folded(attempts)).records] == ["0003"]


def test_what_another_shot_or_request_came_to_does_not_count() -> None:
    unsent = make_attempt(State.UNSENT, number=1)
    others = [make_attempt(State.DONE, number=2, shot="walk"), make_attempt(State.DONE, number=3, prompt="a dog")]
    assert unsent in scan(folded([unsent, *others])).records


def test_a_lockfile_that_is_not_there_is_empty() -> None:
    machine = Machine()
    assert Lockfile(machine.disk(), PATH).load().records == ()
    assert not opened(machine).changed()


def test_a_fact_is_appended_with_a_crc_and_synced() -> None:
    machine = Machine()
    lockfile = opened(machine)
    lockfile.fold([])
    machine.operations.clear()
    lockfile.append(make_attempt())
    assert machine.operations == ["write", "written", "sync", "synced"]
    assert machine.disk().read(PATH) == HEADER + lines.write(make_attempt(), crc=True, owner=False)
    lockfile.append(make_attempt(State.SUBMITTED))
    assert [each.state for each in records_in(machine)] == [State.INTENT, State.SUBMITTED]
    assert not lockfile.changed()


def test_a_fold_replaces_the_file_durably() -> None:
    machine = Machine()
    lockfile = opened(machine)
    assert lockfile.fold([make_attempt()])
    before_the_rename = machine.operations[: machine.operations.index("rename")]
    assert before_the_rename.index("sync") > before_the_rename.index("written")
    assert machine.operations[-1] == "sync_folder"
    machine.fs.power_cut()
    assert machine.disk().read(PATH) == folded([make_attempt()])
    assert machine.disk().names(FOLDER) == ("film.lock",)


def test_a_fold_that_says_nothing_new_writes_nothing() -> None:
    machine = Machine()
    lockfile = opened(machine)
    lockfile.fold([make_attempt()])
    machine.operations.clear()
    assert not lockfile.fold([make_attempt()])
    assert machine.operations == []


def test_a_power_cut_during_a_fold_leaves_the_old_file_or_the_new() -> None:
    old, new = [make_attempt()], [make_attempt(State.DONE)]
    for stop_after in range(12):
        machine = Machine()
        opened(machine).fold(old)
        lockfile = Lockfile(machine.dying_disk(stop_after), PATH)
        lockfile.load()
        try:
            lockfile.fold(new)
        except Crash:
            machine.fs.power_cut()
        assert machine.disk().read(PATH) in (folded(old), folded(new))


def test_another_file_of_that_name_is_noticed() -> None:
    machine = Machine()
    lockfile = opened(machine)
    lockfile.fold([make_attempt()])
    same_size = folded([make_attempt()]).replace(b'"beach"', b'"bench"')
    assert not lockfile.changed()
    machine.put(PATH, same_size)
    assert lockfile.changed()
    lockfile.load()
    assert not lockfile.changed()


def test_a_file_that_grew_shrank_or_went_is_noticed() -> None:
    machine = Machine()
    lockfile = opened(machine)
    lockfile.fold([make_attempt()])
    size = machine.disk().size(PATH) or 0
    machine.disk().write(PATH, b"\n", at=size)
    assert lockfile.changed()
    machine.disk().truncate(PATH, size)
    assert not lockfile.changed()
    machine.disk().truncate(PATH, size - 1)
    assert lockfile.changed()
    machine.lose(PATH)
    assert lockfile.changed()


@pytest.mark.parametrize("kind", ["write", "sync"])
def test_a_fact_that_the_disk_did_not_take_leaves_the_old_end(kind: str) -> None:
    machine = Machine()
    lockfile = opened(machine)
    lockfile.fold([make_attempt()])
    before = machine.disk().read(PATH)
    machine.failing = lambda what: errno.ENOSPC if what == kind else 0
    with pytest.raises(OSError, match=r"no space|input/output"):
        lockfile.append(make_attempt(State.SUBMITTED))
    assert machine.disk().read(PATH) == before
    assert not lockfile.changed()
    machine.failing = lambda _: 0
    lockfile.append(make_attempt(State.SUBMITTED))
    assert [each.state for each in records_in(machine)] == [State.INTENT, State.SUBMITTED]


def test_a_fold_that_the_disk_did_not_take_leaves_the_old_file() -> None:
    machine = Machine()
    lockfile = opened(machine)
    lockfile.fold([make_attempt()])
    before = machine.disk().read(PATH)
    machine.failing = lambda _: errno.ENOSPC
    with pytest.raises(OSError, match="no space"):
        lockfile.fold([make_attempt(State.DONE)])
    assert machine.disk().read(PATH) == before


def test_claims_are_kept_by_folding() -> None:
    record = claimed(make_attempt(State.DONE), "walk", "run")
    assert scan(folded([record])).records == (record,)
    assert replace(record, claims=()) != record


def test_a_line_is_appended_to_the_file_that_is_there_now(tmp_path: Path) -> None:
    path, disk = tmp_path / "film.lock", SystemDisk()
    lockfile = Lockfile(disk, path)
    lockfile.fold([])
    theirs = folded([make_attempt(number=2), make_attempt(number=3)])
    path.write_bytes(theirs)
    lockfile.append(make_attempt(number=1))
    assert path.read_bytes().startswith(theirs)
    assert len(lockfile.load().records) == 3
    assert not lockfile.load().bad


def test_a_failed_append_cuts_no_file_that_was_put_there_meanwhile() -> None:
    machine = Machine()
    lockfile = Lockfile(machine.disk(), PATH)
    lockfile.fold([])
    theirs = folded([make_attempt(number=2)])

    def swap(what: str) -> int:
        if what != "sync":
            return 0
        machine.fs.put(PATH, theirs)
        return errno.EIO

    machine.failing = swap
    with pytest.raises(OSError, match="input/output"):
        append_durably(machine.disk(), PATH, b"anything\n")
    assert machine.disk().read(PATH) == theirs
