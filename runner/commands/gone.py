"""Manifests that are gone, renamed or moved it may be: what was bought for them, and how it becomes another one's."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote

from runner.disk import Disk
from runner.lock.facts import Attempt, Owner, join
from runner.lock.memory import Memory
from runner.manifest.batch import Shot, ShotId
from runner.manifest.request import Fingerprint
from runner.plan.ownership import importance, last_owner, may_be_paid, taken_over
from runner.report.wording import near


def heirless(disk: Disk, memory: Memory, origin: str | None) -> Iterator[Attempt]:
    """What was bought at a server, or at any, for manifests that are gone, also what brought no clip."""
    there: dict[str, bool] = {}
    for each in memory.ledger.attempts.values():
        if (
            each.owner is None
            or each.id in memory.attempts
            or not may_be_paid(each)
            or origin not in (None, each.intent.origin)
        ):
            continue
        for path in set(each.owner.paths).difference(there):
            there[path] = _is_there(disk, path)
        if not any(there[path] for path in each.owner.paths):
            yield each


def _is_there(disk: Disk, path: str) -> bool:
    """Whether a manifest is there. One that cannot be looked at, as on a disk that is not at hand, is not gone."""
    try:
        return disk.size(Path(path)) is not None
    except (OSError, ValueError):
        return True


def told(attempt: Attempt, manifest: str) -> str:
    """For which manifest an attempt was made, and the command by which this one takes all of them over."""
    paths = attempt.owner.paths if attempt.owner else ()
    gone = near(Path(paths[0])) if paths else attempt.intent.manifest
    command = f"shotlock resolve {quote(manifest)} --all --adopt {quote(gone)}"
    return f"for {gone}, which is gone; if that was renamed or moved: {command}"


def heirs(shots: Iterable[Shot], left: Iterable[Attempt], gone: str) -> Iterator[tuple[ShotId, list[Attempt]]]:
    """What each shot gets of what was bought for a manifest: all of one shot's, its own first, then the best."""
    free: dict[Fingerprint, dict[str, list[Attempt]]] = defaultdict(lambda: defaultdict(list))
    for each in left:
        if each.owner and gone in each.owner.paths:
            free[each.fingerprint][last_owner(each)].append(each)
    for shot in shots:
        groups = free[shot.request.fingerprint]
        if groups:
            name = max(groups, key=lambda name: (name == shot.id, max(map(importance, groups[name]))))
            yield shot.id, groups.pop(name)


def inherited(attempt: Attempt, shot: ShotId, manifest: Path) -> Attempt:
    """The attempt as that of a shot of another manifest."""
    owner = Owner(paths=(str(manifest),), key="", calibrated=False)
    mine = attempt if last_owner(attempt) == shot else taken_over(attempt, shot)
    return join(attempt, replace(mine, owner=owner))
