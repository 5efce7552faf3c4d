"""Reconcile: what became of a POST without an answer is recorded before anybody hears of it."""

import asyncio
from dataclasses import replace

from runner.events import Event, Said
from runner.execute.reconcile import Reconciler
from runner.lock.facts import Attempt, State
from runner.plan.steps import Step
from runner.plan.table import Action, Reason
from runner.provider.videos import Page, ToldTime
from tests.unit.factories import (
    BORN,
    Line,
    Machine,
    StillClock,
    make_attempt,
    make_job,
    make_owner,
    make_run,
    make_shot,
    open_memory,
)


def test_a_found_job_is_told_only_after_it_is_recorded() -> None:
    memory, clock = open_memory(Machine()), StillClock()
    lost = make_attempt(State.INTENT, owner=make_owner(calibrated=True))
    memory.record(lost)
    line = Line(Page(jobs=(make_job("video_9"),), after=None), told_time=ToldTime(server=BORN, monotonic=clock.ticks))
    states: list[State] = []

    def listen(event: Event) -> None:
        if isinstance(event, Said) and "video_9" in event.text:
            states.append(memory.ledger.attempts[lost.id].state)

    run = make_run(memory, clock, line)
    run.doors = replace(run.doors, listen=listen)
    adopted: list[Attempt] = []
    step = Step(shot=make_shot().id, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, wanted=make_shot(), attempt=lost)
    reconciler = Reconciler(run, line, lambda _, attempt: adopted.append(attempt), lambda _: None)
    reconciler.add(step, lost)
    asyncio.run(reconciler.work())
    assert [each.job for each in adopted] == ["video_9"]
    assert states == [State.SUBMITTED]
