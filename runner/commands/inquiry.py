"""One question to a server, outside of a run: whether it knows a job."""

import asyncio

from runner.clock import SystemClock
from runner.execute.asking import state
from runner.provider.replies import Missing, ReplyError
from runner.provider.videos import JobId


def knows(origin: str, key: str | None, job: JobId) -> bool | None:
    """Whether the server at an origin knows a job; None where it does not say."""
    return asyncio.run(_knows(origin, key, job))


async def _knows(origin: str, key: str | None, job: JobId) -> bool | None:
    from runner.provider.http import HttpVideos

    clock = SystemClock()
    videos = HttpVideos(origin, key, clock=clock)
    try:
        await state(videos, job, clock)
    except Missing:
        return False
    except ReplyError:
        return None
    finally:
        await videos.close()
    return True
