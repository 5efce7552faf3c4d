"""The lockfile beside a manifest: facts appended and synced while running, folded to one line an attempt at rest.

Folding sorts by shot, take and attempt, so editing one shot changes one line, and equal facts give equal bytes.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from shlex import quote

from runner.disk import Disk, append_durably, replace_whole
from runner.errors import LockfileDamaged
from runner.lock import lines
from runner.lock.facts import Attempt, State
from runner.lock.scan import STRANGE, Scan, scan


class Lockfile:
    """One lockfile, and where its end is."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self.path = path
        self._end = 0
        self._identity: tuple[int, int] | None = None

    def load(self) -> Scan:
        """What the file says; an empty scan where there is no file."""
        try:
            data = self._disk.read(self.path)
        except OSError as error:
            if self._is_strange():
                return STRANGE
            if not isinstance(error, FileNotFoundError):
                raise
            data = b""
        reading = scan(data)
        if not (reading.bad or reading.newer):  # else it stays a change that is still to be taken in, never folded over
            self._remember(len(data))
        # Whose an attempt is, only this machine's ledger says: a lockfile may be anybody's.
        records = tuple(replace(each, owner=None) if each.owner else each for each in reading.records)
        return replace(reading, records=records)

    def _is_strange(self) -> bool:
        """Whether something has the name that is no file: a folder, a pipe, a link to nothing."""
        return self._disk.size(self.path) is None and self.path.name in self._disk.names(self.path.parent)

    def changed(self) -> bool:
        """Whether somebody else replaced or resized the file, as `git checkout` does."""
        return (self._disk.identity(self.path), self._disk.size(self.path) or 0) != (self._identity, self._end)

    def doubt(self) -> None:
        """Let the file count as changed until it is read again."""
        self._identity, self._end = None, -1

    def append(self, record: Attempt) -> None:
        """Add one fact durably. Raises OSError."""
        line = lines.write(record, crc=True, owner=False)
        append_durably(self._disk, self.path, line)
        self._end += len(line)

    def fold(self, records: Iterable[Attempt]) -> bool:
        """Write one line for each attempt, unless the file says exactly that already; whether it was written."""
        data = folded(records)
        try:
            fresh = self._disk.read(self.path) != data
        except FileNotFoundError:
            fresh = True
        if fresh:
            replace_whole(self._disk, self.path, data)
        self._remember(len(data))
        return fresh

    def _remember(self, end: int) -> None:
        self._end = end
        self._identity = self._disk.identity(self.path)


def folded(records: Iterable[Attempt]) -> bytes:
    """The folded bytes of a set of records."""
    kept = sorted(_worth_keeping(tuple(records)), key=_order)
    return lines.HEADER + b"".join(lines.write(record, crc=False, owner=False) for record in kept)


def believe(reading: Scan, path: Path) -> tuple[Attempt, ...]:
    """The records of a scan that has no damage.

    Raises:
        LockfileDamaged: lines are bad, or a later version wrote them; says what to do.
    """
    if reading.strange:
        raise LockfileDamaged(f"{path} cannot be read: {reading.strange}", hint="move it away, and bring the file back")
    if reading.newer:
        raise LockfileDamaged(f"{path} cannot be read: {reading.newer}", hint="update shotlock")
    if reading.bad:
        first = reading.bad[0]
        more = f" (and {len(reading.bad) - 1} more lines)" if len(reading.bad) > 1 else ""
        raise LockfileDamaged(
            f"{path}:{first.number}: {first.why}{more}; nothing was sent and nothing was discarded",
            hint=f"shotlock lock fold {quote(str(path))}",
        )
    return reading.records


def _worth_keeping(records: tuple[Attempt, ...]) -> Iterable[Attempt]:
    """Everything but unsent attempts that were followed by something better: they bought nothing."""
    best: dict[tuple[str, str], tuple[bool, str]] = {}
    for record in records:
        wanted = (record.intent.shot, record.fingerprint)
        best[wanted] = max(best.get(wanted, (False, "")), _weight(record))
    for record in records:
        if record.state is not State.UNSENT or best[record.intent.shot, record.fingerprint] == _weight(record):
            yield record


def _weight(record: Attempt) -> tuple[bool, str]:
    return record.state is not State.UNSENT, record.id


def _order(record: Attempt) -> tuple[str, int, str]:
    return record.intent.shot, record.intent.take, record.id
