"""What a person's verdict on a shot of one manifest comes to: the facts that follow from it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from runner.commands.account import origin_for
from runner.commands.gone import heirs, inherited
from runner.commands.inquiry import Inquiry
from runner.commands.recorded import Recorded
from runner.commands.records import Records
from runner.commands.wanted import Wanted
from runner.errors import WrongUsage
from runner.execute.evidence import same
from runner.execute.verdict import adopted, given_up
from runner.lock.facts import Attempt, AttemptId, State, join_all
from runner.lock.memory import Memory
from runner.manifest.batch import ShotId
from runner.plan.ownership import importance, last_owner
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.report.wording import shown
from runner.settings import BASE_URL, Settings

_SETTLED = (Action.KEEP, Action.AWAIT, Action.DOWNLOAD, Action.RESTORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided: a job, a new purchase, or neither."""

    adopt: str | None
    resubmit: bool


class Cases:
    """The cases of one manifest."""

    def __init__(
        self,
        batch: Wanted,
        settings: Settings,
        memory: Memory,
        plan: Plan,
        left: Sequence[Attempt],
        newest: AttemptId,
    ) -> None:
        self._batch = batch
        self._plan = plan
        self._here = join_all(plan.claims, memory.attempts)
        self._everywhere = {**memory.ledger.attempts, **self._here}
        self._left = left  # attempts for manifests that are gone
        self._origin = origin_for(batch, settings)
        self._inquiry = Inquiry(batch, settings)
        self._records = Records(batch, settings, newest, round(time.time(), 3))
        self._recorded = Recorded(self._here, self._inquiry, self._records)

    @property
    def claims(self) -> Sequence[Attempt]:
        """The records that are joined before any verdict."""
        return self._plan.claims

    @property
    def open(self) -> list[ShotId]:
        """The shots that wait for a verdict."""
        return sorted({step.shot for step in self._plan.steps if _waits(step)})

    @property
    def leftovers(self) -> Iterator[Step]:
        """Jobs that no shot wants any more."""
        return (step for step in self._plan.steps if step.wanted is None and step.action is Action.AWAIT)

    def decided(self, name: str, verdict: Verdict) -> list[Attempt]:
        """The facts of a verdict on a shot, or on a job that no shot wants any more. Raises WrongUsage."""
        left = None if name in self._batch.shots else self._leftover(name)
        if left:
            if verdict.resubmit or verdict.adopt is not None:
                raise WrongUsage(f"job {shown(name)} is of an earlier request: it can only be given up")
            return self._recorded.called_off(left, resubmit=False)
        if verdict.adopt is not None:
            return self._adopted(ShotId(name), verdict.adopt)
        return self._given_up(ShotId(name), resubmit=verdict.resubmit)

    def knowing(self, job: str) -> frozenset[AttemptId]:
        """The attempts that are known to have been a job."""
        return frozenset(each.id for each in self._everywhere.values() if job in each.jobs)

    def inherited(self, gone: str) -> dict[ShotId, list[Attempt]]:
        """The facts by which held shots take over what was bought for a manifest that is gone."""
        held = {step.shot: step for step in self._plan.steps if step.wanted and _bought_blindly(step)}
        found = heirs([step.wanted for step in held.values() if step.wanted], self._left, gone)
        return {
            shot: [
                *self._recorded.withdrawn(held[shot], "what was bought for a former manifest was taken over"),
                *(inherited(each, shot, self._batch.path) for each in attempts),
            ]
            for shot, attempts in found
        }

    def _adopted(self, shot: ShotId, job: str) -> list[Attempt]:
        step, awaited, unconfirmed = self._step(shot), self._awaited(shot), self._unconfirmed(shot)
        cases = [*(unconfirmed or self._recorded.given_up_blindly(step))]
        origin = cases[-1].intent.origin if cases and (unconfirmed or self._origin is None) else self._origin
        if known := self._known(job, origin, step, elsewhere=not unconfirmed):
            return self._known_already(known, job, shot)
        found = self._inquiry.look_up(job, origin)
        cases = [each for each in cases if each.intent.origin == origin]
        fitting = [each for each in cases if unconfirmed and found and same(found, each.intent.request)]
        if awaited and not fitting and self._recorded.is_unknown(awaited):
            return self._recorded.put_right(awaited, found, job)
        if cases:
            case = (fitting or cases)[-1]
            self._inquiry.check_fits(found, job, case.intent)
            return [adopted(case, job, self._records.now)]
        if step.action in _SETTLED:
            raise self._nothing_open(step)
        record = self._records.of(step, self._known_origin, job=True)
        self._inquiry.check_fits(found, job, record.intent)
        return [adopted(record, job, self._records.now), *self._withdrawn(step, job)]  # else a kill between them buys

    def _known_already(self, known: Attempt, job: str, shot: ShotId) -> list[Attempt]:
        """A job that is recorded: taken back by the shot that had it, or taken over. Raises WrongUsage: another's."""
        step = self._step(shot)
        awaited = step.wanted and step.action is Action.AWAIT and step.attempt
        if awaited and known.id == awaited.id and len(known.jobs) > 1:
            return self._recorded.put_right(step, self._inquiry.look_up(job, known.intent.origin), job)
        if known.fingerprint == step.wish and known.id in {each.id for each in self._left}:
            heir = inherited(known, shot, self._batch.path)
            back = [self._recorded.taken_back(step, heir, job)] if heir.state is State.EXPIRED else []
            return [*self._withdrawn(step, job), heir, *back]
        if lost := self._recorded.lost(step, job):
            return [self._recorded.taken_back(step, lost, job)]
        if _is_of(known, step) and (left := self._withdrawn(step, job)):
            return left  # of a verdict that was killed between its facts
        whose = f"shot `{shown(last_owner(known))}` of {shown(known.intent.manifest)}"
        raise WrongUsage(f"job {shown(job)} is that of {whose} already")

    def _withdrawn(self, step: Step, job: str) -> list[Attempt]:
        return self._recorded.withdrawn(step, f"a person says that it is job {job}")

    def _given_up(self, shot: ShotId, *, resubmit: bool) -> list[Attempt]:
        cases, awaited = self._unconfirmed(shot), self._awaited(shot)
        if awaited and not cases:
            return self._recorded.called_off(awaited, resubmit=resubmit)
        step = self._step(shot)
        if not cases and step.reason is Reason.ASKED:
            if resubmit:
                return []  # the same was decided before
            cases = self._recorded.orders(step)[-1:]
        if not cases:
            if step.action in _SETTLED:
                raise self._nothing_open(step)
            if not resubmit and step.reason is not Reason.DOUBTFUL:
                raise WrongUsage(f"shot `{shot}` has nothing to give up: {step.reason}")
            cases = (self._records.of(step, self._known_origin, job=False),)
        # An order is for what the shot wants now, and not older than the end that it answers by the server's clock.
        end = step.attempt.end if step.attempt else None
        at = max(self._records.now, end.at if end else 0)
        return [given_up(each, at, resubmit=resubmit and each.fingerprint == step.wish) for each in cases]

    @property
    def _known_origin(self) -> str:
        if self._origin is None:
            raise WrongUsage("it is not known which server this is about", hint=f"set {BASE_URL}")
        return self._origin

    def _step(self, shot: ShotId) -> Step:
        """What the plan does about what a shot wants; or where no shot is so named, about what one wanted."""
        return next(step for step in self._plan.steps if step.shot == shot)

    def _awaited(self, shot: ShotId) -> Step | None:
        step = self._step(shot)
        return step if step.wanted and step.action is Action.AWAIT else None

    def _leftover(self, job: str) -> Step | None:
        return next((step for step in self.leftovers if step.attempt and job in step.attempt.jobs), None)

    def _unconfirmed(self, shot: ShotId) -> tuple[Attempt, ...]:
        """The open cases of a shot, as the plan names them; that of the request it has now at the end."""
        steps = [step for step in self._plan.steps if step.shot == shot and step.action is Action.RESOLVE]
        in_order = sorted(steps, key=lambda step: (step.wanted is not None, step.attempt.id if step.attempt else ""))
        return tuple(step.attempt for step in in_order if step.attempt)

    def _known(self, job: str, origin: str | None, step: Step, *, elsewhere: bool) -> Attempt | None:
        """The attempt that was a job: two servers may call theirs alike, so elsewhere it must be one for this shot."""
        found = [each for each in self._everywhere.values() if job in each.jobs]
        there = [each for each in found if each.intent.origin == origin]
        gone = {each.id for each in self._left}
        mine = [each for each in found if origin is None or each.id in gone or _is_of(each, step)]
        return max(there or (mine if elsewhere else []), key=importance, default=None)

    def _nothing_open(self, step: Step) -> WrongUsage:
        manifest, shot = quote(self._batch.name), quote(step.shot)
        awaited = f"`shotlock resolve {manifest} {shot} --abandon` gives its job up"
        again = f"`shotlock retake {manifest} {shot}` buys it again"
        hint = awaited if step.action is Action.AWAIT else again
        return WrongUsage(f"shot `{step.shot}` is not unconfirmed: {step.reason}", hint=hint)


def _is_of(attempt: Attempt, step: Step) -> bool:
    """Whether it was bought for what the shot wants now."""
    return last_owner(attempt) == step.shot and attempt.fingerprint == step.wish


def _waits(step: Step) -> bool:
    return step.action is Action.RESOLVE or step.reason is Reason.DOUBTFUL


def _bought_blindly(step: Step) -> bool:
    """Whether it was maybe bought before, also where a person has left that alone."""
    left_alone = step.reason is Reason.ABANDONED and step.attempt is not None and not step.attempt.intent.at
    return left_alone or step.reason is Reason.DOUBTFUL
