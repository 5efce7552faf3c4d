"""What a person says about a job that is recorded: it never comes, it came after all, or it is another one."""

from dataclasses import replace
from decimal import Decimal

from runner.commands.inquiry import Inquiry
from runner.commands.records import Records
from runner.execute.verdict import adopted, given_up
from runner.lock.facts import Attempt, End, State
from runner.lock.memory import Memory
from runner.plan.ownership import last_owner
from runner.plan.steps import Step
from runner.plan.table import Action
from runner.provider.replies import Missing


class Recorded:
    """The facts that follow."""

    def __init__(self, memory: Memory, inquiry: Inquiry, records: Records) -> None:
        self._memory = memory
        self._inquiry = inquiry
        self._records = records

    def called_off(self, step: Step, *, resubmit: bool) -> list[Attempt]:
        """A job that is in flight is given up, perhaps for a new purchase. Raises WrongUsage: it may still come."""
        assert step.attempt is not None
        self._inquiry.check_given_up(step.attempt, self._records.now)
        facts = [self._ended(step.attempt, "a person gave it up")]
        if resubmit:
            # The order is not older than what it replaces: an older one would be taken for carried out.
            at = max(self._records.now, step.attempt.intent.at)
            order = self._records.of(step, step.attempt.intent.origin, job=False)
            facts.append(given_up(order, at, resubmit=True))
        return facts

    def taken_back(self, step: Step, job: str) -> list[Attempt]:
        """A job that was called expired or given up is the shot's again; none where the shot never had it."""
        lost = self._lost(step, job) if step.action in (Action.HOLD, Action.SUBMIT) else None
        if lost is None:
            return []
        self._inquiry.check_fits(job, lost.intent)
        fresh = self._records.of(step, lost.intent.origin, job=True)
        # The same job was paid for once, so both records have the same price.
        paid = replace(fresh.intent, price=lost.intent.price, currency=lost.intent.currency)
        return [adopted(replace(fresh, intent=paid), job, self._records.now)]

    def put_right(self, step: Step, job: str) -> list[Attempt]:
        """The job that a purchase really is: what was recorded comes to nothing, and it was paid for once."""
        assert step.attempt is not None
        self._inquiry.check_fits(job, step.attempt.intent)
        fresh = self._records.of(step, step.attempt.intent.origin, job=True)
        paid = adopted(replace(fresh, intent=replace(fresh.intent, price=Decimal(0))), job, self._records.now)
        return [self._ended(step.attempt, f"a person says that it is job {job}"), paid]

    def is_unknown(self, step: Step) -> bool:
        """Whether the server does not know the job of a step: its id was misread, or is another account's."""
        assert step.attempt is not None
        try:
            self._inquiry.job_at(step.attempt.intent.origin, step.attempt.job or "")
        except Missing:
            return True
        return False

    def _lost(self, step: Step, job: str) -> Attempt | None:
        wish = step.wanted.request.fingerprint if step.wanted else None
        mine = (each for each in self._memory.attempts.values() if last_owner(each) == step.shot)
        lost = (each for each in mine if each.state is State.EXPIRED and each.fingerprint == wish)
        return next((each for each in lost if job in each.jobs), None)

    def _ended(self, attempt: Attempt, why: str) -> Attempt:
        """The attempt of which, as a person says, no clip comes."""
        at = max(self._records.now, attempt.intent.at)
        return replace(attempt, end=End(state=State.EXPIRED, code="", message=why, at=at))
