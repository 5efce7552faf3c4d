"""Retry-After in every form."""

import pytest

from runner.provider.retry_after import poll_after, seconds_from, unix_time

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT
LATER = "Sun, 06 Nov 1994 08:49:49 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "5"}, 5.0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "1000000000"}, 120.0),
        ({"retry-after": "1e9"}, 120.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "5 seconds"}, None),
        ({"retry-after": "Sun, 99 Nov 1994 08:49:49 GMT"}, None),
        ({"retry-after": LATER}, 12.0),
        ({"retry-after": "Sunday, 06-Nov-94 08:49:49 GMT"}, 12.0),
        ({"retry-after": "Sun Nov  6 08:49:49 1994"}, 12.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 06 Nov 2094 08:00:00 GMT"}, 120.0),
        ({"retry-after": LATER, "date": "Sun, 06 Nov 1994 08:49:40 GMT"}, 9.0),
        ({"retry-after": LATER, "date": "yesterday"}, 12.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "60"}, 1.5),
        ({"retry-after-ms": "junk", "retry-after": "60"}, 60.0),
        ({"llm_provider-retry-after": "8"}, 8.0),
        ({"retry-after": "junk", "llm_provider-retry-after": "8"}, 8.0),
    ],
)
def test_the_wait_is_read_and_capped(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_from(headers, now=NOW) == seconds


def test_a_date_without_any_now_says_nothing() -> None:
    assert seconds_from({"retry-after": LATER}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"openai-poll-after-ms": "2500"}, 2.5),
        ({"openai-poll-after-ms": "2500", "retry-after": "60"}, 2.5),
        ({"openai-poll-after-ms": "junk", "retry-after": "60"}, 60.0),
        ({"retry-after": "60"}, 60.0),
    ],
)
def test_the_next_poll_is_when_the_server_wishes(headers: dict[str, str], seconds: float | None) -> None:
    assert poll_after(headers, now=NOW) == seconds


@pytest.mark.parametrize("text", ["", "junk", "Sun, 06 Nov 99999 08:49:49 GMT", "0"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert unix_time(text) is None
