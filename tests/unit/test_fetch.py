"""Fetching: what goes wrong again is said, and named where the run ends first; what is missing may only be late."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from runner.events import Ending, Event, Said, ShotEnded
from runner.execute.fetch import Fetcher
from runner.execute.scene import Run
from runner.lock.facts import State
from runner.plan.steps import Step
from runner.plan.table import Action, Reason
from runner.provider.replies import Missing, NotVideo, Refused, ReplyError, Troubled
from runner.provider.videos import Content, JobId, Resume, Sink, ToldTime
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.unit.factories import (
    Line,
    Machine,
    StillClock,
    make_attempt,
    make_owner,
    make_run,
    make_shot,
    open_memory,
)


class Busy(Line):
    """A server that is too busy to send clips; the third time it is asked, the run is interrupted, and it hangs."""

    run: Run

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        self.asked.append(job)
        if len(self.asked) == 3:
            self.run.control.interrupt(None)
            await asyncio.Event().wait()
        raise Troubled("too busy", status=503)


def test_what_fails_again_is_said_once_and_named_when_the_run_is_interrupted() -> None:
    told: list[Event] = []
    line = Busy()
    line.run = run = make_run(open_memory(Machine()), StillClock(), line, grace=0.0)
    object.__setattr__(run.doors, "listen", told.append)
    attempt = make_attempt(State.SUBMITTED, job="video_9")
    step = Step(
        shot=make_shot().id, action=Action.DOWNLOAD, reason=Reason.IN_FLIGHT, wanted=make_shot(), attempt=attempt
    )
    asyncio.run(Fetcher(run, line, step, attempt, None).work())
    said = [event.text for event in told if isinstance(event, Said)]
    assert said == ["shot `beach`: its download fails (503: too busy); trying on"]
    (ended,) = (event for event in told if isinstance(event, ShotEnded))
    assert ended.reason == "its download was interrupted (503: too busy); the next run fetches it"


class Empty(Line):
    """A server that has no clip, each time for the next reason; the last one stays."""

    reasons: list[ReplyError]

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        self.asked.append(job)
        raise self.reasons.pop(0) if len(self.reasons) > 1 else self.reasons[0]


@dataclass(kw_only=True)
class Fetched:
    """What came of fetching a clip that the server does not give."""

    state: State
    ended: ShotEnded
    asked: int
    buying: bool


def fetch(*reasons: ReplyError, age: float = 60.0, state: State = State.SUBMITTED, key: str = "key") -> Fetched:
    """Fetch a clip that was bought `age` seconds ago."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    attempt = make_attempt(state, job="video_9", at=clock.now(), owner=make_owner(key=key))
    memory = open_memory(Machine())
    memory.record(attempt)
    loop.jump(age)
    line = Empty(told_time=ToldTime(server=clock.now(), monotonic=clock.monotonic()))
    line.reasons = [*reasons]
    told: list[Event] = []
    run = make_run(memory, clock, line)  # type: ignore[arg-type]
    run.doors = replace(run.doors, listen=told.append)
    shot = make_shot()
    step = Step(shot=shot.id, action=Action.DOWNLOAD, reason=Reason.IN_FLIGHT, wanted=shot, attempt=attempt)
    loop.run_until_complete(Fetcher(run, line, step, attempt, None).work())
    (ended,) = (event for event in told if isinstance(event, ShotEnded))
    (known,) = run.attempts()
    return Fetched(state=known.state, ended=ended, asked=len(line.asked), buying=run.control.buying)


GONE = Missing("no such clip", status=404)


@pytest.mark.parametrize("misses", [1, 2])
def test_a_clip_that_is_missing_for_a_moment_has_not_expired_though_its_time_is_over(misses: int) -> None:
    came = fetch(*[GONE] * misses, Troubled("too busy", status=503), age=2 * 86_400.0)
    assert came.state is State.SUBMITTED
    assert came.ended.ending is Ending.PENDING


def test_a_clip_whose_time_is_over_and_that_stays_missing_has_expired() -> None:
    came = fetch(GONE, age=2 * 86_400.0)
    assert (came.state, came.asked) == (State.EXPIRED, 3)
    assert came.ended.hint == (
        "shotlock retake film.yaml beach, or, if the server has it after all: "
        "shotlock resolve film.yaml beach --adopt video_9"
    )


@pytest.mark.parametrize("reason", [GONE, NotVideo("a web page")])
@pytest.mark.parametrize(
    ("state", "command"),
    [(State.SUBMITTED, "shotlock resolve film.yaml beach --abandon"), (State.DONE, "shotlock retake film.yaml beach")],
)
def test_a_clip_that_never_comes_can_be_given_up(reason: ReplyError, state: State, command: str) -> None:
    came = fetch(reason, state=state)
    assert came.state is state
    assert came.ended.hint == f"say the same again later; if it is given up: {command}"


@pytest.mark.parametrize(("key", "buying"), [("key", False), ("another", True)])
def test_a_download_that_is_refused_stops_the_batch_if_this_key_bought_it(key: str, buying: bool) -> None:
    assert fetch(Refused("not yours", status=403), key=key).buying is buying
