"""What of a list could not be read: a job may be there, and its absence is not believed."""

import asyncio
from typing import Any

import pytest

from runner.clock import SystemClock
from runner.execute.asking import whole_list
from runner.provider.pages import page_of
from runner.provider.videos import Page, Videos


@pytest.mark.parametrize(
    "item", [{"id": ""}, {"id": 5}, {}, None, "x", {"id": ".."}, {"id": "x" * 10_240}, {"id": "\n"}, {"id": None}]
)
def test_a_page_with_an_item_that_cannot_be_read_says_so(item: Any) -> None:
    page = page_of({"data": [{"id": "a"}, item, {"id": "b"}], "has_more": False}, after=None)
    assert ([job.id for job in page.jobs], page.unread) == (["a", "b"], True)


@pytest.mark.parametrize(
    ("body", "after", "unread"),
    [
        ({"data": [], "has_more": True}, None, True),
        ({"data": [], "has_more": True, "last_id": "a"}, "a", True),
        ({"data": [{"id": "a"}], "has_more": True, "last_id": "a"}, "a", True),
        ({"data": [{"id": "a"}], "has_more": "true"}, "a", True),
        ({"data": [{"id": "a"}], "has_more": True, "last_id": "a"}, None, False),
        ({"data": [{"id": "a"}]}, "a", False),
        ({"data": []}, None, False),
        ({"data": [], "has_more": False}, None, False),
        ({"data": [{"id": "a"}], "has_more": None}, "a", False),
    ],
)
def test_a_page_that_says_more_follows_and_not_where_is_not_all(
    body: dict[str, Any],
    after: str | None,
    unread: bool,
) -> None:
    assert page_of(body, after=after).unread is unread


class Paged(Videos):
    def __init__(self, *pages: Page) -> None:
        self._pages = list(pages)

    async def list(self, after: str | None) -> Page:
        return self._pages.pop(0)


@pytest.mark.parametrize("unread", [False, True])
def test_a_list_is_whole_only_where_every_page_was_read(unread: bool) -> None:
    pages = Page(jobs=(), after="a", unread=unread), Page(jobs=(), after=None)
    listing = asyncio.run(whole_list(Paged(*pages), SystemClock()))
    assert listing.whole is not unread
