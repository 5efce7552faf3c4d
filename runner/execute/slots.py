"""Slots: how many jobs may occupy the account, counted from the ledger over all runs and manifests of this machine."""

from collections.abc import Iterable
from math import inf
from typing import Final

from runner.errors import NoSlot
from runner.execute.asking import state
from runner.execute.control import Interrupted
from runner.execute.evidence import POST_MAX
from runner.execute.scene import Run
from runner.execute.watch import deadline_of
from runner.lock.facts import Attempt, State
from runner.provider.replies import Missing, Refused, ReplyError
from runner.provider.statuses import State as JobState
from runner.provider.statuses import state_of
from runner.provider.videos import Videos

_LOOK_AGAIN: Final = 5.0  # seconds until the next look at jobs that nobody watches while no slot is free; doubled
_SELDOM: Final = 30.0  # up to this


class Slots:
    """Which attempts may have a job running, as far as this run can tell."""

    def __init__(self, run: Run) -> None:
        self._run = run
        options = run.options
        self.hold = options.settle + options.profile.longest_render  # until a job that came late has ended, too
        self._patience = options.settle + deadline_of(options.profile)  # with the same jobs in all the slots
        self._waiting_for: tuple[frozenset[str], float] = (frozenset(), inf)  # those, and since when; nobody yet
        self._pause = _LOOK_AGAIN

    @property
    def free(self) -> bool:
        """Whether one more job may be started. Only true for sure under the ledger's lock."""
        return len(self.taken()) < self._run.options.slots

    def taken(self) -> list[Attempt]:
        """The attempts that occupy a slot: jobs until they were seen to end, unconfirmed ones for `hold`."""
        open_ = self._run.doors.memory.open_at(self._run.options.origin)
        return [each for each in open_ if self._occupies(each)]

    async def wait(self, videos: Videos) -> None:
        """Wait until a slot may be free; jobs that this run does not watch are looked at meanwhile.

        Raises:
            NoSlot: the same jobs have had all of them for longer than any job takes.
        """
        taken = self.taken()
        self._check_patience(taken)
        unwatched = [each for each in taken if each.id not in self._run.watched]
        if unwatched == taken:
            self._tell_who_is_waited_for(taken)
        for each in unwatched:
            if each.state is State.SUBMITTED:
                await self._look_after(each, videos)
        if self.free:
            self._pause = _LOOK_AGAIN
            return
        await self._run.control.change(self._pause)
        self._pause = min(self._pause * 2, _SELDOM)

    def _check_patience(self, taken: list[Attempt]) -> None:
        names, now = frozenset(each.id for each in taken), self._run.doors.clock.monotonic()
        if names != self._waiting_for[0]:
            self._waiting_for = (names, now)
        if now - self._waiting_for[1] > self._patience:
            jobs = ", ".join(each.job or f"the lost one of shot `{each.intent.shot}`" for each in taken[:3])
            told = f"no slot has become free for {self._patience / 60:.0f} min: not seen to end: {jobs}"
            raise NoSlot(told, hint="say the same again later, or allow more at once by --slots")

    def _tell_who_is_waited_for(self, taken: list[Attempt]) -> None:
        live = self._run.live(taken)
        unconfirmed = [each for each in taken if each.state is not State.SUBMITTED and each.id not in live]
        if unconfirmed:
            minutes = self.left(unconfirmed) / 60
            held = f"a job whose answer was lost may still have it, for up to {minutes:.0f} min"
        elif all(each.id in self._run.doors.memory.attempts for each in taken):
            held = "jobs that were not seen to end may still have it"
        else:
            held = "other runs on this machine have jobs running on the account"
        self._run.say(f"waiting for a slot: {held}")

    async def _look_after(self, attempt: Attempt, videos: Videos) -> None:
        """See whether a job has ended that this run does not watch: another run's, which may be dead, or a lost one."""
        for job in attempt.jobs:
            try:
                polled = await self._run.control.answered(state(videos, job, self._run.doors.clock))
            except Interrupted:
                return
            except (Missing, Refused):
                if self._left(attempt) <= 0:
                    self._run.ended_jobs.add(job)
            except ReplyError:
                continue
            else:
                if state_of(polled.job.status) in (JobState.COMPLETED, JobState.FAILED, JobState.EXPIRED):
                    self._run.ended_jobs.add(job)

    def left(self, attempts: Iterable[Attempt]) -> float:
        """Seconds until the first of some unconfirmed attempts lets its slot go."""
        return min((self._left(each) for each in attempts), default=0.0)

    def _occupies(self, attempt: Attempt) -> bool:
        if attempt.state is State.SUBMITTED:
            return not self._run.ended_jobs.issuperset(attempt.jobs)
        if attempt.state is State.ABANDONED and not attempt.intent.at:
            return False  # a person's order: nothing was sent
        return attempt.state in (State.INTENT, State.ABANDONED) and self._left(attempt) > 0

    def _left(self, attempt: Attempt) -> float:
        """By the server's clock if it dated both ends, else by how long this run has seen the attempt lie there."""
        if attempt.owner and attempt.owner.calibrated and self._run.time.calibrated:
            left = attempt.intent.at + self.hold - self._run.time.now()
            if left <= self.hold + POST_MAX:
                return left  # else the server's clock contradicts itself, and nobody waits until it is right again
        seen = self._run.first_seen.setdefault(attempt.id, self._run.doors.clock.monotonic())
        return seen + self.hold - self._run.doors.clock.monotonic()
