"""Questions that are asked again while the trouble passes, and a list that is whole or says that it is not."""

import asyncio
from dataclasses import replace

import pytest

from runner.execute.asking import state, unanswered, whole_list
from runner.provider.replies import Missing, NoRoute, Refused, ReplyError, TooMany, Troubled, Unreachable
from runner.provider.videos import Page, Polled
from tests.unit.factories import Line, StillClock, make_job

POLLED = Polled(job=make_job("video_1"))


def page(*ids: str, after: str | None = None) -> Page:
    return Page(jobs=tuple(make_job(id_) for id_ in ids), after=after)


def listed(line: Line, clock: StillClock | None = None) -> tuple[list[str], bool]:
    listing = asyncio.run(whole_list(line, clock or StillClock()))
    return [job.id for job in listing.jobs], listing.whole


def test_a_state_is_asked_for_once_if_it_comes() -> None:
    line, clock = Line(POLLED), StillClock()
    assert asyncio.run(state(line, "video_1", clock)) == POLLED
    assert (line.asked, clock.sleeps) == (["video_1"], [])


@pytest.mark.parametrize("passing", [Unreachable("reset"), Troubled("oops", status=502), TooMany("slow down")])
def test_passing_trouble_is_asked_through(passing: ReplyError) -> None:
    line = Line(passing, passing, passing, POLLED)
    assert asyncio.run(state(line, "video_1", StillClock())) == POLLED
    assert line.asked == ["video_1"] * 4


def test_trouble_that_stays_is_told_after_four_questions() -> None:
    line = Line(Troubled("oops", status=502))
    with pytest.raises(Troubled):
        asyncio.run(state(line, "video_1", StillClock()))
    assert len(line.asked) == 4


@pytest.mark.parametrize("lasting", [Missing("no such job"), Refused("not with this key"), NoRoute("what?")])
def test_what_will_not_change_is_asked_once(lasting: ReplyError) -> None:
    for question in (state(line := Line(lasting), "video_1", StillClock()), whole_list(line, StillClock())):
        line.asked.clear()
        with pytest.raises(type(lasting)):
            asyncio.run(question)
        assert len(line.asked) == 1


def test_a_server_that_says_when_to_ask_again_is_waited_for() -> None:
    clock = StillClock()
    asyncio.run(state(Line(TooMany("slow down", retry_after=20.0), POLLED), "video_1", clock))
    assert clock.sleeps == [20.0]


@pytest.mark.parametrize(("total", "whole"), [(0, True), (3, True), (4, False)])
def test_a_list_that_has_fewer_jobs_than_it_says_is_not_whole(total: int, whole: bool) -> None:
    """Its pages repeat, for it knows no cursor: the jobs that are on none of them were taken to be absent."""
    first, again = page("a", "b", after="b"), page("a", "b", "c")
    line = Line(replace(first, total=total), replace(again, total=total))
    assert listed(line) == (["a", "b", "c"], whole)


def test_an_empty_list_is_whole() -> None:
    assert listed(Line(page())) == ([], True)


def test_every_page_is_read() -> None:
    line = Line(page("a", "b", after="b"), page("c", after="c"), page("d"))
    assert listed(line) == (["a", "b", "c", "d"], True)
    assert line.asked == [None, "b", "c"]


def test_a_job_that_moved_between_pages_is_listed_once() -> None:
    assert listed(Line(page("a", "b", after="b"), page("b", "c"))) == (["a", "b", "c"], True)


def test_what_a_later_page_says_of_a_job_counts() -> None:
    early, late = make_job("a", status="queued"), make_job("a", status="completed")
    line = Line(Page(jobs=(early,), after="a"), Page(jobs=(late,), after=None))
    assert asyncio.run(whole_list(line, StillClock())).jobs == (late,)


def test_an_empty_page_in_the_middle_is_read_over() -> None:
    assert listed(Line(page("a", after="a"), page(after="x"), page("b"))) == (["a", "b"], True)


def test_a_list_that_runs_in_a_circle_is_not_whole() -> None:
    line = Line(page("a", after="a"), page("b", after="b"), page("c", after="a"), page("d"))
    assert listed(line) == (["a", "b", "c"], False)
    assert line.asked == [None, "a", "b"]


def test_a_list_that_stands_still_is_not_whole() -> None:
    line = Line(page("a", after="a"))
    assert listed(line) == (["a"], False)
    assert line.asked == [None, "a"]


def test_a_list_without_end_is_given_up_and_is_not_whole() -> None:
    class Endless(Line):
        async def list(self, after: str | None) -> Page:
            self.asked.append(after)
            return page(f"v{len(self.asked)}", after=str(len(self.asked)))

    line = Endless(page())
    ids, whole = listed(line)
    assert (len(ids), whole, len(line.asked)) == (1000, False, 1000)


def test_pages_that_bring_nothing_new_are_a_list_without_end() -> None:
    class Restless(Line):
        async def list(self, after: str | None) -> Page:
            self.asked.append(after)
            return page("a", after=str(len(self.asked)))

    line = Restless(page())
    assert listed(line) == (["a"], False)
    assert len(line.asked) == 4


def test_one_page_that_cannot_be_read_spoils_the_list() -> None:
    line = Line(page("a", after="a"), Troubled("oops", status=502))
    with pytest.raises(Troubled):
        listed(line)


def test_passing_trouble_between_pages_is_asked_through() -> None:
    line = Line(page("a", after="a"), Unreachable("reset"), page("b"))
    assert listed(line) == (["a", "b"], True)
    assert line.asked == [None, "a", "a"]


def test_a_list_is_as_old_as_the_question_for_its_first_page() -> None:
    clock = StillClock(monotonic=100.0)
    line = Line(page("a", after="a"), TooMany("slow down", retry_after=50.0), page("b"))
    listing = asyncio.run(whole_list(line, clock))
    assert listing.begun == 100.0
    assert clock.monotonic() == 150.0


def test_an_unanswered_question_has_its_status_and_words() -> None:
    assert unanswered(Troubled("bad gateway", status=502)) == "502: bad gateway"
    assert unanswered(Unreachable("connection refused")) == "connection refused"
