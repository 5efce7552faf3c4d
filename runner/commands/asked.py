"""What a person asked of a run by flags, and what a plan becomes by it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any, Final

import click

from runner.errors import WrongUsage
from runner.manifest.batch import ShotId
from runner.manifest.wording import quoted
from runner.plan.steps import Plan
from runner.plan.table import Action

_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_DURATION: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smh])")
_IN_FLIGHT: Final = (Action.AWAIT, Action.RESOLVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The flags of a run."""

    only: str | None = None
    limit: int | None = None
    slots: int | None = None
    settle: float | None = None
    stop_after: float | None = None  # seconds
    max_cost: Decimal | None = None
    preview: bool = False
    frozen: bool = False
    yes: bool = False
    as_json: bool = False
    retake: frozenset[ShotId] = frozenset()


_SETTLE: Final = click.IntRange(0, 86_400)


class Duration(click.ParamType[float]):
    """`30s`, `10m` or `2h`, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, float):
            return value
        match = _DURATION.fullmatch(value)
        if match is None:
            self.fail(f"{quoted(value)} is no duration, such as 30s, 10m or 2h", param, ctx)
        return float(match[1]) * _UNITS[match[2]]


class Money(click.ParamType[Decimal]):
    """An amount, exactly as written."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The amount."""
        try:
            amount = Decimal(value)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            self.fail(f"{quoted(value)} is no amount of money, such as 4.50", param, ctx)
        return amount


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that render and retake have in common."""
    flags = (
        click.option("--slots", type=click.IntRange(1, 1000), metavar="N", help="Jobs that may run at once."),
        click.option("--settle", type=_SETTLE, metavar="SECONDS", help="How late a lost job may show up."),
        click.option(
            "--stop-after", type=Duration(), metavar="DURATION", help="Stop as Ctrl-C does, after 30s, 10m, 2h."
        ),
        click.option("--preview", is_flag=True, help="Free previews, even where a server is set."),
        click.option("--max-cost", type=Money(), metavar="AMOUNT", help="The most that this run may cost."),
        click.option("--yes", is_flag=True, help="Do not ask before buying."),
        click.option("--json", "as_json", is_flag=True, help="Events as lines of JSON on standard output."),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command


def chosen(plan: Plan, asked: Asked) -> Plan:
    """The plan for what was asked for. What is in flight stays: it is paid for, and has a slot.

    Raises:
        WrongUsage: `--only` fits no shot.
    """
    if asked.retake:
        return _kept(plan, lambda shot: shot in asked.retake)
    if asked.only is None:
        return plan
    glob = asked.only
    if not any(fnmatchcase(step.shot, glob) for step in plan.steps if step.wanted):
        raise WrongUsage(f"no shot fits {quoted(glob)}", hint="quote the pattern, so that the shell leaves it alone")
    return _kept(plan, lambda shot: fnmatchcase(shot, glob))


def _kept(plan: Plan, wanted: Callable[[ShotId], bool]) -> Plan:
    return replace(plan, steps=tuple(step for step in plan.steps if wanted(step.shot) or step.action in _IN_FLIGHT))
