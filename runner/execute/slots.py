"""Slots: how many jobs may occupy the account, counted from the ledger over all runs and manifests of this machine."""

from collections.abc import Iterable

from runner.execute.scene import Run
from runner.lock.facts import Attempt, State


class Slots:
    """Which attempts may have a job running, as far as this run can tell."""

    def __init__(self, run: Run) -> None:
        self._run = run
        options = run.options
        self.hold = options.settle + options.profile.longest_render  # until a job that came late has ended, too

    @property
    def free(self) -> bool:
        """Whether one more job may be started. Only true for sure under the ledger's lock."""
        return len(self.taken()) < self._run.options.slots

    def taken(self) -> list[Attempt]:
        """The attempts that occupy a slot: jobs until they were seen to end, unconfirmed ones for `hold`."""
        everywhere = self._run.doors.memory.everywhere(self._run.options.origin)
        return [each for each in everywhere if self._occupies(each)]

    def left(self, attempts: Iterable[Attempt]) -> float:
        """Seconds until the first of some unconfirmed attempts lets its slot go."""
        return min((self._left(each) for each in attempts), default=0.0)

    def _occupies(self, attempt: Attempt) -> bool:
        if attempt.state is State.SUBMITTED:
            return not self._run.ended_jobs.issuperset(attempt.jobs)
        return attempt.state in (State.INTENT, State.ABANDONED) and self._left(attempt) > 0

    def _left(self, attempt: Attempt) -> float:
        """By the server's clock if it dated both ends, else by how long this run has seen the attempt lie there."""
        if attempt.owner and attempt.owner.calibrated and self._run.time.calibrated:
            return attempt.intent.at + self.hold - self._run.time.now()
        seen = self._run.first_seen.setdefault(attempt.id, self._run.doors.clock.monotonic())
        return seen + self.hold - self._run.doors.clock.monotonic()
