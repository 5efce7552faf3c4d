"""What every part of one run shares: its doors, what was asked, the flags, the server's time, what was told already."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from shlex import quote

from runner.errors import DiskFailed, LockfileDamaged, Stop
from runner.events import Ending, Phase, Said, ShotEnded, ShotMoved
from runner.execute.asking import whole_list
from runner.execute.control import Control
from runner.execute.doors import Doors, Options
from runner.execute.evidence import Listing, Scene
from runner.execute.pace import PastRenders
from runner.execute.server_time import ServerTime
from runner.lock.costs import Costs
from runner.lock.facts import Acceptance, Attempt, AttemptId, Clip, End, Intent, Ruling, State
from runner.plan.steps import Step
from runner.provider.origin import host_of
from runner.provider.videos import Job, Videos


@dataclass(slots=True, kw_only=True)
class Run:
    """The state of one run. What must outlive it is in the lockfile and ledger, never here."""

    doors: Doors
    options: Options
    control: Control
    time: ServerTime
    ended_jobs: set[str] = field(default_factory=set)  # seen to have ended: their slots are free
    costs: Costs = field(default_factory=Costs)  # of what this run bought, or may have
    first_seen: dict[AttemptId, float] = field(default_factory=dict)  # monotonic, of attempts with no certain date
    watched: set[AttemptId] = field(default_factory=set)  # attempts whose jobs this run is asking for
    posting: set[AttemptId] = field(default_factory=set)  # attempts of this run whose POST is on its way
    outcomes: list[ShotEnded] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    past: PastRenders = field(init=False)

    def __post_init__(self) -> None:
        self.past = PastRenders(self.doors.memory.ledger.attempts.values())

    def spend(self, attempt: Attempt) -> None:
        """This run has bought something, or may have."""
        self.costs.put(attempt.id, attempt.intent.price, self.options.profile.currency)

    @property
    def spent(self) -> Decimal | None:
        """What this run has bought costs at most; None where a price is unknown."""
        return self.costs.total(self.options.profile.currency)

    def attempts(self) -> Iterable[Attempt]:
        """The attempts of this manifest as they stand."""
        return self.doors.memory.attempts.values()

    def scene(self) -> Scene:
        """What explains the list just read: the facts of every run, read now."""
        self.doors.memory.refresh()
        everywhere = self.doors.memory.everywhere(self.options.origin)
        live, options = self.live(everywhere), self.options
        return Scene(everywhere=everywhere, live=live, settle=options.settle, key=options.key)

    async def listed(self, videos: Videos) -> Listing:
        """The server's list, or as much of it as a list can have. Raises Interrupted and ReplyError."""
        listing = await self.control.answered(whole_list(videos, self.doors.clock))
        if listing.endless:
            self.say(f"the server's list does not come to an end: {len(listing.jobs):,} jobs of it were read")
        return listing

    def say(self, text: str, shot: str | None = None) -> None:
        """Tell a person one line, once in a run."""
        if text not in self.said:
            self.said.add(text)
            self.doors.listen(Said(text=text, shot=shot))

    def moved(
        self, step: Step, phase: Phase, *, progress: int | None = None, job: str | None = None, eta: float | None = None
    ) -> None:
        """Tell where a wanted shot is."""
        if step.wanted:
            self.doors.listen(ShotMoved(shot=step.shot, phase=phase, progress=progress, job=job, eta=eta))

    def end(
        self, step: Step, ending: Ending, reason: str = "", *, hint: str = "", clip: Path | None = None,
        cost: Decimal | None = None,
    ) -> None:  # fmt: skip
        """Tell how a step ended. What no shot wants any more is said, and is no outcome."""
        if step.wanted is None:
            if reason:
                self.say(
                    f"an earlier request of shot `{step.shot}`: {reason}" + (f"; {hint}" if hint else ""), step.shot
                )
            return
        ended = ShotEnded(shot=step.shot, ending=ending, reason=reason, hint=hint, clip=clip, cost=cost)
        self.outcomes.append(ended)
        self.doors.listen(ended)

    def adopt_hint(self, step: Step, job: str = "ID") -> str:
        """The command that says which job it is."""
        shot, id_ = quote(step.shot), quote(job)  # both may be others' words, and this is pasted into a shell
        return f"shotlock resolve {quote(self.options.manifest)} {shot} --adopt {id_}"

    def resolve_hint(self, step: Step, job: str = "JOB_ID") -> str:
        """The command by which a person decides."""
        return f"{self.adopt_hint(step, job)} | --resubmit | --abandon"

    @property
    def plan_hint(self) -> str:
        """The command that tells what comes next."""
        return f"shotlock plan {quote(self.options.manifest)} tells what follows"

    def retake_hint(self, step: Step) -> str:
        """The command that buys again."""
        return f"shotlock retake {quote(self.options.manifest)} {quote(step.shot)}"

    def give_up_hint(self, step: Step, attempt: Attempt) -> str:
        """The command by which a clip that was paid for, and will never come, is no longer waited for."""
        if attempt.state is State.DONE:
            return f"if it is given up: {self.retake_hint(step)}"
        # A shot that wants something else by now has nothing to do with it: there it is named by its job.
        name = step.shot if step.wanted else attempt.job or ""
        words = f"--abandon -- {quote(name)}" if name.startswith("-") else f"{quote(name)} --abandon"
        return f"if it is given up: shotlock resolve {quote(self.options.manifest)} {words}"

    def lost_hint(self, step: Step, attempt: Attempt | None) -> str:
        """The command that buys again, and the one that takes back what has expired should the server have it."""
        if step.wanted is None:
            return ""
        if attempt is None or attempt.job is None or attempt.state is not State.EXPIRED:
            return self.retake_hint(step)
        return f"{self.retake_hint(step)}, or, if the server has it after all: {self.adopt_hint(step, attempt.job)}"

    def is_of_this_account(self, attempt: Attempt) -> bool:
        """Whether this machine bought it at this very server, with this very key."""
        key = attempt.owner.key if attempt.owner else ""
        return attempt.intent.origin == self.options.origin and key == self.options.key

    def end_of_another_account(self, step: Step, attempt: Attempt, done: str, why: str) -> None:
        """Tell that a job of another server or key is refused: that says nothing of the account that buys now."""
        told = f"job {attempt.job} cannot be {done} at {host_of(attempt.intent.origin)} with this key ({why})"
        hint = f"say the same again with the key that bought it; {self.give_up_hint(step, attempt)}"
        self.end(step, Ending.HELD, told, hint=hint)

    def again_costs(self, cost: Decimal | None) -> str:
        """What buying a shot again would cost, as the end of a sentence; empty where that is not known."""
        prices = self.options.profile.prices
        return f"; a new one costs up to {cost} {prices.currency}" if cost and prices else ""

    def moment(self, attempt: Attempt) -> float:
        """Now, as the date of a fact: never before its attempt, though each reply sets the clock, by whole seconds."""
        return max(self.time.now(), attempt.intent.at)

    def decided(self, attempt: Attempt) -> Attempt | None:
        """What a run of a copy of the manifest, or a person there, has recorded of an attempt that is open here."""
        known = self.doors.memory.ledger.attempts.get(attempt.id)
        return known if known and (known.job or known.state is State.ABANDONED) else None

    def record_rule(self, attempt: Attempt, state: State, why: str) -> bool:
        """Record that no job came of an attempt, unless somebody else has decided otherwise. Raises DiskFailed."""
        ruled = replace(attempt, ruling=Ruling(state=state, why=why, at=self.moment(attempt)))
        if self.doors.memory.record(ruled, lambda: "it is decided" if self.decided(attempt) else ""):
            return False
        self.costs.drop(attempt.id)
        return True

    def record_job(self, attempt: Attempt, job: Job) -> Attempt:
        """Record an attempt's job. Raises DiskFailed."""
        created = None if job.created_at is None else round(job.created_at, 3)
        acceptance = Acceptance(jobs=(job.id,), at=self.moment(attempt), created_at=created)
        accepted = replace(attempt, acceptance=acceptance)
        try:
            self.doors.memory.record(accepted)
        except (DiskFailed, LockfileDamaged) as failure:
            self.say(failure.message, attempt.intent.shot)  # it names the job; another failure may stop the run first
            raise
        return accepted

    def record_end(self, attempt: Attempt, state: State, job: Job | None, words: str = "") -> Attempt:
        """Record that a job ended without a clip. Raises DiskFailed."""
        code, message = (job.error_code, job.error_message or words) if job else ("", words)
        ended = replace(attempt, end=End(state=state, code=code, message=message, at=self.moment(attempt)))
        self.doors.memory.record(ended)
        return ended

    def record_clip(self, attempt: Attempt, clip: Clip) -> None:
        """Record that the clip is verified and kept. Raises DiskFailed."""
        done = replace(attempt, clip=clip)
        self.doors.memory.record(done)
        self.past.learn(done)

    def our_clips(self) -> frozenset[str]:
        """The SHA-256 of every clip of this manifest: files with other contents are not ours to replace."""
        return self.doors.memory.attempts.clips

    @contextmanager
    def halting(self) -> Iterator[None]:
        """What stops a batch, or the disk's failure, halts this run at once; what is paid for is still brought home."""
        try:
            yield
        except Stop as stop:
            self.control.halt(stop)
        except OSError as error:
            self.control.halt(_disk_failed(error))

    def new_attempt(self, step: Step) -> Attempt:
        """An attempt to buy a shot: not yet recorded."""
        assert step.wanted is not None
        at = self.time.now()
        intent = Intent(
            shot=step.shot,
            take=step.take,
            request=step.wanted.request,
            origin=self.options.origin,
            profile=self.options.profile.name,
            price=step.cost,
            currency="" if step.cost is None else self.options.profile.currency,
            manifest=self.options.file_name,
            at=at,
        )
        return Attempt(id=self.doors.nonce(self.doors.memory.attempts.newest), intent=intent)

    def live(self, everywhere: Iterable[Attempt]) -> frozenset[str]:
        """The attempts whose POST may be on its way right now, in this run or another."""
        open_ = [each for each in everywhere if each.state is State.INTENT]
        paths = {path for each in open_ if each.owner for path in each.owner.paths}
        alive = {path for path in paths if self.doors.running(path)}
        return frozenset(each.id for each in open_ if self._may_be_posting(each, alive))

    def _may_be_posting(self, attempt: Attempt, alive: set[str]) -> bool:
        if attempt.id in self.doors.memory.attempts:
            return attempt.id in self.posting
        return attempt.owner is not None and not alive.isdisjoint(attempt.owner.paths)


def _disk_failed(error: OSError) -> DiskFailed:
    where = f" ({error.filename})" if error.filename else ""
    words = (error.strerror or str(error)).lower()
    return DiskFailed(f"the disk fails: {words}{where}", hint="mend it, then say the same again: nothing is lost")
