"""What a lockfile or ledger says: its records, the bad lines, and how much of its tail was torn off by a crash.

A torn tail was never acted upon, since nothing is before it is synced; so it is dropped. A bad line anywhere else is
damage: it is reported, and nothing is discarded or started over. What a turned bit makes of the last line is told from
what a crash can leave of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from runner.lock import lines
from runner.lock.facts import Attempt
from runner.lock.lines import BadLine, NewerVersion

_MARKERS: Final = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A line that cannot be believed."""

    number: int  # from 1
    why: str
    text: bytes

    @property
    def marker(self) -> bool:
        """Whether it is what a version control system writes around a conflict."""
        return self.text.startswith(_MARKERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Everything that was read of a file."""

    records: tuple[Attempt, ...]
    bad: tuple[Bad, ...]
    good: int  # bytes up to the end of the last whole line
    torn: int  # bytes after it that a crash left
    unterminated: bool  # the last record is whole, only its newline is missing
    newer: str = ""  # why it cannot be read: a later version wrote it
    strange: str = ""  # why it cannot be read at all: something that is no file has its name


STRANGE: Final = Scan(records=(), bad=(), good=0, torn=0, unterminated=False, strange="it is no file")


def scan(data: bytes) -> Scan:
    """Read every line of a file."""
    read: list[Attempt | Bad | str | None] = []
    sizes: list[int] = []
    tail = b""
    for number, line in enumerate(BytesIO(data), 1):  # one at a time: a ledger is long, and its lines are, too
        if line.endswith(b"\n"):
            read.append(_read(number, line[:-1]))
            sizes.append(len(line))
        else:
            tail = line
    last, rest = _last(len(read) + 1, tail)
    dropped = 0 if last else _torn_lines(read)
    kept = read[: len(read) - dropped] + ([last] if last else [])
    torn = sum(sizes[len(sizes) - dropped :]) + rest
    return Scan(
        records=tuple(each for each in kept if isinstance(each, Attempt)),
        bad=tuple(each for each in kept if isinstance(each, Bad)),
        good=len(data) - torn,
        torn=torn,
        unterminated=isinstance(last, Attempt),
        newer=next((each for each in kept if isinstance(each, str)), ""),
    )


def _last(number: int, tail: bytes) -> tuple[Attempt | Bad | str | None, int]:
    """What has no line end, unless it was torn off, and how many bytes after it are none of its own.

    A crash leaves a beginning of a line, or zeros. So a whole record before one other byte was once a whole line, and
    what holds more than one line was not left by a crash.
    """
    ends = (len(tail),) if tail.endswith(b"\0") else (len(tail), len(tail) - 1)
    for end in ends:
        if tail and isinstance(last := _read(number, tail[:end]), Attempt | str):
            return last, len(tail) - end
    if _holds_lines(tail):
        return Bad(number=number, why="its line ends are not those of a lockfile", text=tail), 0
    return None, len(tail)


def _holds_lines(tail: bytes) -> bool:
    """Whether several lines lie there, which another program has ended otherwise, or not at all."""
    text = tail.rstrip(b"\0").decode(errors="replace")
    if "\r" in text[:-1]:
        return True  # no line of ours has one
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return end + 1 < len(text)


def _torn_lines(read: Sequence[object]) -> int:
    """Whole lines at the end that hold zeros: blocks that were allocated and never written."""
    count = 0
    while count < len(read):
        last = read[-1 - count]
        if not (isinstance(last, Bad) and _lost_a_block(last.text)):
            break
        count += 1
    return count


def _lost_a_block(text: bytes) -> bool:
    """Whether zeros stand where a block was not written: one alone can only be the first byte of a line."""
    return text.startswith(b"\0") or b"\0\0" in text


def _read(number: int, raw: bytes) -> Attempt | Bad | str | None:
    line = raw.removesuffix(b"\r")
    if number == 1:
        line = line.removeprefix(_BOM)
    if not line:
        return None
    if line.startswith(_MARKERS):
        return Bad(number=number, why="a conflict marker", text=line)
    try:
        return lines.read(line)
    except NewerVersion as error:
        return str(error)
    except BadLine as error:
        return Bad(number=number, why=str(error), text=line)
