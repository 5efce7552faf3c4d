"""What to do: pure. The wanted shots and the facts go in; steps with actions, reasons and prices come out.

The whole decision stands in `TABLE`; everything else here finds out which row applies.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from runner.lock.facts import Attempt, AttemptId, Claim, Clip, State
from runner.manifest.batch import Shot, ShotId
from runner.manifest.request import Fingerprint
from runner.provider.profile import Profile
from runner.provider.statuses import is_moderation


class Action(StrEnum):
    """What this run does about a shot."""

    SUBMIT = "submit"  # buy it
    AWAIT = "await"  # it is bought: poll, download
    DOWNLOAD = "download"  # it is bought and finished: download
    RESTORE = "restore"  # copy it from the store
    RESOLVE = "resolve"  # find out whether it was bought
    HOLD = "hold"  # a person must decide
    KEEP = "keep"  # it is there


class Reason(StrEnum):
    """Why."""

    NEW = "new"
    CHANGED = "changed"
    ASKED = "asked for"
    IN_FLIGHT = "in flight"
    CLIP_MISSING = "clip missing"
    NOT_HERE = "bought but not here"
    EXPIRED = "expired"
    FAILED = "failed before"
    ABANDONED = "given up"
    UNCONFIRMED = "unconfirmed"
    UP_TO_DATE = "up to date"


class Best(StrEnum):
    """The best fact of a shot's attempts, as the table tells them apart."""

    NOTHING = "nothing"
    OTHER = "other request"  # only attempts of what the shot wanted before
    ORDERED = "ordered"  # a person asked for a purchase: retake, or resolve --resubmit
    INTENT = "intent"
    SUBMITTED = "submitted"
    RETRYABLE = "failed, retries left"
    FAILED = "failed or rejected"
    ABANDONED = "abandoned"
    LOST = "expired, costs nothing"  # the profile says that lost clips may be made again
    EXPIRED = "expired"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the decision; None stands for either."""

    best: Best
    here: bool | None = None  # the clip is in its place
    stored: bool | None = None  # the store has it
    served: bool | None = None  # the server can still give it
    action: Action
    reason: Reason
    slot: str  # "takes", "holds" or "none"
    exit: str  # what the shot adds to the exit code


TABLE: Final = (
    Row(best=Best.NOTHING, action=Action.SUBMIT, reason=Reason.NEW, slot="takes", exit="0 when done"),
    Row(best=Best.OTHER, action=Action.SUBMIT, reason=Reason.CHANGED, slot="takes", exit="0 when done"),
    Row(best=Best.ORDERED, action=Action.SUBMIT, reason=Reason.ASKED, slot="takes", exit="0 when done"),
    Row(best=Best.INTENT, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, slot="holds", exit="0 when resolved, else 1"),
    Row(best=Best.SUBMITTED, action=Action.AWAIT, reason=Reason.IN_FLIGHT, slot="holds", exit="0 when done"),
    Row(best=Best.RETRYABLE, action=Action.SUBMIT, reason=Reason.FAILED, slot="takes", exit="0 when done"),
    Row(best=Best.FAILED, action=Action.HOLD, reason=Reason.FAILED, slot="none", exit="1"),
    Row(best=Best.ABANDONED, action=Action.HOLD, reason=Reason.ABANDONED, slot="holds", exit="1"),
    Row(best=Best.LOST, action=Action.SUBMIT, reason=Reason.EXPIRED, slot="takes", exit="0 when done"),
    Row(best=Best.EXPIRED, action=Action.HOLD, reason=Reason.EXPIRED, slot="none", exit="1"),
    Row(best=Best.DONE, here=True, action=Action.KEEP, reason=Reason.UP_TO_DATE, slot="none", exit="0"),
    Row(best=Best.DONE, here=False, stored=True, action=Action.RESTORE, reason=Reason.CLIP_MISSING, slot="none", exit="0"),
    Row(best=Best.DONE, here=False, stored=False, served=True, action=Action.DOWNLOAD, reason=Reason.NOT_HERE, slot="none",
        exit="0 when here"),
    Row(best=Best.DONE, here=False, stored=False, served=False, action=Action.HOLD, reason=Reason.EXPIRED, slot="none",
        exit="1"),
)  # fmt: skip


class Clips(Protocol):
    """What the disk has."""

    def here(self, shot: str, clip: Clip) -> bool:
        """Whether the clip is in the shot's place."""
        ...

    def stored(self, clip: Clip) -> bool:
        """Whether the store has the clip."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What this run does about one shot, and why."""

    shot: ShotId
    action: Action
    reason: Reason
    wanted: Shot | None  # None: no shot wants it any more, but it is paid for or may be
    attempt: Attempt | None = None  # that the action is about
    take: int = 1
    cost: Decimal | None = None  # of a purchase; None: unknown
    note: str = ""  # what the server said when it failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All steps in manifest order, then those that no shot wants; and the claims that make renames free."""

    steps: tuple[Step, ...]
    claims: tuple[Attempt, ...]  # records to be joined before anything is done
    spent: Decimal  # over the lockfile's life, as far as prices are known
    spent_known: bool
    currency: str

    @property
    def purchases(self) -> tuple[Step, ...]:
        """The steps that buy."""
        return tuple(step for step in self.steps if step.action is Action.SUBMIT)

    @property
    def cost(self) -> Decimal | None:
        """What the purchases cost at most; None where a price is unknown."""
        return total(step.cost for step in self.purchases)

    @property
    def seconds(self) -> int:
        """Of video that would be bought."""
        return sum(int(step.wanted.request.seconds) for step in self.purchases if step.wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the plan is made from, besides the shots."""

    attempts: Mapping[AttemptId, Attempt]
    clips: Clips
    profile: Profile
    retries: int
    now: float
    retake: Collection[ShotId] = field(default_factory=frozenset)


def make(shots: Sequence[Shot], situation: Situation) -> Plan:
    """The plan for these shots in this situation."""
    owned, claims = assign(shots, situation.attempts.values())
    known = {name for each in situation.attempts.values() for name in (each.intent.shot, _last_owner(each))}
    steps = tuple(_step(shot, owned[shot.id], situation, known=shot.id in known) for shot in shots)
    at_work = {step.attempt.id for step in steps if step.attempt}
    leftover = tuple(
        _leftover_step(each) for each in _unfinished(situation.attempts.values()) if each.id not in at_work
    )
    prices = [each.intent.price for each in situation.attempts.values() if may_have_cost(each)]
    prices_known = situation.profile.prices
    return Plan(
        steps=steps + leftover,
        claims=claims,
        spent=sum((price for price in prices if price is not None), Decimal(0)),
        spent_known=None not in prices,
        currency=prices_known.currency if prices_known else "",
    )


def assign(
    shots: Sequence[Shot], attempts: Iterable[Attempt]
) -> tuple[Mapping[ShotId, tuple[Attempt, ...]], tuple[Attempt, ...]]:
    """Whose attempt each is, and the claims by which left-over shots take over attempts that nobody kept."""
    wants: dict[str, Fingerprint] = {shot.id: shot.request.fingerprint for shot in shots}
    owned: dict[ShotId, list[Attempt]] = {shot.id: [] for shot in shots}
    free: dict[Fingerprint, dict[str, list[Attempt]]] = {}
    # What falls back to an earlier owner comes last: an owner that has another clip leaves it to who has none.
    for attempt in sorted(attempts, key=lambda each: (_last_owner(each) != owner_of(each, wants), each.id)):
        owner = owner_of(attempt, wants)
        if owner is None or (owner != _last_owner(attempt) and owned[owner]):
            free.setdefault(attempt.fingerprint, {}).setdefault(_last_owner(attempt), []).append(attempt)
        else:
            owned[owner].append(attempt)
    claims: list[Attempt] = []
    for shot in shots:
        groups = free.get(shot.request.fingerprint)
        if groups and all(each.state is State.UNSENT for each in owned[shot.id]):
            best = min(groups, key=lambda name: _rank(groups[name]))
            # The best comes first: a claim that is cut by a kill has then taken over what matters.
            claimed = [_claim(each, shot.id) for each in sorted(groups.pop(best), key=_importance, reverse=True)]
            owned[shot.id] += claimed
            claims += claimed
    return {shot: tuple(each) for shot, each in owned.items()}, tuple(claims)


def owner_of(attempt: Attempt, wants: Mapping[str, Fingerprint]) -> ShotId | None:
    """The shot that an attempt belongs to: the highest claim that still fits, else the shot it was made for."""
    names = [claim.shot for claim in reversed(attempt.claims)] + [attempt.intent.shot]
    return next((ShotId(name) for name in names if wants.get(name) == attempt.fingerprint), None)


def decide(best: Best, *, here: bool, stored: bool, served: bool) -> Row:
    """The row of the table that applies."""
    for row in TABLE:
        asked = ((row.here, here), (row.stored, stored), (row.served, served))
        if row.best is best and all(wanted is None or wanted == found for wanted, found in asked):
            return row
    raise AssertionError(f"no row for {best}")


def may_have_cost(attempt: Attempt) -> bool:
    """Whether money may have been spent on an attempt; failed jobs count, since servers differ there."""
    return attempt.state not in (State.UNSENT, State.REJECTED)


def total(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None where one is unknown."""
    known = tuple(costs)
    return None if None in known else sum((cost for cost in known if cost is not None), Decimal(0))


def servable(attempt: Attempt, retention: float, now: float) -> bool:
    """Whether the server can still have the clip, by what it said or else by its retention."""
    clip = attempt.clip
    if clip and clip.expires_at is not None:
        return now < clip.expires_at
    since = clip.completed_at if clip and clip.completed_at is not None else attempt.intent.at
    return now < since + retention


def _step(shot: Shot, mine: Sequence[Attempt], situation: Situation, *, known: bool) -> Step:
    attempt = _foremost(mine)
    take = attempt.intent.take if attempt else 1
    best = _best(attempt, mine, situation) if attempt else (Best.OTHER if known else Best.NOTHING)
    if shot.id in situation.retake and best not in (Best.INTENT, Best.SUBMITTED):
        best, take = Best.ORDERED, take + (1 if attempt else 0)
    clip = attempt.clip if attempt else None
    row = decide(
        best,
        here=bool(clip and situation.clips.here(shot.id, clip)),
        stored=bool(clip and situation.clips.stored(clip)),
        served=bool(attempt and servable(attempt, situation.profile.retention, situation.now)),
    )
    return Step(
        shot=shot.id,
        action=row.action,
        reason=row.reason,
        wanted=shot,
        attempt=attempt if row.action is not Action.SUBMIT else None,
        take=take,
        cost=price_of(shot, situation.profile),
        note=_note(attempt),
    )


def price_of(shot: Shot, profile: Profile) -> Decimal | None:
    """What the shot costs at most, where that is known."""
    request = shot.request
    return profile.prices.of(request.model, request.size, request.seconds) if profile.prices else None


def _foremost(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that speaks for the shot: the newest take that has, or may get, a clip; else the latest word."""
    told = [each for each in attempts if each.state is not State.UNSENT]
    latest = max(told or attempts, key=lambda each: each.id, default=None)
    going = [each for each in told if each.state in _WORTH]
    if not going or latest is None:
        return latest
    newest = max(going, key=lambda each: (each.intent.take, _WORTH[each.state], each.id))
    return latest if _ordered(latest) and latest.intent.take > newest.intent.take else newest


def _ordered(attempt: Attempt) -> bool:
    """Whether a person gave it up for a new purchase."""
    return attempt.state is State.ABANDONED and attempt.ruling is not None and attempt.ruling.resubmit


_WORTH: Final = {State.INTENT: 0, State.SUBMITTED: 1, State.DONE: 2}


def _best(attempt: Attempt, mine: Sequence[Attempt], situation: Situation) -> Best:
    match attempt.state:
        case State.DONE:
            return Best.DONE
        case State.SUBMITTED:
            return Best.SUBMITTED
        case State.INTENT:
            return Best.INTENT
        case State.UNSENT:
            return Best.NOTHING
        case State.ABANDONED:
            return Best.ORDERED if _ordered(attempt) else Best.ABANDONED
        case State.EXPIRED:
            return Best.LOST if situation.profile.resubmit_lost else Best.EXPIRED
        case State.REJECTED:
            return Best.FAILED
        case State.FAILED:
            return Best.RETRYABLE if may_retry(attempt, mine, situation.retries) else Best.FAILED


def may_retry(attempt: Attempt, mine: Iterable[Attempt], retries: int) -> bool:
    """Whether the manifest allows a new purchase after this failure; never after moderation."""
    if attempt.end is None or is_moderation(attempt.end.code, attempt.end.message):
        return False
    return sum(each.state is State.FAILED for each in mine) <= retries


def _note(attempt: Attempt | None) -> str:
    if attempt is None:
        return ""
    if attempt.end:
        return attempt.end.message or attempt.end.code
    return attempt.ruling.why if attempt.ruling else ""


def _unfinished(attempts: Iterable[Attempt]) -> Iterable[Attempt]:
    return (each for each in attempts if each.state in (State.INTENT, State.SUBMITTED))


def _leftover_step(attempt: Attempt) -> Step:
    awaited = attempt.state is State.SUBMITTED
    return Step(
        shot=ShotId(attempt.intent.shot),
        action=Action.AWAIT if awaited else Action.RESOLVE,
        reason=Reason.IN_FLIGHT if awaited else Reason.UNCONFIRMED,
        wanted=None,
        attempt=attempt,
        take=attempt.intent.take,
    )


def _claim(attempt: Attempt, shot: ShotId) -> Attempt:
    number = max((claim.number for claim in attempt.claims), default=0) + 1
    return replace(attempt, claims=tuple(sorted({*attempt.claims, Claim(number=number, shot=shot)})))


def _last_owner(attempt: Attempt) -> str:
    return attempt.claims[-1].shot if attempt.claims else attempt.intent.shot


def _rank(group: Sequence[Attempt]) -> tuple[int, str]:
    """Groups with a clip come first, then those that may get one."""
    return -max(_worth(each) for each in group), group[0].id


def _importance(attempt: Attempt) -> tuple[bool, int, int, str]:
    return attempt.state in _WORTH, attempt.intent.take, _worth(attempt), attempt.id


def _worth(attempt: Attempt) -> int:
    return _WORTH.get(attempt.state, -1)
