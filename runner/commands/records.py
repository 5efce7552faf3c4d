"""New records of attempts that no run made: a person names a job, or orders a purchase."""

from dataclasses import replace
from decimal import Decimal

from runner.commands.account import key_for
from runner.commands.execution import nonce
from runner.commands.wanted import Wanted
from runner.lock.facts import Attempt, AttemptId, Intent, Owner
from runner.lock.ledger import digest_of_key
from runner.plan.steps import Step
from runner.plan.table import Reason
from runner.settings import Settings


class Records:
    """Makes them for the shots of one manifest."""

    def __init__(self, batch: Wanted, settings: Settings, newest: AttemptId, now: float) -> None:
        self._batch = batch
        self._settings = settings
        self._newest = newest  # attempt that anything tells of: the records come after it
        self.now = now

    def of(self, step: Step, origin: str, *, job: bool) -> Attempt:
        """A record of what a shot wants, for a job that is named, or else for an order."""
        assert step.wanted is not None
        profile = self._batch.profile
        intent = Intent(
            shot=step.shot,
            take=step.take,
            request=step.wanted.request,
            origin=origin,
            profile=profile.name,
            # An order costs nothing yet; only what left a trace may have been paid for, by this manifest.
            price=step.cost if job or step.reason is Reason.DOUBTFUL else Decimal(0),
            currency="" if step.cost is None else profile.currency,
            manifest=self._batch.path.name,
            # When a job was bought that is not wanted is not known; it is taken to be long over, and holds no slot.
            at=self.now if job else 0.0,
        )
        key = digest_of_key(key_for(self._batch, self._settings))
        owner = Owner(paths=(str(self._batch.path),), key=key, calibrated=not job)
        return replace(Attempt(id=nonce(self._newest), intent=intent), owner=owner)
