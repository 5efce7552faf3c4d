"""Where every shot stands, as the lockfile tells it: its state, job, clip and price, and what it waits for."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from shlex import quote
from typing import Any, Final

from runner.lock.facts import Attempt, State
from runner.plan.ownership import assign, ordered, worth
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.report.columns import table
from runner.report.json_lines import plain_value
from runner.report.money import money
from runner.report.wording import command, counted, shown

PlaceOf = Callable[[str], str]
"""Where the clip of a shot belongs, relative to the manifest's folder."""

_HEADS: Final = ("shot", "state", "job", "price", "clip", "")
_VERDICTS: Final = "--adopt JOB_ID | --resubmit | --abandon"
_LONGEST_ID: Final = 60  # characters
_WORDS: Final = {
    State.INTENT: "unconfirmed",
    State.UNSENT: "not bought",
    State.REJECTED: "refused",
    State.ABANDONED: "given up",
    State.SUBMITTED: "in flight",
    State.FAILED: "failed",
    State.EXPIRED: "expired",
    State.DONE: "done",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one shot stands."""

    shot: str
    state: str
    job: str | None
    price: Decimal | None
    currency: str
    clip: str | None  # where it is or belongs, relative to the manifest's folder
    why: str  # or what comes next; empty where all is well


def status_text(plan: Plan, attempts: Iterable[Attempt], *, manifest: str, place_of: PlaceOf) -> str:
    """A table of all shots, and the totals."""
    known = tuple(attempts)
    standings = _standings(plan, known, place_of)
    rows = [
        (
            shown(each.shot),
            each.state,
            shown(_short(each.job or "")),
            _price(each),
            command(each.clip or ""),
            shown(each.why),
        )
        for each in standings
    ]
    blocks = [table([_HEADS, *rows], right=(3,))] if rows else []
    blocks.append([_totals(plan, standings, manifest)])
    if any(each.state == _WORDS[State.INTENT] for each in standings):
        blocks[-1].append(f"to decide: shotlock resolve {command(quote(manifest))} SHOT {_VERDICTS}")
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def status_json(plan: Plan, attempts: Iterable[Attempt], *, manifest: str, place_of: PlaceOf) -> dict[str, Any]:
    """The same as data. Amounts are numbers; null stands for unknown or none."""
    standings = _standings(plan, tuple(attempts), place_of)
    return {
        "manifest": manifest,
        "shots": [_standing_json(each) for each in standings],
        "states": {_key(word): number for word, number in _tally(standings).items()},
        "spent": plain_value(plan.spent),
        "spent_known": plan.spent_known,
        "currency": plan.currency,
    }


def _standings(plan: Plan, attempts: tuple[Attempt, ...], place_of: PlaceOf) -> tuple[Standing, ...]:
    owned, _ = assign([step.wanted for step in plan.steps if step.wanted], attempts)
    return tuple(_standing(step, owned.get(step.shot, ()) if step.wanted else (), place_of) for step in plan.steps)


def _standing(step: Step, mine: tuple[Attempt, ...], place_of: PlaceOf) -> Standing:
    """The attempt that the plan speaks of, else the latest."""
    attempt = step.attempt or max(mine, key=lambda each: each.id, default=None)
    if attempt is None:
        why = "" if step.reason is Reason.NEW else ": ".join(filter(None, (step.reason, step.note)))
        state = _WORDS[State.INTENT if step.reason is Reason.DOUBTFUL else State.UNSENT]
        return Standing(shot=step.shot, state=state, job=None, price=None, currency="", clip=None, why=why)
    bought = attempt.may_have_cost
    return Standing(
        shot=step.shot,
        state=_WORDS[State.UNSENT if ordered(attempt) else attempt.state],
        job=attempt.job,
        price=attempt.intent.price if bought else None,
        currency=attempt.intent.currency,
        clip=_place(step, attempt, place_of),
        why=_why(step, attempt, mine),
    )


def _place(step: Step, attempt: Attempt, place_of: PlaceOf) -> str | None:
    """Where the clip belongs now: that of a renamed shot or manifest was recorded under its former name."""
    if attempt.clip is None:
        return None
    return place_of(step.shot) if step.wanted else attempt.clip.path


def _why(step: Step, attempt: Attempt, mine: tuple[Attempt, ...]) -> str:
    earlier = "" if step.wanted else "an earlier request of the shot"
    parts = [earlier, _next(step, attempt), step.note, _twice(attempt, mine)]
    return "; ".join(part for part in parts if part)


def _twice(attempt: Attempt, mine: tuple[Attempt, ...]) -> str:
    """The other purchases of the same take: two histories that were merged had made one each."""
    others = (each for each in mine if each.id != attempt.id and each.intent.take == attempt.intent.take)
    jobs = ", ".join(job for each in others if worth(each) >= 0 for job in each.jobs if job not in attempt.jobs)
    return f"bought twice, also as {jobs}" if jobs and worth(attempt) >= 0 else ""


def _next(step: Step, attempt: Attempt) -> str:
    """What the state does not say by itself."""
    match step.action:
        case Action.RESTORE:
            return "missing; the next run copies it from the store"
        case Action.DOWNLOAD:
            return "missing; the next run fetches it from the server"
        case Action.RESOLVE:
            return "perhaps bought; the next run looks it up"
        case Action.SUBMIT:
            return f"{step.reason}; the next run buys it"
        case Action.HOLD:
            return "missing, and the server no longer has it" if attempt.clip else ""
        case Action.AWAIT | Action.KEEP:
            return ""


def _short(job: str) -> str:
    """Both ends of an id: some gateways make it as long as a paragraph. As data it is whole."""
    return job if len(job) <= _LONGEST_ID else f"{job[:24]}…{job[-12:]}"


def _price(standing: Standing) -> str:
    return "" if standing.price is None else money(standing.price, standing.currency)


def _tally(standings: Iterable[Standing]) -> dict[str, int]:
    counter = Counter(each.state for each in standings)
    return {word: counter[word] for word in reversed(_WORDS.values()) if counter[word]}


def _totals(plan: Plan, standings: tuple[Standing, ...], manifest: str) -> str:
    shots = counted(len(standings), "shot")
    states = ", ".join(f"{number:,} {word}" for word, number in _tally(standings).items())
    least = "" if plan.spent_known else "at least "
    spent = f"; {least}{money(plan.spent, plan.currency)} spent" if plan.spent or not plan.spent_known else ""
    return f"{shown(manifest)}: {shots}{': ' if states else ''}{states}{spent}"


def _standing_json(each: Standing) -> dict[str, Any]:
    return {
        "shot": each.shot,
        "state": _key(each.state),
        "job": each.job,
        "price": None if each.price is None else plain_value(each.price),
        "currency": each.currency or None,
        "clip": each.clip,
        "why": each.why,
    }


def _key(words: str) -> str:
    return words.replace(" ", "_")
