"""An errand: everything about a run that is ready to begin, and how the executor and the report are told of it."""

from dataclasses import dataclass

from runner.commands.account import Account
from runner.commands.asked import Asked
from runner.commands.buying import Purchases
from runner.commands.place import Place
from runner.commands.wanted import Wanted
from runner.events import RunStarted
from runner.execute.doors import Options
from runner.lock.memory import Memory
from runner.lock.store import Shelf
from runner.plan.steps import Plan
from runner.plan.table import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A run that is ready to begin."""

    wanted: Wanted
    asked: Asked
    account: Account
    place: Place
    shelf: Shelf
    memory: Memory
    plan: Plan
    purchases: Purchases

    @property
    def idle(self) -> bool:
        """Whether nothing is to be asked of any server: a clip that should have expired is asked for."""
        return all(step.action in (Action.KEEP, Action.HOLD) and not step.overdue for step in self.plan.steps)

    @property
    def slots(self) -> int:
        """Jobs that may run at once."""
        return self.asked.slots or self.wanted.profile.slots

    @property
    def options(self) -> Options:
        """As the executor wants it."""
        wanted, asked = self.wanted, self.asked
        return Options(
            manifest=wanted.name,
            file_name=wanted.path.name,
            origin=self.account.origin,
            profile=wanted.profile,
            key=self.account.digest,
            slots=self.slots,
            settle=wanted.profile.settle if asked.settle is None else asked.settle,
            retries=wanted.batch.retries,
            limit=asked.limit,
            frozen=asked.frozen,
            budget=wanted.batch.budget,
            max_cost=asked.max_cost,
        )

    @property
    def beginning(self) -> RunStarted:
        """As the report is told of it."""
        steps = [step for step in self.plan.steps if step.wanted]
        busy = tuple(step.shot for step in steps if step.action is not Action.KEEP)
        return RunStarted(
            manifest=self.wanted.name,
            host=self.account.host,
            profile=self.wanted.profile.name,
            shots=busy,
            kept=len(steps) - len(busy),
            purchases=self.purchases.clips,
            seconds=self.purchases.seconds,
            most_cost=self.purchases.most_cost,
            currency=self.purchases.currency,
            slots=self.slots,
            preview=self.account.preview,
        )
