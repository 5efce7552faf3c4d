"""Traces of purchases that no fact of a manifest tells of: clips in their places, lines put aside, and what is left of
manifests that are gone, which may have been renamed or moved.

A shot with such a trace is not bought by itself; the plan holds it until a person decides.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Final

from runner.commands.gone import heirless, told
from runner.commands.place import Place
from runner.commands.wanted import Wanted
from runner.disk import Disk
from runner.lock.aside import SUFFIX, Remnant, remnants, unexplained
from runner.lock.facts import Attempt, AttemptId, join_all
from runner.lock.lines import BEGINNING
from runner.lock.memory import Memory
from runner.lock.scan import scan
from runner.lock.store import Shelf
from runner.manifest.batch import Shot, ShotId
from runner.manifest.request import Fingerprint
from runner.plan.ownership import assign, last_owner, may_be_paid, ordered, worth
from runner.provider.profile import Profile
from runner.report.wording import near

_LOCKFILE: Final = ".lock"
_OF_PREVIEWS: Final = ".preview.lock"
_LEDGER: Final = ".jsonl"


def traces_of(wanted: Wanted, place: Place, memory: Memory, shelf: Shelf, origin: str | None) -> Mapping[ShotId, str]:
    """What tells of a purchase of a shot though no fact does, and what to do about it; by shot.

    `origin` is the server that would be bought from, where one is set.
    """
    shots = _without_facts(wanted.batch.shots, memory.attempts.values())
    if not shots:
        return {}
    gone = filter(_kept_by(wanted.profile), heirless(shelf.disk, memory, origin))
    found = Traces(wanted, place, shelf, memory, {each.fingerprint: each for each in sorted(gone, key=_by_id)})
    owned, _ = assign(wanted.batch.shots, memory.attempts.values())
    orders = {shot.id: max((each.id for each in owned[shot.id] if ordered(each)), default="") for shot in shots}
    return {shot.id: trace for shot in shots if (trace := found.of(shot, orders[shot.id]))}


def newest_told(wanted: Wanted, place: Place, memory: Memory, shelf: Shelf) -> AttemptId:
    """The last attempt that anything tells of: an order that comes after it settles all the traces of a shot."""
    return Traces(wanted, place, shelf, memory, {}).newest


def _kept_by(profile: Profile) -> Callable[[Attempt], bool]:
    """What is not bought again by itself: where clips cost nothing, one that is lost is."""
    return lambda each: may_be_paid(each) and not (profile.resubmit_lost and worth(each) < 0)


def _without_facts(shots: Iterable[Shot], attempts: Iterable[Attempt]) -> list[Shot]:
    """The shots that may have no attempt of their own with a clip to come."""
    going = {(last_owner(each), each.fingerprint) for each in attempts if worth(each) >= 0}
    return [shot for shot in shots if (shot.id, shot.request.fingerprint) not in going]


class Traces:
    """Where to look for them."""

    def __init__(
        self,
        wanted: Wanted,
        place: Place,
        shelf: Shelf,
        memory: Memory,
        gone: Mapping[Fingerprint, Attempt],
    ) -> None:
        self._wanted = wanted
        self._place = place
        self._shelf = shelf
        self._gone = gone
        self._known = {**memory.ledger.attempts, **memory.attempts}
        self._clips = {each.clip.sha256 for each in self._known.values() if each.clip}
        self._remnants = unexplained(self._read_remnants(), self._known.values())
        self._left_behind = self._read_left_behind()

    @property
    def newest(self) -> AttemptId:
        """The last attempt that anything tells of; empty where nothing does."""
        told = (each.attempt for each in self._remnants)
        return AttemptId(max([*self._known, *told, *(id_ for id_, _ in self._left_behind.values())], default=""))

    def of(self, shot: Shot, order: str = "") -> str:
        """The first trace of a shot that its last order has not settled; empty where there is none."""
        for each in self._remnants:
            if each.is_about(shot.id, shot.request.fingerprint) and not (order and each.attempt < order):
                return self._told_by_line(shot, each)
        newest, lockfile = self._left_behind.get(shot.request.fingerprint, ("", ""))
        if newest > order:
            return self._told_by_lockfile(lockfile)
        if (attempt := self._gone.get(shot.request.fingerprint)) and attempt.id > order:
            return told(attempt, self._wanted.name)
        return self._told_by_clip(shot) if not order and self._has_clip(shot) else ""

    def _read_remnants(self) -> Iterator[Remnant]:
        """Lines that were put aside from the lockfile, and lines about this manifest from the ledgers."""
        disk, place = self._shelf.disk, self._place
        yield from remnants(disk, place.lockfile)
        for name in disk.names(place.state):
            if name.endswith(f"{_LEDGER}{SUFFIX}"):
                for each in remnants(disk, place.state / name.removesuffix(SUFFIX)):
                    if each.manifest == place.manifest.name:
                        yield each

    def _read_left_behind(self) -> dict[Fingerprint, tuple[AttemptId, str]]:
        """The newest of each request, and its file, of the lockfiles that lie beside the manifest without one of their
        own, as after a rename.
        """
        disk, folder = self._shelf.disk, self._place.manifest.parent
        names, found = disk.names(folder), []
        for name in names:
            stem = name.removesuffix(_LOCKFILE)
            if stem == name or name.endswith(_OF_PREVIEWS) or folder / name == self._place.lockfile:
                continue
            if not {f"{stem}.yaml", f"{stem}.yml"}.intersection(names):
                bought = filter(_kept_by(self._wanted.profile), _told_in(disk, folder / name))
                found += [(each.id, each.fingerprint, name) for each in bought]
        return {fingerprint: (id_, name) for id_, fingerprint, name in sorted(found)}

    def _has_clip(self, shot: Shot) -> bool:
        """Whether a clip of ours is in the shot's place, and nobody knows how it came there."""
        path = self._shelf.place(shot.id)
        if self._shelf.disk.size(path) is None:
            return False
        sha256 = self._shelf.seen.sha256(path)
        return sha256 not in self._clips and self._shelf.disk.size(self._shelf.kept(sha256)) is not None

    def _told_by_line(self, shot: Shot, line: Remnant) -> str:
        manifest = quote(self._wanted.name)
        adopt = f": shotlock resolve {manifest} {shot.id} --adopt {quote(line.jobs[0])}" if line.jobs else ""
        job = f", job {line.jobs[0]}" if line.jobs else ""
        return f"a damaged line in {line.file} may be about it{job}{adopt}"

    def _told_by_lockfile(self, name: str) -> str:
        left, mine = (quote(near(path)) for path in (self._place.lockfile.with_name(name), self._place.lockfile))
        moved = f"cat {left} >> {mine} && rm {left}"
        return f"it is in {name}, whose manifest is gone; if that was renamed: {moved}"

    def _told_by_clip(self, shot: Shot) -> str:
        clip, lockfile = self._shelf.name_of(shot.id), self._place.lockfile.name
        return (
            f"its clip lies in {clip}, and {lockfile} does not know how it came there: bring {lockfile} back from git"
        )


def _by_id(attempt: Attempt) -> AttemptId:
    return attempt.id


def _told_in(disk: Disk, path: Path) -> Collection[Attempt]:
    """The attempts of a lockfile; of other tools' files, none."""
    if disk.size(path) is None or disk.read_at(path, 0, len(BEGINNING)) != BEGINNING:
        return ()
    return join_all(scan(disk.read(path)).records).values()
