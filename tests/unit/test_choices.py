"""Sizes and lengths that are chosen from a list or a span."""

import pytest

from runner.manifest.choices import Lengths, Sides, Sizes, Span
from runner.manifest.limits import ModelLimits, joined


@pytest.mark.parametrize(
    ("number", "inside", "nearest"),
    [
        (1, False, 3),
        (3, True, 3),
        (4, False, 3),
        (5, True, 5),
        (8, False, 7),
        (9, True, 9),
        (10, False, 9),
        (99, False, 9),
    ],
)
def test_a_span_has_every_step_of_its_numbers(number: int, inside: bool, nearest: int) -> None:
    span = Span(least=3, most=10, step=2)
    assert (number in span) is inside
    assert span.nearest(number) in span
    assert abs(span.nearest(number) - number) == abs(nearest - number)


def test_lengths_are_told_and_the_nearest_is_found() -> None:
    listed, spanned = Lengths(listed=(8, 4, 12)), Lengths(spans=(Span(least=2, most=20),))
    assert (str(listed), listed.first, listed.nearest(9), 6 in listed) == ("8, 4, 12", 8, 8, False)
    assert (str(spanned), spanned.first, spanned.nearest(90), 6 in spanned) == ("2 to 20", 2, 20, True)


def test_sizes_are_told_and_the_nearest_is_found() -> None:
    side = Span(least=256, most=1920, step=16)
    listed, spanned = Sizes(listed=("720x1280", "1280x720")), Sizes(spans=(Sides(width=side, height=side),))
    assert (str(listed), listed.first) == ("720x1280, 1280x720", "720x1280")
    assert (str(spanned), spanned.first) == ("256x256 to 1920x1920 in steps of 16", "256x256")
    assert listed.nearest("1920x1080") == "1280x720"
    assert spanned.nearest("833x5000") == "832x1920"
    assert "832x480" in spanned
    assert "833x480" not in spanned
    assert "832x240" not in spanned


def test_what_any_of_several_models_accepts_is_all_of_it() -> None:
    small = ModelLimits(sizes=Sizes(listed=("64x64",)), seconds=Lengths(spans=(Span(least=1, most=3),)))
    side = Span(least=256, most=512)
    large = ModelLimits(
        sizes=Sizes(spans=(Sides(width=side, height=side),)), seconds=Lengths(spans=(Span(least=8, most=9),))
    )
    both = joined([small, large])
    assert all(size in both.sizes for size in ("64x64", "300x400"))
    assert all(seconds in both.seconds for seconds in (2, 9))
    assert (str(both.sizes), str(both.seconds)) == ("64x64, 256x256 to 512x512", "1 to 3, 8 to 9")
