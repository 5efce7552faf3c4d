"""A clip: what is to be drawn, what draws it, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """What a renderer is asked for."""

    prompt: str
    width: int
    height: int
    seconds: int
    shot: str = ""
    reference: bytes | None = None  # an image file of exactly the clip's size


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A finished file."""

    path: Path
    size: int  # bytes
    etag: str  # strong, with its quotes
    made_at: float

    @classmethod
    def of(cls, path: Path, made_at: float) -> Self:
        """The clip that a file holds."""
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        return cls(path=path, size=path.stat().st_size, etag=f'"{digest[:32]}"', made_at=made_at)

    def followed_by(self, note: bytes) -> "Clip":
        """Another clip that looks the same: its file has a note at its end."""
        path = self.path.with_name(f"{self.path.stem}-.mp4")
        path.write_bytes(self.path.read_bytes() + (len(note) + 8).to_bytes(4, "big") + b"free" + note)
        return Clip.of(path, self.made_at)


Renderer = Callable[[ClipSpec, Path], None]
"""Makes an MP4 of a spec at a path. It blocks, runs in a thread of its own, and may raise anything."""
