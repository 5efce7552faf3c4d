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

    @property
    def words(self) -> str:
        """As a person reads it."""
        if not self.clips:
            return "nothing to buy"
        price = "at a price that is not known" if self.cost is None else f"at most {money(self.cost, self.currency)}"
        return f"{counted(self.clips, 'clip')}, {self.seconds:,} s, {price}"


def purchases_of(plan: Plan, asked: Asked) -> Purchases:
    """What a run buys at most, by its plan and its flags."""
    steps = () if asked.frozen else plan.purchases
    clips = len(steps) if asked.limit is None else min(asked.limit, len(steps))
    lengths = sorted((int(step.wanted.request.seconds) for step in steps if step.wanted), reverse=True)
    costs = [step.cost for step in steps]
    dearest = sorted((cost for cost in costs if cost is not None), reverse=True)[:clips]
    cost = None if None in costs and clips else total(dearest)
    return Purchases(clips=clips, seconds=sum(lengths[:clips]), cost=cost, currency=plan.currency)


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
                "there is a budget, and what was spent is not known: some price was not",
                hint="take `budget` out of the manifest, or bound each run by --max-cost",
            )
        _check(purchases, plan.spent, budget, "the budget")


def agreed(purchases: Purchases, *, yes: bool) -> bool:
    """Ask once whether to buy, where it may cost something and somebody can answer."""
    if yes or purchases.cost == 0 or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    click.echo("buy them? [y/N] ", err=True, nl=False)
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
