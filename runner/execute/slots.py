"""Slots: how many jobs may occupy the account, counted from the ledger over all runs and manifests of this machine."""

from collections.abc import Collection, Iterable

from runner.lock.facts import Attempt, State


def occupying(attempts: Iterable[Attempt], *, now: float, hold: float, ended: Collection[str]) -> list[Attempt]:
    """The attempts that may have a job running.

    A submitted job occupies its slot until somebody saw it end. An attempt of which nobody knows whether it became a
    job, given up or not, occupies one for `hold` seconds: until a late job would have ended, too.
    """
    return [each for each in attempts if _occupies(each, now=now, hold=hold, ended=ended)]


def _occupies(attempt: Attempt, *, now: float, hold: float, ended: Collection[str]) -> bool:
    if attempt.state is State.SUBMITTED:
        return not ended or not all(job in ended for job in attempt.jobs)
    if attempt.state in (State.INTENT, State.ABANDONED):
        return now < attempt.intent.at + hold
    return False
