"""One question to a server, outside of a run: what it says of a job."""

import asyncio

from runner.clock import SystemClock
from runner.execute.asking import state
from runner.provider.replies import Missing, ReplyError
from runner.provider.videos import Job, JobId


def job_at(origin: str, key: str | None, job: JobId) -> Job | None:
    """What the server at an origin shows of a job; None where it does not say. Raises Missing where it has no such."""
    return asyncio.run(_job_at(origin, key, job))


async def _job_at(origin: str, key: str | None, job: JobId) -> Job | None:
    from runner.provider.http import HttpVideos

    clock = SystemClock()
    videos = HttpVideos(origin, key, clock=clock)
    try:
        return (await state(videos, job, clock)).job
    except Missing:
        raise
    except ReplyError:
        return None
    finally:
        await videos.close()
