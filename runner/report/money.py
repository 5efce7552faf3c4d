"""How an amount of money is written."""

from decimal import Decimal

from runner.report.wording import shown

UNKNOWN = "price unknown"


def money(amount: Decimal | None, currency: str) -> str:
    """`$0.80` for US dollars, else `0.80 EUR`; never rounded, and None is said to be unknown."""
    if amount is None:
        return UNKNOWN
    number = f"{_with_cents(abs(amount)):,f}"
    sign = "-" if amount < 0 else ""
    return f"{sign}${number}" if currency == "USD" else f"{sign}{number} {shown(currency, 12)}".rstrip()


def _with_cents(amount: Decimal) -> Decimal:
    """The same amount with at least two decimals, and no more zeros than that."""
    cents = amount.quantize(Decimal("0.01")) if amount.adjusted() < 20 else amount
    return cents if cents == amount else amount.normalize()
