"""What a run would do: each shot with its action, reason and price, and what all of it comes to."""

from collections import Counter
from decimal import Decimal
from typing import Any, Final

from runner.manifest.request import Request
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.provider.profile import Profile
from runner.report.columns import table
from runner.report.json_lines import plain_value
from runner.report.money import money
from runner.report.wording import command, counted, shown

_ALL: Final = 40  # steps up to which those that do nothing are listed too
_LONGEST: Final = 10  # digits of seconds
_EMBEDDED: Final = "embedded"
_HEADS: Final = ("shot", "action", "reason", "size", "seconds", "price", "")


def plan_text(plan: Plan, *, manifest: str, host: str, profile: Profile, budget: Decimal | None) -> str:
    """The plan as a table with its totals. `host` is "embedded" for previews."""
    free = host == _EMBEDDED
    blocks = [
        [f"{shown(manifest)}: {shown(host)}, profile {shown(profile.name)}"],
        _steps(plan),
        table([("shots", _counts(plan)), *(_previews(plan) if free else _purchases(plan, profile, budget))]),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def plan_json(plan: Plan, *, manifest: str, host: str, profile: Profile, budget: Decimal | None) -> dict[str, Any]:
    """The plan as data: every step, and the totals. Amounts are numbers; null stands for unknown or none."""
    prices = profile.prices
    return {
        "manifest": manifest,
        "host": host,
        "profile": profile.name,
        "steps": [_step_json(step) for step in plan.steps],
        "actions": {str(action): number for action, number in _tally(plan).items()},
        "purchases": {
            "clips": len(plan.purchases),
            "seconds": plan.seconds,
            "most_cost": _number(plan.cost),
            "currency": plan.currency,
        },
        "further": {"clips": plan.further, "most_cost": _number(plan.further_cost)},
        "prices": {"currency": prices.currency, "date": prices.date, "source": prices.source} if prices else None,
        "spent": _number(plan.spent),
        "spent_known": plan.spent_known,
        "budget": _number(budget),
    }


def request_of(step: Step) -> Request | None:
    """What a step is about: what the shot wants, or what was asked for before."""
    if step.wanted:
        return step.wanted.request
    return step.attempt.intent.request if step.attempt else None


def _steps(plan: Plan) -> list[str]:
    listed = [step for step in plan.steps if len(plan.steps) <= _ALL or step.action is not Action.KEEP]
    return table([_HEADS, *(_row(step, plan.currency) for step in listed)], right=(4, 5)) if listed else []


def _row(step: Step, currency: str) -> tuple[str, ...]:
    request = request_of(step)
    size, seconds = (request.size, request.seconds) if request else ("", "")
    note = "" if step.action is Action.KEEP else step.note if step.wanted else "an earlier request of the shot"
    return (
        shown(step.shot), str(step.action), str(step.reason), shown(size), shown(seconds), _price(step, currency),
        command(note) if step.reason is Reason.DOUBTFUL else shown(note, 100),  # it names the command that helps
    )  # fmt: skip


def _price(step: Step, currency: str) -> str:
    if step.action is not Action.SUBMIT:
        return ""
    return "unknown" if step.cost is None else money(step.cost, currency)


def _tally(plan: Plan) -> dict[Action, int]:
    counter = Counter(step.action for step in plan.steps)
    return {action: counter[action] for action in Action if counter[action]}


def _counts(plan: Plan) -> str:
    return ", ".join(f"{number:,} {action}" for action, number in _tally(plan).items()) or "none"


def _previews(plan: Plan) -> list[tuple[str, str]]:
    number = len(plan.purchases)
    return [("to make", f"{counted(number, 'preview')}, {plan.seconds:,} s, free" if number else "nothing")]


def _purchases(plan: Plan, profile: Profile, budget: Decimal | None) -> list[tuple[str, str]]:
    rows = [("to buy", _to_buy(plan))]
    if plan.further:
        price = money(plan.further_cost, plan.currency) + (" at most" if plan.further_cost is not None else "")
        rows.append(("more", f"{counted(plan.further, 'clip')}, {price}, should jobs come to nothing"))
    if plan.purchases:
        rows.append(("prices", _prices(profile)))
    if plan.spent or not plan.spent_known or budget is not None:
        rows.append(("spent", _spent(plan)))
    if budget is not None:
        rows.append(("budget", money(budget, plan.currency) + _against(plan, budget)))
    return rows


def _to_buy(plan: Plan) -> str:
    if not plan.purchases:
        return "nothing"
    clips = f"{counted(len(plan.purchases), 'clip')}, {plan.seconds:,} s"
    known = [step.cost for step in plan.purchases if step.cost is not None]
    unknown = len(plan.purchases) - len(known)
    if not known:
        return f"{clips}, {money(None, plan.currency)}"
    more = f" for {len(known):,} of them, the price of {unknown:,} is not known" if unknown else ""
    return f"{clips}, {money(sum(known, Decimal(0)), plan.currency)} at most{more}"


def _prices(profile: Profile) -> str:
    if profile.prices is None:
        return "none are known: say them under `prices` in the manifest"
    return f"of {shown(profile.prices.date)}: {shown(profile.prices.source)}"


def _spent(plan: Plan) -> str:
    so_far = money(plan.spent, plan.currency)
    return f"{so_far} so far" if plan.spent_known else f"at least {so_far} so far: some prices are unknown"


def _against(plan: Plan, budget: Decimal) -> str:
    """How the budget stands to what was spent and would be."""
    if not plan.spent_known or plan.cost is None:
        return ", which cannot be kept to while a price is unknown" if plan.purchases else ""
    left = budget - plan.spent - plan.cost
    if left >= 0:
        return f", of which {money(left, plan.currency)} would be left"
    return f", which this would pass by {money(-left, plan.currency)}"


def _step_json(step: Step) -> dict[str, Any]:
    request = request_of(step)
    return {
        "shot": step.shot,
        "action": str(step.action),
        "reason": str(step.reason),
        "wanted": step.wanted is not None,
        "take": step.take,
        "model": request.model if request else None,
        "size": request.size if request else None,
        "seconds": _whole(request.seconds) if request else None,
        "most_cost": _number(step.cost) if step.action is Action.SUBMIT else None,
        "job": step.attempt.job if step.attempt else None,
        "note": step.note,
    }


def _whole(seconds: str) -> int | None:
    """Seconds as a number; a lockfile may be anybody's, and so an earlier request."""
    return int(seconds) if seconds.isdecimal() and len(seconds) < _LONGEST else None


def _number(amount: Decimal | None) -> Any:
    return None if amount is None else plain_value(amount)
