"""Broken memory: what is not durable, not in order, not joined, not brought back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from runner.errors import DiskFailed
from runner.lock import facts, ledger, lockfile, scan
from runner.lock.facts import Attempt, Claim, Owner, State, join
from runner.lock.memory import Memory
from runner.plan import ownership
from tests.crash.mutants.mutant import Patch
from tests.crash.simulation import life


def appends_synced_only(wanted: Callable[[bytes], bool]) -> list[Patch]:
    """Only the lines that are wanted are synced."""

    def append(disk: Any, path: Path, data: bytes) -> None:
        disk.write(path, data, at=None)
        if wanted(data):
            disk.sync(path)

    return [patch.object(ledger, "append_durably", append), patch.object(lockfile, "append_durably", append)]


def folds(way: Callable[[Any, Path, bytes], None]) -> list[Patch]:
    return [patch.object(lockfile, "replace_whole", way)]


def in_place(disk: Any, path: Path, data: bytes) -> None:
    disk.write(path, data, at=0)
    disk.truncate(path, len(data))
    disk.sync(path)


def unsynced(disk: Any, path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    disk.remove(fresh)
    disk.write(fresh, data, at=0)
    disk.rename(fresh, path)
    disk.sync_folder(path.parent)


def without_folder(disk: Any, path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    disk.remove(fresh)
    disk.write(fresh, data, at=0)
    disk.sync(fresh)
    disk.rename(fresh, path)


def intent_after_post() -> list[Patch]:
    def reserve(self: Any, intent: Attempt, *, calibrated: bool, admit: Callable[[], str]) -> str:
        with self.ledger.held():
            if refusal := admit():
                return refusal
            owner = Owner(paths=(str(self._where.manifest),), key=self._where.key, calibrated=calibrated)
            self.attempts[intent.id] = replace(intent, owner=owner)
        return ""

    return [patch.object(Memory, "reserve", reserve)]


def lockfile_first() -> list[Patch]:
    def record(self: Any, fact: Attempt) -> None:
        known = self.attempts.get(fact.id)
        joined = fact if known is None else join(known, fact)
        self.attempts[fact.id] = joined
        if self._take_in_changes():
            self._lockfile.fold(self.attempts.values())
        else:
            self._lockfile.append(joined)
        self.ledger.add(joined, key=self._where.key)

    return [patch.object(Memory, "_record", record)]


def believed_before_synced() -> list[Patch]:
    """What a killed run wrote is built upon, though a power cut may still take it."""

    class Careless(ledger.Ledger):
        def _read_news(self, name: str, *, mend: bool) -> None:
            real, self._disk = self._disk, _NoSync(self._disk)
            try:
                super()._read_news(name, mend=mend)
            finally:
                self._disk = real

    from runner.lock import memory

    return [
        patch.object(Memory, "_sync_lockfile", lambda self: None),
        patch.object(memory, "Ledger", Careless),
    ]


class _NoSync:
    def __init__(self, disk: Any) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._disk, name)

    def sync(self, path: Path) -> None: ...

    def sync_folder(self, path: Path) -> None: ...


def no_torn_rule() -> list[Patch]:
    real = scan.scan

    def strict(data: bytes) -> scan.Scan:
        found = real(data)
        bad = scan.Bad(number=0, why="torn", text=b"")
        return replace(found, bad=(*found.bad, bad)) if found.torn else found

    return [patch.object(lockfile, "scan", strict), patch.object(ledger, "scan", strict)]


def ranked(**changes: float) -> list[Patch]:
    """States in another order."""
    rank: dict[State, float] = dict(facts.RANK) | {State(name): value for name, value in changes.items()}

    def state(self: Attempt) -> State:
        found = {State.INTENT}
        found |= {part.state for part in (self.ruling, self.end) if part}
        found |= {State.SUBMITTED} if self.acceptance else set()
        found |= {State.DONE} if self.clip else set()
        return max(found, key=lambda each: rank[each])

    return [patch.object(Attempt, "state", property(state))]


def not_brought_back(*states: State) -> list[Patch]:
    real = Memory._missing

    def missing(self: Any, known: Any, wanted: Any) -> Iterator[Attempt]:
        return (each for each in real(self, known, wanted) if each.state not in states)

    return [patch.object(Memory, "_missing", missing)]


def ledgers_not_read(wanted: Callable[[Any, str], bool]) -> list[Patch]:
    real, real_where = ledger.Ledger._read_news, life.where

    def read(self: Any, name: str, *, mend: bool) -> None:
        if wanted(self, name):
            real(self, name, mend=mend)

    def where(manifest: Any) -> Any:
        found = real_where(manifest)
        _KEYS[found.state] = found.key[:8]
        return found

    return [patch.object(ledger.Ledger, "_read_news", read), patch.object(life, "where", where)]


_KEYS: dict[Path, str] = {}


def of_this_key(self: Any, name: str) -> bool:
    return name == ledger.RESCUE or _KEYS.get(self._folder, "") in name


def lockfile_not_taken_in() -> list[Patch]:
    """A new ledger learns nothing of what the lockfile says."""

    def open_(cls: Any, disk: Any, where: Any, wanted: Any) -> Any:
        made = cls(disk, where)
        try:
            with made.ledger.held():
                made._sync_lockfile()
                made._join(wanted)
            made.fold()
        except OSError as error:
            raise DiskFailed(str(error)) from error
        return made

    return [patch.object(Memory, "open", classmethod(open_))]


def changes_overwritten() -> list[Patch]:
    """Another lockfile that git put there is not read."""
    return [patch.object(lockfile.Lockfile, "changed", lambda self: False)]


def claims_not_recorded() -> list[Patch]:
    real = Memory._record

    def record(self: Any, fact: Attempt) -> None:
        known = self.attempts.get(fact.id)
        real(self, replace(fact, claims=known.claims if known else ()))

    return [patch.object(Memory, "_record", record)]


def claims_without_order() -> list[Patch]:
    def claim(attempt: Attempt, shot: str) -> Attempt:
        return replace(attempt, claims=tuple(sorted({*attempt.claims, Claim(number=1, shot=shot)})))

    return [patch.object(ownership, "taken_over", claim)]
