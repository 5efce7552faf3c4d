"""All jobs of the server: who is let in, who is known, and in which order they are listed."""

from collections.abc import Iterator
from dataclasses import dataclass

from runner.sandbox.clock import Clock
from runner.sandbox.dialect import Dialect
from runner.sandbox.job import Job
from runner.sandbox.order import Order
from runner.sandbox.refusal import too_many_running, unknown_video
from runner.sandbox.rules import Pace, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A stretch of the list."""

    jobs: tuple[Job, ...]
    more: bool


class Jobs:
    """The jobs, oldest first."""

    def __init__(self, rules: Rules, clock: Clock, dialect: Dialect | None = None) -> None:
        self._rules = rules
        self._dialect = dialect or Dialect()
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._names: dict[str, str] = {}  # other ids that some jobs have

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    def __len__(self) -> int:
        return len(self._jobs)

    def running(self) -> int:
        """Jobs that occupy a slot now, those that are not shown yet among them."""
        now = self._clock.now()
        return sum(job.state(now).running for job in self)

    def admit(self, order: Order, pace: Pace) -> Job:
        """Take an order.

        Raises:
            Refusal: all slots are taken.
        """
        if self.running() >= self._rules.slots:
            raise too_many_running()
        now = self._clock.now()
        job = Job(id=self._dialect.new_id(now), order=order, pace=pace, created_at=now)
        self._jobs[job.id] = job
        for other in self._dialect.aliases(job):
            self.name(job, other)
        return job

    def get(self, job_id: str) -> Job | None:
        """A job by its id, shown or not, as long as it was not removed."""
        return self._jobs.get(self._names.get(job_id, job_id))

    def name(self, job: Job, job_id: str) -> None:
        """Let a job be known by another id, too."""
        self._names[job_id] = job.id

    def find(self, job_id: str) -> Job:
        """A job that the server admits to know.

        Raises:
            Refusal: there is none.
        """
        job = self.get(job_id)
        if job is None or not self._shown(job):
            raise unknown_video(job_id)
        return job

    def page(self, *, after: str, limit: int, newest_first: bool, lag: float = 0.0) -> Page:
        """A page of those that were created at least `lag` seconds ago.

        Raises:
            Refusal: `after` is no known job.
        """
        youngest = self._clock.now() - lag
        known = [job for job in self if self._shown(job) and job.created_at <= youngest]
        known.sort(key=lambda job: job.created_at)
        if newest_first:
            known.reverse()
        if after:
            known = known[_place(known, self._names.get(after, after)) + 1 :]
        return Page(jobs=tuple(known[:limit]), more=len(known) > limit)

    def remove(self, job: Job) -> None:
        """Forget a job."""
        self._jobs.pop(job.id, None)

    def expired(self, job: Job) -> bool:
        """Whether its clip is gone."""
        now = self._clock.now()
        expires_at = job.state(now).expires_at(self._rules.retention)
        return expires_at is not None and expires_at <= now

    def _shown(self, job: Job) -> bool:
        if job.created_at > self._clock.now():
            return False
        return not (self._rules.forgets and self.expired(job))


def _place(jobs: list[Job], job_id: str) -> int:
    for place, job in enumerate(jobs):
        if job.id == job_id:
            return place
    raise unknown_video(job_id)
