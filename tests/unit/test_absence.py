"""Absence: what a list's silence must come with before it counts, and how long it is listened to."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from runner.events import Ending
from runner.execute.evidence import POST_MAX
from runner.execute.reconcile import Reconciler
from runner.execute.scene import Run
from runner.lock.facts import Acceptance, Attempt, State
from runner.lock.memory import Memory
from runner.plan.steps import Step
from runner.plan.table import Action, Reason
from runner.provider.replies import NoRoute, Troubled
from runner.provider.videos import Page, ToldTime
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.unit.factories import (
    Line,
    Machine,
    make_attempt,
    make_job,
    make_owner,
    make_profile,
    make_run,
    make_shot,
    open_memory,
)

SETTLE = 480.0
SILENT = Page(jobs=(), after=None)
PARTLY = Page(jobs=(), after=None, unread=True)
DAY = 86_400.0
FREE = make_profile(list_complete=False, resubmit_lost=True)
PROVING = make_profile(list_complete=True, retention=DAY)


@dataclass(kw_only=True)
class Search:
    """One lost answer that is looked for in a list which never shows its job, on virtual time."""

    answer: Page | Exception = SILENT
    owner: Any = field(default_factory=make_owner)
    age: float = 0.0  # seconds since its POST when the search begins
    calibrated: bool = True
    profile: Any = PROVING
    wanted: bool = True
    settle: float = SETTLE
    again: list[float] = field(default_factory=list)  # seconds into the search at which it was sent again

    def __post_init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop)
        now = ToldTime(server=self.clock.now(), monotonic=self.clock.monotonic())
        self.line = line = Line(self.answer, told_time=now if self.calibrated else None)
        self.lost = make_attempt(owner=self.owner, at=self.clock.now() - self.age)
        self.memory = self._memory()
        options = {"profile": self.profile, "settle": self.settle}
        self.run: Run = make_run(self.memory, self.clock, line, **options)  # type: ignore[arg-type]
        self.reconciler = Reconciler(self.run, line, lambda *_: None, lambda _: self.again.append(self.loop.time()))

    def _memory(self) -> Memory:
        machine = Machine()
        memory = open_memory(machine)
        with memory.ledger.held():
            memory.ledger.add(self.lost, key="key")
        return open_memory(machine)

    @property
    def step(self) -> Step:
        shot = make_shot()
        wanted = shot if self.wanted else None
        return Step(shot=shot.id, action=Action.RESOLVE, reason=Reason.UNCONFIRMED, wanted=wanted, attempt=self.lost)

    def play(self) -> float:
        """Search once more, to the end; the seconds that it took."""
        begun = self.loop.time()
        self.reconciler.add(self.step, self.lost)
        self.loop.run_until_complete(self.reconciler.work())
        return self.loop.time() - begun

    @property
    def endings(self) -> list[Ending]:
        return [each.ending for each in self.run.outcomes]

    @property
    def known(self) -> Attempt:
        return self.memory.ledger.attempts[self.lost.id]


def test_two_silent_lists_so_far_apart_prove_that_nothing_was_bought() -> None:
    search = Search()
    assert search.play() >= SETTLE
    assert len(search.again) == 1
    assert search.known.state is State.UNSENT
    assert search.endings == []


@pytest.mark.parametrize(
    "lacking",
    [
        {"profile": make_profile(list_complete=False, retention=DAY)},
        {"answer": PARTLY},
        {"owner": None},
        {"owner": make_owner(calibrated=False)},
        {"owner": make_owner(key="a key before")},
        {"calibrated": False},
        {"age": DAY + 1},
        {"age": -POST_MAX - DAY},
    ],
    ids=[
        "a profile that calls the list complete",
        "a list that can be read to its end",
        "knowledge of who sent it",
        "a date by the server's clock",
        "this key",
        "the server's time",
        "an age that the server remembers",
        "an age that can be",
    ],
)
def test_silence_proves_nothing_without(lacking: dict[str, Any]) -> None:
    search = Search(**lacking)
    search.play()
    assert search.again == []
    assert search.endings == [Ending.HELD]
    assert search.known.state is State.INTENT


def test_without_settling_it_still_takes_two_lists() -> None:
    search = Search(settle=0.0)
    search.play()
    assert len(search.again) == 1
    assert len(search.line.asked) == 2


@pytest.mark.parametrize("state", [State.SUBMITTED, State.DONE])
def test_silence_proves_nothing_where_the_list_lacks_a_job_of_this_key_that_came_later(state: State) -> None:
    search = Search()
    later = make_attempt(state, 2, prompt="another", owner=make_owner("/films/other.yaml"), at=search.clock.now() + 5)
    later = replace(later, acceptance=Acceptance(jobs=("video_2",), at=search.clock.now() + 5))
    with search.memory.ledger.held():
        search.memory.ledger.add(later, key="key")
    search.play()
    assert search.again == []
    assert search.endings == [Ending.HELD]
    assert "lacks job video_2, too" in search.run.outcomes[0].reason


@pytest.mark.parametrize(
    "fields",
    [{"key": "a key before"}, {"at": -100.0}, {"at": SETTLE - 10}, {"state": State.FAILED}],
    ids=["another key", "long before", "a moment ago", "failed"],
)
def test_what_a_list_need_not_have_is_no_doubt(fields: dict[str, Any]) -> None:
    search = Search()
    at = search.clock.now() + fields.get("at", 5.0)
    owner = make_owner("/films/other.yaml", key=fields.get("key", "key"))
    other = make_attempt(fields.get("state", State.SUBMITTED), 2, prompt="another", owner=owner, at=at)
    with search.memory.ledger.held():
        search.memory.ledger.add(replace(other, acceptance=Acceptance(jobs=("video_2",), at=at)), key="key")
    search.play()
    assert len(search.again) == 1


@pytest.mark.parametrize(
    ("age", "least", "most"),
    [(0.0, SETTLE, SETTLE + 60), (SETTLE + POST_MAX - 100, 90.0, 190.0), (SETTLE + POST_MAX, 0.0, 0.0)],
    ids=["just lost", "lost a while ago", "lost long ago"],
)
def test_silence_that_proves_nothing_is_listened_to_until_a_late_job_would_show(
    age: float, least: float, most: float
) -> None:
    search = Search(profile=make_profile(list_complete=False), age=age)
    assert least <= search.play() <= most
    assert search.endings == [Ending.HELD]


def test_a_list_that_cannot_be_read_is_asked_for_again_until_a_late_job_would_show() -> None:
    search = Search(answer=Troubled("it is ill", status=503), age=10 * SETTLE)
    assert search.play() >= SETTLE
    assert search.endings == [Ending.HELD]
    assert "could not be read" in search.run.outcomes[0].reason


def test_without_a_list_a_person_is_asked_at_once() -> None:
    search = Search(answer=NoRoute("no such page", status=404))
    assert search.play() == 0.0
    assert search.endings == [Ending.HELD]
    assert "no list" in search.run.outcomes[0].reason


def test_a_job_that_may_be_it_is_named_at_once() -> None:
    search = Search(answer=Page(jobs=(make_job("video_7", prompt=None),), after=None))
    assert search.play() == 0.0
    assert search.endings == [Ending.HELD]
    assert "it may be video_7" in search.run.outcomes[0].reason
    assert search.run.outcomes[0].hint.endswith("--adopt video_7 | --resubmit | --abandon")


def test_an_equal_post_of_another_run_is_waited_for_as_long_as_a_late_job_and_no_longer() -> None:
    search = Search()
    rival = make_attempt(number=2, owner=make_owner("/films/copy.yaml"), at=search.clock.now())
    with search.memory.ledger.held():
        search.memory.ledger.add(rival, key="key")
    search.run.doors = replace(search.run.doors, running=lambda _: True)
    assert search.play() >= SETTLE
    assert search.again == []
    assert search.endings == [Ending.HELD]
    assert "another run buys the same" in search.run.outcomes[0].reason


def test_where_a_clip_costs_nothing_it_is_made_again_instead_of_asking_a_person() -> None:
    search = Search(profile=FREE)
    search.play()
    assert len(search.again) == 1
    assert search.known.state is State.UNSENT


def test_what_nobody_wants_any_more_is_not_called_unsent_because_it_costs_nothing() -> None:
    search = Search(profile=FREE, wanted=False)
    search.play()
    assert search.again == []
    assert search.known.state is State.INTENT


def test_an_earlier_request_that_surely_did_not_arrive_is_not_sent_again() -> None:
    search = Search(wanted=False)
    search.play()
    assert search.again == []
    assert search.known.state is State.UNSENT


def test_a_shot_is_sent_again_once_in_a_run() -> None:
    search = Search()
    search.play()
    search.lost = make_attempt(number=2, owner=make_owner(), at=search.clock.now())
    search.memory.record(search.lost)
    search.play()
    assert len(search.again) == 1
    assert search.endings == [Ending.PENDING]
    assert search.known.state is State.UNSENT


def test_an_interrupt_ends_the_search_at_once_and_decides_nothing() -> None:
    search = Search()
    search.loop.call_later(100.0, search.run.control.interrupt, None)
    assert search.play() == pytest.approx(100.0)
    assert search.again == []
    assert search.endings == [Ending.PENDING]
    assert search.known.state is State.INTENT
