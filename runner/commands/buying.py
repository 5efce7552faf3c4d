"""Before money is spent: the most that a run can cost, whether that is within bounds, and the one question."""

import sys
from dataclasses import dataclass
from decimal import Decimal

import click

from runner.commands.asked import Asked
from runner.errors import BudgetPassed
from runner.plan.steps import Plan, total
from runner.report.money import money
from runner.report.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchases:
    """What a run buys at most."""

    clips: int
    seconds: int
    cost: Decimal | None  # None: some price is unknown
    currency: str
    further: int = 0  # clips that may have to be bought after these, should jobs come to nothing
    further_cost: Decimal | None = Decimal(0)

    @property
    def most_cost(self) -> Decimal | None:
        """What the run can cost at most, come what may."""
        return total((self.cost, self.further_cost))

    @property
    def words(self) -> str:
        """As a person reads it."""
        first = f"{counted(self.clips, 'clip')}, {self.seconds:,} s, {self._price(self.cost)}"
        more = f"; {counted(self.further, 'clip')} more, {self._price(self.further_cost)}, should jobs come to nothing"
        return (first if self.clips else "nothing to buy") + (more if self.further else "")

    def _price(self, cost: Decimal | None) -> str:
        return "at a price that is not known" if cost is None else f"at most {money(cost, self.currency)}"


def purchases_of(plan: Plan, asked: Asked) -> Purchases:
    """What a run buys at most, by its plan and its flags."""
    if asked.frozen:
        return Purchases(clips=0, seconds=0, cost=Decimal(0), currency=plan.currency)
    steps = plan.purchases
    clips = len(steps) if asked.limit is None else min(asked.limit, len(steps))
    further = plan.further if asked.limit is None else min(asked.limit - clips, plan.further)
    lengths = sorted((int(step.wanted.request.seconds) for step in steps if step.wanted), reverse=True)
    costs = [step.cost for step in steps]
    dearest = sorted((cost for cost in costs if cost is not None), reverse=True)[:clips]
    cost = None if None in costs and clips else total(dearest)
    return Purchases(
        clips=clips,
        seconds=sum(lengths[:clips]),
        cost=cost,
        currency=plan.currency,
        further=further,
        further_cost=_dearest(plan, further),
    )


def _dearest(plan: Plan, count: int) -> Decimal | None:
    """What so many of the further purchases cost at most."""
    if count == plan.further:
        return plan.further_cost
    costs = [step.cost for step in plan.steps for _ in range(step.again)]
    return None if None in costs and count else total(sorted(filter(None, costs), reverse=True)[:count])


def check_bounds(plan: Plan, purchases: Purchases, *, budget: Decimal | None, max_cost: Decimal | None) -> None:
    """Refuse what could pass the budget or --max-cost.

    Raises:
        BudgetPassed: it could, or a price is not known.
    """
    if not purchases.clips:
        return
    if max_cost is not None:
        _check(purchases, Decimal(0), max_cost, "--max-cost")
    if budget is not None:
        if not plan.spent_known:
            raise BudgetPassed(
                "there is a budget, and what was spent is not known: some price was not, or is of another currency",
                hint="take `budget` out of the manifest, or bound each run by --max-cost",
            )
        _check(purchases, plan.spent, budget, "the budget")


def agreed(purchases: Purchases, *, yes: bool) -> bool:
    """Ask once whether to buy, where it may cost something and somebody can answer."""
    if yes or purchases.most_cost == 0 or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    question = "buy them?" if purchases.clips else "buy again what comes to nothing?"
    click.echo(f"{question} [y/N] ", err=True, nl=False)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _check(purchases: Purchases, spent: Decimal, bound: Decimal, name: str) -> None:
    if purchases.cost is None:
        raise BudgetPassed(
            f"there is a bound ({name}), and the price of some shot is not known",
            hint="say what it costs under `prices` in the manifest",
        )
    if spent + purchases.cost > bound:
        currency = purchases.currency
        clips = f"{counted(purchases.clips, 'clip')} for up to {money(purchases.cost, currency)}"
        before = f", {money(spent, currency)} spent before" if spent else ""
        raise BudgetPassed(
            f"{clips}{before}: {name} is {money(bound, currency)}",
            hint="raise it, or buy less with --only or --limit",
        )
