"""The cases of one manifest that wait for a person: what is decided about them is recorded, and told."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from shlex import quote

import click

from runner.commands.cases import Cases, Verdict
from runner.commands.names import shots_of
from runner.commands.outlook import outlook
from runner.commands.wanted import Wanted
from runner.errors import WrongUsage
from runner.lock.facts import Attempt, State
from runner.lock.memory import Memory
from runner.plan.steps import Plan, Step
from runner.plan.table import Action
from runner.report.wording import command as on_one_line
from runner.report.wording import shown


class Docket:
    """The cases of one manifest. `plan` makes the plan of what is remembered when it is asked."""

    def __init__(self, batch: Wanted, memory: Memory, plan: Callable[[], Plan], cases: Cases) -> None:
        self._batch = batch
        self._memory = memory
        self._plan = plan
        self._cases = cases

    def decide(self, names: Sequence[str], verdict: Verdict) -> None:
        """Record a verdict on what is named, or else on every open case. Raises WrongUsage."""
        open_ = self._cases.open
        named = [name for name in dict.fromkeys(names) if shots_of([name], self._names(open_))] or open_
        knowing = self._cases.knowing(verdict.adopt or "")
        facts = {name: self._cases.decided(name, verdict) for name in named}
        for claim in self._cases.claims:
            self._memory.record(claim)
        every = [*chain.from_iterable(facts.values())]
        for fact in every:
            self._record(fact, verdict.adopt or "", knowing.union(each.id for each in every))
        steps = self._plan().steps
        wanted: dict[str, Step] = {step.shot: step for step in steps if step.wanted}
        coming = {job for step in steps if step.action is not Action.KEEP for job in _jobs(step)}
        for name, decided in facts.items():
            for words in self._told(name, wanted.get(name), verdict, decided, coming):
                click.echo(words, err=True)
        if not named:
            click.echo("nothing is unconfirmed", err=True)

    def inherit(self, manifest: Path) -> None:
        """Take over what was bought for a manifest that is gone. Raises WrongUsage."""
        found = self._cases.inherited(os.path.join(os.path.realpath(manifest.parent), manifest.name))
        if not found:
            hint = "`shotlock plan` tells what was; a single shot adopts a job by its id"
            raise WrongUsage(f"no held shot was bought for {shown(str(manifest))}, or that is still there", hint=hint)
        for fact in chain.from_iterable(found.values()):
            self._memory.record(fact)
        for step in self._plan().steps:
            if step.wanted and step.shot in found:
                click.echo(outlook(step), err=True)

    def _names(self, open_: Collection[str]) -> Collection[str]:
        """What can be named: shots, and by its job what no shot wants any more."""
        jobs = (job for step in self._cases.leftovers for job in _jobs(step))
        return {*open_, *self._batch.shots, *jobs}

    def _record(self, fact: Attempt, job: str, knowing: Collection[str]) -> None:
        """Record a fact, unless its job has become another's while the server was asked. Raises WrongUsage."""

        def admit() -> str:
            known = self._memory.ledger.attempts.values() if job in fact.jobs else ()
            having = (each.id for each in known if job in each.jobs and each.intent.origin == fact.intent.origin)
            taken = any(id_ not in knowing for id_ in having)
            return f"job {shown(job)} has just become another shot's" if taken else ""

        if refusal := self._memory.record(fact, admit):
            raise WrongUsage(refusal)

    def _told(
        self, name: str, step: Step | None, verdict: Verdict, decided: Sequence[Attempt], coming: Collection[str]
    ) -> Iterator[str]:
        """What follows from a verdict on a shot, or on what no shot wants any more, where some jobs are to come."""
        wish = step.wish if step else None
        others = [each for each in decided if verdict.adopt is None or each.state is State.EXPIRED]
        for each in others:
            if each.fingerprint != wish:
                yield f"job {shown(each.job)} is given up" if each.job else f"{_earlier(each)} is given up"
            elif each.state is State.EXPIRED and verdict.adopt not in each.jobs:
                adopt = f"shotlock resolve {quote(self._batch.name)} {quote(name)} --adopt {quote(each.job or '')}"
                yield f"job {shown(each.job or '')} is given up; if it brings a clip after all: {on_one_line(adopt)}"
        if step:
            yield outlook(step, verdict.adopt if verdict.adopt in coming else None)
        elif verdict.adopt is not None:
            yield f"an earlier request of shot `{shown(name)}` is job {shown(verdict.adopt)}, which is fetched as well"


def _jobs(step: Step) -> tuple[str, ...]:
    return step.attempt.jobs if step.attempt else ()


def _earlier(attempt: Attempt) -> str:
    return f"an earlier request of shot `{shown(attempt.intent.shot)}`"
