"""Steps of the recipes that are removed or turned round: some image, or some failing call, must tell.

A mutant that lives is a hole in the tests.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from runner.disk import Disk
from runner.errors import DiskFailed, Stop
from runner.events import Ending
from runner.execute.execution import Execution
from runner.execute.fetch import Fetcher
from runner.execute.mp4 import Probe
from runner.execute.purchase import Buyer
from runner.execute.scene import Run
from runner.lock import ledger, lockfile
from runner.lock.facts import Attempt, Owner
from runner.lock.memory import Memory
from runner.lock.scan import Bad, Scan, scan
from runner.lock.store import Shelf
from runner.provider.outcome import Outcome
from tests.crash.images.explore import Explorer
from tests.crash.images.film import film_of
from tests.crash.images.nth import Trial, a_few_singles, singles
from tests.crash.images.quick import quickened
from tests.crash.images.stories import Story, killed_twice, new_shots, second_lives
from tests.crash.images.tree_disk import TreeDisk

Patches = list[Any]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One step that is missing or wrong, and the runs in which that shows."""

    name: str
    patches: Callable[[], Patches]
    stories: Callable[[], tuple[Story, ...]] = tuple
    trials: Callable[[], Iterable[Trial]] = tuple


def first_violation(mutant: Mutant, *, every: int = 1, thin: int = 1) -> str:
    """What gives it away; empty where nothing does."""
    with _applied(mutant.patches()):
        for story in mutant.stories():
            found = Explorer(every=every, thin=thin, most=1).explore(story).violations
            if found:
                return found[0]
        with quickened():
            return next((each for trial in mutant.trials() for each in trial.play()[1]), "")


@contextmanager
def _applied(patches: Patches) -> Iterator[None]:
    with ExitStack() as stack:
        for each in patches:
            stack.enter_context(each)
        yield


def _fresh() -> tuple[Story, ...]:
    return (new_shots(1),)


def _named(name: str) -> Callable[[], tuple[Story, ...]]:
    return lambda: tuple(story for story in second_lives(1) if story.name == name)


def _killed(what: str) -> Callable[[], tuple[Story, ...]]:
    return lambda: tuple(story for story in killed_twice(1) if what in story.name)


def _appends(unsynced: bytes) -> Patches:
    """Lines with these bytes are written and not synced."""

    def append(disk: Disk, path: Path, data: bytes) -> None:
        disk.write(path, data, at=None)
        if unsynced not in data:
            disk.sync(path)

    return [patch.object(module, "append_durably", append) for module in (ledger, lockfile)]


def _folds(*, synced: bool = True, folder_synced: bool = True, in_place: bool = False) -> Patches:
    def replace_whole(disk: Disk, path: Path, data: bytes) -> None:
        fresh = path if in_place else path.with_name(f".{path.name}.new")
        if not in_place:
            disk.remove(fresh)
        disk.write(fresh, data, at=0)
        if in_place:
            disk.truncate(path, len(data))
        if synced:
            disk.sync(fresh)
        if not in_place:
            disk.rename(fresh, path)
        if folder_synced:
            disk.sync_folder(path.parent)

    return [patch.object(lockfile, "replace_whole", replace_whole)]


def _intent_after_post() -> Patches:
    def reserve(self: Memory, intent: Attempt, *, calibrated: bool, admit: Callable[[], str]) -> str:
        with self.ledger.held():
            if refusal := admit():
                return refusal
            owner = Owner(paths=(str(self._where.manifest),), key=self._where.key, calibrated=calibrated)
            self.attempts[intent.id] = replace(intent, owner=owner)
        return ""

    return [patch.object(Memory, "reserve", reserve)]


def _named_before_recorded() -> Patches:
    """The clip gets its name at once, the store never has it, and the record comes last."""

    def settle(self: Fetcher, found: Probe) -> None:
        sha256 = self._run.doors.disk.digest(self._path)
        clip = self._clip(found, sha256)
        self._shelf.put(self._path, self._step.shot, sha256, self._run.our_clips())
        self._run.record_clip(self._attempt, clip)
        self._run.end(self._step, Ending.DONE)

    return [patch.object(Fetcher, "_settle", settle)]


def _keeps(*, synced: bool = True, folder_synced: bool = True) -> Patches:
    def keep(self: Shelf, part: Path, sha256: str) -> None:
        self.disk.sync(part)
        target = self.kept(sha256)
        if self.disk.size(target) == self.disk.size(part) and self.disk.digest(target) == sha256:
            return
        fresh = target.with_name(f".{target.name}.new")
        self.disk.copy(part, fresh)
        if synced:
            self.disk.sync(fresh)
        self.disk.rename(fresh, target)
        if folder_synced:
            self.disk.sync_folder(self.store)

    return [patch.object(Shelf, "keep", keep)]


def _folder_believed(self: TreeDisk, path: Path) -> None:
    if path not in self.tree.folders:
        self.make_folder(path.parent)
        self.tree.link(path, True)
        self._after("make_folder", path)
        self.sync_folder(path.parent)


def _torn_is_bad(data: bytes) -> Scan:
    found = scan(data)
    return replace(found, bad=(*found.bad, Bad(number=0, why="torn", text=b""))) if found.torn else found


def _unread(self: Memory) -> bool:
    """Another lockfile that was put there is overwritten."""
    if changed := self._lockfile.changed():
        self._lockfile.load()
    return changed


def _ledger_not_synced() -> Patches:
    """What a ledger is found to say is believed before it is durable."""
    real = ledger.Ledger._read_news

    def read_news(self: ledger.Ledger, name: str, *, mend: bool) -> None:
        disk = self._disk
        with patch.object(disk, "sync", lambda path: None), patch.object(disk, "sync_folder", lambda path: None):
            real(self, name, mend=mend)

    return [
        patch.object(ledger.Ledger, "_read_news", read_news),
        patch.object(Memory, "_sync_lockfile", lambda self: None),
    ]


def _sold_without_intent(self: Memory, intent: Attempt, *, calibrated: bool, admit: Callable[[], str]) -> str:
    try:
        return _reserve(self, intent, calibrated=calibrated, admit=admit)
    except DiskFailed:
        self.attempts[intent.id] = intent
        return ""


_reserve = Memory.reserve


def _found_gone_later(self: ledger.Ledger, *, mend: bool, damage: Any = None) -> None:
    for name in self._disk.names(self._folder):
        if name.endswith(".jsonl"):
            self._read_news(name, mend=mend)


def _asked_first(self: Buyer, outcome: Outcome) -> Outcome:
    self._run.doors.memory.refresh()
    return outcome


async def _unhalted(self: Execution, work: Callable[[], Coroutine[None, None, None]]) -> None:
    """What fails is told when the task is looked at, a turn later."""
    try:
        await work()
    except (Stop, OSError) as error:
        asyncio.get_running_loop().call_soon(_halt, self._run, error)


def _halt(run: Run, error: Exception) -> None:
    with run.halting():
        raise error


def _troubles(count: int, *, lists: bool = True) -> Callable[[], Iterable[Trial]]:
    return lambda: a_few_singles(film_of(count), lists=lists)


MUTANTS = (
    Mutant(name="intent not synced", patches=lambda: _appends(b'"state":"intent"'), stories=_fresh),
    Mutant(name="intent after the POST", patches=_intent_after_post, stories=_fresh),
    Mutant(name="job's id not synced", patches=lambda: _appends(b'"state":"submitted"'), stories=_fresh),
    Mutant(name="clip's record not synced", patches=lambda: _appends(b'"state":"done"'), stories=_fresh),
    Mutant(name="fold in place", patches=lambda: _folds(in_place=True), stories=_fresh),
    Mutant(name="fold without sync", patches=lambda: _folds(synced=False), stories=_fresh),
    Mutant(
        name="no folder sync after a fold",
        patches=lambda: _folds(folder_synced=False),
        stories=_named("POST unanswered, lost"),
    ),
    Mutant(name="named before recorded, not stored", patches=_named_before_recorded, stories=_fresh),
    Mutant(name="stored clip not synced", patches=lambda: _keeps(synced=False), stories=_fresh),
    Mutant(name="no folder sync after storing", patches=lambda: _keeps(folder_synced=False), stories=_fresh),
    Mutant(name="stored clip of a killed run believed", patches=_keeps, stories=_killed("rename a stored clip")),
    Mutant(
        name="folder of a killed run believed",
        patches=lambda: [patch.object(TreeDisk, "make_folder", _folder_believed)],
        stories=_killed("make_folder store"),
    ),
    Mutant(name="facts of a killed run believed", patches=_ledger_not_synced, stories=_killed("write")),
    Mutant(
        name="torn tails are damage",
        patches=lambda: [patch.object(module, "scan", _torn_is_bad) for module in (ledger, lockfile)],
        stories=_fresh,
    ),
    Mutant(
        name="another lockfile not taken in",
        patches=lambda: [patch.object(Memory, "_take_in_changes", _unread)],
        stories=_named("another lockfile put there"),
    ),
    Mutant(
        name="sold though the intent failed",
        patches=lambda: [patch.object(Memory, "reserve", _sold_without_intent)],
        trials=_troubles(1),
    ),
    Mutant(
        name="unsent intents not taken back",
        patches=lambda: [patch.object(Memory, "_take_back", lambda self, record: None)],
        trials=_troubles(1),
    ),
    Mutant(
        name="no rescue of an id",
        patches=lambda: [patch.object(Memory, "_rescue", lambda self, fact, failure: failure)],
        trials=_troubles(1, lists=False),
    ),
    Mutant(
        name="an answer waits for the ledger",
        patches=lambda: [patch.object(Buyer, "_unheard_of", _asked_first)],
        trials=_troubles(1, lists=False),
    ),
    Mutant(
        name="a ledger that is gone written on",
        patches=lambda: [patch.object(ledger.Ledger, "_refresh", _found_gone_later)],
        trials=lambda: singles(film_of(1), lists=True),
    ),
    Mutant(
        name="a failing disk noticed a turn later",
        patches=lambda: [patch.object(Execution, "_halting", _unhalted)],
        trials=_troubles(3),
    ),
)
