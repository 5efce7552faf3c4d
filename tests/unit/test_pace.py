"""When a job is asked for: few times in all, and soon after its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.execute.pace import Pace, PastRenders
from runner.lock.facts import Acceptance, Attempt, State
from tests.unit.factories import BORN, make_attempt, make_clip, make_request


def rendered(seconds: float, number: int = 1, **fields: object) -> Attempt:
    return make_attempt(
        State.DONE,
        number,
        acceptance=Acceptance(jobs=(f"video_{number}",), at=BORN, created_at=BORN + 1),
        clip=make_clip(completed_at=BORN + 1 + seconds),
        **fields,
    )


def asked_at(render: float, expected: float, *, progress: bool = False) -> list[float]:
    """When a job is asked for that takes so long; the last time is after its end."""
    pace, elapsed, times = Pace(expected), 0.0, []
    while elapsed < render:
        percent = int(100 * elapsed / render) if progress and times else None
        elapsed += pace.wait(elapsed, percent, None)
        times.append(elapsed)
    return times


def test_without_a_past_the_profile_says_how_long_a_render_takes() -> None:
    assert PastRenders().expected(make_request(), 90.0) == 90.0
    past = PastRenders([make_attempt(State.SUBMITTED), make_attempt(State.DONE)])
    assert past.expected(make_request(), 90.0) == 90.0


def test_past_renders_of_the_same_kind_count_by_their_median() -> None:
    past = PastRenders(rendered(seconds, number) for number, seconds in enumerate((10, 60, 1000)))
    assert past.expected(make_request("another prompt"), 90.0) == 60.0


def test_what_renders_take_now_goes_before_what_they_took_long_ago() -> None:
    past = PastRenders(rendered(1000, number) for number in range(500))
    for number in range(100):
        past.learn(rendered(20, number))
    assert past.expected(make_request(), 90.0) == 20.0


@pytest.mark.parametrize("other", [{"model": "sora-2-pro"}, {"size": "720x1280"}, {"seconds": "4"}])
def test_renders_of_another_kind_say_nothing(other: dict[str, str]) -> None:
    assert PastRenders([rendered(10, request=make_request(**other))]).expected(make_request(), 90.0) == 90.0


@pytest.mark.parametrize("took", [0.0, -50.0])
def test_a_render_that_took_no_time_does_not_make_a_stampede(took: float) -> None:
    assert PastRenders([rendered(took)]).expected(make_request(), 90.0) == 0.2
    assert min(Pace(0.2).wait(elapsed, None, None) for elapsed in (0.0, 0.1, 5.0)) >= 0.1


def test_the_first_question_comes_soon_and_the_next_ones_ever_later() -> None:
    pace = Pace(1000.0)
    waits = [pace.wait(0.0, None, None) for _ in range(7)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@pytest.mark.parametrize("render", [20.0, 60.0, 90.0, 200.0, 600.0])
def test_a_render_as_long_as_expected_takes_few_questions_and_its_end_is_seen_soon(render: float) -> None:
    times = asked_at(render, expected=render)
    assert len(times) <= 40
    assert times[-1] - render <= max(render / 15, 0.5)


@given(st.floats(0.2, 3000), st.floats(0.2, 3000), st.booleans())
def test_whatever_was_expected_questions_are_few_and_the_end_is_seen(
    render: float, expected: float, progress: bool
) -> None:
    times = asked_at(render, expected, progress=progress)
    assert times[-1] - render <= 30.0
    assert len(times) <= 300


def test_progress_tells_more_than_the_past() -> None:
    pace = Pace(60.0)
    assert pace.remaining(50.0, 10) == 450.0
    assert pace.remaining(50.0, 50) == 50.0


@pytest.mark.parametrize("nothing", [None, 0, 4, 100, -1, 1000])
def test_progress_that_says_nothing_leaves_it_to_the_past(nothing: int | None) -> None:
    assert Pace(60.0).remaining(50.0, nothing) == 10.0
    assert Pace(60.0).remaining(70.0, nothing) == 0.0
    assert Pace(60.0).remaining(0.0, 50) == 60.0


@pytest.mark.parametrize("asked", [0.5, 12.0, 120.0])
def test_the_servers_wish_is_followed(asked: float) -> None:
    assert Pace(90.0).wait(10.0, 50, asked) == asked


def test_a_server_that_wishes_no_pause_is_not_hammered() -> None:
    assert Pace(90.0).wait(10.0, 50, 0.0) >= 0.1


@given(st.floats(0, 1e6), st.none() | st.integers(-10, 200), st.floats(0.01, 1e6))
def test_a_wait_is_neither_nothing_nor_endless(elapsed: float, progress: int | None, expected: float) -> None:
    pace = Pace(expected)
    for _ in range(8):
        assert 0.1 <= pace.wait(elapsed, progress, None) <= 30.0
