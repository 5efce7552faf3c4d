"""The cases of one manifest that wait for a person: what is decided about them becomes facts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from shlex import quote

import click

from runner.commands.account import key_for, origin_for
from runner.commands.execution import nonce
from runner.commands.gone import heirs, inherited
from runner.commands.inquiry import Inquiry
from runner.commands.names import shots_of
from runner.commands.wanted import Wanted
from runner.errors import WrongUsage
from runner.execute.verdict import adopted, given_up, open_cases
from runner.lock.facts import Attempt, AttemptId, End, Intent, Owner, State
from runner.lock.ledger import digest_of_key
from runner.lock.memory import Memory
from runner.manifest.batch import ShotId
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.provider.replies import Missing
from runner.provider.statuses import State as JobState
from runner.provider.statuses import state_of
from runner.report.wording import shown
from runner.settings import BASE_URL, Settings

_SETTLED = (Action.KEEP, Action.AWAIT, Action.DOWNLOAD, Action.RESTORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided: a job, a new purchase, or neither."""

    adopt: str | None
    resubmit: bool

    @property
    def follows(self) -> str:
        """What the next render does about it."""
        if self.adopt is not None:
            return f"is job {self.adopt}: the next render fetches it"
        return "is bought again by the next render" if self.resubmit else "is given up: only `retake` buys it again"


class Docket:
    """The cases of one manifest."""

    def __init__(self, batch: Wanted, settings: Settings, memory: Memory, plan: Plan, left: Sequence[Attempt]) -> None:
        self._batch = batch
        self._settings = settings
        self._memory = memory
        self._plan = plan
        self._inquiry = Inquiry(batch, settings)
        self._left = left  # attempts for manifests that are gone
        self._now = round(time.time(), 3)

    def decide(self, names: Sequence[str], verdict: Verdict) -> None:
        """Record a verdict on the shots that are named, or else on every open case. Raises WrongUsage."""
        open_ = {step.shot for step in self._plan.steps if step.action is Action.RESOLVE}
        known = open_.union(self._batch.shots)
        shots = [name for name in dict.fromkeys(names) if shots_of([name], known)] or sorted(open_)
        facts = [(shot, fact) for shot in shots for fact in self._facts(ShotId(shot), verdict)]
        for claim in self._plan.claims:
            self._memory.record(claim)
        for shot, fact in facts:
            self._memory.record(fact)
            if fact.state is State.EXPIRED and verdict.adopt is None:
                back = f"shotlock resolve {quote(self._batch.name)} {quote(shot)} --adopt {quote(fact.job or '')}"
                click.echo(
                    f"job {fact.job} is not waited for any more; if it brings a clip after all: {back}", err=True
                )
        for shot in shots:
            click.echo(f"shot `{shot}` {verdict.follows}", err=True)
        if not shots:
            click.echo("nothing is unconfirmed", err=True)

    def inherit(self, manifest: Path) -> None:
        """Take over what was bought for a manifest that is gone. Raises WrongUsage."""
        doubtful = [step.wanted for step in self._plan.steps if step.wanted and step.reason is Reason.DOUBTFUL]
        found = list(heirs(doubtful, self._left, manifest.parent.resolve() / manifest.name))
        if not found:
            hint = "`shotlock plan` tells what was; a single shot adopts a job by its id"
            raise WrongUsage(f"no held shot was bought for {shown(str(manifest))}, or that is still there", hint=hint)
        for shot, attempt in found:
            self._memory.record(inherited(attempt, shot, self._batch.path))
            now = (
                f"is job {attempt.job}: the next render fetches it"
                if attempt.job
                else "is looked up by the next render"
            )
            click.echo(f"shot `{shot}` {now}", err=True)

    def _facts(self, shot: ShotId, verdict: Verdict) -> list[Attempt]:
        if verdict.adopt is not None and (known := self._known(verdict.adopt)):
            return self._recovered(known, verdict.adopt, shot)
        step, cases = self._step_of(shot, Action.AWAIT), self._cases(shot)
        if step and verdict.adopt is not None and self._is_unknown(step):
            return self._put_right(step, verdict)
        if step and verdict.adopt is None and not cases:
            return self._called_off(step, verdict)
        cases = cases or self._fresh(shot, verdict)
        if verdict.adopt is not None:
            self._inquiry.check_fits(verdict.adopt, cases[-1].intent)
            return [adopted(cases[-1], verdict.adopt, self._now)]
        return [given_up(each, self._now, resubmit=verdict.resubmit) for each in cases]

    def _step_of(self, shot: ShotId, action: Action) -> Step | None:
        """What is about to be done about what a shot wants now, if it is this."""
        steps = (step for step in self._plan.steps if step.shot == shot and step.wanted and step.action is action)
        return next((step for step in steps if step.attempt and step.attempt.job), None)

    def _is_unknown(self, step: Step) -> bool:
        """Whether the server does not know the job of a step: its id was misread, or is another account's."""
        assert step.attempt is not None
        try:
            self._inquiry.job_at(step.attempt.intent.origin, step.attempt.job or "")
        except Missing:
            return True
        return False

    def _called_off(self, step: Step, verdict: Verdict) -> list[Attempt]:
        """A job that is in flight is given up, as one that will never bring a clip.

        Raises:
            WrongUsage: it may still be at work, which nothing can stop.
        """
        assert step.attempt is not None
        self._check_is_not_at_work(step.attempt)
        facts = [self._ended(step.attempt, "a person gave it up")]
        if verdict.resubmit:
            order = self._attempt(step, step.attempt.intent.origin, verdict)
            facts.append(given_up(order, self._now, resubmit=True))
        return facts

    def _check_is_not_at_work(self, attempt: Attempt) -> None:
        profile = self._batch.profile
        try:
            found = self._inquiry.job_at(attempt.intent.origin, attempt.job or "")
        except Missing:
            return
        over = (JobState.COMPLETED, JobState.FAILED, JobState.EXPIRED)
        left = attempt.intent.at + profile.settle + profile.longest_render - self._now
        if left > 0 and (found is None or state_of(found.status) not in over):
            hint = f"wait for its end; in {left / 60:.0f} min it can be given up all the same"
            raise WrongUsage(f"job {attempt.job} of shot `{attempt.intent.shot}` may still be at work", hint=hint)

    def _ended(self, attempt: Attempt, why: str) -> Attempt:
        """The attempt of which, as a person says, no clip comes."""
        at = max(self._now, attempt.intent.at)
        return replace(attempt, end=End(state=State.EXPIRED, code="", message=why, at=at))

    def _paid_for(self, step: Step, attempt: Attempt, verdict: Verdict) -> Attempt:
        """A record of a job that was paid for under another record of the shot."""
        assert verdict.adopt is not None
        self._inquiry.check_fits(verdict.adopt, attempt.intent)
        fresh = self._attempt(step, attempt.intent.origin, verdict)
        return adopted(replace(fresh, intent=replace(fresh.intent, price=Decimal(0))), verdict.adopt, self._now)

    def _recovered(self, known: Attempt, job: str, shot: ShotId) -> list[Attempt]:
        """A job that somebody had: this shot, which lost it, or a manifest that is gone. Raises WrongUsage."""
        step = self._step_of(shot, Action.HOLD)
        if step and step.attempt and step.attempt.state is State.EXPIRED and job in step.attempt.jobs:
            return [self._paid_for(step, step.attempt, Verdict(adopt=job, resubmit=False))]
        return [self._inherited(known, job, shot)]

    def _put_right(self, step: Step, verdict: Verdict) -> list[Attempt]:
        """The job that a purchase really is: what was recorded comes to nothing, and it was paid for once."""
        assert step.attempt is not None
        paid = self._paid_for(step, step.attempt, verdict)
        return [self._ended(step.attempt, f"a person says that it is job {verdict.adopt}"), paid]

    def _cases(self, shot: ShotId) -> tuple[Attempt, ...]:
        """The open cases of a shot, that of the request it has now at the end."""
        mine = [step.attempt for step in self._plan.steps if step.shot == shot and step.wanted]
        cases = open_cases(self._memory.attempts.values(), shot)
        return tuple(sorted(cases, key=lambda each: each in mine))

    def _fresh(self, shot: ShotId, verdict: Verdict) -> tuple[Attempt, ...]:
        """A record for a job that nobody here remembers making; none where the same was decided before.

        Raises:
            WrongUsage: there is nothing to decide.
        """
        step = next(step for step in self._plan.steps if step.shot == shot)
        if step.reason is Reason.ASKED and verdict.resubmit:
            return ()
        if step.action in _SETTLED:
            hint = f"`shotlock retake {quote(self._batch.name)} {quote(shot)}` buys it again"
            raise WrongUsage(f"shot `{shot}` is not unconfirmed: {step.reason}", hint=hint)
        if verdict.adopt is None and not verdict.resubmit:
            raise WrongUsage(f"shot `{shot}` has nothing to give up: {step.reason}")
        origin = origin_for(self._batch, self._settings)
        if origin is None:
            raise WrongUsage("it is not known which server this is about", hint=f"set {BASE_URL}")
        return (self._attempt(step, origin, verdict),)

    def _attempt(self, step: Step, origin: str, verdict: Verdict) -> Attempt:
        assert step.wanted is not None
        profile = self._batch.profile
        intent = Intent(
            shot=step.shot,
            take=step.take,
            request=step.wanted.request,
            origin=origin,
            profile=profile.name,
            # An order costs nothing yet; only what left a trace may have been paid for, by this manifest.
            price=step.cost if verdict.adopt is not None or step.reason is Reason.DOUBTFUL else Decimal(0),
            currency="" if step.cost is None else profile.currency,
            manifest=self._batch.path.name,
            # When a job was bought that is not wanted is not known; it is taken to be long over, and holds no slot.
            at=0.0 if verdict.adopt is None else self._now,
        )
        key = digest_of_key(key_for(self._batch, self._settings))
        owner = Owner(paths=(str(self._batch.path),), key=key, calibrated=verdict.resubmit)
        newest = max(self._memory.attempts, default=AttemptId(""))
        return replace(Attempt(id=nonce(newest), intent=intent), owner=owner)

    def _known(self, job: str) -> Attempt | None:
        everywhere = {**self._memory.ledger.attempts, **self._memory.attempts}
        return next((each for each in everywhere.values() if job in each.jobs), None)

    def _inherited(self, known: Attempt, job: str, shot: ShotId) -> Attempt:
        """What was bought for a manifest that is gone, as this shot's. Raises WrongUsage where it is another's."""
        wanted = [step.wanted for step in self._plan.steps if step.wanted and step.shot == shot]
        if known not in self._left or known.fingerprint not in {each.request.fingerprint for each in wanted}:
            raise WrongUsage(f"job {job} is that of shot `{known.intent.shot}` of {known.intent.manifest} already")
        return inherited(known, shot, self._batch.path)
