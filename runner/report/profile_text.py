"""Profiles as a table."""

from collections.abc import Sequence
from decimal import Decimal

from runner.manifest.limits import Limits, joined
from runner.provider.profile import Prices, Profile
from runner.report.columns import cut, table
from runner.report.money import money

_WIDEST = 34  # columns


def profile_table(known: Sequence[Profile]) -> str:
    """One line for each profile: what its servers take, how a key is shown, and what a second costs."""
    rows = [("profile", "models", "sizes", "seconds", "key", "a second")]
    return "\n".join(table([*rows, *map(_row, known)])) + "\n"


def _row(profile: Profile) -> tuple[str, ...]:
    allowed = joined(profile.limits.models.values())
    return (
        profile.name,
        _models(profile.limits),
        cut(str(allowed.sizes), _WIDEST),
        str(allowed.seconds),
        profile.manner.header[0] or profile.manner.auth,
        _price(profile.prices),
    )


def _models(limits: Limits) -> str:
    return ", ".join("any" if name == "*" else name for name in limits.models)


def _price(prices: Prices | None) -> str:
    rates: set[Decimal] = {rate for sizes in (prices.per_second if prices else {}).values() for rate in sizes.values()}
    if not prices or not rates:
        return "not known"
    least, most = min(rates), max(rates)
    return money(most, prices.currency) if least == most else f"{money(least, prices.currency)} to {money(most, '')}"
