"""`make mutants`: every protocol step is removed or reordered once, and the simulation must notice.

A mutant that lives is a hole in the tests. Two steps are not here because bills cannot tell them apart: that a claim is
recorded (else a clip would wander from shot to shot, yet nothing is bought twice) and that `abandoned` ranks below
`submitted` (which takes two branches that are merged); unit tests of the plan and of the facts hold them.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from runner.execute import evidence, execution, fetch, purchase, reconcile, scene, slots
from runner.execute.mp4 import Probe
from runner.lock import facts, ledger, lockfile, memory, scan, store
from runner.lock.facts import Attempt, State
from runner.provider.outcome import Ambiguous, Unsent
from tests.crash.simulation.disk import SimDisk
from tests.crash.simulation.quick import remembered_lines
from tests.crash.simulation.world import Violation, World

Patch = Any


@dataclass(frozen=True, kw_only=True)
class Mutant:
    name: str
    patches: Callable[[], list[Patch]]


def _sync_only(wanted: Callable[[bytes], bool]) -> Callable[..., None]:
    """An append that syncs only the lines that are wanted."""

    def append(disk: Any, path: Path, data: bytes, *, at: int) -> None:
        disk.write(path, data, at=at)
        if wanted(data):
            disk.sync(path)

    return append


def _appends(wanted: Callable[[bytes], bool]) -> list[Patch]:
    append = _sync_only(wanted)
    return [patch.object(ledger, "append_durably", append), patch.object(lockfile, "append_durably", append)]


def _replace_in_place(disk: Any, path: Path, data: bytes) -> None:
    disk.write(path, data, at=0)
    disk.truncate(path, len(data))
    disk.sync(path)


def _replace_unsynced(disk: Any, path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    disk.remove(fresh)
    disk.write(fresh, data, at=0)
    disk.rename(fresh, path)
    disk.sync_folder(path.parent)


def _replace_without_folder(disk: Any, path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    disk.remove(fresh)
    disk.write(fresh, data, at=0)
    disk.sync(fresh)
    disk.rename(fresh, path)


def _intent_after_post() -> list[Patch]:
    real_record = memory.Memory.record

    def reserve(self: Any, intent: Attempt, *, calibrated: bool, admit: Callable[[], str]) -> str:
        with self.ledger.held():
            if refusal := admit():
                return refusal
            self.attempts[intent.id] = replace(
                intent,
                owner=facts.Owner(paths=(str(self._where.manifest),), key=self._where.key, calibrated=calibrated),
            )
        return ""

    def record(self: Any, fact: Attempt) -> None:
        real_record(self, fact)

    return [patch.object(memory.Memory, "reserve", reserve), patch.object(memory.Memory, "record", record)]


def _keep_unsynced(self: Any, part: Path, sha256: str) -> None:
    target = self.kept(sha256)
    fresh = target.with_name(f".{target.name}.new")
    self.disk.copy(part, fresh)
    self.disk.rename(fresh, target)
    self.disk.sync_folder(self.store)


def _settle_named_first(self: Any, found: Probe) -> None:
    disk = self._run.doors.disk
    sha256 = disk.digest(self._path)
    clip = self._clip(found, sha256)
    if self._step.wanted is not None:
        self._shelf.put(self._path, self._step.shot, sha256, self._run.our_clips())
    self._run.record_clip(self._attempt, clip)
    from runner.events import Ending

    self._run.end(self._step, Ending.DONE)


async def _believe_anything(self: Any) -> Probe:
    return Probe(size="", seconds=1.0, audio=False)


def _resend(posted: Any, **rest: Any) -> Any:
    outcome = _classify(posted, **rest)
    return Unsent(why="resend") if isinstance(outcome, Ambiguous) else outcome


_classify = purchase.classify


def _option(name: str, value: Any) -> list[Patch]:
    real = execution.execute

    async def execute(plan: Any, doors: Any, options: Any, control: Any) -> Any:
        return await real(plan, doors, replace(options, **{name: value}), control)

    from tests.crash.simulation import world

    return [patch.object(world, "execute", execute)]


def _profile(**changes: Any) -> list[Patch]:
    real = World._profile
    return [patch.object(World, "_profile", lambda self: replace(real(self), **changes))]


def _shorter_hold(self: Any, attempt: Attempt) -> float:
    return _left(self, attempt) - self._run.options.profile.longest_render


_left = slots.Slots._left


def _stale_reserve() -> list[Patch]:
    """The check is made on facts of up to a minute ago."""
    seen: dict[int, tuple[float, tuple[Attempt, ...]]] = {}
    real_everywhere = memory.Memory.everywhere

    def everywhere(self: Any, origin: str) -> tuple[Attempt, ...]:
        return seen[id(self)][1] if id(self) in seen else real_everywhere(self, origin)

    def reserve(self: Any, intent: Attempt, *, calibrated: bool, admit: Callable[[], str]) -> str:
        known = seen.get(id(self))
        if known is None or intent.intent.at - known[0] > 60:
            seen[id(self)] = intent.intent.at, real_everywhere(self, intent.intent.origin)
        return real_reserve(self, intent, calibrated=calibrated, admit=admit)

    real_reserve = memory.Memory.reserve
    return [patch.object(memory.Memory, "reserve", reserve), patch.object(memory.Memory, "everywhere", everywhere)]


def _own_only(self: Any, origin: str) -> tuple[Attempt, ...]:
    return tuple(self.attempts.values())


def _state_with(rank: dict[State, float]) -> property:
    def state(self: Attempt) -> State:
        found = {State.INTENT}
        if self.ruling:
            found.add(self.ruling.state)
        if self.acceptance:
            found.add(State.SUBMITTED)
        if self.end:
            found.add(self.end.state)
        if self.clip:
            found.add(State.DONE)
        return max(found, key=lambda each: rank[each])

    return property(state)


def _ranked(**changes: float) -> list[Patch]:
    rank: dict[State, float] = dict(facts.RANK)
    rank |= {State(name): value for name, value in changes.items()}
    return [patch.object(Attempt, "state", _state_with(rank))]


def _one_nonce() -> list[Patch]:
    real = scene.Run.new_attempt

    def new_attempt(self: Any, step: Any) -> Attempt:
        fresh = real(self, step)
        for each in self.attempts():
            if each.intent.shot == step.shot and each.fingerprint == fresh.fingerprint:
                return replace(fresh, id=each.id)
        return fresh

    return [patch.object(scene.Run, "new_attempt", new_attempt)]


def _missing_without(*states: State) -> list[Patch]:
    real = memory.Memory._missing

    def missing(self: Any, known: Any, wanted: Any) -> Iterator[Attempt]:
        return (each for each in real(self, known, wanted) if each.state not in states)

    return [patch.object(memory.Memory, "_missing", missing)]


def _no_torn_rule() -> list[Patch]:
    real = scan.scan

    def strict(data: bytes) -> scan.Scan:
        found = real(data)
        if not found.torn:
            return found
        bad = scan.Bad(number=0, why="torn", text=b"")
        return replace(found, bad=(*found.bad, bad))

    return [patch.object(lockfile, "scan", strict), patch.object(ledger, "scan", strict)]


def _own_key_only() -> list[Patch]:
    real = ledger.Ledger._read_news

    def read(self: Any, name: str, *, mend: bool) -> None:
        if name == ledger.RESCUE or _key_of(self) in name:
            real(self, name, mend=mend)

    def where(self: Any, manifest: Any) -> Any:
        found = _where(self, manifest)
        _KEYS[found.state] = found.key[:8]
        return found

    return [patch.object(ledger.Ledger, "_read_news", read), patch.object(World, "_where", where)]


_KEYS: dict[Path, str] = {}
_where = World._where


def _key_of(self: Any) -> str:
    return _KEYS.get(self._folder, "")


def _no_copy_to_ledger() -> list[Patch]:
    return [
        patch.object(memory.Memory, "_ours", lambda self, record: self.ledger.attempts.get(record.id) or _NOTHING)
    ] and [patch.object(memory.Memory, "open", classmethod(_open_without_copy))]


_NOTHING = None


def _open_without_copy(cls: Any, disk: Any, where: Any, wanted: Any) -> Any:
    made = cls(disk, where)
    with made.ledger.held():
        made._sync_lockfile()
        made._join(wanted)
    made.fold()
    return made


MUTANTS = (
    Mutant(name="no fsync at all", patches=lambda: [patch.object(SimDisk, "sync", lambda self, path: None)]),
    Mutant(name="intent not fsynced", patches=lambda: _appends(lambda line: b'"state":"intent"' not in line)),
    Mutant(name="intent after the POST", patches=_intent_after_post),
    Mutant(name="id not fsynced", patches=lambda: _appends(lambda line: b'"state":"submitted"' not in line)),
    Mutant(
        name="no folder ever synced", patches=lambda: [patch.object(SimDisk, "sync_folder", lambda self, path: None)]
    ),
    Mutant(name="fold in place", patches=lambda: [patch.object(lockfile, "replace_whole", _replace_in_place)]),
    Mutant(name="fold without fsync", patches=lambda: [patch.object(lockfile, "replace_whole", _replace_unsynced)]),
    Mutant(
        name="fold without folder sync",
        patches=lambda: [patch.object(lockfile, "replace_whole", _replace_without_folder)],
    ),
    Mutant(name="stored clip not fsynced", patches=lambda: [patch.object(store.Shelf, "keep", _keep_unsynced)]),
    Mutant(
        name="named before recorded, not stored",
        patches=lambda: [patch.object(fetch.Fetcher, "_settle", _settle_named_first)],
    ),
    Mutant(name="content not verified", patches=lambda: [patch.object(fetch.Fetcher, "_verified", _believe_anything)]),
    Mutant(name="POST again when the answer is lost", patches=lambda: [patch.object(purchase, "classify", _resend)]),
    Mutant(name="no settle time", patches=lambda: _option("settle", 0.0)),
    Mutant(name="settle too short for lateness and lag", patches=lambda: _option("settle", 60.0)),
    Mutant(
        name="unconfirmed attempts hold no slot",
        patches=lambda: [patch.object(slots.Slots, "_left", lambda self, attempt: 0.0)],
    ),
    Mutant(
        name="slot freed before the longest render", patches=lambda: [patch.object(slots.Slots, "_left", _shorter_hold)]
    ),
    Mutant(name="slot check and record not atomic", patches=_stale_reserve),
    Mutant(
        name="slots counted from one lockfile", patches=lambda: [patch.object(memory.Memory, "everywhere", _own_only)]
    ),
    Mutant(
        name="claimed ids not excluded",
        patches=lambda: [patch.object(evidence, "_unclaimed", lambda jobs, _: list(jobs))],
    ),
    Mutant(
        name="adopted without its prompt",
        patches=lambda: [patch.object(evidence, "same", evidence.may_be)],
    ),
    Mutant(name="unsent ranks below intent", patches=lambda: _ranked(unsent=-1.0)),
    Mutant(name="no torn-tail rule", patches=_no_torn_rule),
    Mutant(name="one nonce for two POSTs", patches=_one_nonce),
    Mutant(name="absence believed from any list", patches=lambda: _profile(list_complete=True)),
    Mutant(
        name="adoption while an equal POST is live",
        patches=lambda: [patch.object(evidence, "_alike", lambda *_: False)],
    ),
    Mutant(name="failed jobs not brought back", patches=lambda: _missing_without(State.FAILED)),
    Mutant(name="bought clips not brought back", patches=lambda: _missing_without(State.DONE, State.SUBMITTED)),
    Mutant(name="unconfirmed attempts not brought back", patches=lambda: _missing_without(State.INTENT)),
    Mutant(name="lockfile's facts not taken into a new ledger", patches=_no_copy_to_ledger),
    Mutant(name="no window for adoption", patches=lambda: [patch.object(evidence, "_in_window", lambda *_: True)]),
    Mutant(
        name="no look for jobs that nobody remembers",
        patches=lambda: [patch.object(execution, "unexplained", lambda *_: ())],
    ),
    Mutant(
        name="absence for attempts of another key, or past retention",
        patches=lambda: [
            patch.object(
                reconcile.Reconciler,
                "_absence_counts",
                lambda self, case, listing: self._run.options.profile.list_complete,
            )
        ],
    ),
)


def first_violation(mutant: Mutant, seeds: range) -> tuple[int, str] | None:
    """The first seed in which the mutant is caught."""
    with _applied(mutant.patches()):
        for seed in seeds:
            try:
                with remembered_lines():
                    World(seed).play()
            except (Violation, RuntimeError) as violation:
                return seed, str(violation)
    return None


@contextmanager
def _applied(patches: list[Patch]) -> Iterator[None]:
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=4000)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    lived = 0
    for mutant in MUTANTS:
        if arguments.only not in mutant.name:
            continue
        found = first_violation(mutant, range(arguments.seeds))
        lived += found is None
        verdict = "LIVES" if found is None else f"killed at seed {found[0]}"
        print(f"{verdict:22} {mutant.name:55} {found[1][:90] if found else ''}", flush=True)
    print(f"{len(MUTANTS)} mutants, {lived} live")
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())
