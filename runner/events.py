"""What happens during a run, as frozen values; the executor emits them, the report listens.

Nothing here decides anything: a listener may drop every event and the run is the same.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Phase(StrEnum):
    """Where a shot is on its way to a clip."""

    WAITING = "waiting"  # for a slot
    SUBMITTING = "submitting"
    UNCONFIRMED = "unconfirmed"  # its POST may or may not have arrived
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    DOWNLOADING = "downloading"
    RESTORING = "restoring"


class Ending(StrEnum):
    """How a step ended."""

    DONE = "done"  # the clip was bought, downloaded and verified
    RESTORED = "restored"  # the clip came back without buying it
    KEPT = "kept"  # it was there already
    FAILED = "failed"  # the server refused or failed the job
    HELD = "held"  # waits for a person
    PENDING = "pending"  # not there yet; the next run goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The plan is accepted and work begins."""

    manifest: str
    host: str  # "embedded" for previews
    profile: str
    shots: tuple[str, ...]  # ids of every shot that has work to do, in manifest order
    kept: int  # shots whose clip is there already
    purchases: int
    seconds: int  # of video to buy
    most_cost: Decimal | None  # what comes to nothing bought again, too; None: some price is unknown
    currency: str
    slots: int
    preview: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotMoved:
    """A shot came to a new phase, or progressed within one."""

    shot: str
    phase: Phase
    progress: int | None = None  # percent, as the server tells it
    job: str | None = None
    eta: float | None = None  # seconds until the clip is expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The server accepted a job: from here on it may cost money."""

    shot: str
    job: str
    cost: Decimal | None
    total: Decimal | None  # of this run; None: some price is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line a person should read; each text is emitted once in a run."""

    text: str
    shot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotEnded:
    """A step came to its end in this run."""

    shot: str
    ending: Ending
    reason: str = ""
    hint: str = ""  # the exact command that goes on, where there is one
    clip: Path | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """Nothing more happens in this run."""

    exit_code: int
    interrupted: bool
    stop: str = ""  # the message of what stopped the batch, if something did


Event = RunStarted | ShotMoved | Bought | Said | ShotEnded | RunEnded


class Listener(Protocol):
    """Hears of every event, in order, on the executor's thread. Must not raise and must not wait."""

    def __call__(self, event: Event, /) -> None:
        """Take note of one event."""
        ...
