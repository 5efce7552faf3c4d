"""Manifests that are gone, renamed or moved it may be: what was bought for them, and how it becomes another one's."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

from runner.disk import Disk
from runner.lock.facts import Attempt, Owner, join
from runner.lock.memory import Memory
from runner.manifest.batch import Shot, ShotId
from runner.plan.ownership import importance, last_owner, taken_over, worth
from runner.report.wording import near


def heirless(disk: Disk, memory: Memory, origin: str | None) -> Iterator[Attempt]:
    """What was bought at a server, or at any, for manifests that are gone: what came to a clip or may."""
    there: dict[str, bool] = {}
    for each in memory.ledger.attempts.values():
        if (
            each.owner is None
            or each.id in memory.attempts
            or worth(each) < 0
            or origin not in (None, each.intent.origin)
        ):
            continue
        for path in set(each.owner.paths).difference(there):
            there[path] = disk.size(Path(path)) is not None
        if not any(there[path] for path in each.owner.paths):
            yield each


def told(attempt: Attempt, manifest: str) -> str:
    """For which manifest an attempt was made, and the command by which this one takes all of them over."""
    paths = attempt.owner.paths if attempt.owner else ()
    gone = near(Path(paths[0])) if paths else attempt.intent.manifest
    command = f"shotlock resolve {quote(manifest)} --all --adopt {quote(gone)}"
    return f"for {gone}, which is gone; if that was renamed or moved: {command}"


def heirs(shots: Iterable[Shot], left: Iterable[Attempt], gone: Path) -> Iterator[tuple[ShotId, Attempt]]:
    """What each shot gets of what was bought for a manifest: its own first, then the best."""
    free = {each.id: each for each in left if each.owner and str(gone) in each.owner.paths}
    for shot in shots:
        fitting = [each for each in free.values() if each.fingerprint == shot.request.fingerprint]
        if fitting:
            best = max(fitting, key=lambda each: (last_owner(each) == shot.id, importance(each)))
            yield shot.id, free.pop(best.id)


def inherited(attempt: Attempt, shot: ShotId, manifest: Path) -> Attempt:
    """The attempt as that of a shot of another manifest."""
    owner = Owner(paths=(str(manifest),), key="", calibrated=False)
    mine = attempt if last_owner(attempt) == shot else taken_over(attempt, shot)
    return join(attempt, replace(mine, owner=owner))
