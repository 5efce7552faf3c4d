"""Sums of prices that are always at hand, however many there are; unknown as long as one of them is."""

from collections import defaultdict
from decimal import Decimal

from runner.lock.facts import AttemptId


class Costs:
    """What some attempts cost at most."""

    def __init__(self) -> None:
        self._costs: dict[AttemptId, tuple[Decimal | None, str]] = {}
        self._sums: defaultdict[str, Decimal] = defaultdict(Decimal)  # by currency
        self._unknown = 0

    def total(self, currency: str) -> Decimal | None:
        """All of it, or None where one price is not known or of another currency."""
        others = any(amount for of, amount in self._sums.items() if of != currency)
        return None if self._unknown or others else self._sums[currency]

    def put(self, attempt: AttemptId, cost: Decimal | None, currency: str) -> None:
        """An attempt may have cost so much."""
        self.drop(attempt)
        self._costs[attempt] = cost, currency
        self._count(cost, currency, 1)

    def drop(self, attempt: AttemptId) -> None:
        """An attempt cost nothing after all."""
        if attempt in self._costs:
            self._count(*self._costs.pop(attempt), -1)

    def _count(self, cost: Decimal | None, currency: str, times: int) -> None:
        if cost is None:
            self._unknown += times
        else:
            self._sums[currency] += times * cost
