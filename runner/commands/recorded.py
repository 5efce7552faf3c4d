"""What a person says about a job that is recorded: it never comes, it came after all, or it is another one."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from runner.commands.inquiry import Inquiry
from runner.commands.records import Records
from runner.execute.verdict import adopted, given_up, unsent
from runner.lock.facts import Attempt, AttemptId, End, Intent, State
from runner.plan.ownership import last_owner, ordered, worth
from runner.plan.steps import Step
from runner.plan.table import Reason
from runner.provider.replies import Missing, Refused
from runner.provider.videos import Job


class Recorded:
    """The facts that follow, in the order in which they are to be recorded."""

    def __init__(self, attempts: Mapping[AttemptId, Attempt], inquiry: Inquiry, records: Records) -> None:
        self._attempts = attempts
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

    def lost(self, step: Step, job: str) -> Attempt | None:
        """What the shot had of a job that was called failed or expired, or given up; none where it was taken back."""
        mine = [each for each in self._attempts.values() if last_owner(each) == step.shot and job in each.jobs]
        if any(worth(each) >= 0 for each in mine):
            return None
        over = (each for each in mine if each.state in (State.FAILED, State.EXPIRED))
        return next((each for each in over if each.fingerprint == step.wish), None)

    def taken_back(self, step: Step, lost: Attempt, job: str) -> Attempt:
        """A job is the shot's again, whatever was bought in its place. Raises WrongUsage: the server has none such."""
        self._inquiry.check_fits(self._inquiry.look_up(job, lost.intent.origin), job, lost.intent)
        fresh = self._records.of(step, lost.intent.origin, job=True)
        paid = replace(_paid_once(fresh, lost, job), take=lost.intent.take)
        return adopted(replace(fresh, intent=paid), job, self._records.now)

    def put_right(self, step: Step, found: Job | None, job: str) -> list[Attempt]:
        """The job that a purchase really is: what was recorded comes to nothing, and it was paid for once."""
        assert step.attempt is not None
        self._inquiry.check_fits(found, job, step.attempt.intent)
        fresh = self._records.of(step, step.attempt.intent.origin, job=True)
        paid = adopted(replace(fresh, intent=_paid_once(fresh, step.attempt, job)), job, self._records.now)
        return [paid, self._ended(step.attempt, f"a person says that it is job {job}")]

    def given_up_blindly(self, step: Step) -> tuple[Attempt, ...]:
        """The purchases that a shot gave up though nobody knew whether there was a job, the latest at the end."""
        return tuple(each for each in self._given_up(step) if each.intent.at)

    def orders(self, step: Step) -> tuple[Attempt, ...]:
        """What a shot gave up for a new purchase, the latest at the end."""
        return tuple(each for each in self._given_up(step) if ordered(each))

    def withdrawn(self, step: Step, why: str) -> list[Attempt]:
        """Records in the place of a purchase that nobody remembered: it is known now, and was paid for once.

        So is a pending order: it is answered.
        """
        pending = self.orders(step)[-1:] if step.reason is Reason.ASKED else ()
        maybe = [each for each in self._given_up(step) if each.intent.price != 0 or each in pending]
        return [unsent(each, self._records.now, why) for each in maybe if not each.intent.at]

    def is_unknown(self, step: Step) -> bool:
        """Whether the server does not show the job of a step: its id was misread, or is another account's."""
        assert step.attempt is not None
        try:
            self._inquiry.job_at(step.attempt.intent.origin, step.attempt.job or "")
        except (Missing, Refused):
            return True
        return False

    def _given_up(self, step: Step) -> list[Attempt]:
        given_up = (each for each in self._attempts.values() if each.state is State.ABANDONED)
        mine = (each for each in given_up if last_owner(each) == step.shot and each.fingerprint == step.wish)
        return sorted(mine, key=lambda each: each.id)

    def _ended(self, attempt: Attempt, why: str) -> Attempt:
        """The attempt of which, as a person says, no clip comes."""
        at = max(self._records.now, attempt.intent.at)
        return replace(attempt, end=End(state=State.EXPIRED, code="", message=why, at=at))


def _paid_once(fresh: Attempt, before: Attempt, job: str) -> Intent:
    """The intent of a second record of a purchase: that of the same job has the same price, and of another none."""
    if job == before.job:
        return replace(fresh.intent, price=before.intent.price, currency=before.intent.currency)
    return replace(fresh.intent, price=Decimal(0))
