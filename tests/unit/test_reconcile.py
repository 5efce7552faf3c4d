"""Reconcile: what became of a POST without an answer is recorded before anybody hears of it."""

import asyncio
from dataclasses import replace

import pytest

from runner.events import Event, Said
from runner.execute.reconcile import Reconciler
from runner.execute.scene import Run
from runner.execute.verdict import given_up
from runner.lock.facts import Acceptance, Attempt, State
from runner.lock.memory import Memory
from runner.plan.steps import Step
from runner.plan.table import Action, Reason
from runner.provider.videos import Page, ToldTime
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.unit.factories import (
    BORN,
    Line,
    Machine,
    StillClock,
    make_attempt,
    make_job,
    make_owner,
    make_profile,
    make_run,
    make_shot,
    make_where,
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


def test_what_a_run_of_a_copy_found_out_about_the_same_attempt_is_no_absence() -> None:
    """The folder was copied while an answer was lost: both runs look for it, and one is the first to find it."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    lost, memory, copy = copied(clock)
    copy.record(replace(lost, acceptance=Acceptance(jobs=("video_9",), at=clock.now())))
    now = ToldTime(server=clock.now(), monotonic=clock.monotonic())
    listed = make_job("video_9", created_at=clock.now())
    line = Line(Page(jobs=(listed,), after=None), told_time=now)
    profile = make_profile(list_complete=True)
    run = make_run(memory, clock, line, profile=profile)  # type: ignore[arg-type]
    found: list[str | None] = []
    step = Step(shot=make_shot().id, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, wanted=make_shot(), attempt=lost)
    reconciler = Reconciler(run, line, lambda _, attempt: found.append(attempt.job), lambda _: found.append("none"))
    reconciler.add(step, lost)
    loop.run_until_complete(reconciler.work())
    loop.close()
    assert found == ["video_9"]
    assert memory.attempts[lost.id].job == "video_9", "its lockfile knows, too"


@pytest.mark.parametrize("listens", [True, False], ids=["before", "at the last moment"])
def test_what_a_person_gave_up_in_a_copy_is_not_called_absent_and_bought_again(
    listens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder was copied while an answer was lost: a run looks for it here, and a person gives it up there."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    lost, memory, copy = copied(clock)
    line = Line(Page(jobs=(), after=None), told_time=ToldTime(server=clock.now(), monotonic=clock.monotonic()))
    run = make_run(memory, clock, line, profile=make_profile(list_complete=True))  # type: ignore[arg-type]
    bought: list[str] = []
    step = Step(shot=make_shot().id, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, wanted=make_shot(), attempt=lost)
    reconciler = Reconciler(run, line, lambda *_: bought.append("found"), lambda _: bought.append("again"))
    reconciler.add(step, lost)
    if listens:
        copy.record(given_up(lost, clock.now() + 5, resubmit=False))
    else:
        real = Run.record_rule

        def late(self: Run, attempt: Attempt, state: State, why: str) -> bool:
            copy.record(given_up(lost, clock.now() + 5, resubmit=False))
            return real(self, attempt, state, why)

        monkeypatch.setattr(Run, "record_rule", late)
    loop.run_until_complete(reconciler.work())
    loop.close()
    assert bought == []
    assert [ended.reason for ended in run.outcomes] == ["a person has decided about it meanwhile"]
    assert memory.attempts[lost.id].state is State.ABANDONED


def copied(clock: VirtualClock) -> tuple[Attempt, Memory, Memory]:
    """An attempt whose answer was lost, and what two copies of its manifest remember."""
    lost, machine = make_attempt(State.INTENT, owner=make_owner(calibrated=True), at=clock.now()), Machine()
    memory, copy = open_memory(machine), open_memory(machine, where=make_where("copy"))
    memory.record(lost)
    copy.record(lost)
    return lost, memory, copy
