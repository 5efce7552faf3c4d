"""This machine's copy of every fact, by account: what no single lockfile can know.

Append-only: a line of a ledger is never rewritten. One lock guards reading the newest facts and adding to them, so a
check made under it still holds when the fact is recorded.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from runner.disk import Disk, append_durably
from runner.errors import LockfileDamaged
from runner.lock import lines
from runner.lock.facts import Attempt, join
from runner.lock.known import Known
from runner.lock.lockfile import believe
from runner.lock.scan import scan

_UNFIT: Final = re.compile(r"[^\w.-]")
_LONGEST: Final = 60  # characters of a host in a name
RESCUE: Final = "rescue.jsonl"


class Ledger:
    """All ledgers in the state folder, read as one; written to the one of the account at hand."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._folder = folder
        self._mutex = folder / "ledger.mutex"
        self._ends: dict[str, int] = {}
        self.attempts = Known()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock with the newest facts read. Raises LockfileDamaged and OSError."""
        self._disk.make_folder(self._folder)
        with self._disk.lock(self._mutex):
            self._refresh(mend=True)
            yield

    def look(self) -> list[LockfileDamaged]:
        """Read the newest facts without taking the lock or writing anything; returns what cannot be believed."""
        damage: list[LockfileDamaged] = []
        try:
            self._refresh(mend=False, damage=damage)
        except OSError as error:
            words = (error.strerror or str(error)).lower()
            damage.append(LockfileDamaged(f"{error.filename or self._folder} cannot be read: {words}", hint="mend it"))
        return damage

    def add(self, record: Attempt, *, key: str) -> None:
        """Record a fact durably, if it is news; only while held. Raises OSError."""
        known = self.attempts.get(record.id)
        joined = record if known is None else join(known, record)
        if joined == known:
            return
        self._append(joined, self._name(record.intent.origin, key))
        self.attempts[record.id] = joined

    def rescue(self, record: Attempt) -> bytes:
        """Put a fact that no file would take where the next run looks for it; returns its line. Raises OSError."""
        line = lines.write(record, crc=True, owner=True)
        path = self._folder / RESCUE
        append_durably(self._disk, path, line)
        self._disk.sync_folder(self._folder)
        return line

    def _append(self, record: Attempt, name: str) -> None:
        path = self._folder / name
        line = lines.write(record, crc=True, owner=True)
        if not self._ends.get(name):  # there is no such file, or its header was torn off
            self._disk.write(path, lines.HEADER, at=0)
            self._disk.sync(path)
            self._disk.sync_folder(self._folder)
            self._ends[name] = len(lines.HEADER)
        append_durably(self._disk, path, line)
        self._ends[name] += len(line)

    def _refresh(self, *, mend: bool, damage: list[LockfileDamaged] | None = None) -> None:
        for name in sorted({*self._disk.names(self._folder), *self._ends}):  # one that is gone was cut to nothing
            if name.endswith(".jsonl"):
                try:
                    self._read_news(name, mend=mend)
                except LockfileDamaged as error:
                    if damage is None:
                        raise
                    damage.append(error)

    def _read_news(self, name: str, *, mend: bool) -> None:
        path = self._folder / name
        seen, size = self._ends.get(name, 0), self._disk.size(path)
        if size is None and self._disk.identity(path) is not None:
            raise LockfileDamaged(f"{path} cannot be read: it is no file", hint="move it away")
        size = size or 0
        if size == seen and name in self._ends:
            return
        if size < seen:
            raise LockfileDamaged(f"{path} was cut while this run was reading it", hint="say the same again")
        if mend:
            # What a killed run wrote may not be durable yet, and must be before anything is built on it.
            self._disk.sync(path)
            self._disk.sync_folder(self._folder)
        reading = scan(self._disk.read(path)[seen:])
        for record in believe(reading, path) if mend else reading.records:
            known = self.attempts.get(record.id)
            self.attempts[record.id] = record if known is None else join(known, record)
        self._ends[name] = seen + reading.good
        if not mend:
            believe(reading, path)
        if mend and (reading.torn or reading.unterminated):
            self._mend(path, name, unterminated=reading.unterminated)

    def _mend(self, path: Path, name: str, *, unterminated: bool) -> None:
        self._disk.truncate(path, self._ends[name])
        if unterminated:
            self._disk.write(path, b"\n", at=self._ends[name])
            self._ends[name] += 1
        self._disk.sync(path)

    def _name(self, origin: str, key: str) -> str:
        return f"{_host(origin)}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}-{key[:8] or 'nokey'}.jsonl"


def _host(origin: str) -> str:
    """The host of an origin as a part of a name; a lockfile's origin can be any text."""
    try:
        host = urlsplit(origin).hostname or "embedded"
    except ValueError:
        host = "odd"
    return _UNFIT.sub("_", host)[:_LONGEST]


def digest_of_key(key: str | None) -> str:
    """What stands for a key in the ledger; empty where there is none. The key itself is never written."""
    return "" if key is None else hashlib.sha256(b"shotlock ledger\0" + key.encode()).hexdigest()[:16]
