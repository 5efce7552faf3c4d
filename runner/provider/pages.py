"""A page of the server's list of jobs."""

from typing import Any, Final

from runner.provider.parsing import job_of, usable_id
from runner.provider.replies import Troubled
from runner.provider.videos import Job, Page

_MORE: Final = (True, "true", 1)
_NO_MORE: Final = (False, "false", 0)


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
    unread = len(jobs) < len(items) or (ended and body.get("has_more") in _MORE)
    return Page(jobs=jobs, after=None if ended else cursor, unread=unread)


def _cursor(body: dict[str, Any], jobs: tuple[Job, ...]) -> str | None:
    if body.get("has_more") in _NO_MORE and "has_more" in body:
        return None
    last = jobs[-1].id if jobs else None
    return usable_id(body.get("last_id")) or last
