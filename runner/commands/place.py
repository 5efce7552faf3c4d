"""Where the files of a manifest lie: those of its purchases, and, wholly apart, those of its previews."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.commands.wanted import Wanted
from runner.disk import Disk
from runner.errors import DiskFailed, WrongUsage
from runner.lock.memory import Where
from runner.lock.seen import Seen
from runner.lock.store import Shelf
from runner.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The files of one manifest."""

    manifest: Path  # absolute
    lockfile: Path
    renders: Path
    hidden: Path
    store: Path
    state: Path  # of the ledgers and mutexes
    preview: bool = False

    def where(self, key: str) -> Where:
        """As the memory wants it; `key` is the digest of the key."""
        return Where(lockfile=self.lockfile, manifest=self.manifest, state=self.state, key=key)

    def shelf(self, disk: Disk) -> Shelf:
        """Where its clips lie."""
        folder = self.manifest.parent
        seen = Seen(disk, self.hidden / f"{self.manifest.stem}.seen.json")
        return Shelf(disk=disk, folder=folder, renders=self.renders, hidden=self.hidden, store=self.store, seen=seen)


def check_confined(place: Place) -> None:
    """Make sure that no link leads elsewhere what is written beside a manifest.

    Raises:
        WrongUsage: one does.
    """
    home = place.manifest.parent
    inside = [place.renders, *(place.hidden / name for name in ("parts", "displaced", "store"))]
    if place.preview:
        inside.append(place.state / "mutex")
    for folder in inside:
        steps = (folder, *folder.parents)
        for path in reversed(steps[: steps.index(home)]):
            where = Path(os.path.realpath(path))
            if not where.is_relative_to(home):
                hint = "make it a folder of its own; clips can be kept elsewhere by `store` in the manifest"
                raise WrongUsage(f"{path.relative_to(home)} is a link that leads out of {home}, to {where}", hint=hint)
    for file in (place.lockfile, *_memory_beside(place)):
        if file.is_symlink():
            raise WrongUsage(f"{file} is a link", hint="put the file itself there")


def _memory_beside(place: Place) -> Iterator[Path]:
    """What the state folder of previews holds: it lies beside the manifest, and may be anybody's."""
    for folder in (place.state, place.state / "mutex") if place.preview and place.state.is_dir() else ():
        yield from folder.glob("*")


def check_writable(place: Place) -> None:
    """Make sure that what will be bought can be put where it belongs.

    Raises:
        DiskFailed: some folder takes no files.
    """
    for folder in (place.hidden / "parts", place.store, place.renders):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            raise DiskFailed(f"{there} cannot be written", hint="mend it, then say the same again: nothing was sent")


def place_of(wanted: Wanted, settings: Settings, *, preview: bool) -> Place:
    """The files of a manifest's purchases, or of its previews."""
    path = wanted.path
    folder, stem = path.parent, path.stem
    if preview:
        # A folder for each manifest: an earlier preview's server is gone, and its jobs occupy nobody's slots.
        hidden = folder / ".shotlock" / "preview" / stem
        return Place(
            manifest=path,
            lockfile=folder / f"{stem}.preview.lock",
            renders=folder / "renders" / stem / "preview",
            hidden=hidden,
            store=hidden / "store",
            state=hidden / "state",
            preview=True,
        )
    hidden = folder / ".shotlock"
    return Place(
        manifest=path,
        lockfile=folder / f"{stem}.lock",
        renders=folder / "renders" / stem,
        hidden=hidden,
        store=wanted.batch.store or hidden / "store",
        state=settings.state,
    )
