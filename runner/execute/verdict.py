"""What a person decides about an unconfirmed shot, as facts: it is this job, buy it again, or leave it.

No fact is dated before its attempt: that is dated by the server, and these by the machine.
"""

from dataclasses import replace

from runner.lock.facts import Acceptance, Attempt, Ruling, State
from runner.lock.values import LAST_TIME


def adopted(attempt: Attempt, job: str, at: float) -> Attempt:
    """The attempt became this job."""
    return replace(attempt, acceptance=Acceptance(jobs=(job,), at=max(at, attempt.intent.at)))


def given_up(attempt: Attempt, at: float, *, resubmit: bool) -> Attempt:
    """Nobody waits for the attempt any more; with `resubmit` a new purchase takes its place."""
    why = "a person ordered a new purchase" if resubmit else "a person gave it up"
    return replace(attempt, ruling=Ruling(state=State.ABANDONED, why=why, at=_next(attempt, at), resubmit=resubmit))


def unsent(attempt: Attempt, at: float, why: str) -> Attempt:
    """The attempt bought nothing: another one did."""
    return replace(attempt, ruling=Ruling(state=State.UNSENT, why=why, at=_next(attempt, at)))


def _next(attempt: Attempt, at: float) -> float:
    """The date of a new word: a later one takes back an earlier one."""
    before = round(attempt.ruling.at + 0.001, 3) if attempt.ruling else 0.0
    return max(at, attempt.intent.at, min(before, LAST_TIME))
