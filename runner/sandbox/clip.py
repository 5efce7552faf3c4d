"""A clip: what is to be drawn, what draws it, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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


Renderer = Callable[[ClipSpec, Path], None]
"""Makes an MP4 of a spec at a path. It blocks, runs in a thread of its own, and may raise anything."""
