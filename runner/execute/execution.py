"""One run of a batch: every step of the plan is set going, purchases one after another, the rest side by side."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from shlex import quote
from typing import Final

from runner.errors import ExitCode, Stop
from runner.events import Ending, Phase, ShotEnded
from runner.execute.control import Control
from runner.execute.doors import Doors, Options
from runner.execute.fetch import Fetcher
from runner.execute.purchase import Buyer
from runner.execute.reconcile import Reconciler
from runner.execute.scene import Run
from runner.execute.server_time import ServerTime
from runner.execute.strangers import without_strangers
from runner.execute.watch import Watcher
from runner.lock.facts import Attempt
from runner.manifest.batch import ShotId
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.provider.videos import Videos

_DOWNLOADS: Final = 4  # at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run ended: the outcome of every shot that is wanted, and what stopped it."""

    outcomes: tuple[ShotEnded, ...]
    stop: Stop | None
    signal: ExitCode | None
    cost: Decimal | None = Decimal(0)  # of the purchases of this run, at most; None: some price is not known

    @property
    def exit_code(self) -> ExitCode:
        """What the process tells its caller."""
        if self.signal is not None:
            return self.signal
        if self.stop is not None:
            return self.stop.exit_code
        there = (Ending.DONE, Ending.RESTORED, Ending.KEPT)
        return ExitCode.DONE if all(each.ending in there for each in self.outcomes) else ExitCode.UNFINISHED


async def execute(plan: Plan, doors: Doors, options: Options, control: Control) -> Report:
    """Do what the plan says; the facts are folded at the end. Raises nothing but bugs."""
    videos = doors.videos_at(options.origin)
    run = Run(doors=doors, options=options, control=control, time=ServerTime(doors.clock, videos))
    with run.halting():
        for claimed in plan.claims:
            doors.memory.record(claimed)
        doors.shelf.make_ready()
        await Execution(run, plan.steps, videos).work()
        doors.memory.fold()
        with suppress(OSError):  # only a cache
            doors.shelf.seen.save()
    order = {step.shot: number for number, step in enumerate(plan.steps) if step.wanted}
    outcomes = tuple(sorted(run.outcomes, key=lambda outcome: order[ShotId(outcome.shot)]))
    return Report(outcomes=outcomes, stop=control.stop, signal=control.signal, cost=run.spent)


class Execution:
    """The tasks of one run."""

    def __init__(self, run: Run, steps: Sequence[Step], videos: Videos | None) -> None:
        self._run = run
        self._steps = steps
        self._tasks: set[asyncio.Task[None]] = set()
        self._bug: BaseException | None = None
        self._downloads = asyncio.Semaphore(_DOWNLOADS)
        self._videos = videos
        self._buyer = Buyer(run, videos, self._bought, self._unconfirmed) if videos else None
        self._reconciler = Reconciler(run, videos, self._bought, self._again) if videos else None

    async def work(self) -> None:
        """Set every step going and see them all to their end."""
        try:
            with self._run.halting():
                for step in await self._begin():
                    self._again(step)
                while await self._next_purchase():
                    pass
        finally:
            await self._wind_up()

    async def _begin(self) -> list[Step]:
        """Start what is not a purchase; returns the purchases that may be made."""
        purchases = []
        for step in sorted(self._steps, key=_expiry):
            match step.action:
                case Action.KEEP:
                    self._keep(step)
                case Action.HOLD:
                    self._hold(step)
                case Action.RESTORE:
                    self._start(partial(self._restore, step))
                case Action.DOWNLOAD | Action.AWAIT:
                    self._follow(step)
                case Action.RESOLVE:
                    self._resolve(step)
                case Action.SUBMIT:
                    purchases.append(step)
        order = {id(step): number for number, step in enumerate(self._steps)}
        return await self._to_buy(sorted(purchases, key=lambda step: order[id(step)]))

    async def _to_buy(self, purchases: list[Step]) -> list[Step]:
        if self._run.options.frozen:
            return self._freeze(purchases)
        if not purchases or not self._videos or self._run.options.profile.resubmit_lost:
            return purchases
        return await without_strangers(purchases, self._run, self._videos)

    async def _next_purchase(self) -> bool:
        """Make one purchase, or wait until there is one; False when nothing more can come."""
        step = self._buyer.next if self._buyer else None
        if step is not None and self._buyer:
            await self._buyer.buy(step)
        elif self._tasks and self._bug is None:
            await self._run.control.change()
        else:
            return False
        return self._bug is None

    async def _wind_up(self) -> None:
        if self._buyer:
            self._buyer.dismiss()
        while self._tasks:
            if self._bug is not None:
                for task in self._tasks:
                    task.cancel()
            await asyncio.wait(self._tasks)
            await asyncio.sleep(0)
        if self._bug is not None:
            raise self._bug
        self._tell_the_rest()

    def _tell_the_rest(self) -> None:
        """A shot whose step was cut short by a stop has an outcome, too."""
        told = {outcome.shot for outcome in self._run.outcomes}
        stop = self._run.control.stop
        why = f"the run was stopped first: {stop.message}" if stop else "the run ended first"
        for step in self._steps:
            if step.wanted and step.shot not in told:
                self._run.end(step, Ending.PENDING, f"not finished, {why}")

    def _freeze(self, purchases: list[Step]) -> list[Step]:
        for step in purchases:
            self._run.end(step, Ending.PENDING, "not bought: this run buys nothing")
        return []

    def _keep(self, step: Step) -> None:
        self._run.end(step, Ending.KEPT, clip=self._run.doors.shelf.place(step.shot))

    def _hold(self, step: Step) -> None:
        attempt = step.attempt
        if attempt and step.overdue and self._run.doors.videos_at(attempt.intent.origin):
            self._follow(replace(step, action=Action.DOWNLOAD))
            return
        note = f": {step.note}" if step.note else ""
        # What tells of a purchase ends in a command, and nothing may follow that would be pasted along with it.
        cost = "" if step.reason is Reason.DOUBTFUL else self._run.again_costs(step.cost)
        self._run.end(step, Ending.HELD, f"{step.reason}{note}{cost}", hint=self._run.lost_hint(step, attempt))

    def _resolve(self, step: Step) -> None:
        assert step.attempt is not None
        if self._reconciler and step.attempt.intent.origin == self._run.options.origin:
            self._unconfirmed(step, step.attempt)
        else:
            self._elsewhere(step, step.attempt)

    def _elsewhere(self, step: Step, attempt: Attempt) -> None:
        why = f"it was sent to {attempt.intent.origin}, where this run may not go"
        hint = f"if you know that server, set OPENAI_BASE_URL={quote(attempt.intent.origin)} and say the same again"
        if attempt.job is None:
            hint += f", or {self._run.resolve_hint(step)}"
        self._run.end(step, Ending.HELD, why, hint=hint)

    def _follow(self, step: Step) -> None:
        assert step.attempt is not None
        videos = self._run.doors.videos_at(step.attempt.intent.origin)
        if videos is None:
            self._elsewhere(step, step.attempt)
        else:
            self._start(partial(self._to_the_end, step, step.attempt, videos))

    def _bought(self, step: Step, attempt: Attempt) -> None:
        assert self._videos is not None
        self._start(partial(self._to_the_end, step, attempt, self._videos))

    def _unconfirmed(self, step: Step, attempt: Attempt) -> None:
        assert self._reconciler is not None
        idle = not self._reconciler.busy
        self._reconciler.add(step, attempt)
        if idle:
            self._start(self._reconciler.work)

    def _again(self, step: Step) -> None:
        if step.wanted is None:
            return  # nobody wants it any more, and it was never bought
        if self._run.options.frozen:
            self._freeze([step])
        elif self._buyer:
            self._buyer.add(step)

    async def _to_the_end(self, step: Step, attempt: Attempt, videos: Videos) -> None:
        """Await a job, then bring its clip home: two retry domains, one after the other."""
        if step.action is Action.DOWNLOAD:
            job = None
        else:
            self._run.watched.add(attempt.id)
            try:
                job = await Watcher(self._run, videos, step, attempt, self._again).work()
            finally:
                self._run.watched.discard(attempt.id)
            if job is None:
                return
        async with self._downloads:
            await Fetcher(self._run, videos, step, attempt, job).work()

    async def _restore(self, step: Step) -> None:
        assert step.attempt is not None
        assert step.attempt.clip is not None
        self._run.moved(step, Phase.RESTORING)
        shelf = self._run.doors.shelf
        if shelf.restore(step.shot, step.attempt.clip, self._run.our_clips()):
            self._run.end(step, Ending.RESTORED, clip=shelf.place(step.shot))
        else:
            self._follow(replace(step, action=Action.DOWNLOAD))

    def _start(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        task = asyncio.ensure_future(self._halting(work))
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    async def _halting(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Work; what stops the run does so at once, before a purchase that was just made possible takes its turn."""
        with self._run.halting():
            await work()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._bug = self._bug or error
            self._run.control.interrupt(None)  # a bug in one task must not let another go on buying
        self._run.control.nudge()


def _expiry(step: Step) -> float:
    """Clips that expire first are fetched first."""
    attempt = step.attempt
    if attempt is None:
        return 0.0
    return attempt.clip.expires_at or attempt.intent.at if attempt.clip else attempt.intent.at
