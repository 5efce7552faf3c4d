import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.manifest.lines import Lines, even

ENDS = ["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"]


@given(st.lists(st.sampled_from([*ENDS, "a", "é", "猫", " "]), max_size=60))
def test_lines_are_those_that_python_splits(pieces):
    text = "".join(pieces)
    assert list(Lines(text)) == even(text).split("\n")
    assert list(Lines(text))[: len(text.splitlines())] == text.splitlines()


def test_lines_far_down_a_long_text_are_found():
    text = "".join(f"line {number}\n" for number in range(50_000))
    lines = Lines(text)
    assert len(lines) == 50_001
    assert [lines[number] for number in (0, 1, 9_999, 10_000, 49_999, 50_000)] == [
        *(f"line {number}" for number in (0, 1, 9_999, 10_000, 49_999)),
        "",
    ]


def test_a_line_longer_than_a_block_is_one_line():
    assert list(Lines("a\n" + "b" * 200_000 + "\nc")) == ["a", "b" * 200_000, "c"]


@pytest.mark.parametrize("index", [-1, 3, 100])
def test_a_line_that_is_not_there_is_an_error(index):
    with pytest.raises(IndexError):
        Lines("a\nb\n")[index]


def test_a_slice_of_lines_is_a_list():
    assert Lines("a\nb\nc")[1:] == ["b", "c"]
