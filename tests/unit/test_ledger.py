"""The ledger: what many runs on one machine append to side by side, and all read."""

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from runner.disk import SystemDisk
from runner.errors import LockfileDamaged
from runner.lock import lines
from runner.lock.facts import Attempt, Claim, State
from runner.lock.ledger import RESCUE, Ledger, digest_of_key
from runner.lock.lines import HEADER
from runner.lock.scan import scan
from tests.unit.factories import STATE, Machine, by_id, make_attempt, make_owner

KEY = "0123456789abcdef"


def owned(state: State = State.INTENT, number: int = 1, **fields: object) -> Attempt:
    return make_attempt(state, number, owner=make_owner(key=KEY), **fields)


def line_of(record: Attempt) -> bytes:
    return lines.write(record, crc=True, owner=True)


def ledger_on(machine: Machine) -> Ledger:
    return Ledger(machine.disk(), STATE)


def add(ledger: Ledger, *records: Attempt, key: str = KEY) -> None:
    with ledger.held():
        for record in records:
            ledger.add(record, key=key)


def seen(machine: Machine) -> dict[str, Attempt]:
    """What a process that starts now knows."""
    ledger = ledger_on(machine)
    ledger.look()
    return dict(ledger.attempts)


def the_file(machine: Machine) -> Path:
    (path,) = (path for path in map(Path, machine.fs.files) if path.parent == STATE and path.name != RESCUE)
    return path


def test_a_fact_is_durable_when_it_was_added() -> None:
    machine = Machine()
    add(ledger_on(machine), owned())
    machine.fs.power_cut()
    assert seen(machine) == by_id([owned()])
    assert machine.disk().read(the_file(machine)) == HEADER + line_of(owned())


def test_a_fact_that_is_no_news_is_not_written_again() -> None:
    machine = Machine()
    ledger = ledger_on(machine)
    add(ledger, owned(State.SUBMITTED))
    size = machine.disk().size(the_file(machine))
    add(ledger, owned(State.SUBMITTED), owned(State.INTENT))
    assert machine.disk().size(the_file(machine)) == size


def test_a_line_says_all_that_is_known_of_its_attempt() -> None:
    machine = Machine()
    ledger = ledger_on(machine)
    add(ledger, owned(State.SUBMITTED), replace(owned(), claims=(Claim(number=1, shot="walk"),)))
    *_, last = scan(machine.disk().read(the_file(machine))).records
    assert last == replace(owned(State.SUBMITTED), claims=(Claim(number=1, shot="walk"),))


def test_two_processes_append_side_by_side() -> None:
    machine = Machine()
    one, other = ledger_on(machine), ledger_on(machine)
    add(one, owned(number=1))
    add(other, owned(number=2))
    add(one, owned(State.SUBMITTED, number=1))
    add(other, owned(State.DONE, number=2))
    with one.held():
        pass
    expected = by_id([owned(State.SUBMITTED, number=1), owned(State.DONE, number=2)])
    assert one.attempts == other.attempts == seen(machine) == expected
    assert not scan(machine.disk().read(the_file(machine))).bad


def test_under_the_lock_another_process_has_nothing_new_to_tell() -> None:
    machine = Machine()
    one, other = ledger_on(machine), ledger_on(machine)
    add(one, owned(number=1))
    with other.held():
        assert other.attempts == by_id([owned(number=1)])


def test_only_what_is_new_is_read_again() -> None:
    machine = Machine()
    one, other = ledger_on(machine), ledger_on(machine)
    add(one, owned(number=1))
    add(other, owned(number=2))
    first = len(HEADER + line_of(owned(number=1)))
    # Damage in what `one` knows already would be noticed if it were read again.
    machine.disk().write(the_file(machine), b"?", at=first - 9)
    with one.held():
        pass
    assert set(one.attempts) == {"0001", "0002"}


_WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from runner.disk import SystemDisk
from runner.lock.facts import AttemptId, State
from runner.lock.ledger import Ledger
from tests.unit.factories import make_attempt
ledger = Ledger(SystemDisk(), Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 40, 2):
    for state in (State.INTENT, State.SUBMITTED):
        with ledger.held():
            ledger.add(make_attempt(state, number), key="key")
"""


def test_two_real_processes_append_side_by_side(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), str(number)], cwd=Path(__file__).parents[2])
        for number in (0, 1)
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    ledger = Ledger(SystemDisk(), tmp_path)
    ledger.look()
    assert {id_: each.state for id_, each in ledger.attempts.items()} == {
        f"{number:04}": State.SUBMITTED for number in range(40)
    }
    (path,) = tmp_path.glob("*.jsonl")
    assert path.read_bytes().count(b"\n") == 81


@pytest.mark.parametrize("tail", [line_of(owned(number=9))[:-20], b"\0" * 30, b'{"shot', b"\0\0\n\0"])
def test_a_torn_tail_is_cut_off_before_the_next_fact(tail: bytes) -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1))
    path = the_file(machine)
    machine.disk().write(path, tail, at=machine.disk().size(path) or 0)
    add(ledger_on(machine), owned(number=2))
    assert machine.disk().read(path) == HEADER + line_of(owned(number=1)) + line_of(owned(number=2))


def test_a_whole_record_whose_line_end_is_missing_is_kept() -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1))
    path = the_file(machine)
    machine.disk().write(path, line_of(owned(number=2))[:-1], at=machine.disk().size(path) or 0)
    add(ledger_on(machine), owned(number=3))
    assert machine.disk().read(path) == HEADER + b"".join(line_of(owned(number=number)) for number in (1, 2, 3))


def test_who_only_looks_mends_nothing() -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1))
    path = the_file(machine)
    machine.disk().write(path, b"\0\0", at=machine.disk().size(path) or 0)
    before = machine.disk().read(path)
    machine.operations.clear()
    assert seen(machine) == by_id([owned(number=1)])
    assert machine.disk().read(path) == before
    assert machine.operations == []


def test_a_line_that_another_process_is_just_writing_is_read_when_it_is_whole() -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1))
    path, line = the_file(machine), line_of(owned(number=2))
    end = machine.disk().size(path) or 0
    watching = ledger_on(machine)
    for size in range(1, len(line) + 1, 7):
        machine.disk().write(path, line[:size], at=end)
        watching.look()
    machine.disk().write(path, line, at=end)
    watching.look()
    assert set(watching.attempts) == {"0001", "0002"}


@pytest.mark.parametrize(
    "left", [b"", HEADER[:20], HEADER[:-1], b"\0" * 40], ids=["nothing", "a part", "no end", "zeros"]
)
def test_a_torn_header_is_written_again(left: bytes) -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1))
    path = the_file(machine)
    machine.disk().truncate(path, 0)
    machine.disk().write(path, left, at=0)
    add(ledger_on(machine), owned(number=2))
    assert machine.disk().read(path) == HEADER + line_of(owned(number=2))


def test_each_key_and_each_origin_has_its_own_file_and_all_are_read() -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1), key="old" * 5)
    add(ledger_on(machine), owned(number=2), key="new" * 5)
    add(ledger_on(machine), owned(number=3, origin="http://[::1]:8080/v1"), key="")
    add(ledger_on(machine), owned(number=4, origin="embedded"), key="")
    names = machine.disk().names(STATE)
    assert len(names) == 4
    assert [name.rsplit("-", 1)[1] for name in names] == [
        "nokey.jsonl",
        "nokey.jsonl",
        "newnewne.jsonl",
        "oldoldol.jsonl",
    ]
    assert [name.split("-", 1)[0] for name in names] == ["__1", "embedded", "videos.test", "videos.test"]
    assert set(seen(machine)) == {"0001", "0002", "0003", "0004"}


def test_facts_of_one_attempt_in_two_files_are_joined() -> None:
    machine = Machine()
    add(ledger_on(machine), owned(State.SUBMITTED), key="old" * 5)
    add(ledger_on(machine), owned(State.DONE), key="new" * 5)
    assert seen(machine)["0001"].state is State.DONE


def test_other_files_in_the_folder_are_left_alone() -> None:
    machine = Machine()
    machine.put(STATE / "ledger.mutex", b"what is this\n")
    machine.put(STATE / "notes.txt", b"what is this\n")
    assert seen(machine) == {}


@pytest.mark.parametrize("damage", [b"what is this\n", b"<<<<<<< ours\n", b'{"lock":2}\n'])
def test_damage_is_refused_and_stays_as_it_is(damage: bytes) -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1))
    path = the_file(machine)
    data = HEADER + damage + line_of(owned(number=1))
    machine.put(path, data)
    with pytest.raises(LockfileDamaged, match=str(path)):
        add(ledger_on(machine), owned(number=2))
    looking = ledger_on(machine)
    (told,) = looking.look()
    assert str(path) in told.message
    assert len(looking.attempts) == 1  # what can be read is shown
    assert machine.disk().read(path) == data


def test_a_ledger_that_shrinks_under_a_run_stops_it() -> None:
    machine = Machine()
    ledger = ledger_on(machine)
    add(ledger, owned(number=1), owned(number=2))
    machine.disk().truncate(the_file(machine), len(HEADER))
    with pytest.raises(LockfileDamaged, match="was cut while this run was reading it"):
        add(ledger, owned(number=3))


@pytest.mark.parametrize("kind", ["write", "sync"])
def test_a_fact_that_the_disk_did_not_take_is_not_known(kind: str) -> None:
    machine = Machine()
    ledger = ledger_on(machine)
    add(ledger, owned(number=1))
    before = machine.disk().read(the_file(machine))
    with ledger.held():
        machine.failing = lambda what: errno.ENOSPC if what == kind else 0
        with pytest.raises(OSError, match=r"no space|input/output"):
            ledger.add(owned(number=2), key=KEY)
        machine.failing = lambda _: 0
    assert machine.disk().read(the_file(machine)) == before
    assert set(ledger.attempts) == set(seen(machine)) == {"0001"}
    add(ledger, owned(number=3))
    assert set(seen(machine)) == {"0001", "0003"}


def test_what_is_read_under_the_lock_is_made_durable_first() -> None:
    machine = Machine()
    add(ledger_on(machine), owned(number=1))
    path = the_file(machine)
    # A run was killed between writing and syncing; the system still has the bytes, the disk may not.
    machine.disk().write(path, line_of(owned(number=2)), at=machine.disk().size(path) or 0)
    add(ledger_on(machine))
    machine.fs.power_cut()
    assert set(seen(machine)) == {"0001", "0002"}


def test_a_rescued_fact_is_read_by_the_next_run() -> None:
    machine = Machine()
    line = ledger_on(machine).rescue(owned(State.SUBMITTED, number=7))
    assert line == line_of(owned(State.SUBMITTED, number=7))
    ledger_on(machine).rescue(owned(State.SUBMITTED, number=8))
    assert machine.disk().read(STATE / RESCUE) == line + line_of(owned(State.SUBMITTED, number=8))
    assert {id_: each.jobs for id_, each in seen(machine).items()} == {"0007": ("video_7",), "0008": ("video_8",)}


def test_a_rescued_fact_outlives_a_power_cut() -> None:
    machine = Machine()
    ledger_on(machine).rescue(owned(State.SUBMITTED))
    assert machine.operations[-1] == "sync_folder"


def test_a_key_is_known_by_its_digest_only() -> None:
    digest = digest_of_key("sk-secret")
    assert len(digest) == 16
    assert digest == digest_of_key("sk-secret") != digest_of_key("sk-other")
    assert "secret" not in digest
    assert digest_of_key(None) == ""
