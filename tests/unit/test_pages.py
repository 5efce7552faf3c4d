"""Pages of the server's list."""

from typing import Any

import pytest

from runner.provider.pages import page_of
from runner.provider.replies import Troubled


def cursor(body: dict[str, Any], after: str | None = None) -> str | None:
    return page_of({"object": "list", **body}, after=after).after


def test_items_without_a_usable_id_are_skipped() -> None:
    items = [{"id": "a"}, {"id": ""}, {"id": 5}, {}, None, "x", {"id": ".."}, {"id": "b", "status": "queued"}]
    page = page_of({"data": items}, after=None)
    assert [job.id for job in page.jobs] == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "code": 500, "message": "system busy"},
        {"data": [], "code": "system_error"},
        {"data": [], "error": {"message": "busy"}, "has_more": False},
        {"data": [], "success": False},
    ],
)
def test_a_list_that_speaks_of_an_error_is_not_whole(body: dict[str, Any]) -> None:
    """A gateway's error with status 200 and no jobs was taken for proof that there was none."""
    assert page_of(body, after=None).unread


@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "code": 0},
        {"data": [], "code": "success", "message": ""},
        {"data": [], "code": 200, "success": True, "error": None},
        {"data": [{"id": "a", "status": "queued"}], "total": 1, "has_more": False},
        {"data": [], "total": None},
    ],
)
def test_a_list_that_says_that_all_is_well_is_whole(body: dict[str, Any]) -> None:
    page = page_of(body, after=None)
    assert not page.unread
    assert page.after is None


@pytest.mark.parametrize("body", [None, [], [{"id": "a"}], "x", {}, {"data": None}, {"data": {}}, {"error": {}}])
def test_what_is_no_list_is_trouble(body: Any) -> None:
    with pytest.raises(Troubled):
        page_of(body, after=None)


@pytest.mark.parametrize(
    ("body", "after", "expected"),
    [
        ({"data": [{"id": "a"}], "has_more": False, "last_id": "a"}, None, None),
        ({"data": [{"id": "a"}], "has_more": True, "last_id": "x"}, None, "x"),
        ({"data": [{"id": "a"}, {"id": "b"}], "has_more": True}, None, "b"),
        ({"data": [{"id": "a"}], "has_more": True, "last_id": None}, None, "a"),
        ({"data": [{"id": "a"}], "last_id": "a"}, None, "a"),
        ({"data": [{"id": "a"}]}, "a", None),
        ({"data": [{"id": "a"}], "has_more": True, "last_id": "a"}, "a", None),
        ({"data": [], "has_more": True}, None, None),
        ({"data": []}, "a", None),
    ],
)
def test_the_cursor_ends_with_the_list_or_when_it_repeats(
    body: dict[str, Any], after: str | None, expected: str | None
) -> None:
    assert cursor(body, after) == expected
