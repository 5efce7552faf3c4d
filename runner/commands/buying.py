"""Before money is spent: the most that a run can cost, whether that is within bounds, and the one question."""

import sys
from collections.abc import Sequence
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
    further: int  # clips that may be bought beside these, should jobs come to nothing
    most_cost: Decimal | None  # of all that the run may buy, come what may

    @property
    def words(self) -> str:
        """As a person reads it."""
        if not self.clips and not self.further:
            return "nothing to buy"
        first = f"{counted(self.clips, 'clip')}, {self.seconds:,} s, {self._price(self.cost)}"
        return f"{first if self.clips else 'nothing to buy'}{self._more}"

    @property
    def _more(self) -> str:
        """What may come on top; under a limit, what is bought again may take the place of what was to be bought."""
        if self.further:
            more = None if self.cost is None or self.most_cost is None else self.most_cost - self.cost
            return f"; {counted(self.further, 'clip')} more, {self._price(more)}, should jobs come to nothing"
        if self.most_cost != self.cost:
            return f"; {self._price(self.most_cost)} should jobs come to nothing"
        return ""

    def _price(self, cost: Decimal | None) -> str:
        return "at a price that is not known" if cost is None else f"at most {money(cost, self.currency)}"


def purchases_of(plan: Plan, asked: Asked) -> Purchases:
    """What a run buys at most, by its plan and its flags."""
    steps = () if asked.frozen else plan.purchases
    again = [] if asked.frozen else [step.cost for step in plan.steps for _ in range(step.further)]
    costs = [step.cost for step in steps]
    clips, all_ = (_limited(count, asked.limit) for count in (len(steps), len(steps) + len(again)))
    lengths = sorted((int(step.wanted.request.seconds) for step in steps if step.wanted), reverse=True)
    return Purchases(
        clips=clips,
        seconds=sum(lengths[:clips]),
        cost=_dearest(costs, clips),
        currency=plan.currency,
        further=all_ - clips,
        most_cost=_dearest(costs + again, all_),
    )


def _limited(count: int, limit: int | None) -> int:
    return count if limit is None else min(count, limit)


def _dearest(costs: Sequence[Decimal | None], count: int) -> Decimal | None:
    """What so many of them cost at most; None where the price of one is not known."""
    known = sorted((cost for cost in costs if cost is not None), reverse=True)
    return None if count and len(known) < len(costs) else total(known[:count])


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
