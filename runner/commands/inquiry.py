"""Questions to a server, outside of a run: what it says of a job, before a person's word about it is believed."""

import asyncio
from math import ceil

import click

from runner.clock import SystemClock
from runner.commands.account import Account, key_for, origin_for
from runner.commands.wanted import Wanted
from runner.errors import WrongUsage
from runner.execute.asking import state
from runner.execute.evidence import may_be, same
from runner.lock.facts import Attempt, Intent
from runner.manifest.wording import quoted
from runner.provider.parsing import usable_id
from runner.provider.replies import Missing, ReplyError
from runner.provider.statuses import State, state_of
from runner.provider.videos import Job, JobId
from runner.report.wording import shown
from runner.settings import Settings


class Inquiry:
    """The server that is set, asked about jobs of a manifest."""

    def __init__(self, batch: Wanted, settings: Settings) -> None:
        self._batch = batch
        self._settings = settings

    def job_at(self, origin: str, job: str) -> Job | None:
        """What the server shows of a job; None where it cannot be asked, or does not say.

        Raises:
            Missing: the server has no such job.
        """
        usable, configured = usable_id(job), origin_for(self._batch, self._settings)
        if usable is None or origin != configured:
            return None
        key = key_for(self._batch, self._settings)
        return asyncio.run(_job_at(Account(origin=origin, key=key, manner=self._batch.profile.manner), usable))

    def check_fits(self, job: str, intent: Intent) -> None:
        """Ask the server, if it can be asked: a mistyped id would strand the clip that was paid for, or take another's.

        Only a job that is plainly another shot's is refused: a server may show a size or a length in its own way.

        Raises:
            WrongUsage: it is no id, nobody's job, or another shot's.
        """
        found = self._look_up(job, intent.origin)
        if found is None:
            click.echo(f"job {shown(job)} could not be looked up at the server; it is believed", err=True)
        elif not may_be(found, intent.request):
            for shot in self._batch.batch.shots:
                if same(found, shot.request):
                    hint = f"it fits shot `{shot.id}`"
                    raise WrongUsage(f"job {shown(job)} is no clip of shot `{intent.shot}`: {_seen(found)}", hint=hint)
            click.echo(f"job {shown(job)} shows another clip than shot `{intent.shot}` wants: {_seen(found)}", err=True)

    def check_given_up(self, attempt: Attempt, now: float) -> None:
        """Make sure that a person who gives a job up loses nothing: it is not at work any more, and brings no clip.

        One "no such job" is no proof: until the longest render is over, only a job that the server calls failed or
        expired can be given up.

        Raises:
            WrongUsage: it may be at work, or its clip may be had.
        """
        states = {self._state_at(attempt.intent.origin, job) for job in attempt.jobs}
        if states <= {State.FAILED, State.EXPIRED}:
            return
        job, done = shown(attempt.job or ""), State.COMPLETED in states
        profile = self._batch.profile
        left = attempt.intent.at + profile.settle + profile.longest_render - now
        if left <= 0:
            words = "is completed at the server" if done else "was not seen to end"
            click.echo(f"job {job} {words}; it is given up all the same", err=True)
            return
        why = "is completed: the next render fetches it" if done else "may still be at work"
        first = "if it cannot be fetched" if done else "wait for its end"
        hint = f"{first}: in {ceil(left / 60)} min it can be given up"
        raise WrongUsage(f"job {job} of shot `{shown(attempt.intent.shot)}` {why}", hint=hint)

    def _state_at(self, origin: str, job: str) -> State | None:
        try:
            found = self.job_at(origin, job)
        except Missing:
            return None
        return state_of(found.status) if found else None

    def _look_up(self, job: str, origin: str) -> Job | None:
        if usable_id(job) is None:
            raise WrongUsage("that is no id that a server could have given")
        try:
            return self.job_at(origin, job)
        except Missing:
            hint = "the account's own page shows its jobs"
            raise WrongUsage(f"the server does not know job {shown(job)}", hint=hint) from None


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


def _seen(job: Job) -> str:
    """What a server shows of a job, in short."""
    seconds = f"{job.seconds} s" if job.seconds else ""
    prompt = quoted(job.prompt) if job.prompt else ""
    return shown(", ".join(part for part in (job.size, seconds, prompt) if part))
