"""The closing words of a run: what is there, what it cost, what went wrong, and exactly what to do next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import Final

from runner.errors import ExitCode, Stop
from runner.events import Ending, ShotEnded
from runner.execute.execution import Report
from runner.lock.costs import Costs
from runner.lock.facts import Attempt
from runner.plan.steps import Plan, total
from runner.plan.table import Action
from runner.report.money import money
from runner.report.troubles import THERE, troubles
from runner.report.wording import command, counted, near, shown
from runner.settings import BASE_URL, KEY

_CHANGE: Final = "change a line and say the same again: only that shot is made anew"
_NOT_KNOWN: Final = "what was spent is not known: some price is not"
_GO_ON: Final = "say the same again: it goes on where it stopped, and nothing is bought twice"


def summary(
    report: Report,
    plan: Plan,
    *,
    manifest: str,
    preview: bool,
    renders: str | Path,
    attempts: Iterable[Attempt] | None = None,
) -> str:
    """What to read after a run; `attempts`, as they stand after it, tell the whole of what was spent."""
    noun = "preview" if preview else "clip"
    if _is_idle(report, plan):
        return f"nothing to do: {_are_there(len(report.outcomes), noun)}\n"
    tally = Counter(outcome.ending for outcome in report.outcomes)
    head = [_head(tally, noun, near(Path(renders)), report.signal)]
    if not preview:
        head += _spending(report, plan, attempts)
    outcomes = _without_repeating(report.stop, report.outcomes)
    blocks = (head, troubles(outcomes, manifest=manifest), _next(report, manifest, preview=preview))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _is_idle(report: Report, plan: Plan) -> bool:
    ended_well = report.stop is None and report.signal is None
    kept = all(outcome.ending is Ending.KEPT for outcome in report.outcomes)
    return ended_well and kept and all(step.action is Action.KEEP for step in plan.steps)


def _are_there(number: int, noun: str) -> str:
    return f"{counted(number, noun)} {'is' if number == 1 else 'are'} there"


def _head(tally: Mapping[Ending, int], noun: str, renders: str, signal: ExitCode | None) -> str:
    there, wanted = sum(tally[ending] for ending in THERE), sum(tally.values())
    number = _are_there(there, noun) if there == wanted else f"{there:,} of {counted(wanted, noun)} are there"
    kinds = {"new": Ending.DONE, "restored": Ending.RESTORED, "kept": Ending.KEPT}
    told = ", ".join(f"{tally[ending]:,} {word}" for word, ending in kinds.items() if tally[ending])
    kinds_told = f" ({told})" if there != tally[Ending.DONE] else ""
    place = f", in {renders}{kinds_told}" if there else ""
    return f"{'' if signal is None else 'interrupted: '}{number}{place}"


def _spending(report: Report, plan: Plan, attempts: Iterable[Attempt] | None) -> list[str]:
    """A line about money, unless none was ever spent."""
    if attempts is None:
        new = total(outcome.cost for outcome in report.outcomes if outcome.ending is Ending.DONE)
        return [] if new == 0 else [_NOT_KNOWN if new is None else f"the new clips cost {_most(new, plan)}"]
    in_all = Costs.of(attempts).total(plan.currency)
    if in_all is None:
        return [_NOT_KNOWN]
    if in_all == 0:
        return []
    this_run = _NOT_KNOWN if report.cost is None else f"this run cost {_most(report.cost, plan)}"
    return [f"{this_run}, all runs together {money(in_all, plan.currency)}"]


def _most(amount: Decimal, plan: Plan) -> str:
    return f"{money(amount, plan.currency)} at most" if amount else "nothing"


def _without_repeating(stop: Stop | None, outcomes: Sequence[ShotEnded]) -> Sequence[ShotEnded]:
    """What stopped the run is told once, not for every shot."""
    if stop is None:
        return outcomes
    return [replace(each, reason=each.reason.removesuffix(f": {stop.message}")) for each in outcomes]


def _next(report: Report, manifest: str, *, preview: bool) -> list[str]:
    """What to do now, by what the run came to."""
    if report.stop:
        hint = [f"hint: {command(report.stop.hint)}"] if report.stop.hint else []
        return [f"error: {shown(report.stop.message, 600)}", *hint]
    endings = {outcome.ending for outcome in report.outcomes}
    if report.signal is not None or Ending.PENDING in endings:
        return [_GO_ON]
    if endings <= set(THERE):
        return _after_previews(command(quote(manifest))) if preview else [_CHANGE]
    return ["what is there stays: once the rest is mended or decided, say the same again"]


def _after_previews(manifest: str) -> list[str]:
    return [
        "next:",
        f"  {_CHANGE}",
        f"  see the price: shotlock plan {manifest}, or make plan {manifest}",
        f"  buy the clips: set {BASE_URL} and {KEY}, then say the same again (without --preview)",
    ]
