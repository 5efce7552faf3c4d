"""Heads of clips, and the pace of their bytes."""

import pytest

from runner.provider.replies import NotReady, NotVideo, Unreachable
from runner.provider.transfer import LARGEST, Pace, begun, is_words
from runner.provider.videos import Begun, Resume

PART = Resume(offset=100, etag='"e"')


class HandClock:
    time = 0.0

    def monotonic(self) -> float:
        return self.time


def pace(clock: HandClock, start: int = 0, length: int | None = None) -> Pace:
    head = Begun(start=start, length=length, etag=None)
    return Pace(head=head, monotonic=clock.monotonic, window=60.0, floor=1000, most=7200.0)


def test_a_whole_clip_starts_at_its_beginning() -> None:
    assert begun(200, {"content-length": "9", "etag": '"e"'}, None) == Begun(start=0, length=9, etag='"e"')
    assert begun(200, {"content-length": "9", "etag": '"e"'}, PART) == Begun(start=0, length=9, etag='"e"')


@pytest.mark.parametrize("length", ["", "-1", "x", "9, 9", "1" * 30])
def test_a_length_that_is_none_is_not_believed(length: str) -> None:
    assert begun(200, {"content-length": length}, None) == Begun(start=0, length=None, etag=None)


@pytest.mark.parametrize("etag", ["", "e", 'W/"e"', '"', '""', '"a"b"', '"a b"', f'"{"x" * 300}"'])
def test_only_a_strong_validator_is_kept(etag: str) -> None:
    head = begun(200, {"etag": etag}, None)
    assert head is not None
    assert head.etag is None


def test_a_part_goes_on_at_its_offset() -> None:
    head = begun(206, {"content-range": "bytes 100-199/200"}, PART)
    assert head == Begun(start=100, length=200, etag='"e"')


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-range": "bytes 0-199/200"},
        {"content-range": "bytes 100-150/200"},
        {"content-range": "bytes 100-199/*"},
        {"content-range": "bytes */200"},
        {"content-range": "items 100-199/200"},
        {"content-range": "bytes 100-199/200", "etag": '"other"'},
        {"content-range": "bytes 100-199/200", "etag": 'W/"e"'},
    ],
)
def test_a_part_that_does_not_fit_is_not_gone_on_with(headers: dict[str, str]) -> None:
    assert begun(206, headers, PART) is None


def test_a_part_beyond_the_end_is_not_gone_on_with() -> None:
    assert begun(416, {}, PART) is None


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (202, {}, NotReady),
        (204, {}, NotVideo),
        (206, {"content-range": "bytes 0-9/10"}, NotVideo),
        (200, {"content-encoding": "gzip"}, NotVideo),
        (200, {"content-encoding": "br"}, NotVideo),
        (200, {"content-length": str(LARGEST + 1)}, NotVideo),
    ],
)
def test_a_head_that_promises_no_clip_is_refused(status: int, headers: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        begun(status, headers, None)


@pytest.mark.parametrize(
    ("media_type", "words"),
    [
        ("video/mp4", False),
        ("application/octet-stream", False),
        ("binary/octet-stream", False),
        ("", False),
        ("application/json", True),
        ("application/problem+json; charset=utf-8", True),
        ("text/html", True),
        ("TEXT/PLAIN", True),
        ("application/xml", True),
        ("image/webp", True),
    ],
)
def test_words_and_pictures_are_told_from_clips(media_type: str, words: bool) -> None:
    assert is_words({"content-type": media_type}) is words


def test_a_steady_clip_is_let_through() -> None:
    clock = HandClock()
    steady = pace(clock, length=5000)
    for _ in range(5):
        clock.time += 59.0
        steady.add(1000)
    steady.finish()


def test_a_drip_is_given_up_after_a_window() -> None:
    clock = HandClock()
    dripping = pace(clock)
    dripping.add(5000)
    clock.time = 60.0
    dripping.add(1)
    clock.time = 119.0
    dripping.add(998)
    clock.time = 120.0
    with pytest.raises(Unreachable, match="drips: 998 bytes in 60 s"):
        dripping.add(0)


def test_a_drip_that_keeps_to_the_least_does_not_go_on_for_ever() -> None:
    clock = HandClock()
    dripping = pace(clock)
    for minute in range(1, 121):
        clock.time = 60.0 * minute
        dripping.add(1000)
    clock.time += 1
    with pytest.raises(Unreachable, match="drips: it is not whole after 2 h"):
        dripping.add(1000)


def test_more_than_a_clip_may_have_is_refused() -> None:
    full = pace(HandClock(), start=LARGEST - 1)
    full.add(1)
    with pytest.raises(NotVideo):
        full.add(1)


@pytest.mark.parametrize(("start", "length", "came"), [(0, None, 0), (0, 10, 9), (0, 10, 11), (5, 10, 4)])
def test_bytes_that_do_not_add_up_are_refused(start: int, length: int | None, came: int) -> None:
    transfer = pace(HandClock(), start=start, length=length)
    transfer.add(came)
    with pytest.raises(NotVideo):
        transfer.finish()
