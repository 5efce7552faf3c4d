"""Reconcile: what became of a POST without an answer is recorded before anybody hears of it."""

import asyncio
from dataclasses import replace

import pytest

from runner.events import Event, Said
from runner.execute.reconcile import Reconciler
from runner.execute.scene import Run
from runner.execute.verdict import given_up
from runner.lock.facts import Acceptance, Attempt, Ruling, State
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


@pytest.mark.parametrize("complete", [True, False], ids=["complete list", "list that proves nothing"])
def test_what_a_run_of_a_copy_found_out_about_the_same_attempt_is_no_absence(*, complete: bool) -> None:
    """The folder was copied while an answer was lost: both runs look for it, and one is the first to find it."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    lost, memory, copy = copied(clock)
    copy.record(replace(lost, acceptance=Acceptance(jobs=("video_9",), at=clock.now())))
    now = ToldTime(server=clock.now(), monotonic=clock.monotonic())
    listed = make_job("video_9", created_at=clock.now())
    line = Line(Page(jobs=(listed,), after=None), told_time=now)
    profile = make_profile(list_complete=complete)
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


def test_a_list_that_was_asked_for_before_a_post_was_over_is_no_evidence_of_its_absence() -> None:
    """The list of a slow server is on its way for another shot when a second answer is lost."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    memory = open_memory(Machine())
    slow = SlowLine(clock)
    run = make_run(memory, clock, slow, profile=make_profile(list_complete=True))  # type: ignore[arg-type]
    absent: dict[str, float] = {}
    reconciler = Reconciler(run, slow, lambda *_: None, lambda step: absent.setdefault(step.shot, slow.asked_at[-1]))
    for number, name, over in ((1, "beach", 0.0), (2, "alley", 200.0)):
        lost = make_attempt(number=number, shot=name, prompt=name, owner=make_owner(calibrated=True), at=clock.now())
        memory.record(lost)
        shot = make_shot(name, prompt=name)
        step = Step(shot=shot.id, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, wanted=shot, attempt=lost)
        loop.call_at(over, reconciler.add, step, lost)
    loop.call_at(1.0, lambda: loop.create_task(reconciler.work()))
    loop.run_until_complete(clock.sleep(5000))
    loop.close()
    assert absent["beach"] < absent["alley"]
    first = next(at for at in slow.asked_at if at >= 200.0)
    assert absent["alley"] - first >= run.options.settle


def test_silence_is_listened_to_anew_after_an_equal_post_of_another_run() -> None:
    """Lists agree only where every one of them could have shown the job."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    lost, memory, copy = copied(clock)
    rival = make_attempt(number=2, owner=make_owner("/films/copy.yaml"), at=clock.now() + 50)
    line = Line(Page(jobs=(), after=None), told_time=ToldTime(server=clock.now(), monotonic=clock.monotonic()))
    run = make_run(memory, clock, line, profile=make_profile(list_complete=True))  # type: ignore[arg-type]
    run.doors = replace(run.doors, running=lambda path: path == "/films/copy.yaml")
    absent: list[float] = []
    step = Step(shot=make_shot().id, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, wanted=make_shot(), attempt=lost)
    reconciler = Reconciler(run, line, lambda *_: None, lambda _: absent.append(clock.monotonic()))
    reconciler.add(step, lost)
    loop.call_at(50.0, copy.record, rival)
    ruled = replace(rival, ruling=Ruling(state=State.REJECTED, why="no reason", at=clock.now() + 150))
    loop.call_at(150.0, copy.record, ruled)
    loop.run_until_complete(reconciler.work())
    loop.close()
    assert len(absent) == 1
    assert absent[0] >= 150 + run.options.settle


class SlowLine(Line):
    """A server with no jobs, whose list takes five minutes."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(told_time=ToldTime(server=clock.now(), monotonic=clock.monotonic()))
        self._clock = clock
        self.asked_at: list[float] = []

    async def list(self, after: str | None) -> Page:
        assert after is None
        self.asked_at.append(self._clock.monotonic())
        await self._clock.sleep(300)
        return Page(jobs=(), after=None)


def copied(clock: VirtualClock) -> tuple[Attempt, Memory, Memory]:
    """An attempt whose answer was lost, and what two copies of its manifest remember."""
    lost, machine = make_attempt(State.INTENT, owner=make_owner(calibrated=True), at=clock.now()), Machine()
    memory, copy = open_memory(machine), open_memory(machine, where=make_where("copy"))
    memory.record(lost)
    copy.record(lost)
    return lost, memory, copy
