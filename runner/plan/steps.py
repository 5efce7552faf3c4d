"""The plan: a step for every shot, with an action, a reason and a price."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Protocol

from runner.lock.costs import Costs
from runner.lock.facts import Attempt, AttemptId, Clip, State
from runner.lock.values import after
from runner.manifest.batch import Shot, ShotId
from runner.manifest.request import Fingerprint
from runner.plan.ownership import assign, last_owner
from runner.plan.standing import best_of, foremost, servable
from runner.plan.table import TABLE, Action, Best, Reason, decide
from runner.provider.profile import Profile

_BUYS: Final = tuple(row.best for row in TABLE if row.action is Action.SUBMIT)


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
    further: int = 0  # purchases after the first at most, should its jobs come to nothing
    note: str = ""  # what the server said when it failed, or what tells of a purchase though no fact does

    @property
    def wish(self) -> Fingerprint | None:
        """Which clip is wanted, if any."""
        return self.wanted.request.fingerprint if self.wanted else None

    @property
    def overdue(self) -> bool:
        """Whether it is held because its clip should have expired: the clock of this machine alone proves nothing."""
        return self.action is Action.HOLD and self.attempt is not None and self.attempt.state is State.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All steps in manifest order, then those that no shot wants; and the claims that make renames free."""

    steps: tuple[Step, ...]
    claims: tuple[Attempt, ...]  # records to be joined before anything is done
    spent: Decimal  # over the lockfile's life, as far as prices are known and of this currency
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
    def further(self) -> int:
        """Purchases that may follow in the same run, should jobs come to nothing."""
        return sum(step.further for step in self.steps)

    @property
    def further_cost(self) -> Decimal | None:
        """What those cost at most; None where a price is unknown."""
        return total(None if step.cost is None else step.cost * step.further for step in self.steps if step.further)

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
    traces: Mapping[ShotId, str] = field(default_factory=dict)  # of purchases that no fact tells of


def make(shots: Sequence[Shot], situation: Situation) -> Plan:
    """The plan for these shots in this situation."""
    owned, claims = assign(shots, situation.attempts.values())
    known = {name for each in situation.attempts.values() for name in (each.intent.shot, last_owner(each))}
    steps = tuple(_step(shot, owned[shot.id], situation, known=shot.id in known) for shot in shots)
    at_work = {step.attempt.id for step in steps if step.attempt}
    leftover = tuple(
        _leftover_step(each) for each in _unfinished(situation.attempts.values()) if each.id not in at_work
    )
    costs = Costs.of(situation.attempts.values())
    currency = situation.profile.currency or costs.currency
    return Plan(
        steps=steps + leftover,
        claims=claims,
        spent=costs.known(currency),
        spent_known=costs.total(currency) is not None,
        currency=currency,
    )


def price_of(shot: Shot, profile: Profile) -> Decimal | None:
    """What the shot costs at most, where that is known."""
    request = shot.request
    return profile.prices.of(request.model, request.size, request.seconds) if profile.prices else None


def total(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None where one is unknown."""
    known = tuple(costs)
    return None if None in known else sum((cost for cost in known if cost is not None), Decimal(0))


def _step(shot: Shot, mine: Sequence[Attempt], situation: Situation, *, known: bool) -> Step:
    def here(each: Attempt) -> bool:
        return bool(each.clip and situation.clips.here(shot.id, each.clip))

    attempt = foremost(mine, here)
    take = attempt.intent.take if attempt else 1
    best = Best.OTHER if known else Best.NOTHING
    if attempt:
        best = best_of(attempt, mine, situation.profile, situation.retries)
    if shot.id in situation.traces and best in _BUYS:
        best = Best.DOUBTFUL
    if shot.id in situation.retake and best not in (Best.INTENT, Best.SUBMITTED):
        best, take = Best.ORDERED, after(take) if attempt else take
    clip = attempt.clip if attempt else None
    row = decide(
        best,
        here=bool(attempt and here(attempt)),
        stored=bool(clip and situation.clips.stored(clip)),
        served=bool(attempt and servable(attempt, situation.profile.retention, situation.now)),
    )
    doubtful = row.reason is Reason.DOUBTFUL
    return Step(
        shot=shot.id,
        action=row.action,
        reason=row.reason,
        wanted=shot,
        attempt=None if doubtful or row.action is Action.SUBMIT else attempt,
        take=take,
        cost=price_of(shot, situation.profile),
        further=_further(row.action, mine, situation),
        note=situation.traces[shot.id] if doubtful else _note(attempt),
    )


def _further(action: Action, mine: Sequence[Attempt], situation: Situation) -> int:
    """How often a shot may be bought in a run after the first time: what fails, as `retries` allows, and once what is
    proven not to have arrived.
    """
    if action not in (Action.SUBMIT, Action.AWAIT, Action.RESOLVE):
        return 0
    profile, failed = situation.profile, sum(each.state is State.FAILED for each in mine)
    repeats = action is Action.RESOLVE and (profile.list_complete or profile.resubmit_lost)
    return max(situation.retries - failed, 0) + repeats


def _note(attempt: Attempt | None) -> str:
    """Why no clip came of it. What was taken back since is no reason any more."""
    if attempt is None:
        return ""
    if attempt.end and attempt.state is attempt.end.state:
        return attempt.end.message or attempt.end.code
    return attempt.ruling.why if attempt.ruling and attempt.state is attempt.ruling.state else ""


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
