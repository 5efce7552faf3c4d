"""The whole decision, as one table: from the best fact of a shot and where its clip is to an action and its reason."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """What this run does about a shot."""

    SUBMIT = "submit"  # buy it
    AWAIT = "await"  # it is bought: poll, download
    DOWNLOAD = "download"  # it is bought and finished: download
    RESTORE = "restore"  # copy it from the store
    RESOLVE = "resolve"  # find out whether it was bought
    HOLD = "hold"  # a person must decide
    KEEP = "keep"  # it is there


class Reason(StrEnum):
    """Why."""

    NEW = "new"
    CHANGED = "changed"
    ASKED = "asked for"
    IN_FLIGHT = "in flight"
    CLIP_MISSING = "clip missing"
    NOT_HERE = "bought but not here"
    EXPIRED = "expired"
    FAILED = "failed before"
    ABANDONED = "given up"
    UNCONFIRMED = "unconfirmed"
    DOUBTFUL = "maybe bought before"
    UP_TO_DATE = "up to date"


class Best(StrEnum):
    """The best fact of a shot's attempts, as the table tells them apart."""

    NOTHING = "nothing"
    OTHER = "other request"  # only attempts of what the shot wanted before
    DOUBTFUL = "nothing, but a trace"  # no fact tells of a purchase, and something else does
    ORDERED = "ordered"  # a person asked for a purchase: retake, or resolve --resubmit
    INTENT = "intent"
    SUBMITTED = "submitted"
    RETRYABLE = "failed, retries left"
    FAILED = "failed or rejected"
    ABANDONED = "abandoned"
    LOST = "expired, costs nothing"  # the profile says that lost clips may be made again
    EXPIRED = "expired"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the decision; None stands for either."""

    best: Best
    here: bool | None = None  # the clip is in its place
    stored: bool | None = None  # the store has it
    served: bool | None = None  # the server can still give it
    action: Action
    reason: Reason
    slot: str  # "takes", "holds" or "none"
    exit: str  # what the shot adds to the exit code


TABLE: Final = (
    Row(best=Best.NOTHING, action=Action.SUBMIT, reason=Reason.NEW, slot="takes", exit="0 when done"),
    Row(best=Best.OTHER, action=Action.SUBMIT, reason=Reason.CHANGED, slot="takes", exit="0 when done"),
    Row(best=Best.DOUBTFUL, action=Action.HOLD, reason=Reason.DOUBTFUL, slot="none", exit="1"),
    Row(best=Best.ORDERED, action=Action.SUBMIT, reason=Reason.ASKED, slot="takes", exit="0 when done"),
    Row(best=Best.INTENT, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, slot="holds", exit="0 when resolved, else 1"),
    Row(best=Best.SUBMITTED, action=Action.AWAIT, reason=Reason.IN_FLIGHT, slot="holds", exit="0 when done"),
    Row(best=Best.RETRYABLE, action=Action.SUBMIT, reason=Reason.FAILED, slot="takes", exit="0 when done"),
    Row(best=Best.FAILED, action=Action.HOLD, reason=Reason.FAILED, slot="none", exit="1"),
    Row(best=Best.ABANDONED, action=Action.HOLD, reason=Reason.ABANDONED, slot="holds", exit="1"),
    Row(best=Best.LOST, action=Action.SUBMIT, reason=Reason.EXPIRED, slot="takes", exit="0 when done"),
    Row(best=Best.EXPIRED, action=Action.HOLD, reason=Reason.EXPIRED, slot="none", exit="1"),
    Row(best=Best.DONE, here=True, action=Action.KEEP, reason=Reason.UP_TO_DATE, slot="none", exit="0"),
    Row(best=Best.DONE, here=False, stored=True, action=Action.RESTORE, reason=Reason.CLIP_MISSING, slot="none", exit="0"),
    Row(best=Best.DONE, here=False, stored=False, served=True, action=Action.DOWNLOAD, reason=Reason.NOT_HERE, slot="none",
        exit="0 when here"),
    Row(best=Best.DONE, here=False, stored=False, served=False, action=Action.HOLD, reason=Reason.EXPIRED, slot="none",
        exit="1"),
)  # fmt: skip


def decide(best: Best, *, here: bool, stored: bool, served: bool) -> Row:
    """The row of the table that applies."""
    for row in TABLE:
        asked = ((row.here, here), (row.stored, stored), (row.served, served))
        if row.best is best and all(wanted is None or wanted == found for wanted, found in asked):
            return row
    raise AssertionError(f"no row for {best}")
