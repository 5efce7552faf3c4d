"""Lockfile and ledger as one memory: neither can make the other forget what was bought."""

import contextlib
import errno
import random
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import DiskFailed, LockfileDamaged
from runner.lock.facts import Acceptance, Attempt, Claim, State
from runner.lock.ledger import RESCUE
from runner.lock.lines import HEADER
from runner.lock.lockfile import folded
from runner.lock.memory import Memory
from runner.lock.scan import scan
from tests.crash.simulation.disk import Crash, Filesystem
from tests.unit.factories import BORN, FOLDER, STATE, Machine, claimed, make_attempt, make_where, open_memory

LOCKFILE = FOLDER / "film.lock"


def bought(machine: Machine, *records: Attempt, **where: object) -> Memory:
    """A run that reserved each attempt and recorded what became of it; the lockfile is folded at its end."""
    memory = open_memory(machine, *records, where=make_where(**where))
    for record in records:
        intent = replace(record, ruling=None, acceptance=None, end=None, clip=None)
        assert memory.reserve(intent, calibrated=True, admit=lambda: "") == ""
        if record.state is not State.INTENT:
            memory.record(replace(record, owner=memory.attempts[record.id].owner))
    memory.fold()
    return memory


def states(memory: Memory) -> dict[str, State]:
    return {id_: each.state for id_, each in memory.attempts.items()}


def written(machine: Machine, path: Path = LOCKFILE) -> dict[str, State]:
    return {each.id: each.state for each in scan(machine.disk().read(path)).records}


def test_a_fact_is_in_both_files() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.DONE))
    assert written(machine) == {"0001": State.DONE}
    machine.lose(LOCKFILE)
    assert states(open_memory(machine, make_attempt())) == {"0001": State.DONE}


def test_the_first_opening_makes_an_empty_lockfile() -> None:
    machine = Machine()
    open_memory(machine)
    assert machine.disk().read(LOCKFILE) == HEADER


def test_who_only_looks_writes_nothing() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.DONE))
    machine.lose(LOCKFILE)
    machine.operations.clear()
    memory = Memory.look(machine.disk(), make_where(), {make_attempt().fingerprint})
    assert states(memory) == {"0001": State.DONE}
    assert [each.id for each in memory.recovered] == ["0001"]
    assert machine.operations == []


COMES_BACK = [
    (State.INTENT, True), (State.INTENT, False), (State.SUBMITTED, True), (State.SUBMITTED, False), (State.DONE, True),
    (State.FAILED, True), (State.EXPIRED, True), (State.ABANDONED, True),
]  # fmt: skip
STAYS_AWAY = [
    (State.UNSENT, True), (State.REJECTED, True), (State.UNSENT, False), (State.REJECTED, False), (State.DONE, False),
    (State.FAILED, False), (State.EXPIRED, False), (State.ABANDONED, False),
]  # fmt: skip


def test_the_two_lists_below_name_every_case() -> None:
    assert {*COMES_BACK, *STAYS_AWAY} == {(state, wanted) for state in State for wanted in (True, False)}


@pytest.mark.parametrize(("state", "wanted"), COMES_BACK)
@pytest.mark.parametrize("left", [None, folded([make_attempt(State.DONE, 2, prompt="a dog")])])
def test_what_matters_comes_back_into_a_lockfile_that_lost_it(state: State, wanted: bool, left: bytes | None) -> None:
    machine = Machine()
    bought(machine, make_attempt(state))
    machine.lose(LOCKFILE)
    if left:
        machine.put(LOCKFILE, left)  # as git gives an older one back
    memory = open_memory(machine, *([make_attempt()] if wanted else []))
    assert memory.attempts["0001"].state is state
    assert [each.id for each in memory.recovered] == ["0001"]
    assert written(machine)["0001"] is state
    assert open_memory(machine, make_attempt()).recovered == ()


@pytest.mark.parametrize(("state", "wanted"), STAYS_AWAY)
def test_what_does_not_matter_stays_away(state: State, wanted: bool) -> None:
    machine = Machine()
    bought(machine, make_attempt(state))
    machine.lose(LOCKFILE)
    memory = open_memory(machine, *([make_attempt()] if wanted else []))
    assert memory.attempts == {}
    assert memory.recovered == ()
    assert written(machine) == {}


def test_an_older_lockfile_does_not_undo_what_came_after_it() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt(State.SUBMITTED))
    older = machine.disk().read(LOCKFILE)
    memory.record(make_attempt(State.DONE))
    memory.fold()
    machine.put(LOCKFILE, older)
    assert states(open_memory(machine)) == {"0001": State.DONE}
    assert written(machine) == {"0001": State.DONE}


def test_claims_come_back_with_their_attempts() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt(State.DONE))
    memory.record(claimed(make_attempt(State.DONE), "walk"))
    machine.lose(LOCKFILE)
    assert open_memory(machine, make_attempt()).attempts["0001"].claims == (Claim(number=1, shot="walk"),)


def test_another_manifests_facts_never_come_into_this_lockfile() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.SUBMITTED), name="other")
    memory = open_memory(machine, make_attempt())
    assert memory.attempts == {}
    assert [each.id for each in memory.everywhere(make_attempt().intent.origin)] == ["0001"]
    assert memory.everywhere("https://elsewhere.test") == ()


def test_a_fact_goes_to_the_ledger_first() -> None:
    machine = Machine()
    memory = bought(machine)
    places = []
    disk_write = machine.disk().write

    def failing(what: str) -> int:
        places.append((what, _size(machine, STATE), _size(machine, FOLDER)))
        return 0

    machine.failing = failing
    assert disk_write is not None
    before = _size(machine, STATE), _size(machine, FOLDER)
    memory.reserve(make_attempt(), calibrated=True, admit=lambda: "")
    ledger_done = next(number for number, (_, ledger, _) in enumerate(places) if ledger > before[0])
    assert all(lockfile == before[1] for _, _, lockfile in places[: ledger_done + 1])
    assert _size(machine, FOLDER) > before[1]


def _size(machine: Machine, folder: Path) -> int:
    return sum(len(file.data) for path, file in machine.fs.files.items() if Path(path).parent == folder)


def test_a_kill_between_the_two_files_loses_nothing() -> None:
    for stop_after in range(30):
        machine = Machine()
        bought(machine)
        recorded = False
        with contextlib.suppress(Crash):
            memory = Memory.open(machine.dying_disk(stop_after), make_where(), {make_attempt().fingerprint})
            memory.reserve(make_attempt(), calibrated=True, admit=lambda: "")
            recorded = True
        machine.fs.power_cut()
        again = open_memory(machine, make_attempt())
        assert not recorded or states(again) == {"0001": State.INTENT}
        assert written(machine) == states(again)


def test_a_new_machine_learns_from_the_lockfile() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.DONE), make_attempt(State.SUBMITTED, 2, prompt="a dog"))
    machine.lose_ledger()
    memory = open_memory(machine, make_attempt())
    assert states(memory) == {"0001": State.DONE, "0002": State.SUBMITTED}
    assert memory.recovered == ()
    machine.lose(LOCKFILE)
    assert states(open_memory(machine, make_attempt())) == {"0001": State.DONE, "0002": State.SUBMITTED}


def test_a_lockfile_tells_a_new_machine_nothing_of_paths_and_keys() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.SUBMITTED))
    assert b'"owner"' not in machine.disk().read(LOCKFILE)
    machine.lose_ledger()
    memory = open_memory(machine)
    (known,) = memory.everywhere(make_attempt().intent.origin)
    assert known.owner is not None
    assert (known.owner.paths, known.owner.key, known.owner.calibrated) == (("/films/film.yaml",), "", False)


def test_a_second_clone_of_the_lockfile_is_no_stranger() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.SUBMITTED))
    clone = Path("/clone")
    machine.put(clone / "film.lock", machine.disk().read(LOCKFILE))
    memory = open_memory(machine, make_attempt(), where=make_where(folder=clone))
    assert states(memory) == {"0001": State.SUBMITTED}
    machine.lose(clone / "film.lock")
    assert states(open_memory(machine, where=make_where(folder=clone))) == {"0001": State.SUBMITTED}
    machine.lose(LOCKFILE)
    assert states(open_memory(machine)) == {"0001": State.SUBMITTED}


def test_what_a_clone_finished_is_known_to_the_other() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.SUBMITTED))
    clone = make_where(folder=Path("/clone"))
    machine.put(clone.lockfile, machine.disk().read(LOCKFILE))
    open_memory(machine, where=clone).record(make_attempt(State.DONE))
    assert states(open_memory(machine)) == {"0001": State.DONE}


def test_another_key_does_not_make_the_memory_forget() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.SUBMITTED), key="old-key")
    machine.lose(LOCKFILE)
    assert states(open_memory(machine, where=make_where(key="new-key"))) == {"0001": State.SUBMITTED}


def test_check_and_record_are_one_step() -> None:
    machine = Machine()
    memory, rival = open_memory(machine), open_memory(machine, where=make_where("other"))
    rival.reserve(make_attempt(number=2), calibrated=True, admit=lambda: "")

    def admit() -> str:
        return "slot" if memory.everywhere(make_attempt().intent.origin) else ""

    assert memory.reserve(make_attempt(), calibrated=True, admit=admit) == "slot"
    assert memory.attempts == {}
    assert written(machine) == {}


def test_an_intent_is_dated_and_signed() -> None:
    machine = Machine()
    memory = open_memory(machine, where=make_where(key="digest"))
    memory.reserve(make_attempt(), calibrated=False, admit=lambda: "")
    owner = memory.attempts[make_attempt().id].owner
    assert owner is not None
    assert (owner.paths, owner.key, owner.calibrated) == (("/films/film.yaml",), "digest", False)


def test_what_other_runs_recorded_is_seen_after_a_refresh() -> None:
    machine = Machine()
    memory, rival = open_memory(machine), open_memory(machine, where=make_where("other"))
    rival.reserve(make_attempt(), calibrated=True, admit=lambda: "")
    assert memory.everywhere(make_attempt().intent.origin) == ()
    memory.refresh()
    assert len(memory.everywhere(make_attempt().intent.origin)) == 1
    assert memory.attempts == {}


@pytest.mark.parametrize("nothing_is_left", [False, True])
def test_a_lockfile_that_was_replaced_during_a_run_is_taken_in(nothing_is_left: bool) -> None:
    machine = Machine()
    memory = bought(machine, make_attempt(State.SUBMITTED))
    machine.lose(LOCKFILE)
    if not nothing_is_left:
        machine.put(LOCKFILE, folded([make_attempt(State.DONE, 5, prompt="a dog")]))
    memory.record(make_attempt(State.DONE))
    pulled = {} if nothing_is_left else {"0005": State.DONE}
    assert written(machine) == states(memory) == {"0001": State.DONE, **pulled}


def test_what_a_replaced_lockfile_told_is_in_the_ledger_too() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt(State.SUBMITTED))
    machine.put(LOCKFILE, folded([make_attempt(State.SUBMITTED, 5, prompt="a dog")]))
    memory.record(make_attempt(State.DONE))
    memory.refresh()
    assert {each.id for each in memory.everywhere(make_attempt().intent.origin)} == {"0001", "0005"}


def test_a_lockfile_that_was_damaged_during_a_run_stops_it_and_the_fact_is_kept() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt(State.SUBMITTED))
    damaged = machine.disk().read(LOCKFILE) + b"<<<<<<< ours\n"
    machine.put(LOCKFILE, damaged)
    with pytest.raises(LockfileDamaged):
        memory.record(make_attempt(State.DONE))
    assert machine.disk().read(LOCKFILE) == damaged
    machine.lose(LOCKFILE)
    assert states(open_memory(machine, make_attempt())) == {"0001": State.DONE}


def test_a_damaged_lockfile_is_not_opened_and_not_changed() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.DONE))
    damaged = folded([make_attempt(State.DONE, 2, shot="walk")]) + b"what is this\n"
    machine.put(LOCKFILE, damaged)
    ledger_before = _size(machine, STATE)
    with pytest.raises(LockfileDamaged, match=r"/films/film.lock:3: not a record"):
        open_memory(machine, make_attempt())
    assert machine.disk().read(LOCKFILE) == damaged
    assert _size(machine, STATE) == ledger_before


def test_who_only_looks_is_told_of_the_damage_and_of_all_that_can_be_read() -> None:
    machine = Machine()
    done = make_attempt(State.DONE)
    bought(machine, done)
    machine.put(LOCKFILE, folded([done, make_attempt(State.DONE, 2, shot="walk")]) + b"what is this\n")
    memory = Memory.look(machine.disk(), make_where(), ())
    assert states(memory) == {"0001": State.DONE, "0002": State.DONE}
    assert [damage.message.partition(";")[0] for damage in memory.damage] == [f"{LOCKFILE}:4: not a record"]


@pytest.mark.parametrize("seed", range(8))
def test_a_lockfile_is_durable_once_it_was_believed(seed: int) -> None:
    """A kill or a copy may leave one that is not; it is not written again where it says all that is known."""
    machine = Machine(Filesystem(random.Random(seed)))
    done = make_attempt(State.DONE)
    bought(machine, done)
    machine.put(LOCKFILE, folded([done]))
    open_memory(machine, done)
    machine.fs.power_cut()
    assert written(machine) == {"0001": State.DONE}


def test_a_torn_tail_of_the_lockfile_is_gone_after_opening() -> None:
    machine = Machine()
    memory = open_memory(machine)
    memory.reserve(make_attempt(), calibrated=True, admit=lambda: "")
    machine.disk().write(LOCKFILE, b'{"shot":"be', at=machine.disk().size(LOCKFILE) or 0)
    assert states(open_memory(machine)) == {"0001": State.INTENT}
    assert scan(machine.disk().read(LOCKFILE)).torn == 0


def test_when_the_disk_is_full_nothing_may_be_sent_and_nothing_more_is_reserved() -> None:
    machine = Machine()
    memory = open_memory(machine)
    machine.failing = lambda what: errno.ENOSPC if what == "write" else 0
    with pytest.raises(DiskFailed, match=r"jsonl cannot be written: no space left on device"):
        memory.reserve(make_attempt(), calibrated=True, admit=lambda: "")
    machine.failing = lambda _: 0
    with pytest.raises(DiskFailed):
        memory.reserve(make_attempt(number=2), calibrated=True, admit=lambda: "")
    assert open_memory(machine).attempts == {}


@pytest.mark.parametrize("write", [1, 2], ids=["the ledger does not take it", "the lockfile does not take it"])
def test_an_intent_that_the_disk_did_not_take_whole_is_unsent_for_whoever_knows_of_it(write: int) -> None:
    machine = Machine()
    memory = bought(machine, make_attempt())
    writes = []

    def failing(what: str) -> int:
        writes.append(what)
        return errno.ENOSPC if what == "write" and writes.count("write") == write else 0

    machine.failing = failing
    with pytest.raises(DiskFailed):
        memory.reserve(make_attempt(number=2), calibrated=True, admit=lambda: "")
    machine.failing = lambda _: 0
    again = open_memory(machine, make_attempt(number=2))
    assert states(again) == {"0001": State.INTENT}, "nothing more is to be looked for"
    assert again.ledger.attempts.get(make_attempt(number=2).id) is None or write == 2


def test_nothing_is_reserved_after_a_fact_that_the_disk_did_not_take() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt())
    machine.failing = lambda what: errno.EIO if what == "sync" else 0
    with pytest.raises(DiskFailed):
        memory.record(make_attempt(State.SUBMITTED))
    machine.failing = lambda _: 0
    with pytest.raises(DiskFailed):
        memory.reserve(make_attempt(number=2), calibrated=True, admit=lambda: "")


def test_a_fact_that_only_the_lockfile_did_not_take_is_known_to_the_next_run() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt())
    writes = []

    def failing(what: str) -> int:
        writes.append(what)
        return errno.ENOSPC if what == "write" and writes.count("write") > 1 else 0

    machine.failing = failing
    with pytest.raises(DiskFailed):
        memory.record(make_attempt(State.SUBMITTED))
    machine.failing = lambda _: 0
    assert states(open_memory(machine)) == {"0001": State.SUBMITTED}


def test_what_another_lockfile_brought_is_not_folded_over_where_the_ledger_did_not_take_it() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt())
    theirs = make_attempt(State.DONE, 2, shot="walk")
    machine.put(LOCKFILE, folded([make_attempt(), theirs]))
    ours, syncs = make_attempt(State.SUBMITTED), []

    def failing(what: str) -> int:
        syncs.append(what)
        return errno.EIO if what == "sync" and syncs.count("sync") == 2 else 0  # of the ledger: ours, then theirs

    machine.failing = failing
    with pytest.raises(DiskFailed):
        memory.record(ours)
    machine.failing = lambda _: 0
    memory.fold()
    assert states(open_memory(machine)) == {ours.id: State.SUBMITTED, theirs.id: State.DONE}


def test_a_job_that_no_file_takes_goes_to_the_rescue_file_and_comes_back() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt())
    writes = []

    def failing(what: str) -> int:
        writes.append(what)
        return errno.ENOSPC if what == "write" and writes.count("write") == 1 else 0

    machine.failing = failing
    with pytest.raises(DiskFailed) as failure:
        memory.record(make_attempt(State.SUBMITTED))
    assert failure.value.message.endswith("shot `beach` is job video_1, it is kept in the state folder's rescue file")
    machine.failing = lambda _: 0
    assert RESCUE in machine.disk().names(STATE)
    assert states(open_memory(machine)) == {"0001": State.SUBMITTED}


def test_a_job_that_not_even_the_rescue_file_takes_is_told() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt())
    machine.failing = lambda what: errno.ENOSPC if what == "write" else 0
    with pytest.raises(DiskFailed, match="shot `beach` is job video_1, no file would take it"):
        memory.record(make_attempt(State.SUBMITTED))


def test_a_fact_without_a_job_needs_no_rescue() -> None:
    machine = Machine()
    memory = bought(machine, make_attempt())
    writes = []

    def failing(what: str) -> int:
        writes.append(what)
        return errno.ENOSPC if what == "write" and writes.count("write") == 1 else 0

    machine.failing = failing
    with pytest.raises(DiskFailed) as failure:
        memory.record(make_attempt(State.UNSENT))
    assert "job" not in failure.value.message
    assert RESCUE not in machine.disk().names(STATE)


def test_jobs_of_two_histories_are_all_remembered() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.SUBMITTED))
    other = make_attempt(acceptance=Acceptance(jobs=("video_z",), at=BORN + 5))
    machine.put(LOCKFILE, folded([other]))
    assert open_memory(machine).attempts[other.id].jobs == ("video_1", "video_z")


def test_opening_again_changes_no_byte() -> None:
    machine = Machine()
    bought(machine, make_attempt(State.DONE), make_attempt(State.UNSENT, 2), make_attempt(State.FAILED, 3, shot="walk"))
    open_memory(machine, make_attempt())
    files = {path: file.data for path, file in machine.fs.files.items()}
    open_memory(machine, make_attempt())
    assert {path: file.data for path, file in machine.fs.files.items()} == files
