"""One question to a server, outside of a run: what it says of a job."""

import asyncio

from runner.clock import SystemClock
from runner.commands.account import Account
from runner.execute.asking import state
from runner.provider.replies import Missing, ReplyError
from runner.provider.videos import Job, JobId


def job_at(account: Account, job: JobId) -> Job | None:
    """What a server shows of a job; None where it does not say. Raises Missing where it has no such."""
    return asyncio.run(_job_at(account, job))


async def _job_at(account: Account, job: JobId) -> Job | None:
    from runner.provider.http import HttpVideos

    clock = SystemClock()
    videos = HttpVideos(account.origin, account.key, manner=account.manner, clock=clock)
    try:
        return (await state(videos, job, clock)).job
    except Missing:
        raise
    except ReplyError:
        return None
    finally:
        await videos.close()
