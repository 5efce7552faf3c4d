"""Watching: ask for a job's state until it ends, seldom early and densely near the end. No paid job is given up."""

from collections.abc import Callable
from typing import Final

from runner.errors import NoCredentials, ServerUnreachable
from runner.events import Ending, Phase
from runner.execute.asking import state, unanswered
from runner.execute.control import Interrupted
from runner.execute.pace import Pace
from runner.execute.scene import Run
from runner.lock.facts import Attempt, State
from runner.plan.ownership import owners_of
from runner.plan.standing import may_retry
from runner.plan.steps import Step
from runner.provider.origin import host_of
from runner.provider.profile import Profile
from runner.provider.replies import Missing, Refused, ReplyError
from runner.provider.statuses import State as JobState
from runner.provider.statuses import state_of
from runner.provider.videos import Job, Polled, Videos

_PATIENCE: Final = 600.0  # seconds without a single answer until the run gives up for now
_MISSING_PATIENCE: Final = 120.0  # seconds of "no such job" until a shot is left to the next run
_GONE_PATIENCE: Final = 30.0  # the same where its time is over and it is given up for good: a gateway may hiccup

KEY_HINT: Final = "is `OPENAI_API_KEY` the key that the jobs were bought with?"


class Watcher:
    """Follows one job to its end."""

    def __init__(self, run: Run, videos: Videos, step: Step, attempt: Attempt, again: Callable[[Step], None]) -> None:
        self._run = run
        self._videos = videos
        self._step = step
        self._attempt = attempt
        self._again = again
        typical = run.options.profile.typical_render
        self._pace = Pace(run.past.expected(attempt.intent.request, typical))
        self._begun = run.doors.clock.monotonic()
        self._heard = self._begun
        self._missing_since: float | None = None
        self._known = run.time.now() - attempt.intent.at > 5  # the server had this job once; one of an earlier run, too

    async def work(self) -> Job | None:
        """The completed job, or None where the step has ended otherwise."""
        polled: Polled | None = None
        self._run.moved(self._step, Phase.QUEUED, job=self._attempt.job)
        # A job of an earlier run may have ended long ago: it is asked for at once.
        wait = 0.0 if self._known else self._wait(None)
        while await self._run.control.pause(wait):
            polled, over = await self._look(polled)
            if over or self._past_deadline():
                return polled.job if polled and over and self._completed(polled) else None
            wait = self._wait(polled)
        self._leave()
        return None

    async def _look(self, before: Polled | None) -> tuple[Polled | None, bool]:
        """Ask once: what is known of the job now, and whether this is the end of watching it."""
        try:
            asking = state(self._videos, self._attempt.job or "", self._run.doors.clock)
            polled = await self._run.control.answered(asking)
        except Interrupted:
            return before, False
        except Missing as error:
            return None, self._is_gone(error)
        except Refused as error:
            self._refused(error)
            return None, True
        except ReplyError as error:
            return before, self._no_answer(error)
        self._heard = self._run.doors.clock.monotonic()
        self._missing_since, self._known = None, True
        return polled, self._ended(polled.job)

    def _leave(self) -> None:
        """Tell what becomes of a job that is no longer awaited."""
        why = f"job {self._attempt.job} goes on at the server; the next run fetches it"
        if self._run.options.profile.resubmit_lost:
            why = "interrupted; the next run makes it again"
        self._run.end(self._step, Ending.PENDING, why)

    def _completed(self, polled: Polled) -> bool:
        return state_of(polled.job.status) is JobState.COMPLETED

    def _ended(self, job: Job) -> bool:
        """Whether the job has ended; if that was without a clip, it is told."""
        match state_of(job.status):
            case JobState.COMPLETED:
                self._free_slot()
                return True
            case JobState.FAILED:
                self._free_slot()
                self._failed(job)
                return True
            case JobState.EXPIRED:
                self._free_slot()
                expire(self._run, self._step, self._attempt, job)
                return True
            case JobState.UNKNOWN:
                self._run.say(f"the server calls a job `{job.status}`, a word not known here; it is polled on")
            case JobState.QUEUED if not job.status:
                self._run.say("the server does not say in words what a job is doing; it is polled on")
            case JobState.QUEUED | JobState.IN_PROGRESS:
                pass
        phase = Phase.QUEUED if state_of(job.status) is JobState.QUEUED else Phase.IN_PROGRESS
        eta = self._pace.remaining(self._elapsed(), job.progress)
        self._run.moved(self._step, phase, progress=job.progress, job=self._attempt.job, eta=eta)
        return False

    def _failed(self, job: Job) -> None:
        ended = self._run.record_end(self._attempt, State.FAILED, job)
        words = job.error_message or job.error_code or job.status
        request = self._attempt.fingerprint
        owners = (self._attempt.intent.shot, self._step.shot)  # a copy of the manifest may have renamed the shot since
        mine = [
            each
            for each in self._run.attempts()
            if each.fingerprint == request and not owners_of(each).isdisjoint(owners)
        ]
        if self._step.wanted and self._run.control.buying and may_retry(ended, mine, self._run.options.retries):
            if self._run.options.frozen:
                why = f"the job failed: {words}; it is bought again, as `retries` allows, and this run buys nothing"
                self._run.end(self._step, Ending.PENDING, why)
                return
            self._run.say(
                f"shot `{self._step.shot}` failed ({words}); it is bought again, as `retries` allows", self._step.shot
            )
            self._again(self._step)
            return
        hint = "change the shot, or " + self._run.retake_hint(self._step) if self._step.wanted else ""
        self._run.end(self._step, Ending.FAILED, f"the job failed: {words}", hint=hint)

    def _is_gone(self, error: Missing) -> bool:
        """Whether a job that the server does not know is given up, for good or for this run."""
        now = self._run.doors.clock.monotonic()
        over = past_retention(self._run, self._attempt)
        patience = _GONE_PATIENCE if over else _MISSING_PATIENCE
        why = f"the server does not know job {self._attempt.job} ({unanswered(error)})"
        self._heard = now
        if self._missing_since is None:
            self._missing_since = now
            self._run.say(f"{why}; asking again for {patience:.0f} s", self._step.shot)
        if now - self._missing_since < patience:
            return False
        if over:
            self._free_slot()
            expire(self._run, self._step, self._attempt, None)
        elif self._run.options.profile.resubmit_lost and self._known and self._step.wanted:
            self._free_slot()
            self._run.record_end(self._attempt, State.EXPIRED, None, "the server no longer knows it")
            self._run.say(f"{why}; shot `{self._step.shot}` is made again", self._step.shot)
            self._again(self._step)
        else:
            other = f"if it is another job: {self._run.adopt_hint(self._step)}; " if self._step.wanted else ""
            hint = f"say the same again later; {other}{self._run.give_up_hint(self._step, self._attempt)}"
            self._run.end(self._step, Ending.HELD, why, hint=hint)
        return True

    def _refused(self, error: Refused) -> None:
        """A key that may not ask for what it bought is none to buy with; what another bought is another matter."""
        if self._run.is_of_this_account(self._attempt):
            stop = NoCredentials(f"the server refuses to be asked: {unanswered(error)}", hint=KEY_HINT)
            self._run.control.halt(stop)
            self._run.end(self._step, Ending.PENDING, f"job {self._attempt.job} cannot be asked for with this key")
        else:
            self._run.end_of_another_account(self._step, self._attempt, "asked for", unanswered(error))

    def _no_answer(self, error: ReplyError) -> bool:
        """Whether a job is left to the next run, for its server has not answered for so long."""
        here = self._attempt.intent.origin == self._run.options.origin
        host = host_of(self._attempt.intent.origin)
        server = "the server" if here else f"the server {host}"
        self._run.say(f"{server} does not answer ({unanswered(error)}); asking again")
        if self._run.doors.clock.monotonic() - self._heard <= _PATIENCE:
            return False
        silence = f"has not answered for {_PATIENCE / 60:.0f} min: {unanswered(error)}"
        hint = "nothing is lost: say the same again when it is back"
        if here:
            self._run.control.halt(ServerUnreachable(f"the server {silence}", hint=hint), lost=True)
            return False
        hint += f"; {self._run.give_up_hint(self._step, self._attempt)}"
        self._run.end(self._step, Ending.PENDING, f"job {self._attempt.job} is at {host}, which {silence}", hint=hint)
        return True

    def _past_deadline(self) -> bool:
        if self._elapsed() < deadline_of(self._run.options.profile):
            return False
        why = f"job {self._attempt.job} has not ended after {self._elapsed() / 60:.0f} min; the next run goes on"
        self._run.end(self._step, Ending.PENDING, why, hint=self._run.give_up_hint(self._step, self._attempt))
        return True

    def _wait(self, polled: Polled | None) -> float:
        asked = polled.again_after if polled else None
        return self._pace.wait(self._elapsed(), polled.job.progress if polled else None, asked)

    def _elapsed(self) -> float:
        """Seconds since this run began to watch; an earlier run's time does not count against the deadline."""
        return self._run.doors.clock.monotonic() - self._begun

    def _free_slot(self) -> None:
        self._run.ended_jobs.update(self._attempt.jobs)
        self._run.control.nudge()


def deadline_of(profile: Profile) -> float:
    """Seconds that one run awaits one job."""
    return 3 * profile.longest_render


def past_retention(run: Run, attempt: Attempt, expires_at: float | None = None) -> bool:
    """Whether the server may have dropped a job by now: by its own clock only, for a machine's clock may be wrong."""
    told = attempt.acceptance.created_at if attempt.acceptance else None
    since = max(attempt.intent.at, told or 0.0)
    until = since + run.options.profile.retention
    if expires_at is not None and expires_at > since:
        until = expires_at
    return run.time.calibrated and run.time.now() > until


def expire(run: Run, step: Step, attempt: Attempt, job: Job | None) -> None:
    """Record that the clip was bought and cannot be had any more, and tell it. Raises DiskFailed."""
    if attempt.clip is None:
        attempt = run.record_end(attempt, State.EXPIRED, job, "the server no longer has it")
    again = run.again_costs(attempt.intent.price)
    why = f"it was bought as job {attempt.job}, and expired before it was fetched{again}"
    run.end(step, Ending.HELD, why, hint=run.lost_hint(step, attempt))
