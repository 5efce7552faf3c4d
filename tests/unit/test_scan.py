"""What is believed of a file that a crash, an editor or a version control system was at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import LockfileDamaged
from runner.lock import lines
from runner.lock.facts import State
from runner.lock.lines import HEADER
from runner.lock.lockfile import believe
from runner.lock.scan import Scan, scan
from tests.unit.factories import FOLDER, make_attempt

RECORDS = (
    make_attempt(State.INTENT, number=1, prompt="角马吃甜甜圈"),
    make_attempt(State.SUBMITTED, number=1, prompt="角马吃甜甜圈"),
    make_attempt(State.DONE, number=2),
)
LINES = [lines.write(each, crc=True, owner=False) for each in RECORDS]
FOLDED = [lines.write(each, crc=False, owner=False) for each in RECORDS]
WHOLE = HEADER + b"".join(LINES)
ENDS = [len(HEADER) + sum(len(line) for line in LINES[:count]) for count in range(4)]


def told(reading: Scan) -> tuple[list[int], str]:
    return [bad.number for bad in reading.bad], reading.newer


def mended(data: bytes, reading: Scan) -> bytes:
    """What is left of a file whose torn tail was cut off."""
    return data[: reading.good] + (b"\n" if reading.unterminated else b"")


def test_a_whole_file_is_read_whole() -> None:
    assert scan(WHOLE) == Scan(records=RECORDS, bad=(), good=len(WHOLE), torn=0, unterminated=False)


def test_nothing_is_an_empty_file() -> None:
    assert scan(b"") == Scan(records=(), bad=(), good=0, torn=0, unterminated=False)


@pytest.mark.parametrize("folded", [False, True])
def test_every_cut_leaves_a_correct_beginning(folded: bool) -> None:
    data = HEADER + b"".join(FOLDED if folded else LINES)
    parts = FOLDED if folded else LINES
    ends = [len(HEADER) + sum(len(line) for line in parts[:count]) for count in range(1, 4)]
    for size in range(len(data)):
        reading = scan(data[:size])
        count = sum(1 for end in ends if end - 1 <= size)
        assert told(reading) == ([], "")
        assert reading.records == RECORDS[:count]
        assert reading.unterminated == (size + 1 in ends)
        assert reading.good + reading.torn == size
        assert scan(mended(data[:size], reading)).records == RECORDS[:count]
        assert scan(mended(data[:size], reading)).torn == 0


@pytest.mark.parametrize("zeros", [1, 7, 4096])
def test_zeros_where_a_crash_left_no_data_are_no_damage(zeros: int) -> None:
    for size in range(ENDS[1], len(WHOLE) + 1):
        data = WHOLE[:size] + b"\0" * zeros
        reading = scan(data)
        assert told(reading) == ([], "")
        # The bytes after the last line's end are torn, even where they begin with a whole record.
        assert reading.records == RECORDS[: sum(1 for end in ENDS[1:] if end <= size)]
        assert scan(mended(data, reading)).records == reading.records


def test_zeros_with_a_line_end_are_torn_off_too() -> None:
    data = WHOLE[: ENDS[2] + 9] + b"\0" * 100 + b"\n" + b"\0" * 50 + b"\n\0"
    reading = scan(data)
    assert told(reading) == ([], "")
    assert reading.records == RECORDS[:2]
    assert mended(data, reading) == WHOLE[: ENDS[2]]


def test_a_bad_line_that_is_followed_by_a_good_one_is_damage() -> None:
    for number, damaged in enumerate((WHOLE.replace(LINES[0], LINES[0][9:]), WHOLE.replace(LINES[1], b"\0\0\n")), 2):
        assert told(scan(damaged)) == ([number], "")


def test_a_bad_line_at_the_end_is_damage_if_it_has_no_zeros() -> None:
    assert told(scan(WHOLE + b"what is this\n")) == ([5], "")


def test_zeros_before_a_record_without_line_end_are_damage_or_cut_at_the_right_place() -> None:
    data = HEADER + LINES[0] + b"\0" * 40 + b"\n" + LINES[2][:-1]
    reading = scan(data)
    assert reading.bad or scan(mended(data, reading)).records == reading.records


@given(st.lists(st.sampled_from([HEADER, *LINES, *FOLDED, b"\n", b"\0\0\n", b"\0", b"{", LINES[1][:40]]), max_size=6))
def test_what_is_believed_is_still_there_after_mending(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    reading = scan(data)
    if reading.bad:
        return
    assert scan(mended(data, reading)).records == reading.records


def test_every_record_after_damage_is_still_read() -> None:
    reading = scan(WHOLE.replace(LINES[0], b"what is this\n"))
    assert reading.records == RECORDS[1:]
    assert reading.bad[0].text == b"what is this"


def test_conflict_markers_are_told_from_other_damage() -> None:
    data = (
        HEADER + LINES[0] + b"<<<<<<< ours\n" + LINES[1] + b"||||||| base\n=======\n" + LINES[2] + b">>>>>>> theirs\n"
    )
    reading = scan(data)
    assert reading.records == RECORDS
    assert [(bad.number, bad.why, bad.marker) for bad in reading.bad] == [
        (number, "a conflict marker", True) for number in (3, 5, 6, 8)
    ]
    assert not scan(b"damage\n").bad[0].marker


def test_a_conflict_marker_at_the_end_is_not_torn_off() -> None:
    assert told(scan(WHOLE + b">>>>>>> theirs\n")) == ([5], "")


@pytest.mark.parametrize(
    "data", [WHOLE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + WHOLE, WHOLE.replace(b"\n", b"\n\n")]
)
def test_what_an_editor_changes_around_the_lines_is_no_damage(data: bytes) -> None:
    reading = scan(data)
    assert reading.records == RECORDS
    assert (told(reading), reading.good) == (([], ""), len(data))


@pytest.mark.parametrize("end", [b"\r", b"", b" "], ids=["of old Macs", "none", "spaces"])
@pytest.mark.parametrize("begin", [b"", HEADER, HEADER + LINES[0]], ids=["no header", "a header", "and a line"])
@pytest.mark.parametrize("cut", [0, 1, 40], ids=["whole", "without the last end", "torn"])
def test_lines_with_other_ends_are_damage_and_no_torn_tail(end: bytes, begin: bytes, cut: int) -> None:
    """A lockfile whose line ends a program had replaced counted as empty: all of it was bought again."""
    other = b"".join(FOLDED).replace(b"\n", end)
    reading = scan(begin + other[: len(other) - cut])
    assert told(reading) == ([1 + begin.count(b"\n")], "")
    assert reading.torn == 0


@pytest.mark.parametrize("more", [b"", LINES[0][:-1], b"\r" + LINES[0]], ids=["alone", "and a record", "and a line"])
def test_a_later_version_is_told_though_it_has_no_line_end(more: bytes) -> None:
    reading = scan(b'{"lock":2}' + more.rstrip(b"\n"))
    assert reading.newer or reading.bad
    assert reading.torn == 0


def test_lines_may_come_twice_and_so_may_the_header() -> None:
    reading = scan(WHOLE + WHOLE)
    assert reading.records == RECORDS + RECORDS
    assert told(reading) == ([], "")


def test_a_header_is_not_needed() -> None:
    assert scan(b"".join(LINES)).records == RECORDS


@pytest.mark.parametrize("at", [0, 2])
def test_a_later_version_is_told(at: int) -> None:
    parts = [HEADER, *LINES]
    parts.insert(at, b'{"lock":2}\n')
    assert scan(b"".join(parts)).newer == "it is of version 2, and this shotlock reads version 1"


def test_keys_of_a_later_version_are_kept() -> None:
    line = FOLDED[2].replace(b'"take"', b'"weather":"fine","take"')
    (record,) = scan(HEADER + line).records
    assert record.more == {"weather": "fine"}
    assert b'"weather":"fine"' in lines.write(record, crc=False, owner=False)


def test_damage_is_refused_with_its_place_and_what_to_do() -> None:
    path = FOLDER / "film.lock"
    with pytest.raises(LockfileDamaged) as refused:
        believe(scan(WHOLE + b"x\ny\n"), path)
    assert refused.value.message == (
        "/films/film.lock:5: not a record (and 1 more lines); nothing was sent and nothing was discarded"
    )
    assert refused.value.hint == "shotlock lock fold /films/film.lock"


def test_a_later_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(LockfileDamaged) as refused:
        believe(scan(b'{"lock":9}\nwhat is this\n'), FOLDER / "film.lock")
    assert refused.value.hint == "update shotlock"


def test_a_torn_tail_is_no_reason_to_refuse() -> None:
    assert believe(scan(WHOLE + LINES[0][:50]), FOLDER / "film.lock") == RECORDS
