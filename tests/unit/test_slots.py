"""Slots: counted over all runs and manifests of the machine, dead ones included, and let go only when that is sure."""

import asyncio
from dataclasses import replace

import pytest

from runner.errors import NoSlot
from runner.execute.scene import Run
from runner.execute.slots import Slots
from runner.lock.facts import Acceptance, Attempt, State
from runner.provider.replies import Missing, Refused, ReplyError, Unreachable
from runner.provider.videos import Polled, ToldTime
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.unit.factories import (
    BORN,
    Line,
    Machine,
    StillClock,
    make_attempt,
    make_clip,
    make_job,
    make_owner,
    make_run,
    make_where,
    open_memory,
)

HOLD = 480.0 + 300.0
HOLDING = (State.INTENT, State.ABANDONED, State.SUBMITTED)
DATED, UNDATED = make_owner(calibrated=True), make_owner(calibrated=False)


def run_that_knows(*attempts: Attempt, clock: StillClock | None = None, told: bool = True, **options: object) -> Run:
    """A run of a machine whose ledger has these attempts, of another manifest."""
    machine, clock = Machine(), clock or StillClock()
    other = open_memory(machine, where=make_where("other"))
    for attempt in attempts:
        with other.ledger.held():
            other.ledger.add(attempt, key="key")
    now = ToldTime(server=clock.now(), monotonic=clock.monotonic())
    line = Line(Polled(job=make_job()), told_time=now if told else None)
    return make_run(open_memory(machine), clock, line, **options)


def test_an_account_that_nobody_uses_is_free() -> None:
    slots = Slots(run_that_knows())
    assert slots.free
    assert slots.taken() == []
    assert slots.left([]) == 0.0


@pytest.mark.parametrize("state", State)
def test_what_may_have_a_job_running_holds_a_slot(state: State) -> None:
    slots = Slots(run_that_knows(make_attempt(state, owner=DATED)))
    assert [each.state for each in slots.taken()] == ([state] if state in HOLDING else [])


def test_an_order_holds_no_slot_though_only_a_lockfile_tells_of_it() -> None:
    order = make_attempt(State.ABANDONED, owner=UNDATED, resubmit=True, at=0.0)
    assert Slots(run_that_knows(order, slots=1)).free


@pytest.mark.parametrize(("jobs", "free"), [(0, True), (1, True), (2, False), (3, False)])
def test_slots_are_counted_over_all_manifests(jobs: int, free: bool) -> None:
    running = [make_attempt(State.SUBMITTED, number, owner=DATED) for number in range(jobs)]
    assert Slots(run_that_knows(*running)).free is free


def test_each_origin_has_its_own_slots() -> None:
    elsewhere = make_attempt(State.SUBMITTED, owner=DATED, origin="https://elsewhere.test/v1")
    assert Slots(run_that_knows(elsewhere, slots=1)).free


def test_a_job_that_was_seen_to_end_holds_nothing() -> None:
    run = run_that_knows(make_attempt(State.SUBMITTED, job="video_1", owner=DATED), slots=1)
    assert not Slots(run).free
    run.ended_jobs.add("video_1")
    assert Slots(run).free


def test_of_two_jobs_both_must_have_ended() -> None:
    both = make_attempt(State.SUBMITTED, acceptance=Acceptance(jobs=("a", "b"), at=BORN), owner=DATED)
    run = run_that_knows(both, slots=1)
    run.ended_jobs.add("a")
    assert not Slots(run).free
    run.ended_jobs.add("b")
    assert Slots(run).free


def test_a_job_holds_its_slot_however_old_it_is() -> None:
    clock = StillClock()
    slots = Slots(run_that_knows(make_attempt(State.SUBMITTED, owner=DATED), clock=clock, slots=1))
    clock.pass_by(10 * HOLD)
    assert not slots.free


@pytest.mark.parametrize("state", [State.INTENT, State.ABANDONED])
def test_an_unconfirmed_attempt_lets_go_after_settling_and_the_longest_render(state: State) -> None:
    clock = StillClock()
    unconfirmed = make_attempt(state, owner=DATED)
    slots = Slots(run_that_knows(unconfirmed, clock=clock, slots=1))
    clock.pass_by(HOLD - 1)
    assert not slots.free
    assert slots.left([unconfirmed]) == 1.0
    clock.pass_by(1)
    assert slots.free


def test_a_longer_settling_holds_longer() -> None:
    clock = StillClock()
    slots = Slots(run_that_knows(make_attempt(owner=DATED), clock=clock, slots=1, settle=1000.0))
    clock.pass_by(HOLD + 1)
    assert not slots.free


def test_the_one_that_lets_go_first_is_waited_for() -> None:
    first, second = make_attempt(number=1, owner=DATED), make_attempt(number=2, owner=DATED, at=BORN + 60)
    assert Slots(run_that_knows(first, second)).left([second, first]) == HOLD


@pytest.mark.parametrize(("owner", "told"), [(UNDATED, True), (DATED, False), (None, True)])
def test_an_age_that_no_server_told_is_counted_from_when_this_run_first_saw_it(owner: object, told: bool) -> None:
    clock = StillClock(wall=BORN + 100 * HOLD)
    slots = Slots(run_that_knows(make_attempt(owner=owner), clock=clock, told=told, slots=1))
    assert not slots.free
    clock.pass_by(HOLD - 1)
    assert not slots.free
    clock.pass_by(1)
    assert slots.free


def test_a_wall_clock_that_jumps_frees_no_slot() -> None:
    clock = StillClock()
    slots = Slots(run_that_knows(make_attempt(owner=DATED), clock=clock, slots=1))
    clock.wall += 10 * HOLD
    assert not slots.free


def waited(attempt: Attempt, answer: Polled | ReplyError, **options: object) -> tuple[Slots, float]:
    """Wait for the only slot while another run's job has it; the slots, and after how many seconds one was free."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    machine = Machine()
    other = open_memory(machine, where=make_where("other"))
    with other.ledger.held():
        other.ledger.add(replace(attempt, intent=replace(attempt.intent, at=clock.now())), key="key")
    line = Line(answer, told_time=ToldTime(server=clock.now(), monotonic=clock.monotonic()))
    run = make_run(open_memory(machine), clock, line, slots=1, **options)  # type: ignore[arg-type]
    slots = Slots(run)

    async def wait() -> None:
        while not slots.free:
            await slots.wait(line)

    loop.run_until_complete(wait())
    return slots, loop.time()


@pytest.mark.parametrize("error", [Missing("no such job", status=404), Refused("not yours", status=403)])
def test_a_job_that_cannot_be_seen_lets_go_when_it_must_have_ended(error: ReplyError) -> None:
    _, seconds = waited(make_attempt(State.SUBMITTED, owner=make_owner(key="another")), error)
    assert HOLD <= seconds < HOLD + 60


@pytest.mark.parametrize(
    "answer", [Polled(job=make_job("video_1", status="in_progress")), Unreachable("no route")], ids=["stuck", "dead"]
)
def test_jobs_that_do_not_end_are_not_waited_for_for_ever(answer: Polled | ReplyError) -> None:
    with pytest.raises(NoSlot, match="no slot has become free for 23 min: not seen to end: video_1"):
        waited(make_attempt(State.SUBMITTED, owner=DATED), answer)


def test_slots_that_change_hands_are_waited_for_as_long_as_that_goes_on() -> None:
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    machine = Machine()
    other = open_memory(machine, where=make_where("other"))
    line = Line(Polled(job=make_job("video", status="in_progress")))
    run = make_run(open_memory(machine), clock, line, slots=1)  # type: ignore[arg-type]
    slots = Slots(run)

    def take(number: int) -> None:
        done = [replace(each, clip=make_clip()) for each in other.ledger.attempts.values()]
        with other.ledger.held():
            for each in [*done, make_attempt(State.SUBMITTED, number, owner=DATED)]:
                other.ledger.add(each, key="key")

    async def wait() -> None:
        for number in range(1, 5):
            take(number)
            until = loop.time() + 1000
            while loop.time() < until:
                run.doors.memory.refresh()
                await slots.wait(line)

    loop.run_until_complete(wait())
    assert loop.time() > 2 * (480 + 900)


def test_who_waits_where_a_slot_has_just_become_free_does_not_wait_in_vain() -> None:
    """A slot may let go between the refusal and the wait; the clock of a machine that was started long ago is high."""
    run = run_that_knows(clock=StillClock(monotonic=1e6), slots=1)
    asyncio.run(Slots(run).wait(run.doors.videos_at("")))  # type: ignore[arg-type]
