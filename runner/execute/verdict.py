"""What a person decides about an unconfirmed shot, as facts: it is this job, buy it again, or leave it.

No fact is dated before its attempt: that is dated by the server, and these by the machine.
"""

from collections.abc import Iterable
from dataclasses import replace

from runner.lock.facts import Acceptance, Attempt, Ruling, State


def adopted(attempt: Attempt, job: str, at: float) -> Attempt:
    """The attempt became this job."""
    return replace(attempt, acceptance=Acceptance(jobs=(job,), at=max(at, attempt.intent.at)))


def given_up(attempt: Attempt, at: float, *, resubmit: bool) -> Attempt:
    """Nobody waits for the attempt any more; with `resubmit` a new purchase takes its place."""
    why = "a person ordered a new purchase" if resubmit else "a person gave it up"
    ruling = Ruling(state=State.ABANDONED, why=why, at=max(at, attempt.intent.at), resubmit=resubmit)
    return replace(attempt, ruling=ruling)


def open_cases(attempts: Iterable[Attempt], shot: str) -> tuple[Attempt, ...]:
    """The unconfirmed attempts of a shot, oldest first."""
    mine = (each for each in attempts if each.state is State.INTENT)
    return tuple(
        sorted((each for each in mine if shot in (each.intent.shot, _claimed_by(each))), key=lambda each: each.id)
    )


def _claimed_by(attempt: Attempt) -> str:
    return attempt.claims[-1].shot if attempt.claims else ""
