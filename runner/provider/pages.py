"""A page of the server's list of jobs."""

from typing import Any, Final

from runner.provider.parsing import job_of, usable_id
from runner.provider.replies import Troubled
from runner.provider.videos import Job, Page

_MORE: Final = (True, "true", 1)
_NO_MORE: Final = (False, "false", 0)
_ALL_WELL: Final = ("0", "200", "success", "ok")  # as codes of an envelope


def page_of(body: Any, *, after: str | None) -> Page:
    """The page that a reply describes; items without a usable id are skipped, and the page remembers that.

    Args:
        body: parsed JSON.
        after: the cursor that was asked for; a list that answers with the same one has ended.

    Raises:
        Troubled: the reply has not the shape of a list.
    """
    items = body.get("data") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise Troubled("the reply is no list of jobs")
    jobs = tuple(job for item in items if (job := job_of(item)) is not None)
    cursor = _cursor(body, jobs)
    ended = cursor is None or cursor == after
    unread = len(jobs) < len(items) or (ended and body.get("has_more") in _MORE) or _is_trouble(body)
    return Page(jobs=jobs, after=None if ended else cursor, unread=unread, total=_total(body))


def _total(body: dict[str, Any]) -> int:
    """How many jobs there are, where that is told."""
    total = body.get("total")
    return total if isinstance(total, int) else 0


def _is_trouble(body: dict[str, Any]) -> bool:
    """Whether a list speaks of an error, as gateways do with status 200: what it lacks may be there."""
    code = str(body.get("code") or "0").lower()
    return bool(body.get("error")) or body.get("success") is False or code not in _ALL_WELL


def _cursor(body: dict[str, Any], jobs: tuple[Job, ...]) -> str | None:
    if body.get("has_more") in _NO_MORE and "has_more" in body:
        return None
    last = jobs[-1].id if jobs else None
    return usable_id(body.get("last_id")) or last
