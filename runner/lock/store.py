"""Where clips lie: their places beside the manifest, the store that keeps them by content, and the parts.

A clip is verified, then put into the store, then recorded, then renamed into its place; so whatever is recorded can
be restored without buying it again.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from runner.disk import Disk, move
from runner.lock.facts import Clip
from runner.lock.seen import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The folders of one manifest's clips."""

    disk: Disk
    folder: Path  # of the manifest
    renders: Path  # places of the clips
    hidden: Path  # .shotlock beside the manifest
    store: Path  # clips by sha256
    seen: Seen

    def place(self, shot: str) -> Path:
        """Where the clip of a shot belongs."""
        return self.renders / f"{shot.replace('/', '_')}.mp4"  # a lockfile may be anybody's, and so a shot of it

    def part(self, attempt: str) -> Path:
        """Where the clip of an attempt is downloaded to. What others wrote never becomes a name."""
        return self.hidden / "parts" / f"{hashlib.sha256(attempt.encode()).hexdigest()[:24]}.part"

    def kept(self, sha256: str) -> Path:
        """Where the store has a clip."""
        return self.store / f"{sha256}.mp4"

    def here(self, shot: str, clip: Clip) -> bool:
        """Whether this very clip is in the shot's place."""
        place = self.place(shot)
        return self.disk.size(place) == clip.bytes and self.seen.sha256(place) == clip.sha256

    def stored(self, clip: Clip) -> bool:
        """Whether the store has a file of the clip's size."""
        return self.disk.size(self.kept(clip.sha256)) == clip.bytes

    def name_of(self, shot: str) -> str:
        """The place as the lockfile writes it: relative to the manifest's folder."""
        return self.place(shot).relative_to(self.folder).as_posix()

    def make_ready(self) -> None:
        """Make the hidden folder, which ignores itself in git. Raises OSError."""
        for folder in (self.hidden / "parts", self.store, self.renders):
            self.disk.make_folder(folder)
        ignore = self.hidden / ".gitignore"
        if self.disk.size(ignore) is None:
            self.disk.write(ignore, b"*\n", at=0)

    def keep(self, part: Path, sha256: str) -> None:
        """Put a downloaded part into the store, durably; the part stays. Raises OSError."""
        self.disk.sync(part)
        target = self.kept(sha256)
        if self.disk.size(target) == self.disk.size(part) and self.disk.digest(target) == sha256:
            self.disk.sync_folder(self.store)  # a run that was killed may have put it there and no more
            return
        whose = hashlib.sha256(str(part).encode()).hexdigest()[:8]  # another run may keep the same clip right now
        fresh = target.with_name(f".{whose}.{target.name}.new")
        self.disk.copy(part, fresh)
        self.disk.sync(fresh)
        self.disk.rename(fresh, target)
        self.disk.sync_folder(self.store)

    def put(self, fresh: Path, shot: str, sha256: str, ours: frozenset[str]) -> Path | None:
        """Rename a verified file, of this digest, into a shot's place, durably.

        Whatever has the place is never lost: a clip of ours (its sha256 is one of `ours`) goes to the store, anything
        else, a folder too, is moved aside, and its new path is returned. Raises OSError.
        """
        place = self.place(shot)
        self.disk.make_folder(place.parent)
        moved = self._clear(place, ours) if self.disk.identity(place) is not None else None
        move(self.disk, fresh, place)
        self.seen.note(place, sha256)
        return moved

    def restore(self, shot: str, clip: Clip, ours: frozenset[str]) -> bool:
        """Copy a clip from the store into a shot's place; False if the store's bytes are not it. Raises OSError."""
        kept = self.kept(clip.sha256)
        if self.disk.digest(kept) != clip.sha256:
            self.disk.remove(kept)
            return False
        fresh = self.hidden / "parts" / f"{clip.sha256[:24]}.restored"
        self.disk.make_folder(fresh.parent)
        self.disk.copy(kept, fresh)
        self.disk.sync(fresh)
        self.put(fresh, shot, clip.sha256, ours)
        return True

    def _clear(self, place: Path, ours: frozenset[str]) -> Path | None:
        if self.disk.size(place) is not None and (sha256 := self.disk.digest(place)) in ours:
            self.keep(place, sha256)
            return None
        aside = self._free_name(place.name)
        move(self.disk, place, aside)
        return aside

    def _free_name(self, name: str) -> Path:
        folder = self.hidden / "displaced"
        self.disk.make_folder(folder)
        taken = set(self.disk.names(folder))
        stem, _, suffix = name.rpartition(".")
        numbered = (f"{stem}-{number}.{suffix}" for number in range(2, len(taken) + 3))
        return folder / next(free for free in (name, *numbered) if free not in taken)
