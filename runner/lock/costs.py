"""A sum of prices that is always at hand, however many there are; it is unknown as long as one of them is."""

from decimal import Decimal

from runner.lock.facts import AttemptId


class Costs:
    """What some attempts cost at most."""

    def __init__(self) -> None:
        self._costs: dict[AttemptId, Decimal | None] = {}
        self._sum = Decimal(0)
        self._unknown = 0

    @property
    def total(self) -> Decimal | None:
        """All of it, or None where one price is not known."""
        return None if self._unknown else self._sum

    def put(self, attempt: AttemptId, cost: Decimal | None) -> None:
        """An attempt may have cost so much."""
        self.drop(attempt)
        self._costs[attempt] = cost
        self._count(cost, 1)

    def drop(self, attempt: AttemptId) -> None:
        """An attempt cost nothing after all."""
        if attempt in self._costs:
            self._count(self._costs.pop(attempt), -1)

    def _count(self, cost: Decimal | None, times: int) -> None:
        if cost is None:
            self._unknown += times
        else:
            self._sum += times * cost
