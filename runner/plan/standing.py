"""How a shot stands: which of its attempts speaks for it, and what that one means."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from runner.lock.facts import Attempt, State
from runner.plan.ownership import WORTH, ordered
from runner.plan.table import Best
from runner.provider.profile import Profile
from runner.provider.statuses import is_moderation

_PLAINLY: Final = {
    State.DONE: Best.DONE,
    State.SUBMITTED: Best.SUBMITTED,
    State.INTENT: Best.INTENT,
    State.UNSENT: Best.NOTHING,
    State.REJECTED: Best.FAILED,
}


def foremost(attempts: Sequence[Attempt], here: Callable[[Attempt], bool] = lambda _: False) -> Attempt | None:
    """The attempt that speaks for the shot: the newest take that has, or may get, a clip; else the latest word.

    Where a take was bought twice, the clip that is `here` stays.
    """
    told = [each for each in attempts if each.state is not State.UNSENT]
    latest = max(told or attempts, key=lambda each: each.id, default=None)
    going = [each for each in told if each.state in WORTH]
    if not going or latest is None:
        return _answered(latest, told)
    newest = max(going, key=lambda each: (each.intent.take, WORTH[each.state], each.id))
    rivals = [each for each in going if each.intent.take == newest.intent.take and each.clip]
    if len(rivals) > 1:
        newest = max(rivals, key=lambda each: (here(each), each.id))
    return latest if ordered(latest) and latest.intent.take > newest.intent.take else newest


def _answered(latest: Attempt | None, told: Sequence[Attempt]) -> Attempt | None:
    """The latest word; but an order is used up by a clip that was taken over in its place, though it was lost since."""
    order = latest.ruling if latest and ordered(latest) else None
    if order is None:
        return latest
    lost = [
        each for each in told if each.claims and each.state is State.EXPIRED and each.end and each.end.at > order.at
    ]
    return max(lost, key=lambda each: each.id, default=latest)


def best_of(attempt: Attempt, mine: Sequence[Attempt], profile: Profile, retries: int) -> Best:
    """What the attempt that speaks for a shot means for it, as the table tells it apart."""
    if attempt.state is State.ABANDONED:
        return Best.ORDERED if ordered(attempt) else Best.ABANDONED
    if attempt.state is State.EXPIRED:
        return Best.LOST if profile.resubmit_lost else Best.EXPIRED
    if attempt.state is State.FAILED:
        return Best.RETRYABLE if may_retry(attempt, mine, retries) else Best.FAILED
    return _PLAINLY[attempt.state]


def may_retry(attempt: Attempt, mine: Iterable[Attempt], retries: int) -> bool:
    """Whether the manifest allows a new purchase after this failure; never after moderation."""
    if attempt.end is None or is_moderation(attempt.end.code, attempt.end.message):
        return False
    failed = {each.id for each in mine if each.state is State.FAILED}
    return len(failed | {attempt.id}) <= retries


def servable(attempt: Attempt, retention: float, now: float) -> bool:
    """Whether the server can still have the clip, by what it said or else by its retention."""
    clip = attempt.clip
    if clip and clip.expires_at is not None:
        return now < clip.expires_at
    since = clip.completed_at if clip and clip.completed_at is not None else attempt.intent.at
    return now < since + retention
