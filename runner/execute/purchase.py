"""Buying: a slot is free and the budget holds, the intent is durable, then one POST, then what became of it is durable.

No retry ever spans two attempts, and no attempt is ever sent twice.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Final, assert_never

from runner.errors import BudgetPassed, NoCredentials, NoSlot, QuotaUsedUp, ServerUnreachable, Stop
from runner.events import Bought, Ending, Phase
from runner.execute.scene import Run
from runner.execute.slots import Slots
from runner.lock.facts import Attempt, State
from runner.manifest.batch import ReferenceChanged
from runner.plan.steps import Step
from runner.provider.classify import classify
from runner.provider.outcome import Ambiguous, Halted, Outcome, Rejected, Submitted, Unsent
from runner.provider.retry import repeat
from runner.provider.videos import Image, Posted, Videos

_NO_SLOT: Final = "slot"
_NO_BUDGET: Final = "budget"
_BUSY_WAIT: Final = 5.0  # seconds, doubled up to a minute, after "too many" without a Retry-After


_LEAST_WAIT: Final = 0.5  # seconds; a Retry-After of 0 is no leave to hammer


class NotConnected(Exception):
    """The server was not even reached; nothing was sent."""


class Buyer:
    """Makes the purchases of a run one after another, in manifest order."""

    def __init__(
        self,
        run: Run,
        videos: Videos,
        bought: Callable[[Step, Attempt], None],
        unconfirmed: Callable[[Step, Attempt], None],
    ) -> None:
        self._run = run
        self._slots = Slots(run)
        self._videos = videos
        self._bought = bought
        self._unconfirmed = unconfirmed
        self._queue: deque[Step] = deque()
        self._posted = 0
        self._admitted = 0
        self._full_since: float | None = None

    def add(self, step: Step) -> None:
        """Put a shot in the queue."""
        self._queue.append(step)
        self._run.moved(step, Phase.WAITING)
        self._run.control.nudge()

    @property
    def next(self) -> Step | None:
        """The shot to buy next, if purchases may be made; it leaves the queue."""
        return self._queue.popleft() if self._queue and self._run.control.buying else None

    def dismiss(self) -> None:
        """Tell what was not bought, and why."""
        while self._queue:
            self._end_unbought(self._queue.popleft())

    async def buy(self, step: Step) -> None:
        """Buy one shot: attempts until one was sent, or buying ends."""
        if self._over_limit():
            self._run.end(step, Ending.PENDING, f"not bought: this run was limited to {self._run.options.limit}")
            return
        try:
            image = self._run.doors.image_of(step.wanted) if step.wanted else None
        except ReferenceChanged as error:
            self._run.end(step, Ending.FAILED, str(error), hint="say the same again")
            return
        wait = _BUSY_WAIT
        while self._run.control.buying:
            refused = await self._connected_attempt(step, image)
            if refused is None:
                return
            await self._wait_out(refused, wait)
            wait = min(wait * 2, 60.0)
        self._end_unbought(step)

    async def _connected_attempt(self, step: Step, image: Image | None) -> Unsent | None:
        """One attempt that reached the server: None if the step is dealt with, else why it was not admitted."""
        try:
            return await repeat(
                lambda: self._attempt(step, image),
                clock=self._run.doors.clock,
                passing=(NotConnected,),
                attempts=5,
                first=0.5,
                most=8.0,
            )
        except NotConnected as error:
            hint = "is the base URL right, and the server up? then say the same again"
            self._run.control.halt(ServerUnreachable(f"the server cannot be reached: {error}", hint=hint), lost=True)
            self._end_unbought(step)
            return None

    async def _attempt(self, step: Step, image: Image | None) -> Unsent | None:
        attempt = await self._reserve(step)
        if attempt is None:
            self._end_unbought(step)
            return None
        self._run.posting.add(attempt.id)
        try:
            return await self._post(step, attempt, image)
        finally:
            self._run.posting.discard(attempt.id)

    async def _post(self, step: Step, attempt: Attempt, image: Image | None) -> Unsent | None:
        """Send one POST and record what became of it."""
        self._run.moved(step, Phase.SUBMITTING)
        posted = await _shielded(self._videos.create(attempt.intent.request, image))
        outcome = self._unheard_of(classify(posted, first=self._posted == 0, profile=self._run.options.profile))
        self._posted += 1 if posted.sent else 0
        match outcome:
            case Submitted(job=job):
                self._admit(step, self._run.record_job(attempt, job))
                return None
            case Unsent():
                self._run.record_rule(attempt, State.UNSENT, outcome.why)
                if not outcome.connected:
                    raise NotConnected(outcome.why)
                return outcome
            case Halted():
                self._run.record_rule(attempt, State.UNSENT, outcome.why)
                self._run.control.halt(_stop_of(outcome))
                self._end_unbought(step)
                return None
            case Rejected():
                self._run.record_rule(attempt, State.REJECTED, outcome.why)
                hint = "change the shot, or " + self._run.retake_hint(step)
                self._run.end(step, Ending.FAILED, f"the server refused it: {outcome.why}", hint=hint)
                return None
            case Ambiguous():
                self._lose_sight(step, attempt, outcome.why)
                return None
            case never:
                assert_never(never)

    def _unheard_of(self, outcome: Outcome) -> Outcome:
        """An answer that names somebody's job is no answer: one job is never two purchases."""
        if not isinstance(outcome, Submitted):
            return outcome
        try:
            self._run.doors.memory.refresh()
        except Stop as stop:
            self._run.control.halt(stop)  # the job is recorded, or told, all the same
        if not self._run.doors.memory.ledger.attempts.has_job(outcome.job.id, self._run.options.origin):
            return outcome
        return Ambiguous(why=f"its answer names job {outcome.job.id}, which is another purchase's")

    def _lose_sight(self, step: Step, attempt: Attempt, why: str) -> None:
        """A job may or may not exist: never send it again, look it up."""
        self._admitted += 1
        self._run.spend(attempt)
        self._run.say(
            f"shot `{step.shot}`: no clear answer to its POST ({why}); looking it up at the server", step.shot
        )
        self._unconfirmed(step, attempt)

    def _admit(self, step: Step, attempt: Attempt) -> None:
        self._admitted += 1
        self._full_since = None
        self._run.spend(attempt)
        job = attempt.job or ""
        cost = attempt.intent.price
        self._run.doors.listen(Bought(shot=step.shot, job=job, cost=cost, total=self._run.spent))
        self._bought(step, attempt)

    async def _reserve(self, step: Step) -> Attempt | None:
        """An attempt whose intent is durable, as soon as a slot is free; None if buying ended first."""
        while self._run.control.buying:
            attempt = self._run.new_attempt(step)
            refusal = self._run.doors.memory.reserve(
                attempt, calibrated=self._run.time.calibrated, admit=lambda: self._refusal(step)
            )
            if not refusal:
                return self._run.doors.memory.attempts[attempt.id]
            if refusal == _NO_BUDGET:
                self._run.control.halt(self._budget_passed(step))
                return None
            self._run.moved(step, Phase.WAITING)
            try:
                await self._slots.wait(self._videos)
            except NoSlot as stop:
                self._run.control.halt(stop)
        return None

    def _refusal(self, step: Step) -> str:
        """Why no purchase may be made now; asked under the ledger's lock."""
        if not self._affordable(step):
            return _NO_BUDGET
        return "" if self._slots.free else _NO_SLOT

    def _affordable(self, step: Step) -> bool:
        options = self._run.options
        return _within(options.budget, self._spent, step.cost) and _within(options.max_cost, self._run.spent, step.cost)

    @property
    def _spent(self) -> Decimal | None:
        """Over the lockfile's life; None where some price is not known."""
        return self._run.doors.memory.attempts.costs.total(self._run.options.profile.currency)

    def _budget_passed(self, step: Step) -> Stop:
        if step.cost is None or self._spent is None:
            what = "its price" if step.cost is None else "what was spent before"
            hint = "take `budget` out of the manifest, or say what it costs under `prices`"
            return BudgetPassed(f"shot `{step.shot}` has a bound, and {what} is not known", hint=hint)
        return BudgetPassed(
            f"buying shot `{step.shot}` would pass the budget",
            hint="raise `budget` or --max-cost, or buy less with --only",
        )

    async def _wait_out(self, refused: Unsent, wait: float) -> None:
        """The server takes no job now: wait as long as it says, or for a slot of ours to become free."""
        now = self._run.doors.clock.monotonic()
        self._full_since = now if self._full_since is None else self._full_since
        if now - self._full_since > self._slots.hold:
            minutes = self._slots.hold / 60
            stop = ServerUnreachable(f"the server has taken no job for {minutes:.0f} min: {refused.why}")
            self._run.control.halt(stop)
        if refused.slots_full:
            self._run.say(f"the server takes no more jobs now ({refused.why}); waiting for a slot")
            await self._run.control.change(wait)
            return
        if refused.again_after is not None:
            wait = max(refused.again_after, _LEAST_WAIT)
        self._run.say(f"the server takes no more jobs now ({refused.why}); asking again in {wait:.0f} s")
        await self._run.control.pause(wait)

    def _over_limit(self) -> bool:
        limit = self._run.options.limit
        return limit is not None and self._admitted >= limit

    def _end_unbought(self, step: Step) -> None:
        stop = self._run.control.stop
        why = stop.message if stop else "the run was interrupted"
        self._run.end(step, Ending.PENDING, f"not bought: {why}")


async def _shielded(posting: Coroutine[None, None, Posted]) -> Posted:
    """Await a POST to its end even if this task is cancelled meanwhile: it must not be cut in the middle."""
    task = asyncio.create_task(posting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _stop_of(halted: Halted) -> Stop:
    kind = QuotaUsedUp if halted.quota else NoCredentials
    return kind(f"the server refuses to sell: {halted.why}", hint=halted.hint)


def _within(bound: Decimal | None, spent: Decimal | None, cost: Decimal | None) -> bool:
    if bound is None:
        return True
    return spent is not None and cost is not None and spent + cost <= bound
