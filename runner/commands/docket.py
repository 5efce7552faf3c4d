"""The cases of one manifest that wait for a person: what is decided about them becomes facts."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import click

from runner.commands.account import origin_for
from runner.commands.gone import heirs, inherited
from runner.commands.inquiry import Inquiry
from runner.commands.names import shots_of
from runner.commands.recorded import Recorded
from runner.commands.records import Records
from runner.commands.wanted import Wanted
from runner.errors import WrongUsage
from runner.execute.verdict import adopted, given_up
from runner.lock.facts import Attempt, State
from runner.lock.memory import Memory
from runner.manifest.batch import ShotId
from runner.plan.ownership import importance
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.report.wording import command as on_one_line
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
            return f"is job {shown(self.adopt)}: the next render fetches it"
        return "is bought again by the next render" if self.resubmit else "is given up: only `retake` buys it again"


class Docket:
    """The cases of one manifest."""

    def __init__(self, batch: Wanted, settings: Settings, memory: Memory, plan: Plan, left: Sequence[Attempt]) -> None:
        self._batch = batch
        self._settings = settings
        self._memory = memory
        self._plan = plan
        self._inquiry = Inquiry(batch, settings)
        self._records = Records(batch, settings, memory, round(time.time(), 3))
        self._recorded = Recorded(memory, self._inquiry, self._records)
        self._left = left  # attempts for manifests that are gone

    def decide(self, names: Sequence[str], verdict: Verdict) -> None:
        """Record a verdict on what is named, or else on every open case. Raises WrongUsage."""
        open_ = {step.shot for step in self._plan.steps if step.action is Action.RESOLVE}
        named = [name for name in dict.fromkeys(names) if shots_of([name], self._names(open_))] or sorted(open_)
        facts = {name: self._facts(ShotId(name), verdict) for name in named}
        for claim in self._plan.claims:
            self._memory.record(claim)
        for name, decided in facts.items():
            for fact in decided:
                self._memory.record(fact)
            for words in self._told(name, verdict, decided):
                click.echo(words, err=True)
        if not named:
            click.echo("nothing is unconfirmed", err=True)

    def _names(self, open_: Collection[str]) -> Collection[str]:
        """What can be named: shots, and by its job what no shot wants any more."""
        jobs = (job for step in self._leftovers if step.attempt for job in step.attempt.jobs)
        return {*open_, *self._batch.shots, *jobs}

    @property
    def _leftovers(self) -> tuple[Step, ...]:
        return tuple(step for step in self._plan.steps if step.wanted is None and step.action is Action.AWAIT)

    def _told(self, name: str, verdict: Verdict, decided: Sequence[Attempt]) -> Iterator[str]:
        """What follows from a verdict."""
        ended = [each for each in decided if each.state is State.EXPIRED] if verdict.adopt is None else []
        if name not in self._batch.shots and ended:
            yield f"job {shown(name)} is given up"
            return
        for each in ended:
            adopt = f"shotlock resolve {quote(self._batch.name)} {quote(name)} --adopt {quote(each.job or '')}"
            yield f"job {shown(each.job or '')} is given up; if it brings a clip after all: {on_one_line(adopt)}"
        anew = ended and not verdict.resubmit and self._batch.profile.resubmit_lost
        yield f"shot `{shown(name)}` {'is made again by the next render' if anew else verdict.follows}"

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
                f"is job {shown(attempt.job)}: the next render fetches it"
                if attempt.job
                else "is looked up by the next render"
            )
            click.echo(f"shot `{shot}` {now}", err=True)

    def _facts(self, shot: ShotId, verdict: Verdict) -> list[Attempt]:
        if shot not in self._batch.shots and (left := self._leftover(shot)) is not None:
            if verdict.resubmit or verdict.adopt is not None:
                raise WrongUsage(f"job {shown(shot)} is of an earlier request: it can only be given up")
            return self._recorded.called_off(left, resubmit=False)
        if verdict.adopt is not None and (known := self._known(verdict.adopt)):
            step = next(step for step in self._plan.steps if step.shot == shot)
            return self._recorded.taken_back(step, verdict.adopt) or [self._inherited(known, verdict.adopt, shot)]
        awaited, cases = self._awaited(shot), self._cases(shot)
        if awaited and verdict.adopt is not None and self._recorded.is_unknown(awaited):
            return self._recorded.put_right(awaited, verdict.adopt)
        if awaited and verdict.adopt is None and not cases:
            return self._recorded.called_off(awaited, resubmit=verdict.resubmit)
        cases = cases or self._fresh(shot, verdict)
        if verdict.adopt is not None:
            self._inquiry.check_fits(verdict.adopt, cases[-1].intent)
            return [adopted(cases[-1], verdict.adopt, self._records.now)]
        return [given_up(each, self._records.now, resubmit=verdict.resubmit) for each in cases]

    def _awaited(self, shot: ShotId) -> Step | None:
        """The step of what a shot wants, if its job is awaited."""
        steps = (step for step in self._plan.steps if step.shot == shot and step.wanted)
        return next((step for step in steps if step.action is Action.AWAIT), None)

    def _leftover(self, job: str) -> Step | None:
        return next((step for step in self._leftovers if step.attempt and job in step.attempt.jobs), None)

    def _cases(self, shot: ShotId) -> tuple[Attempt, ...]:
        """The open cases of a shot, as the plan names them; that of the request it has now at the end."""
        steps = [step for step in self._plan.steps if step.shot == shot and step.action is Action.RESOLVE]
        in_order = sorted(steps, key=lambda step: (step.wanted is not None, step.attempt.id if step.attempt else ""))
        return tuple(step.attempt for step in in_order if step.attempt)

    def _fresh(self, shot: ShotId, verdict: Verdict) -> tuple[Attempt, ...]:
        """A record for a job that nobody here remembers making; none where the same was decided before.

        Raises:
            WrongUsage: there is nothing to decide.
        """
        step = next(step for step in self._plan.steps if step.shot == shot)
        if step.reason is Reason.ASKED and verdict.resubmit:
            return ()
        if step.action in _SETTLED:
            awaited = f"`shotlock resolve {quote(self._batch.name)} {quote(shot)} --abandon` gives its job up"
            again = f"`shotlock retake {quote(self._batch.name)} {quote(shot)}` buys it again"
            hint = awaited if step.action is Action.AWAIT else again
            raise WrongUsage(f"shot `{shot}` is not unconfirmed: {step.reason}", hint=hint)
        if verdict.adopt is None and not verdict.resubmit:
            raise WrongUsage(f"shot `{shot}` has nothing to give up: {step.reason}")
        origin = origin_for(self._batch, self._settings)
        if origin is None:
            raise WrongUsage("it is not known which server this is about", hint=f"set {BASE_URL}")
        return (self._records.of(step, origin, job=verdict.adopt is not None),)

    def _known(self, job: str) -> Attempt | None:
        everywhere = {**self._memory.ledger.attempts, **self._memory.attempts}
        return max((each for each in everywhere.values() if job in each.jobs), key=importance, default=None)

    def _inherited(self, known: Attempt, job: str, shot: ShotId) -> Attempt:
        """What was bought for a manifest that is gone, as this shot's. Raises WrongUsage where it is another's."""
        wanted = [step.wanted for step in self._plan.steps if step.wanted and step.shot == shot]
        if known not in self._left or known.fingerprint not in {each.request.fingerprint for each in wanted}:
            whose = f"shot `{shown(known.intent.shot)}` of {shown(known.intent.manifest)}"
            raise WrongUsage(f"job {shown(job)} is that of {whose} already")
        return inherited(known, shot, self._batch.path)
