"""Everything a run reaches the world through, and what a person asked of it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from runner.clock import Clock
from runner.disk import Disk
from runner.events import Listener
from runner.lock.facts import AttemptId
from runner.lock.memory import Memory
from runner.lock.store import Shelf
from runner.manifest.batch import Shot
from runner.provider.profile import Profile
from runner.provider.videos import Image, VideosAt


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The doors of one run; tests put simulated ones here."""

    disk: Disk
    clock: Clock
    memory: Memory
    shelf: Shelf
    videos_at: VideosAt
    listen: Listener
    image_of: Callable[[Shot], Image | None]
    nonce: Callable[[AttemptId], AttemptId]  # names a new attempt, later in order than the newest that is known
    running: Callable[[str], bool]  # whether a run of the manifest at a path is alive
    trouble_in: Callable[[Path], str] | None  # decodes a clip; None where that cannot be done


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person asked of this run, defaults filled in."""

    manifest: str  # as a person names it, for hints
    file_name: str
    origin: str
    profile: Profile
    key: str  # digest of the key
    slots: int
    settle: float  # seconds
    retries: int
    limit: int | None = None  # purchases of this run
    frozen: bool = False  # no purchase at all
    budget: Decimal | None = None  # over the lockfile's life
    max_cost: Decimal | None = None  # of this run
    grace: float = 25.0  # seconds for downloads after the first signal
