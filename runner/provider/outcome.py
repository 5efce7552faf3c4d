"""What became of a POST, by evidence first and by status second (design: the purchase protocol, step 3)."""

from dataclasses import dataclass

from runner.provider.videos import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A job exists, and this is its id."""

    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """It is proven that no job exists; a new attempt may be made after a wait."""

    why: str
    again_after: float | None = None  # seconds, where the server said
    slots_full: bool = False  # "too many running": wait for a slot, not for a time
    connected: bool = True  # False: the server was not even reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """No job exists and no other shot would fare better: the batch stops buying."""

    why: str
    hint: str
    quota: bool = False  # the account may not buy; else the key or the address is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The server refuses this request as it stands."""

    code: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """A job may or may not exist. Never POST again blindly."""

    why: str


Outcome = Submitted | Unsent | Halted | Rejected | Ambiguous
