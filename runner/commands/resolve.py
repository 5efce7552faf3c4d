"""`shotlock resolve`: what a person decides about shots whose purchase is unconfirmed. Needs no network."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from shlex import quote

import click

from runner.commands.account import Account, key_for, origin_for
from runner.commands.execution import nonce
from runner.commands.inquiry import job_at
from runner.commands.look import plan_of
from runner.commands.names import manifest_of, shots_of
from runner.commands.place import check_confined, place_of
from runner.commands.running import alone
from runner.commands.traces import gone_manifests
from runner.commands.wanted import Wanted, wanted
from runner.disk import SystemDisk
from runner.errors import WrongUsage
from runner.execute.evidence import may_be, same
from runner.execute.verdict import adopted, given_up, open_cases
from runner.lock.facts import Attempt, AttemptId, Intent, Owner, join
from runner.lock.ledger import digest_of_key
from runner.lock.memory import Memory
from runner.manifest.batch import ShotId
from runner.manifest.wording import quoted
from runner.plan.ownership import last_owner, taken_over
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.provider.parsing import usable_id
from runner.provider.replies import Missing
from runner.provider.videos import Job
from runner.report.wording import shown
from runner.settings import BASE_URL, Settings

_SETTLED = (Action.KEEP, Action.AWAIT, Action.DOWNLOAD, Action.RESTORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided: a job, a new purchase, or neither."""

    adopt: str | None
    resubmit: bool

    @property
    def follows(self) -> str:
        """What the next render does about it."""
        if self.adopt is not None:
            return f"is job {self.adopt}: the next render fetches it"
        return "is bought again by the next render" if self.resubmit else "is given up: only `retake` buys it again"


@click.command("resolve")
@click.argument("manifest")
@click.argument("shots", nargs=-1, metavar="[SHOT]...")
@click.option("--adopt", metavar="JOB_ID", help="The purchase arrived: it is this job.")
@click.option("--resubmit", is_flag=True, help="It did not arrive, or does not matter: buy again.")
@click.option("--abandon", is_flag=True, help="Leave it: neither wait for it nor buy again.")
@click.option("--all", "everything", is_flag=True, help="Every shot whose purchase is unconfirmed.")
@click.pass_obj
def command(
    settings: Settings,
    manifest: str,
    shots: tuple[str, ...],
    *,
    adopt: str | None,
    resubmit: bool,
    abandon: bool,
    everything: bool,
) -> None:
    """Decide about shots whose purchase is unconfirmed, when the server could not tell.

    Look at the account's own page first: `--resubmit` pays again if the job exists after all.
    """
    if [adopt is not None, resubmit, abandon].count(True) != 1:
        raise WrongUsage("exactly one of --adopt JOB_ID, --resubmit and --abandon is needed")
    if bool(shots) == everything:
        raise WrongUsage("either shots or --all must be named")
    if adopt is not None and (everything or len(shots) > 1):
        raise WrongUsage("one job belongs to one shot", hint="name a single shot with --adopt")
    batch = wanted(manifest_of(manifest, settings))
    place = place_of(batch, settings, preview=False)
    check_confined(place)
    disk = SystemDisk()
    with alone(disk, place.state, place.manifest):
        fingerprints = {shot.request.fingerprint for shot in batch.batch.shots}
        memory = Memory.open(disk, place.where(digest_of_key(key_for(batch, settings))), fingerprints)
        origin = origin_for(batch, settings)
        plan = plan_of(batch, memory, place, place.shelf(disk), origin)
        gone = {each.id for each in gone_manifests(disk, memory, origin)}
        docket = Docket(batch, settings, memory, plan, gone)
        docket.decide(shots, Verdict(adopt=adopt, resubmit=resubmit))
        memory.fold()


class Docket:
    """The cases of one manifest."""

    def __init__(
        self, batch: Wanted, settings: Settings, memory: Memory, plan: Plan, gone: Collection[AttemptId]
    ) -> None:
        self._batch = batch
        self._settings = settings
        self._memory = memory
        self._plan = plan
        self._gone = gone  # attempts for manifests that may have been renamed
        self._now = round(time.time(), 3)

    def decide(self, names: Sequence[str], verdict: Verdict) -> None:
        """Record a verdict on the shots that are named, or else on every open case. Raises WrongUsage."""
        open_ = {step.shot for step in self._plan.steps if step.action is Action.RESOLVE}
        known = open_.union(self._batch.shots)
        shots = [name for name in dict.fromkeys(names) if shots_of([name], known)] or sorted(open_)
        facts = [(shot, fact) for shot in shots for fact in self._facts(ShotId(shot), verdict)]
        for claim in self._plan.claims:
            self._memory.record(claim)
        for _, fact in facts:
            self._memory.record(fact)
        for shot in shots:
            click.echo(f"shot `{shot}` {verdict.follows}", err=True)
        if not shots:
            click.echo("nothing is unconfirmed", err=True)

    def _facts(self, shot: ShotId, verdict: Verdict) -> list[Attempt]:
        if verdict.adopt is not None and (known := self._known(verdict.adopt)):
            return [self._taken_over(known, verdict.adopt, shot)]
        cases = self._cases(shot) or self._fresh(shot, verdict)
        if verdict.adopt is not None:
            self._check_fits(verdict.adopt, cases[-1].intent)
            return [adopted(cases[-1], verdict.adopt, self._now)]
        return [given_up(each, self._now, resubmit=verdict.resubmit) for each in cases]

    def _cases(self, shot: ShotId) -> tuple[Attempt, ...]:
        """The open cases of a shot, that of the request it has now at the end."""
        mine = [step.attempt for step in self._plan.steps if step.shot == shot and step.wanted]
        cases = open_cases(self._memory.attempts.values(), shot)
        return tuple(sorted(cases, key=lambda each: each in mine))

    def _fresh(self, shot: ShotId, verdict: Verdict) -> tuple[Attempt, ...]:
        """A record for a job that nobody here remembers making; none where the same was decided before.

        Raises:
            WrongUsage: there is nothing to decide.
        """
        step = next(step for step in self._plan.steps if step.shot == shot)
        if step.reason is Reason.ASKED and verdict.resubmit:
            return ()
        if step.action in _SETTLED:
            hint = f"`shotlock retake {quote(self._batch.name)} {quote(shot)}` buys it again"
            raise WrongUsage(f"shot `{shot}` is not unconfirmed: {step.reason}", hint=hint)
        if verdict.adopt is None and not verdict.resubmit:
            raise WrongUsage(f"shot `{shot}` has nothing to give up: {step.reason}")
        origin = origin_for(self._batch, self._settings)
        if origin is None:
            raise WrongUsage("it is not known which server this is about", hint=f"set {BASE_URL}")
        return (self._attempt(step, origin, verdict),)

    def _attempt(self, step: Step, origin: str, verdict: Verdict) -> Attempt:
        assert step.wanted is not None
        profile = self._batch.profile
        intent = Intent(
            shot=step.shot,
            take=step.take,
            request=step.wanted.request,
            origin=origin,
            profile=profile.name,
            # An order costs nothing yet; only what left a trace may have been paid for, by this manifest.
            price=step.cost if verdict.adopt is not None or step.reason is Reason.DOUBTFUL else Decimal(0),
            currency=profile.prices.currency if profile.prices and step.cost is not None else "",
            manifest=self._batch.path.name,
            # When a job was bought that is not wanted is not known; it is taken to be long over, and holds no slot.
            at=0.0 if verdict.adopt is None else self._now,
        )
        key = digest_of_key(key_for(self._batch, self._settings))
        owner = Owner(paths=(str(self._batch.path),), key=key, calibrated=verdict.resubmit)
        newest = max(self._memory.attempts, default=AttemptId(""))
        return replace(Attempt(id=nonce(newest), intent=intent), owner=owner)

    def _check_fits(self, job: str, intent: Intent) -> None:
        """Ask the server, if it can be asked: a mistyped id would strand the clip that was paid for, or take another's.

        Only a job that is plainly another shot's is refused: a server may show a size or a length in its own way.
        """
        found = self._look_up(job, intent.origin)
        if found is None:
            click.echo(f"job {job} could not be looked up at the server; it is believed", err=True)
        elif not may_be(found, intent.request):
            for shot in self._batch.batch.shots:
                if same(found, shot.request):
                    hint = f"it fits shot `{shot.id}`"
                    raise WrongUsage(f"job {job} is no clip of shot `{intent.shot}`: {_seen(found)}", hint=hint)
            click.echo(f"job {job} shows another clip than shot `{intent.shot}` wants: {_seen(found)}", err=True)

    def _look_up(self, job: str, origin: str) -> Job | None:
        """What the server shows of a job; None where it cannot be asked, or does not say. Raises WrongUsage."""
        usable = usable_id(job)
        if usable is None:
            raise WrongUsage("that is no id that a server could have given")
        if origin != origin_for(self._batch, self._settings):
            return None
        try:
            key = key_for(self._batch, self._settings)
            return job_at(Account(origin=origin, key=key, manner=self._batch.profile.manner), usable)
        except Missing:
            hint = "the account's own page shows its jobs"
            raise WrongUsage(f"the server does not know job {job}", hint=hint) from None

    def _known(self, job: str) -> Attempt | None:
        everywhere = {**self._memory.ledger.attempts, **self._memory.attempts}
        return next((each for each in everywhere.values() if job in each.jobs), None)

    def _taken_over(self, known: Attempt, job: str, shot: ShotId) -> Attempt:
        """What was bought for a manifest that is gone, as this shot's. Raises WrongUsage where it is another's."""
        wanted = next((step.wanted for step in self._plan.steps if step.shot == shot), None)
        if known.id not in self._gone or wanted is None or wanted.request.fingerprint != known.fingerprint:
            raise WrongUsage(f"job {job} is that of shot `{known.intent.shot}` of {known.intent.manifest} already")
        owner = Owner(paths=(str(self._batch.path),), key="", calibrated=False)
        mine = known if last_owner(known) == shot else taken_over(known, shot)
        return join(known, replace(mine, owner=owner))


def _seen(job: Job) -> str:
    """What a server shows of a job, in short."""
    seconds = f"{job.seconds} s" if job.seconds else ""
    prompt = quoted(job.prompt) if job.prompt else ""
    return shown(", ".join(part for part in (job.size, seconds, prompt) if part))
