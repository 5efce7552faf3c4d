"""All that is remembered of a manifest: its lockfile and the ledger, joined; neither alone has authority.

Every fact goes to the ledger first, then to the lockfile, both synced, before anything acts on it.
"""

import errno
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Self, TypeVar

from runner.disk import Disk
from runner.errors import DiskFailed, LockfileDamaged
from runner.lock.facts import Attempt, AttemptId, Owner, Ruling, State, adds, corrected, join, join_all
from runner.lock.known import Known
from runner.lock.ledger import Ledger
from runner.lock.lockfile import Lockfile, believe
from runner.lock.scan import Scan
from runner.manifest.request import Fingerprint

_Failure = TypeVar("_Failure", DiskFailed, LockfileDamaged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The files and the identity that a memory is kept under."""

    lockfile: Path
    manifest: Path  # absolute
    state: Path  # folder of the ledgers
    key: str  # digest of the key


class Memory:
    """The attempts of one manifest, and the machine's ledger beside them."""

    def __init__(self, disk: Disk, where: Where) -> None:
        self._disk = disk
        self._where = where
        self._lockfile = Lockfile(disk, where.lockfile)
        self.ledger = Ledger(disk, where.state)
        self.attempts = Known()
        self.recovered: tuple[Attempt, ...] = ()  # what the ledger knew and the lockfile did not
        self.learned: frozenset[AttemptId] = frozenset()  # what the lockfile knew and the ledger did not
        self.damage: list[LockfileDamaged] = []  # what could not be believed, when only looking
        self._looking = False
        self._failed: OSError | None = None

    @classmethod
    def look(cls, disk: Disk, where: Where, wanted: Collection[Fingerprint]) -> Self:
        """Read without writing anything, for commands that only tell: bad lines are passed over, and are `damage`."""
        memory = cls(disk, where)
        memory._looking = True
        memory.damage += memory.ledger.look()
        memory._join(wanted)
        return memory

    @classmethod
    def open(cls, disk: Disk, where: Where, wanted: Collection[Fingerprint]) -> Self:
        """Bring lockfile and ledger to the same truth and fold the lockfile.

        Raises:
            LockfileDamaged: a line cannot be believed; nothing was changed.
            DiskFailed: the disk did not take the facts.
        """
        memory = cls(disk, where)
        try:
            with memory.ledger.held():
                memory._sync_lockfile()
                for record in memory._join(wanted):
                    memory._teach(record)
            memory.fold()
        except OSError as error:
            raise _disk_failed(where, error) from error
        return memory

    def everywhere(self, origin: str) -> tuple[Attempt, ...]:
        """Every attempt this machine knows of at an origin, of any manifest and any key."""
        return tuple(each for each in self.ledger.attempts.values() if each.intent.origin == origin)

    def open_at(self, origin: str) -> list[Attempt]:
        """Those of them of which a job may be running."""
        return self.ledger.attempts.open_at(origin)

    def refresh(self) -> None:
        """Read what other runs recorded."""
        try:
            with self.ledger.held():
                pass
        except OSError as error:
            raise _disk_failed(self._where, error) from error

    def reserve(self, intent: Attempt, *, calibrated: bool, admit: Callable[[], str]) -> str:
        """Check and record in one step under the ledger's lock: empty if recorded, else why `admit` refused.

        Raises:
            DiskFailed: the intent is not durable; nothing may be sent.
        """
        if self._failed:
            raise _disk_failed(self._where, self._failed)
        owner = Owner(paths=(str(self._where.manifest),), key=self._where.key, calibrated=calibrated)
        record = replace(intent, owner=owner)
        try:
            with self.ledger.held():
                if refusal := admit():
                    return refusal
                self._record(record)
        except OSError as error:
            self._failed = error
            self._take_back(record)
            raise _disk_failed(self._where, error) from error
        except LockfileDamaged:
            self._take_back(record)
            raise
        return ""

    def _take_back(self, record: Attempt) -> None:
        """The ledger may have an intent that the lockfile did not take: nothing was sent, and it should say so."""
        ruling = Ruling(state=State.UNSENT, why="the disk did not take its intent", at=record.intent.at)
        with suppress(OSError, LockfileDamaged), self.ledger.held():
            if record.id in self.ledger.attempts:
                self.ledger.add(replace(record, ruling=ruling), key=self._where.key)

    def record(self, fact: Attempt, admit: Callable[[], str] = lambda: "") -> str:
        """Record a fact of an attempt, ledger first; empty, or else why `admit`, asked under its lock, refused.

        Raises:
            DiskFailed: one of the files did not take it; a fact with a job id went to the rescue file, if that did.
            LockfileDamaged: the same, where one of the files cannot be believed any more.
        """
        try:
            with self.ledger.held():
                if refusal := admit():
                    return refusal
                self._record(fact)
        except OSError as error:
            self._failed = error
            raise self._rescue(fact, _disk_failed(self._where, error)) from error
        except LockfileDamaged as damage:
            raise self._rescue(fact, damage) from damage
        return ""

    def fold(self) -> None:
        """Leave one line for each attempt in the lockfile. Raises OSError."""
        if self._lockfile.changed():
            with self.ledger.held():
                self._take_in_changes()
        self._lockfile.fold(self.attempts.values())

    def _record(self, fact: Attempt) -> None:
        # A run of a copy of the manifest may know more of the same attempt, and has told the ledger.
        known = filter(None, (self.attempts.get(fact.id), self.ledger.attempts.get(fact.id)))
        joined = reduce(join, (*known, fact))
        self.ledger.add(joined, key=self._where.key)
        self.attempts[fact.id] = joined
        if self._take_in_changes():
            self._lockfile.fold(self.attempts.values())
        else:
            self._lockfile.append(joined)

    def _take_in_changes(self) -> bool:
        """Somebody put another lockfile there, as `git checkout` does: its facts are as true as ours.

        Only while the ledger is held.
        """
        if not self._lockfile.changed():
            return False
        found = self._corrected(believe(self._lockfile.load(), self._where.lockfile))
        try:
            for record in found:
                self._teach(record)
        except OSError:
            self._lockfile.doubt()  # what the ledger did not take is still to be taken in, never folded over
            raise
        self.attempts = Known(join_all(found, self.attempts).values())
        return True

    def _sync_lockfile(self) -> None:
        if self._disk.size(self._where.lockfile) is not None:
            self._disk.sync(self._where.lockfile)
            self._disk.sync_folder(self._where.lockfile.parent)

    def _join(self, wanted: Collection[Fingerprint]) -> tuple[Attempt, ...]:
        """Join both sides in memory; returns the lockfile's records."""
        written = join_all(self._corrected(self._believed(self._lockfile.load())))
        known = self.ledger.attempts
        self.learned = frozenset(written.keys() - known.keys())
        self.attempts = Known(join(each, known[id_]) if id_ in known else each for id_, each in written.items())
        self.recovered = tuple(self._missing(known, wanted))
        for each in self.recovered:
            self.attempts[each.id] = each
        return tuple(written.values())

    def _corrected(self, records: Iterable[Attempt]) -> tuple[Attempt, ...]:
        """The ledger's lines keep their crc: a byte of the lockfile that was damaged since is noticed by them."""
        known = self.ledger.attempts
        return tuple(corrected(each, known[each.id]) if each.id in known else each for each in records)

    def _believed(self, reading: Scan) -> tuple[Attempt, ...]:
        try:
            return believe(reading, self._where.lockfile)
        except LockfileDamaged as damage:
            if not self._looking:
                raise
            self.damage.append(damage)
            return reading.records

    def _missing(self, known: Mapping[AttemptId, Attempt], wanted: Collection[Fingerprint]) -> Iterable[Attempt]:
        ours = str(self._where.manifest)
        for id_, each in known.items():
            if id_ in self.attempts or each.owner is None or ours not in each.owner.paths:
                continue
            unfinished = each.state in (State.INTENT, State.SUBMITTED)
            bought = each.acceptance is not None or each.state is State.ABANDONED
            if unfinished or (bought and each.fingerprint in wanted):
                yield each

    def _teach(self, record: Attempt) -> None:
        """Tell the ledger a lockfile's fact, and that this manifest has it: so the ledger can give it back."""
        ours, known = str(self._where.manifest), self.ledger.attempts.get(record.id)
        if known and known.owner and ours in known.owner.paths and not adds(record, known):
            return
        owner = Owner(paths=(ours,), key="", calibrated=False)
        self.ledger.add(join(record, replace(record, owner=owner)), key=self._where.key)

    def _rescue(self, fact: Attempt, failure: _Failure) -> _Failure:
        if fact.acceptance is None:
            return failure
        try:
            self.ledger.rescue(fact)
        except OSError:
            where = "no file would take it"
        else:
            where = "it is kept in the state folder's rescue file"
        message = f"{failure.message}; shot `{fact.intent.shot}` is job {fact.job}, {where}"
        return type(failure)(message, hint=failure.hint)


def _disk_failed(where: Where, error: OSError) -> DiskFailed:
    path = Path(error.filename or where.lockfile)
    path = path if path.is_relative_to(where.state) else where.lockfile  # a person knows nothing of its copies
    words = error.strerror or str(error)
    mend = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "mend it"
    return DiskFailed(f"{path} cannot be written: {words.lower()}", hint=f"{mend}, then say the same again")
