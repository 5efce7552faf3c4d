"""Questions to a server, each asked again while the trouble is passing: a job's state, and the whole list."""

from typing import Final

from runner.clock import Clock
from runner.execute.evidence import Listing
from runner.provider.replies import ReplyError, TooMany, Troubled, Unreachable
from runner.provider.retry import repeat
from runner.provider.videos import Job, JobId, Page, Polled, Videos

PASSING: Final = (Unreachable, Troubled, TooMany)
_PAGES: Final = 1000  # of 100 jobs each: more is no list, but a loop
_LETTERS: Final = 100_000_000  # of all its prompts together
_NO_NEWS: Final = 3  # pages one after another without a job that was not on an earlier one
_JOB: Final = 500  # letters that a job counts for besides its prompt
_PATIENCE: Final = 900.0  # seconds


async def state(videos: Videos, job: str, clock: Clock) -> Polled:
    """A job's state, asked up to four times. Raises ReplyError."""
    return await repeat(
        lambda: videos.retrieve(JobId(job)), clock=clock, passing=PASSING, attempts=4, first=0.5, most=8.0
    )


async def whole_list(videos: Videos, clock: Clock) -> Listing:
    """Every page of the server's list. Raises ReplyError."""
    begun = clock.monotonic()
    jobs: dict[str, Job] = {}
    after: str | None = None
    seen: set[str] = set()
    whole, total, letters, idle = True, 0, 0, 0
    while len(seen) < _PAGES and letters < _LETTERS and idle < _NO_NEWS and clock.monotonic() - begun < _PATIENCE:
        page = await _page(videos, after, clock)
        idle = idle + 1 if jobs.keys() >= {job.id for job in page.jobs} else 0
        jobs |= {job.id: job for job in page.jobs}
        whole, total = whole and not page.unread, max(total, page.total)
        after = page.after
        if after is None:
            return Listing(jobs=tuple(jobs.values()), whole=whole and len(jobs) >= total, begun=begun)
        if after in seen:
            break
        seen.add(after)
        letters += sum(_JOB + len(job.prompt or "") for job in page.jobs)
    return Listing(jobs=tuple(jobs.values()), whole=False, begun=begun, endless=True)


async def _page(videos: Videos, after: str | None, clock: Clock) -> Page:
    return await repeat(lambda: videos.list(after), clock=clock, passing=PASSING, attempts=4, first=0.5, most=8.0)


def unanswered(error: ReplyError) -> str:
    """What an unanswered question is called on the screen."""
    status = f"{error.status}: " if error.status else ""
    return f"{status}{error.words}"
