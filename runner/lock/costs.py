"""Sums of prices that are always at hand, however many there are; unknown as long as one of them is."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Self

from runner.lock.facts import Attempt


class Costs:
    """What some payments cost at most. A price without a currency, as old lines have it, is of any."""

    def __init__(self) -> None:
        self._costs: dict[str, tuple[Decimal | None, str]] = {}
        self._sums: defaultdict[str, Decimal] = defaultdict(Decimal)  # by currency
        self._unknown = 0

    @classmethod
    def of(cls, attempts: Iterable[Attempt]) -> Self:
        """What attempts may have cost."""
        costs = cls()
        for each in attempts:
            if each.may_have_cost:
                costs.put(payment_of(each), each.intent.price, each.intent.currency)
        return costs

    @property
    def currency(self) -> str:
        """One that something was paid in; empty where there is none."""
        return next((currency for currency, amount in self._sums.items() if amount and currency), "")

    def known(self, currency: str) -> Decimal:
        """As much of it as is known, and of a currency."""
        return self._sums[currency] + (self._sums[""] if currency else 0)

    def total(self, currency: str) -> Decimal | None:
        """All of it, or None where one price is not known or of another currency."""
        others = any(amount for of, amount in self._sums.items() if of not in ("", currency))
        return None if self._unknown or others else self.known(currency)

    def put(self, payment: str, cost: Decimal | None, currency: str) -> None:
        """A payment may have cost so much."""
        self.drop(payment)
        self._costs[payment] = cost, currency
        self._count(cost, currency, 1)

    def drop(self, payment: str) -> None:
        """A payment cost nothing after all."""
        if payment in self._costs:
            self._count(*self._costs.pop(payment), -1)

    def _count(self, cost: Decimal | None, currency: str, times: int) -> None:
        if cost is None:
            self._unknown += times
        else:
            self._sums[currency] += times * cost


def payment_of(attempt: Attempt) -> str:
    """What was paid for: the job, which a person may have recorded twice, or where there is none, the attempt."""
    return f"{attempt.intent.origin} {attempt.job}" if attempt.job else attempt.id
