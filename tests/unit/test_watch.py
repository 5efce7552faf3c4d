"""Watching: who is at fault when a job cannot be asked for, and when a job is believed to be gone."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from runner.events import Ending, Event, Said, ShotEnded
from runner.execute.scene import Run
from runner.execute.watch import Watcher
from runner.lock.facts import Attempt, State
from runner.plan.steps import Step
from runner.plan.table import Action, Reason
from runner.provider.replies import Missing, Refused, ReplyError, Unreachable
from runner.provider.videos import Job, Polled, ToldTime
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.unit.factories import (
    ORIGIN,
    Line,
    Machine,
    claimed,
    make_attempt,
    make_job,
    make_owner,
    make_run,
    make_shot,
    open_memory,
)

DAY = 86_400.0
RUNNING = Polled(job=make_job("video_1", status="in_progress"))
ENDED = Polled(job=make_job("video_1"))


@dataclass(kw_only=True)
class Watched:
    """What came of watching a job."""

    run: Run
    job: Job | None
    lasted: float
    told: list[Event] = field(default_factory=list)
    again: int = 0  # purchases that were asked for

    @property
    def ended(self) -> ShotEnded:
        (ended,) = (event for event in self.told if isinstance(event, ShotEnded))
        return ended

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.told if isinstance(event, Said)]

    @property
    def attempt(self) -> Attempt:
        return next(iter(self.run.attempts()))


def watch(
    answers: Iterable[Polled | ReplyError],
    *,
    age: float = 60.0,
    wanted: bool = True,
    frozen: bool = False,
    retries: int = 0,
    renamed: str = "",
    **fields: object,
) -> Watched:
    """Watch a job of an earlier run, bought `age` seconds ago, at a server that answers one after the other.

    `renamed` is the name by which a copy of the manifest has claimed it meanwhile.
    """
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    born = clock.now()
    attempt = make_attempt(State.SUBMITTED, at=born, **{"owner": make_owner(), **fields})
    memory = open_memory(Machine())
    memory.record(attempt)
    if renamed:
        with memory.ledger.held():
            memory.ledger.add(claimed(attempt, renamed), key="key")
    loop.jump(age)
    line = Line(*answers, told_time=ToldTime(server=clock.now(), monotonic=clock.monotonic()))
    told: list[Event] = []
    run = make_run(memory, clock, line, frozen=frozen, retries=retries)  # type: ignore[arg-type]
    run.doors = replace(run.doors, listen=told.append)
    shot = make_shot()
    step = Step(
        shot=shot.id,
        action=Action.AWAIT,
        reason=Reason.IN_FLIGHT,
        wanted=shot if wanted else None,
        attempt=attempt,
    )
    begun = loop.time()
    again: list[Step] = []
    job = loop.run_until_complete(Watcher(run, line, step, attempt, again.append).work())
    return Watched(run=run, job=job, lasted=loop.time() - begun, told=told, again=len(again))


# --- a job that cannot be asked for


def test_a_key_that_may_not_ask_for_its_own_jobs_stops_the_batch() -> None:
    seen = watch([Refused("bad key", status=401)])
    assert seen.run.control.stop is not None
    assert seen.ended.ending is Ending.PENDING


@pytest.mark.parametrize(
    "fields",
    [{"origin": "https://earlier.test/v1"}, {"owner": make_owner(key="another")}, {"owner": make_owner(key="")}],
    ids=["server", "key", "told by a lockfile"],
)
def test_a_job_of_another_account_that_may_not_be_asked_for_stops_only_its_own_shot(fields: dict[str, object]) -> None:
    seen = watch([Refused("not yours", status=403)], **fields)
    assert seen.run.control.buying
    assert seen.ended.ending is Ending.HELD
    host = "earlier.test" if "origin" in fields else "videos.test"
    assert seen.ended.reason == f"job video_1 cannot be asked for at {host} with this key (403: not yours)"
    assert seen.ended.hint.endswith("shotlock resolve film.yaml beach --abandon")


def test_a_present_server_that_is_dead_stops_the_batch() -> None:
    seen = watch([Unreachable("no route")])
    assert seen.run.control.stop is not None
    assert seen.run.control.lost


def test_an_earlier_server_that_is_dead_stops_only_its_own_shot() -> None:
    seen = watch([Unreachable("no route")], origin="https://earlier.test/v1")
    assert seen.run.control.waiting
    assert seen.run.control.buying
    assert seen.ended.ending is Ending.PENDING
    assert seen.ended.reason == "job video_1 is at earlier.test, which has not answered for 10 min: no route"
    assert 600 <= seen.lasted < 700


# --- a job that the server does not know


@pytest.mark.parametrize("misses", [1, 2])
def test_a_server_that_does_not_know_a_job_for_a_moment_has_not_lost_it_though_its_time_is_over(misses: int) -> None:
    seen = watch([Missing("no such job", status=404)] * misses + [ENDED], age=2 * DAY)
    assert seen.job is not None
    assert seen.attempt.state is State.SUBMITTED


def test_a_job_whose_time_is_over_and_that_stays_unknown_has_expired() -> None:
    seen = watch([Missing("no such job", status=404)], age=2 * DAY)
    assert seen.attempt.state is State.EXPIRED
    assert seen.ended.ending is Ending.HELD
    assert 10 <= seen.lasted < 60
    assert "--adopt video_1" in seen.ended.hint


def test_a_job_that_stays_unknown_before_its_time_is_over_is_left_as_it_is() -> None:
    seen = watch([Missing("no such job", status=404)])
    assert seen.attempt.state is State.SUBMITTED
    assert seen.ended.ending is Ending.HELD
    assert 120 <= seen.lasted < 200
    assert seen.attempt.intent.origin == ORIGIN


@pytest.mark.parametrize("answer", [Missing("no such job", status=404), Refused("not yours", status=403)])
def test_what_no_shot_wants_any_more_is_given_up_by_its_own_name(answer: ReplyError) -> None:
    """The shot may want something else by now, which is not to be given up."""
    seen = watch([answer], wanted=False, owner=make_owner(key="another"))
    assert seen.said[-1].endswith("if it is given up: shotlock resolve film.yaml video_1 --abandon")
    assert "retake" not in seen.said[-1]
    odd = watch([answer], wanted=False, owner=make_owner(key="another"), job="-X y")
    assert odd.said[-1].endswith("if it is given up: shotlock resolve film.yaml --abandon -- '-X y'")
    gone = watch([Missing("no such job", status=404)], wanted=False, age=2 * DAY)
    assert gone.said[-1].endswith("expired before it was fetched; a new one costs up to 0.8 USD")


def test_a_frozen_run_says_of_a_job_that_failed_that_the_next_run_buys() -> None:
    failed = Polled(job=make_job("video_1", status="failed", error_message="it broke"))
    seen = watch([failed], frozen=True, retries=1)
    assert seen.ended.ending is Ending.PENDING
    assert seen.ended.reason == (
        "the job failed: it broke; it is bought again, as `retries` allows, and this run buys nothing"
    )


def test_a_job_that_runs_on_for_ever_is_left_to_the_next_run() -> None:
    seen = watch([RUNNING])
    assert seen.ended.reason == "job video_1 has not ended after 15 min; the next run goes on"


@pytest.mark.parametrize(("retries", "again"), [(0, 0), (1, 1)])
def test_a_failure_counts_though_a_copy_of_the_manifest_has_renamed_the_shot_meanwhile(
    retries: int, again: int
) -> None:
    """The claim comes in with the next fact of the attempt: bought again it was, where nothing was to be."""
    seen = watch([Polled(job=make_job("video_1", status="failed"))], retries=retries, renamed="shore")
    assert (seen.attempt.state, seen.again) == (State.FAILED, again)
