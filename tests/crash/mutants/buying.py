"""Broken purchases: sent twice, adopted wrongly, absence believed too easily, slots not counted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from runner.events import Ending
from runner.execute import evidence, fetch, purchase, reconcile, scene, server_time, slots, watch
from runner.execute.mp4 import Probe
from runner.lock.facts import Attempt, State
from runner.lock.memory import Memory
from runner.lock.store import Shelf
from runner.plan import standing
from runner.provider.outcome import Ambiguous, Unsent
from tests.crash.mutants.mutant import Patch
from tests.crash.simulation import life
from tests.crash.simulation.world import World


def option(name: str, value: Any) -> list[Patch]:
    real = life._options
    return [patch.object(life, "_options", lambda *all_: replace(real(*all_), **{name: value}))]


def list_believed(lists: Callable[[str], bool]) -> list[Patch]:
    """The profile vouches for lists that are not complete."""
    real = World.__init__

    def init(self: Any, seed: int) -> None:
        real(self, seed)
        if lists(self.nature.lists):
            self.machine.profile = replace(self.machine.profile, list_complete=True)

    return [patch.object(World, "__init__", init)]


# -- clips


def clips_kept_unsynced() -> list[Patch]:
    def keep(self: Any, part: Any, sha256: str) -> None:
        target = self.kept(sha256)
        fresh = target.with_name(f".{target.name}.new")
        self.disk.copy(part, fresh)
        self.disk.rename(fresh, target)
        self.disk.sync_folder(self.store)

    return [patch.object(Shelf, "keep", keep)]


def named_before_recorded() -> list[Patch]:
    def settle(self: Any, found: Probe) -> None:
        sha256 = self._run.doors.disk.digest(self._path)
        clip = self._clip(found, sha256)
        if self._step.wanted is not None:
            self._shelf.put(self._path, self._step.shot, sha256, self._run.our_clips())
        self._run.record_clip(self._attempt, clip)
        self._run.end(self._step, Ending.DONE)

    return [patch.object(fetch.Fetcher, "_settle", settle)]


def not_verified() -> list[Patch]:
    async def believe(self: Any) -> Probe:
        return Probe(size="", seconds=1.0, audio=False)

    return [patch.object(fetch.Fetcher, "_verified", believe)]


# -- sending


def sent_again(unclear: Callable[[Ambiguous], bool]) -> list[Patch]:
    real = purchase.classify

    def classify(posted: Any, **rest: Any) -> Any:
        outcome = real(posted, **rest)
        return Unsent(why="resend") if isinstance(outcome, Ambiguous) and unclear(outcome) else outcome

    return [patch.object(purchase, "classify", classify)]


def one_nonce() -> list[Patch]:
    real = scene.Run.new_attempt

    def new_attempt(self: Any, step: Any) -> Attempt:
        fresh = real(self, step)
        for each in self.attempts():
            if each.intent.shot == step.shot and each.fingerprint == fresh.fingerprint:
                return replace(fresh, id=each.id)
        return fresh

    return [patch.object(scene.Run, "new_attempt", new_attempt)]


def retried_without_end() -> list[Patch]:
    always = lambda *all_: True  # noqa: E731
    return [patch.object(standing, "may_retry", always), patch.object(watch, "may_retry", always)]


# -- the list


def absence(counts: Callable[[Any, Any], bool]) -> list[Patch]:
    return [patch.object(reconcile.Reconciler, "_absence_counts", lambda self, case, listing: counts(self, case))]


def vouched_for(self: Any, _: Any) -> bool:
    return bool(self._run.options.profile.list_complete)


def absent_at_once() -> list[Patch]:
    """One list is enough."""

    def listen(self: Any, case: Any, listing: Any) -> None:
        if self._absence_counts(case, listing):
            self._close(case)
            self._run.record_rule(case.attempt, State.UNSENT, "a list shows no such job")
            self._absent(case.step)
        else:
            real(self, case, listing)

    real = reconcile.Reconciler._listen_to_silence
    return [patch.object(reconcile.Reconciler, "_listen_to_silence", listen)]


def window(fits: Callable[[float, float, float], bool]) -> list[Patch]:
    def inside(created_at: float, attempt: Attempt, settle: float) -> bool:
        return fits(created_at, attempt.intent.at, settle)

    return [patch.object(evidence, "_in_window", inside)]


def no_older(created: float, begin: float, _: float) -> bool:
    return begin - evidence.SLACK <= created


def no_younger(created: float, begin: float, settle: float) -> bool:
    return created <= begin + evidence.POST_MAX + settle + evidence.SLACK


def only_own_jobs_known() -> list[Patch]:
    """A job of another manifest looks as if nobody had it."""
    real = scene.Run.scene

    def narrow(self: Any) -> Any:
        seen = real(self)
        mine = self.doors.memory.attempts
        return replace(seen, everywhere=tuple(each for each in seen.everywhere if each.id in mine or not each.jobs))

    return [patch.object(scene.Run, "scene", narrow)]


def more_candidates_than_attempts() -> list[Patch]:
    """Of several jobs that fit, the oldest is taken, though not all can be ours."""
    real = evidence.finding

    def finding(attempt: Attempt, listing: Any, seen: Any) -> Any:
        found = real(attempt, listing, seen)
        if isinstance(found, evidence.Unclear):
            fits = [job for job in found.jobs if evidence.same(job, attempt.intent.request)]
            return evidence.Found(job=fits[0]) if fits else found
        return found

    return [patch.object(reconcile, "finding", finding)]


# -- slots


def holds(left: Callable[[Any, Attempt, float], float]) -> list[Patch]:
    real = slots.Slots._left
    return [patch.object(slots.Slots, "_left", lambda self, attempt: left(self, attempt, real(self, attempt)))]


def render_forgotten(self: Any, _: Attempt, seconds: float) -> float:
    return seconds - float(self._run.options.profile.longest_render)


def given_up_is_over(_: Any, attempt: Attempt, seconds: float) -> float:
    return 0.0 if attempt.state is State.ABANDONED else seconds


def stale_reserve() -> list[Patch]:
    """The check is made on facts of up to a minute ago."""
    seen: dict[int, tuple[float, list[Attempt]]] = {}
    real_open, real_reserve = Memory.open_at, Memory.reserve

    def open_at(self: Any, origin: str) -> list[Attempt]:
        return seen[id(self)][1] if id(self) in seen else real_open(self, origin)

    def reserve(self: Any, intent: Attempt, *, calibrated: bool, admit: Callable[[], str]) -> str:
        known = seen.get(id(self))
        if known is None or intent.intent.at - known[0] > 60:
            seen[id(self)] = intent.intent.at, real_open(self, intent.intent.origin)
        return real_reserve(self, intent, calibrated=calibrated, admit=admit)

    return [patch.object(Memory, "reserve", reserve), patch.object(Memory, "open_at", open_at)]


def one_lockfile_only() -> list[Patch]:
    return [patch.object(Memory, "open_at", lambda self, origin: self.attempts.open_at(origin))]


# -- time


def by_the_wall_clock() -> list[Patch]:
    """Ages are measured by a clock that jumps."""
    return [
        patch.object(server_time.ServerTime, "now", lambda self: round(self._clock.now(), 3)),
        patch.object(server_time.ServerTime, "calibrated", property(lambda self: True)),
    ]


def expired_by_any_clock() -> list[Patch]:
    def past(run: Any, attempt: Attempt, expires_at: float | None = None) -> bool:
        until = expires_at if expires_at is not None else attempt.intent.at + run.options.profile.retention
        return bool(run.doors.clock.now() > until)

    return [patch.object(watch, "past_retention", past), patch.object(fetch, "past_retention", past)]
