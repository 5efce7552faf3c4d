"""The cases of one manifest that wait for a person: what is decided about them becomes facts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from shlex import quote

import click

from runner.commands.account import Account, key_for, origin_for
from runner.commands.execution import nonce
from runner.commands.gone import heirs, inherited
from runner.commands.inquiry import job_at
from runner.commands.names import shots_of
from runner.commands.wanted import Wanted
from runner.errors import WrongUsage
from runner.execute.evidence import may_be, same
from runner.execute.verdict import adopted, given_up, open_cases
from runner.lock.facts import Attempt, AttemptId, End, Intent, Owner, State
from runner.lock.ledger import digest_of_key
from runner.lock.memory import Memory
from runner.manifest.batch import ShotId
from runner.manifest.wording import quoted
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.provider.parsing import usable_id
from runner.provider.replies import Missing
from runner.provider.videos import Job
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
        for _, fact in facts:
            self._memory.record(fact)
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
            return [self._inherited(known, verdict.adopt, shot)]
        if verdict.adopt is not None and (step := self._astray(shot)) is not None:
            return self._put_right(step, verdict)
        cases = self._cases(shot) or self._fresh(shot, verdict)
        if verdict.adopt is not None:
            self._check_fits(verdict.adopt, cases[-1].intent)
            return [adopted(cases[-1], verdict.adopt, self._now)]
        return [given_up(each, self._now, resubmit=verdict.resubmit) for each in cases]

    def _astray(self, shot: ShotId) -> Step | None:
        """The step of a shot whose job the server does not know: its id was misread, or is another account's."""
        for step in self._plan.steps:
            if step.shot == shot and step.wanted and step.action is Action.AWAIT and step.attempt and step.attempt.job:
                try:
                    self._ask(step.attempt.job, step.attempt.intent.origin)
                except Missing:
                    return step
        return None

    def _put_right(self, step: Step, verdict: Verdict) -> list[Attempt]:
        """The job that a purchase really is: what was recorded comes to nothing, and it was paid for once."""
        assert step.attempt is not None
        assert verdict.adopt is not None
        self._check_fits(verdict.adopt, step.attempt.intent)
        at = max(self._now, step.attempt.intent.at)
        end = End(state=State.EXPIRED, code="", message=f"a person says that it is job {verdict.adopt}", at=at)
        fresh = self._attempt(step, step.attempt.intent.origin, verdict)
        paid = replace(fresh, intent=replace(fresh.intent, price=Decimal(0)))
        return [replace(step.attempt, end=end), adopted(paid, verdict.adopt, self._now)]

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
            currency=profile.prices.currency if profile.prices and step.cost is not None else "",
            manifest=self._batch.path.name,
            # When a job was bought that is not wanted is not known; it is taken to be long over, and holds no slot.
            at=0.0 if verdict.adopt is None else self._now,
        )
        key = digest_of_key(key_for(self._batch, self._settings))
        owner = Owner(paths=(str(self._batch.path),), key=key, calibrated=verdict.resubmit)
        newest = max(self._memory.attempts, default=AttemptId(""))
        return replace(Attempt(id=nonce(newest), intent=intent), owner=owner)

    def _check_fits(self, job: str, intent: Intent) -> None:
        """Ask the server, if it can be asked: a mistyped id would strand the clip that was paid for, or take another's.

        Only a job that is plainly another shot's is refused: a server may show a size or a length in its own way.
        """
        found = self._look_up(job, intent.origin)
        if found is None:
            click.echo(f"job {job} could not be looked up at the server; it is believed", err=True)
        elif not may_be(found, intent.request):
            for shot in self._batch.batch.shots:
                if same(found, shot.request):
                    hint = f"it fits shot `{shot.id}`"
                    raise WrongUsage(f"job {job} is no clip of shot `{intent.shot}`: {_seen(found)}", hint=hint)
            click.echo(f"job {job} shows another clip than shot `{intent.shot}` wants: {_seen(found)}", err=True)

    def _look_up(self, job: str, origin: str) -> Job | None:
        """What the server shows of a job; None where it cannot be asked, or does not say. Raises WrongUsage."""
        if usable_id(job) is None:
            raise WrongUsage("that is no id that a server could have given")
        try:
            return self._ask(job, origin)
        except Missing:
            hint = "the account's own page shows its jobs"
            raise WrongUsage(f"the server does not know job {job}", hint=hint) from None

    def _ask(self, job: str, origin: str) -> Job | None:
        """The same. Raises Missing where the server has no such job."""
        usable, configured = usable_id(job), origin_for(self._batch, self._settings)
        if usable is None or origin != configured:
            return None
        key = key_for(self._batch, self._settings)
        return job_at(Account(origin=origin, key=key, manner=self._batch.profile.manner), usable)

    def _known(self, job: str) -> Attempt | None:
        everywhere = {**self._memory.ledger.attempts, **self._memory.attempts}
        return next((each for each in everywhere.values() if job in each.jobs), None)

    def _inherited(self, known: Attempt, job: str, shot: ShotId) -> Attempt:
        """What was bought for a manifest that is gone, as this shot's. Raises WrongUsage where it is another's."""
        wanted = [step.wanted for step in self._plan.steps if step.wanted and step.shot == shot]
        if known not in self._left or known.fingerprint not in {each.request.fingerprint for each in wanted}:
            raise WrongUsage(f"job {job} is that of shot `{known.intent.shot}` of {known.intent.manifest} already")
        return inherited(known, shot, self._batch.path)


def _seen(job: Job) -> str:
    """What a server shows of a job, in short."""
    seconds = f"{job.seconds} s" if job.seconds else ""
    prompt = quoted(job.prompt) if job.prompt else ""
    return shown(", ".join(part for part in (job.size, seconds, prompt) if part))
