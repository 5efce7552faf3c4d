"""Reconcile: find out what became of POSTs without an answer, by presence, by proven absence, or by asking a person.

One code path for an attempt that an earlier run left and for one whose answer was lost just now.
"""

from collections.abc import Callable
from dataclasses import dataclass

from runner.events import Ending, Phase
from runner.execute.asking import unanswered
from runner.execute.control import Interrupted
from runner.execute.evidence import POST_MAX, Busy, Found, Listing, Quiet, Scene, Unclear, finding, lacking, titles
from runner.execute.scene import Run
from runner.lock.facts import Acceptance, Attempt, AttemptId, State
from runner.manifest.batch import ShotId
from runner.plan.steps import Step
from runner.provider.replies import NoRoute, Refused, ReplyError
from runner.provider.videos import Videos


@dataclass(slots=True, kw_only=True)
class Case:
    """One unconfirmed attempt."""

    step: Step
    attempt: Attempt
    over: float  # monotonic time at which its POST was surely over
    quiet_since: float | None = None  # when the first of the lists began that agree that there is no such job


class Reconciler:
    """Reads the list again and again until every case is decided."""

    def __init__(
        self, run: Run, videos: Videos, adopted: Callable[[Step, Attempt], None], absent: Callable[[Step], None]
    ):
        self._run = run
        self._videos = videos
        self._adopted = adopted
        self._absent = absent
        self._cases: dict[AttemptId, Case] = {}
        self._repeated: set[ShotId] = set()  # shots that this run has sent again already
        self._news = False

    @property
    def busy(self) -> bool:
        """Whether cases are open."""
        return bool(self._cases)

    def add(self, step: Step, attempt: Attempt) -> None:
        """Open a case: the attempt's POST is surely over."""
        self._cases[attempt.id] = Case(step=step, attempt=attempt, over=self._run.doors.clock.monotonic())
        self._news = True
        self._run.moved(step, Phase.UNCONFIRMED)
        self._run.control.nudge()

    async def work(self) -> None:
        """Decide every open case; what an interrupt leaves open is told as pending."""
        wait = 2.0
        while self._cases and self._run.control.waiting:
            self._news = False
            await self._look()
            if self._cases and not self._news:
                await self._rest(wait)
                wait = min(wait * 2, 30.0)
            elif self._news:
                wait = 2.0
        for case in tuple(self._cases.values()):
            self._close(case)
            self._run.end(case.step, Ending.PENDING, "its POST may or may not have arrived; the next run looks again")

    async def _rest(self, seconds: float) -> None:
        until = self._run.doors.clock.monotonic() + seconds
        while not self._news and self._run.control.waiting:
            left = until - self._run.doors.clock.monotonic()
            if left <= 0:
                return
            await self._run.control.change(left)

    async def _look(self) -> None:
        try:
            listing = await self._run.listed(self._videos)
        except Interrupted:
            return
        except (NoRoute, Refused) as error:
            self._hold_all(f"the server has no list to look it up in ({unanswered(error)})")
            return
        except ReplyError as error:
            self._run.say(f"the server's list cannot be read: {unanswered(error)}")
            self._patience_ends("the server's list could not be read")
            return
        scene = self._run.scene()
        self._hear()
        for case in self._certain_first(listing, scene):
            self._judge(case, listing, scene)
            scene = self._run.scene() if case.attempt.id not in self._cases else scene

    def _hear(self) -> None:
        """Take what others found out: a copy of the manifest may have the very same attempt."""
        for case in tuple(self._cases.values()):
            if known := self._run.decided(case.attempt):
                self._close(case)
                self._take(case.step, known)

    def _take(self, step: Step, known: Attempt) -> None:
        self._run.doors.memory.record(known)
        if known.job:
            self._tell(step, known)
        else:
            self._run.end(step, Ending.HELD, "a person has decided about it meanwhile", hint=self._run.plan_hint)

    def _certain_first(self, listing: Listing, scene: Scene) -> list[Case]:
        """The cases that this list can speak of. A job that is certainly one's is no doubt for the others."""
        told = [case for case in self._cases.values() if case.over <= listing.begun]
        return sorted(told, key=lambda case: not isinstance(finding(case.attempt, listing, scene), Found))

    def _judge(self, case: Case, listing: Listing, scene: Scene) -> None:
        found = finding(case.attempt, listing, scene)
        if not isinstance(found, Quiet):
            case.quiet_since = None
        match found:
            case Found(job=job):
                self._close(case)
                self._tell(case.step, self._run.record_job(case.attempt, job))  # before anybody hears of it
            case Unclear(jobs=jobs):
                hint = self._run.resolve_hint(case.step, jobs[0].id)
                self._hold(case, f"its POST may or may not have arrived; it may be {titles(jobs)}", hint)
            case Busy():
                if self._waited(case):  # never by the attempt's age: it may be this run's own POST of the next moment
                    self._hold(case, "its POST may or may not have arrived, and another run buys the same right now")
            case Quiet():
                self._listen_to_silence(case, listing)

    def _tell(self, step: Step, adopted: Attempt) -> None:
        self._run.say(f"job {adopted.job} is the lost answer of shot `{step.shot}`", step.shot)
        self._adopted(step, adopted)

    def _listen_to_silence(self, case: Case, listing: Listing) -> None:
        since = case.quiet_since
        if since is None:
            case.quiet_since = listing.begun
            patience = f"looking again for up to {self._run.options.settle:.0f} s"
            self._run.say(f"shot `{case.step.shot}`: the server lists no such job yet; {patience}", case.step.shot)
        if self._absence_counts(case, listing):
            if since is not None and listing.begun - since >= self._run.options.settle:
                self._believe_the_silence(case, listing)
        elif self._settled(case):
            unread = "" if listing.whole else ", as far as it can be read,"
            self._hold(case, f"its POST may or may not have arrived, and the server's list{unread} shows no such job")

    def _believe_the_silence(self, case: Case, listing: Listing) -> None:
        """Two lists agree; unless this one is seen to lack what it must have, if it has all."""
        missing = self._missing(case, listing)
        if missing is None:
            self._came_to_nothing(case, "two complete lists show no such job")
        elif self._run.time.now() - missing.at >= self._run.options.settle:
            lacks = f"the server's list lacks job {missing.jobs[0]}, too"
            self._hold(case, f"its POST may or may not have arrived, and {lacks}")

    def _missing(self, case: Case, listing: Listing) -> Acceptance | None:
        """A job of this key that the list lacks though it came after the lost one, and early in the silence."""
        run, since = self._run, case.quiet_since or 0.0
        early = run.time.now() - (run.doors.clock.monotonic() - since) + run.options.settle / 2
        everywhere = run.doors.memory.everywhere(run.options.origin)
        return lacking(listing, everywhere, run.options.key, span=(case.attempt.intent.at, early))

    def _came_to_nothing(self, case: Case, why: str) -> None:
        """Record that nothing was bought, and send it again: unless somebody has decided otherwise by now."""
        self._close(case)
        if self._run.record_rule(case.attempt, State.UNSENT, why):
            self._repeat(case.step)
        elif known := self._run.decided(case.attempt):
            self._take(case.step, known)

    def _repeat(self, step: Step) -> None:
        """Send again what surely did not arrive: once in a run, for a server that answers nothing never ends."""
        if step.wanted is None:
            return  # an earlier request, which nobody wants any more
        if step.shot in self._repeated:
            why = "twice its POST had no clear answer, and no job came of it"
            self._run.end(step, Ending.PENDING, why, hint="say the same again when the server is well")
            return
        self._repeated.add(step.shot)
        self._absent(step)

    def _absence_counts(self, case: Case, listing: Listing) -> bool:
        """Whether this list's silence is evidence at all, for this attempt."""
        owner, profile = case.attempt.owner, self._run.options.profile
        age = self._run.time.now() - case.attempt.intent.at
        return (
            profile.list_complete
            and listing.whole
            and owner is not None
            and owner.calibrated
            and owner.key == self._run.options.key
            and self._run.time.calibrated
            and -POST_MAX < age < profile.retention
        )

    def _settled(self, case: Case) -> bool:
        """Whether a job would have shown up by now, so that waiting on makes no sense."""
        age = self._run.time.now() - case.attempt.intent.at
        return self._waited(case) or age >= self._run.options.settle + POST_MAX

    def _waited(self, case: Case) -> bool:
        """Whether this run itself has waited for as long as a lost job may take to show up."""
        return self._run.doors.clock.monotonic() - case.over >= self._run.options.settle

    def _patience_ends(self, why: str) -> None:
        for case in tuple(self._cases.values()):
            if self._waited(case):
                self._hold(case, f"its POST may or may not have arrived, and {why}")

    def _hold_all(self, why: str) -> None:
        for case in tuple(self._cases.values()):
            self._hold(case, f"its POST may or may not have arrived, and {why}")

    def _hold(self, case: Case, why: str, hint: str = "") -> None:
        """Leave it to a person, unless a clip costs nothing."""
        if self._run.options.profile.resubmit_lost and case.step.wanted:
            self._came_to_nothing(case, f"{why}; to make it again costs nothing")
            return
        self._close(case)
        self._run.end(case.step, Ending.HELD, why, hint=hint or self._run.resolve_hint(case.step))

    def _close(self, case: Case) -> None:
        del self._cases[case.attempt.id]
