"""What happened to an attempt: facts, their order, and the join that makes one record of any number of them.

A record is a join-semilattice: joining is idempotent, commutative and associative, so facts may arrive twice, in any
order, from two branches or from another file, and the same truth comes out. A job id is never dropped.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NewType, TypeVar

from runner.manifest.request import Fingerprint, Request

AttemptId = NewType("AttemptId", str)
_NAME: Final = re.compile("(.*)([0-9a-f]{12})[0-9a-f]{8}", re.DOTALL)
_LAST: Final = (1 << 48) - 1


class State(StrEnum):
    """The best that is known of an attempt."""

    INTENT = "intent"  # its POST may have been sent: unconfirmed, unless the run that made it is at it
    UNSENT = "unsent"  # proven: no job exists
    REJECTED = "rejected"  # the server refused the request
    ABANDONED = "abandoned"  # a person gave it up
    SUBMITTED = "submitted"  # a job exists
    FAILED = "failed"  # the job ended without a clip
    EXPIRED = "expired"  # the clip was bought and can no longer be had from the server
    DONE = "done"  # the clip was verified and kept


RANK: Final[Mapping[State, int]] = {
    State.INTENT: 0,
    State.UNSENT: 1,
    State.REJECTED: 1,
    State.ABANDONED: 1,
    State.SUBMITTED: 2,
    State.FAILED: 3,
    State.EXPIRED: 3,
    State.DONE: 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Rank 0: what is about to be bought, and what it can cost at most."""

    shot: str
    take: int
    request: Request
    origin: str
    profile: str
    price: Decimal | None
    currency: str
    manifest: str  # file name
    at: float  # Unix seconds, whole milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Rank 1: why no job came of the POST, or that a person gave it up."""

    state: State
    why: str
    at: float
    resubmit: bool = False  # a person ordered a new purchase in its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Rank 2: the job. More than one id only where two histories were merged."""

    jobs: tuple[str, ...]
    at: float
    created_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Rank 3: how the job ended without a clip."""

    state: State
    code: str
    message: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Rank 4: the clip that was downloaded and verified."""

    path: str  # relative to the manifest's folder
    sha256: str
    bytes: int
    size: str
    seconds: float
    audio: bool
    at: float
    completed_at: float | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Claim:
    """The shot that took the attempt over. Of several, the highest number that still fits counts."""

    number: int
    shot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who made the attempt. Written in the ledger only: paths and key digests are nobody else's business."""

    paths: tuple[str, ...]  # of the manifests whose lockfiles have it, absolute
    key: str  # digest of the key it was made with; empty where only a lockfile told of it
    calibrated: bool  # the intent is dated by the server's clock


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One POST and all that is known of it."""

    id: AttemptId
    intent: Intent
    ruling: Ruling | None = None
    acceptance: Acceptance | None = None
    end: End | None = None
    clip: Clip | None = None
    claims: tuple[Claim, ...] = ()
    owner: Owner | None = None
    more: Mapping[str, Any] = field(default_factory=dict)  # keys of a later version, kept as they are

    @cached_property
    def state(self) -> State:
        """The fact of the highest rank."""
        if self.clip:
            return State.DONE
        if self.end:
            return self.end.state
        if self.acceptance:
            return State.SUBMITTED
        return self.ruling.state if self.ruling else State.INTENT

    @property
    def job(self) -> str | None:
        """The job's id, where there is a job."""
        return self.acceptance.jobs[0] if self.acceptance else None

    @property
    def jobs(self) -> tuple[str, ...]:
        """Every id ever recorded for it."""
        return self.acceptance.jobs if self.acceptance else ()

    @property
    def may_have_cost(self) -> bool:
        """Whether money may have been spent on it; failed jobs count, since servers differ there."""
        return self.state not in (State.UNSENT, State.REJECTED)

    @property
    def fingerprint(self) -> Fingerprint:
        """Which clip it buys."""
        return self.intent.request.fingerprint


def name_after(newest: AttemptId, at: int, chance: str) -> AttemptId:
    """A name for an attempt made at a time (ms): it sorts after the newest, though a clock was turned back since.

    Names are 12 hexadecimal digits of time and 8 of chance. A name of another form, which only another tool writes, and
    the last of times stand before those: what was bought upon an order is a later word than the order.
    """
    match = _NAME.fullmatch(newest)
    before, time = (match[1], int(match[2], 16)) if match else (newest, 0)
    if time == _LAST:
        before, time = newest, 0
    plain = f"{max(at, time + 1):012x}{chance}"
    return AttemptId(plain if plain > newest else before + plain)


def join(one: Attempt, other: Attempt) -> Attempt:
    """One record of two: part by part, the later rank wins, ties go by canonical bytes, ids and claims accumulate.

    It is one of the two itself where the other says nothing new: most of what is read was read before.
    """
    if one is other:
        return one
    joined = replace(
        one,
        intent=_greater(one.intent, other.intent) or one.intent,
        ruling=_greater(one.ruling, other.ruling),
        acceptance=_join_acceptance(one.acceptance, other.acceptance),
        end=_greater(one.end, other.end),
        clip=_greater(one.clip, other.clip),
        claims=tuple(sorted({*one.claims, *other.claims})),
        owner=_join_owner(one.owner, other.owner),
        more=_join_more(one.more, other.more),
    )
    # What a later version wrote can be equal and yet be other bytes, so there only the very same will do.
    return next((each for each in (one, other) if joined.more is each.more and joined == each), joined)


def join_all(records: Iterable[Attempt], into: Mapping[AttemptId, Attempt] | None = None) -> dict[AttemptId, Attempt]:
    """The joined records by attempt."""
    joined = dict(into or {})
    for record in records:
        known = joined.get(record.id)
        joined[record.id] = record if known is None else join(known, record)
    return joined


def corrected(told: Attempt, known: Attempt) -> Attempt:
    """What a line without a crc tells of an attempt, put right by what is known of it from lines that have one.

    An intent never changes, and of one moment there is one word: where they differ, a byte was damaged.
    """
    more_jobs = len(told.jobs) > len(known.jobs)  # the ids of two histories, joined under the earlier time
    return replace(
        told,
        intent=known.intent,
        ruling=_put_right(told.ruling, known.ruling),
        acceptance=told.acceptance if more_jobs else _put_right(told.acceptance, known.acceptance),
        end=_put_right(told.end, known.end),
        clip=_put_right(told.clip, known.clip),
    )


def adds(record: Attempt, known: Attempt | None) -> bool:
    """Whether a record says anything that the known one does not."""
    return known is None or join(known, record) != known


_Part = TypeVar("_Part", Intent, Ruling, End, Clip)
_Dated = TypeVar("_Dated", Ruling, Acceptance, End, Clip)


def _put_right(told: _Dated | None, known: _Dated | None) -> _Dated | None:
    return known if told and known and told.at == known.at else told


def _greater(one: _Part | None, other: _Part | None) -> _Part | None:
    if one is None or other is None or one == other:
        return other if one is None else one
    # Of two clips the later one is on the disk; elsewhere the time is as good as any other order.
    return max(one, other, key=lambda part: (part.at, _canonical(part)))


def _join_acceptance(one: Acceptance | None, other: Acceptance | None) -> Acceptance | None:
    if one is None or other is None or one == other:
        return other if one is None else one
    created = [at for at in (one.created_at, other.created_at) if at is not None]
    return Acceptance(
        jobs=tuple(sorted({*one.jobs, *other.jobs})),
        at=min(one.at, other.at),
        created_at=min(created) if created else None,
    )


def _join_owner(one: Owner | None, other: Owner | None) -> Owner | None:
    if one is None or other is None or one == other:
        return other if one is None else one
    maker = max(one, other, key=lambda owner: (owner.key, owner.calibrated))
    return replace(maker, paths=tuple(sorted({*one.paths, *other.paths})))


def _join_more(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    if not other or one == other:
        return one
    if not one:
        return other
    keys = {*one, *other}
    return {key: max((part[key] for part in (one, other) if key in part), key=_canonical) for key in sorted(keys)}


def _canonical(part: Any) -> str:
    value = asdict(part) if hasattr(part, "__dataclass_fields__") else part
    return json.dumps(value, sort_keys=True, default=str)
