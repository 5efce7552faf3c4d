"""Every wrong answer of the zoo, read by the real client: a declared end, in bounded time, memory and words."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from runner.execute.asking import whole_list
from runner.provider.http import HttpVideos
from runner.provider.replies import ReplyError
from runner.provider.videos import Job, JobId, Page
from tests.crash.fuzz import servers
from tests.crash.fuzz.servers import Met, met_apart
from tests.integration.zoo import KEY, LARGE, NAMES, SLOW, Zoo, zoo
from tests.unit.factories import make_job

SOME_SLOW = ("head-drips", "silence", "early-hints-for-ever")
BOUGHT = {"one-byte-chunks", "a-hundred-continues", "packed", "ten-thousand-headers", "no-such-status",
          "the-key-as-status", "the-year-0", "the-year-10000", "a-date-of-9999", "a-date-of-1",
          "poll-later"}  # fmt: skip


@pytest.fixture(scope="module")
def animals() -> Iterator[Zoo]:
    with zoo() as running:
        yield running


@pytest.fixture(scope="module")
def met() -> list[Met]:
    """What came of every answer to a purchase, and of some to questions; `python -m tests.crash.fuzz` asks all."""
    bought = [(name, "create") for name in NAMES if name not in SLOW or name in SOME_SLOW]
    asked = [(name, "list") for name in (*LARGE, "silence", "pages-without-end", "a-list-of-everything", "escapes")]
    fetched = [(name, "content") for name in ("a-clip-for-ever", "gzip-bomb", "to-a-login", "the-key-in-a-header")]
    return met_apart([*bought, *asked, *fetched])


def test_no_answer_is_a_bug_or_costs_too_much_or_harms_a_terminal_or_tells_the_key(met: list[Met]) -> None:
    assert [each.wrong for each in met if each.wrong] == []
    assert len(met) > 80


def test_nothing_is_bought_without_an_id_that_can_be_asked_for(met: list[Met]) -> None:
    assert {each.name for each in met if each.call == "create" and each.end == "Submitted"} == BOUGHT


def test_what_may_have_been_bought_is_never_taken_for_unsent(met: list[Met]) -> None:
    ends = Counter(each.end for each in met if each.call == "create" and each.name not in BOUGHT)
    assert set(ends) == {"Ambiguous", "Rejected", "Halted", "Unsent"}
    assert {each.name for each in met if each.end == "Unsent"} == {"wait-for-ever"}
    assert {each.name for each in met if each.end in ("Rejected", "Halted")} == {"a-long-message", "escapes", "the-key"}


@pytest.mark.parametrize("name", ["to-a-stranger", "to-a-file", "to-gopher", "to-metadata", "to-nowhere", "to-itself"])
def test_a_redirect_leads_the_client_nowhere_it_should_not_go(animals: Zoo, name: str) -> None:
    async def fetched() -> None:
        videos = HttpVideos(animals.base_url(name), KEY)
        try:
            await videos.content(JobId("video_1"), servers.Sink(), None)
        finally:
            await videos.close()

    with pytest.raises(ReplyError):
        asyncio.run(fetched())
    assert animals.asked[f"{name} GET"] <= 6


def test_a_date_that_cannot_be_is_not_the_servers_time(animals: Zoo) -> None:
    async def told(name: str) -> bool:
        videos = HttpVideos(animals.base_url(name), KEY)
        try:
            await videos.retrieve(JobId("video_1"))
            return videos.told_time is not None
        finally:
            await videos.close()

    assert not asyncio.run(told("a-date-of-9999"))
    assert asyncio.run(told("a-date-of-1")), "two digits of a year are of this century"


def test_times_that_no_calendar_has_are_not_told(animals: Zoo) -> None:
    async def job(name: str) -> Job:
        videos = HttpVideos(animals.base_url(name), KEY)
        try:
            return (await videos.retrieve(JobId("video_1"))).job
        finally:
            await videos.close()

    for name in ("the-year-0", "the-year-10000"):
        told = asyncio.run(job(name))
        assert (told.created_at, told.expires_at) == (None, None)


class Endless:
    """A list that always has one more page."""

    def __init__(self, page: tuple[Job, ...], clock: "Watch") -> None:
        self.pages = 0
        self._page = page
        self._clock = clock

    async def list(self, after: str | None) -> Page:
        self.pages += 1
        self._clock.time += 1.0
        return Page(jobs=self._page, after=f"cursor {self.pages}")


class Watch:
    """A clock that goes on by a second for each page."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.mark.parametrize(
    ("jobs", "prompt", "most"), [(1, "a cat", 901), (100, "x" * 10_000, 120), (10_000, "", 21), (0, "", 901)]
)
def test_a_list_without_end_is_left_alone_at_last_and_proves_nothing(jobs: int, prompt: str, most: int) -> None:
    clock = Watch()
    page = tuple(make_job(f"video_{number}", prompt) for number in range(jobs))
    videos = Endless(page, clock)
    listing = asyncio.run(whole_list(videos, clock))  # type: ignore[arg-type]
    assert not listing.whole
    assert videos.pages <= most
