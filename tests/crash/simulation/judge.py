"""The invariants: the server's books against what people wanted, and against what the files and reports say."""

from collections import Counter
from collections.abc import Iterable, Sequence

from runner.events import Ending, ShotEnded
from runner.execute.evidence import POST_MAX, SLACK
from runner.execute.execution import Report
from runner.lock.facts import RANK, Attempt, AttemptId, State, join_all
from runner.lock.scan import scan
from tests.crash.simulation.disk import Filesystem
from tests.crash.simulation.life import SETTLE, Machine
from tests.crash.simulation.people import Manifest, Wish, wish
from tests.crash.simulation.server import Billed, clip_bytes

_NEAR = SLACK + 5  # seconds: the server's clock is read in whole ones
_LATEST = POST_MAX + SETTLE + _NEAR
_THERE = (Ending.DONE, Ending.RESTORED, Ending.KEPT)


class Violation(AssertionError):
    """A promise was broken."""


class Judge:
    """Looks at everything of one seed. Every method raises Violation."""

    def __init__(self, machine: Machine, manifests: list[Manifest], *, loses: str) -> None:
        self._machine = machine
        self._server = machine.server
        self._fs: Filesystem = machine.fs
        self.manifests = manifests
        self._loses = loses
        self.apart = False  # two machines are at work, which do not see each other's slots

    def check(self) -> None:
        """What holds after every life."""
        self._check_bills()
        self._check_memory()
        self._check_slots()
        self._check_clips()

    # -- money

    def _check_bills(self) -> None:
        allowed: Counter[Wish] = Counter()
        for manifest in self.manifests:
            allowed += manifest.most_wanted + manifest.orders
        ours = [job for job in self._server.look() if not job.foreign]
        good = Counter(wish(job.request) for job in ours if not job.fails)
        every = Counter(wish(job.request) for job in ours)
        for request, count in every.items():
            with_retries = allowed[request] * (self._machine.retries + 1)
            if good[request] > allowed[request] or (self._loses == "lockfile" and count > with_retries):
                jobs = [(job.id, "failed" if job.fails else "") for job in ours if wish(job.request) == request]
                raise Violation(f"{count} bills for {request}, {allowed[request]} wanted: {jobs}")

    def _check_slots(self) -> None:
        if self.apart or self._mistaken({job for each in self._ledgers() for job in each.jobs}):
            return
        if self._loses == "lockfile" and self._server.refused:
            raise Violation("a purchase was tried while no slot was free")
        if self._server.most_running > self._server.slots:
            raise Violation(f"{self._server.most_running} jobs ran at once")

    # -- memory

    def _check_memory(self) -> None:
        """Ids that were used are remembered, what a lockfile said it still says, and every job is its attempt's."""
        ledgers = self._ledgers()
        known = {job for each in ledgers for job in each.jobs}
        settled = {each.id for each in ledgers if each.state is State.UNSENT}
        books = self._server.by_id
        owners: dict[str, str] = {}
        by_date = {each.id for each in ledgers if each.owner and each.owner.calibrated}
        for manifest in self.manifests:
            records = self.records(manifest)
            known |= {job for each in records.values() for job in each.jobs}
            self._check_promises(manifest, records, settled)
            for each in records.values():
                if any(wish(books[job].request) != wish(each.intent.request) for job in each.jobs):
                    raise Violation(f"{each.intent.shot} took a job of another request: {each.jobs}")
                for job in each.jobs:
                    if owners.setdefault(job, each.id) != each.id and self._loses == "lockfile" and not self.apart:
                        raise Violation(f"{job} is two purchases: {owners[job]} and {each.id}")
            self._check_ages(records.values(), by_date)
        if self._loses == "lockfile" and self._server.polled - known:
            raise Violation(f"{self._server.polled - known} was used and is forgotten")

    def _check_ages(self, records: Iterable[Attempt], by_date: set[AttemptId]) -> None:
        """No POST makes a job before it is sent, or later than it can arrive: such a job is somebody else's."""
        for each in records:
            if any(fact.at < each.intent.at for fact in (each.acceptance, each.ruling, each.end, each.clip) if fact):
                raise Violation(f"{each.id} bears a date before its attempt's")
            begun = self._machine.born.get(each.id) if each.id in by_date else None
            for job in each.jobs if begun is not None else ():
                age = self._server.by_id[job].created - begun
                if job not in self._machine.by_hand and not -_NEAR < age < _LATEST:
                    raise Violation(f"{each.intent.shot} took {job}, made {age:.0f} s after its attempt")

    def _check_promises(self, manifest: Manifest, records: dict[AttemptId, Attempt], settled: set[AttemptId]) -> None:
        for name, state in {**manifest.promised, **manifest.pulled}.items():
            id_ = AttemptId(name)
            if state is State.INTENT and id_ in settled:
                continue  # proven unsent since, and followed by something better
            if id_ not in records or RANK[records[id_].state] < RANK[state]:
                raise Violation(f"{manifest.lockfile} forgot that {id_} is {state}")

    def _ledgers(self) -> list[Attempt]:
        files = [file.data for path, file in self._fs.files.items() if path.endswith(".jsonl")]
        return [record for data in files for record in scan(data).records]

    def records(self, manifest: Manifest) -> dict[AttemptId, Attempt]:
        """What a lockfile says."""
        file = self._fs.files.get(str(manifest.lockfile))
        found = scan(file.data if file else b"")
        if found.bad:
            raise Violation(f"{manifest.lockfile}: {found.bad}")
        return join_all(found.records)

    # -- clips

    def _check_clips(self) -> None:
        whole = {clip_bytes(job.id) for job in self._server.books}
        for path, file in self._fs.files.items():
            if path.endswith(".mp4") and "/renders/" in path and file.data not in whole:
                raise Violation(f"{path} is no whole clip")

    def check_same_clips(self, manifest: Manifest, report: Report) -> None:
        """A shot that stands unchanged keeps its clip."""
        requests = {shot.id: wish(shot.request) for shot in manifest.shots}
        for each in report.outcomes:
            if each.ending in _THERE:
                file = self._fs.files.get(str(manifest.place(each.shot)))
                if file is None:
                    raise Violation(f"{each.shot} is {each.ending} and not there")
                key = each.shot, requests[each.shot]
                if manifest.shown.setdefault(key, file.data) != file.data:
                    raise Violation(f"nobody touched {each.shot}, and it got another clip")

    def check_home(self, manifest: Manifest, report: Report) -> None:
        """In calm: the clip of a shot that was paid for, and can be had, is in its place."""
        missing = {each.shot: each for each in report.outcomes if each.ending not in _THERE}
        requests = {shot.id: wish(shot.request) for shot in manifest.shots}
        records = self.records(manifest).values()
        waits = {(_owner(each), wish(each.intent.request)) for each in records if each.state is State.INTENT}
        for each in records:
            owner = _owner(each)
            if (owner, wish(each.intent.request)) in waits:
                continue  # for a person to decide about a newer take
            if owner in missing and requests[owner] == wish(each.intent.request) and self._can_be_had(each):
                raise Violation(f"{each.jobs} is bought for {owner}, which is {missing[owner]}")

    def _can_be_had(self, attempt: Attempt) -> bool:
        return any(self._servable(self._server.by_id[job]) for job in attempt.jobs)

    def _servable(self, job: Billed) -> bool:
        now, retention = self._machine.clock.true_time(), self._server.nature.retention
        return not job.fails and not job.purged and job.ends < now - 60 and now < job.created + retention - 7200

    # -- the end

    def check_rest(self, manifest: Manifest, before: bytes, posts: int, outcomes: Sequence[ShotEnded]) -> None:
        """A run with nothing to do does nothing."""
        if self._server.posts != posts:
            raise Violation("a run with nothing to do sent a purchase")
        if self._fs.files[str(manifest.lockfile)].data != before:
            raise Violation("a run with nothing to do changed the lockfile")
        for each in outcomes:
            if each.ending is Ending.PENDING:
                raise Violation(f"{each.shot} is never done: {each.reason}")

    def check_lost(self) -> None:
        """Every job that was billed is known, or somebody is told that it may exist."""
        attempts = [each for manifest in self.manifests for each in self.records(manifest).values()]
        attempts += self._ledgers()
        known = {job for each in attempts for job in each.jobs}
        open_ = {wish(each.intent.request) for each in attempts if each.state in (State.INTENT, State.ABANDONED)}
        for manifest in self.manifests:
            open_ |= {wish(shot.request) for shot in manifest.shots if shot.id in manifest.held}
        if self._loses == "both":  # what nobody wants any more, or not so often, may be forgotten with both memories
            open_ |= {wish(job.request) for job in self._server.books} - self._wanting(known)
        swapped = self._mistaken(known)
        for job in self._server.look():
            if not job.foreign and job.id not in known and wish(job.request) not in open_ | swapped:
                raise Violation(f"{job.id} was billed and nobody knows of it")

    def _mistaken(self, known: set[str]) -> set[Wish]:
        """Requests for which another client's equal job was taken while the list could not show ours yet, or at all."""
        nature = self._server.nature
        if nature.lists == "faithful" and not nature.lag and not nature.late:
            return set()
        return {wish(job.request) for job in self._server.books if job.foreign and job.id in known}

    def _wanting(self, known: set[str]) -> set[Wish]:
        """The requests for which fewer jobs are known than shots want them."""
        wanted = Counter(wish(shot.request) for each in self.manifests for shot in each.shots)
        return set(wanted - Counter(wish(self._server.by_id[job].request) for job in known))


def _owner(attempt: Attempt) -> str:
    return attempt.claims[-1].shot if attempt.claims else attempt.intent.shot
