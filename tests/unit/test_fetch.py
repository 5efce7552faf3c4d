"""Fetching: what goes wrong again is said, and named where the run ends first."""

import asyncio

from runner.events import Event, Said, ShotEnded
from runner.execute.fetch import Fetcher
from runner.execute.scene import Run
from runner.lock.facts import State
from runner.plan.steps import Step
from runner.plan.table import Action, Reason
from runner.provider.replies import Troubled
from runner.provider.videos import Content, JobId, Resume, Sink
from tests.unit.factories import Line, Machine, StillClock, make_attempt, make_run, make_shot, open_memory


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
