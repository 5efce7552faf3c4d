"""Questions to a server, outside of a run: what it says of a job, before a person's word about it is believed."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import click

from runner.clock import SystemClock
from runner.commands.account import Account, key_for, origin_for
from runner.commands.wanted import Wanted
from runner.errors import WrongUsage
from runner.execute.asking import state, unanswered
from runner.execute.evidence import POST_MAX, may_be, same
from runner.execute.server_time import ServerTime
from runner.execute.watch import KEY_HINT, deadline_of
from runner.lock.facts import Attempt, Intent
from runner.manifest.wording import quoted
from runner.provider.parsing import usable_id
from runner.provider.replies import Missing, Refused, ReplyError
from runner.provider.statuses import State, state_of
from runner.provider.videos import Job, JobId
from runner.report.wording import shown
from runner.settings import Settings


class Inquiry:
    """The server that is set, asked about jobs of a manifest."""

    def __init__(self, batch: Wanted, settings: Settings) -> None:
        self._batch = batch
        self._settings = settings

    def job_at(self, origin: str | None, job: str) -> Job | None:
        """What the server shows of a job; None where it cannot be asked, or does not say.

        Raises:
            Missing: the server has no such job.
            Refused: the key that is set may not ask for it.
        """
        answer = self._asked(origin, job)
        if isinstance(answer.error, Missing | Refused):
            raise answer.error
        return answer.job

    def look_up(self, job: str, origin: str | None) -> Job | None:
        """Ask the server, if it can be asked: a mistyped id would strand the clip that was paid for, or take another's.

        Raises:
            WrongUsage: it is no id, nobody's job, or another account's.
        """
        if usable_id(job) is None:
            raise WrongUsage("that is no id that a server could have given")
        try:
            found = self.job_at(origin, job)
        except Missing:
            hint = "the account's own page shows its jobs"
            raise WrongUsage(f"the server does not know job {shown(job)}", hint=hint) from None
        except Refused as refused:
            why = f"the server does not show job {shown(job)}: {unanswered(refused)}"
            raise WrongUsage(why, hint=KEY_HINT) from None
        if found is None:
            click.echo(f"job {shown(job)} could not be looked up at the server; it is believed", err=True)
        return found

    def check_fits(self, found: Job | None, job: str, intent: Intent) -> None:
        """See what the server showed of a job.

        Only a job that is plainly another shot's is refused: a server may show a size or a length in its own way.

        Raises:
            WrongUsage: it is another shot's.
        """
        if found is None or may_be(found, intent.request):
            return
        mine = shown(intent.shot)
        for shot in self._batch.batch.shots:
            if same(found, shot.request):
                hint = f"it fits shot `{shot.id}`"
                raise WrongUsage(f"job {shown(job)} is no clip of shot `{mine}`: {_seen(found)}", hint=hint)
        click.echo(f"job {shown(job)} shows another clip than shot `{mine}` wants: {_seen(found)}", err=True)

    def check_given_up(self, attempt: Attempt, now: float) -> None:
        """Make sure that a person who gives a job up loses nothing: it is not at work any more, and brings no clip.

        One "no such job" is no proof: until the longest render is over, only a job that the server calls failed or
        expired can be given up; and while the server calls it at work, until no run would wait for it any more.

        Raises:
            WrongUsage: it may be at work, or its clip may be had.
        """
        answers = {job: self._asked(attempt.intent.origin, job) for job in attempt.jobs}
        states = {job: answer.state for job, answer in answers.items()}
        if set(states.values()) <= {State.FAILED, State.EXPIRED}:
            return
        at_work = not {State.QUEUED, State.IN_PROGRESS}.isdisjoint(states.values())
        completed = next((job for job, state in states.items() if state is State.COMPLETED), None)
        job, shot = shown(completed or attempt.job or ""), shown(attempt.intent.shot)
        profile = self._batch.profile
        longest = deadline_of(profile) if at_work else profile.longest_render
        clocks = [now, *(answer.at for answer in answers.values() if answer.at is not None)]
        left = _left(attempt.intent.at, profile.settle + longest, clocks)
        if left is None and at_work:
            raise WrongUsage(f"job {job} of shot `{shot}` may still be at work", hint="wait for its end")
        if left is None or left <= 0:
            words = "is completed at the server" if completed else "was not seen to end"
            click.echo(f"job {job} {words}; it is given up all the same", err=True)
            return
        why = "is completed: the next render fetches it" if completed else "may still be at work"
        first = "if it cannot be fetched" if completed else "wait for its end"
        raise WrongUsage(
            f"job {job} of shot `{shot}` {why}", hint=f"{first}: in {ceil(left / 60)} min it can be given up"
        )

    def _asked(self, origin: str | None, job: str) -> "_Answer":
        usable, configured = usable_id(job), origin_for(self._batch, self._settings)
        if usable is None or origin is None or origin != configured:
            return _Answer()
        key = key_for(self._batch, self._settings)
        return asyncio.run(_ask(Account(origin=origin, key=key, manner=self._batch.profile.manner), usable))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a server says of a job; nothing where it cannot be asked."""

    job: Job | None = None
    error: ReplyError | None = None
    at: float | None = None  # Unix seconds by the server's clock, if it told its time

    @property
    def state(self) -> State | None:
        return state_of(self.job.status) if self.job else None


def _left(since: float, longest: float, clocks: Iterable[float]) -> float | None:
    """Seconds until a time is over by the server's clock and by that of this machine: each of them may be wrong.

    One by which it has not begun yet contradicts itself, and is not asked; None where both of them do.
    """
    left = (since + longest - now for now in clocks)
    return max((each for each in left if each <= longest + POST_MAX), default=None)


async def _ask(account: Account, job: JobId) -> _Answer:
    from runner.provider.http import HttpVideos

    clock = SystemClock()
    videos = HttpVideos(account.origin, account.key, manner=account.manner, clock=clock)
    time = ServerTime(clock, videos)
    try:
        found, error = (await state(videos, job, clock)).job, None
    except ReplyError as failure:
        found, error = None, failure
    finally:
        await videos.close()
    return _Answer(job=found, error=error, at=time.now() if time.calibrated else None)


def _seen(job: Job) -> str:
    """What a server shows of a job, in short."""
    seconds = f"{job.seconds} s" if job.seconds else ""
    prompt = quoted(job.prompt) if job.prompt else ""
    return shown(", ".join(part for part in (job.size, seconds, prompt) if part))
