from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.columns import cut, pad, table, width
from runner.report.money import money
from runner.report.wording import counted, near, shown, span


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0.8", "USD", "$0.80"),
        ("0", "USD", "$0.00"),
        ("12000", "USD", "$12,000.00"),
        ("0.80", "EUR", "0.80 EUR"),
        ("0.26640", "USD", "$0.2664"),
        ("1E+3", "USD", "$1,000.00"),
        ("-1.5", "USD", "-$1.50"),
        ("3", "", "3.00"),
        ("3", "E\x1b[31mUR", "3.00 EUR"),
        (None, "USD", "price unknown"),
    ],
)
def test_money_is_written_exactly(amount, currency, text):
    assert money(None if amount is None else Decimal(amount), currency) == text


@given(st.decimals(min_value=0, max_value=10**12, places=6))
def test_money_is_never_rounded(amount):
    assert Decimal(money(amount, "USD").removeprefix("$").replace(",", "")) == amount


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03"), (36000, "10:00:00"), (-3, "0:00")],
)
def test_a_span_of_time_is_short(seconds, text):
    assert span(seconds) == text


def test_numbers_have_their_nouns():
    assert [counted(0, "clip"), counted(1, "clip"), counted(2500, "clip")] == ["0 clips", "1 clip", "2,500 clips"]


def test_what_a_terminal_obeys_is_left_out():
    assert shown("a\x1b[2Jb\x1b]0;title\x07c\r\nd\u202ee\x00") == "abc de"


def test_paths_below_the_working_folder_are_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert near(tmp_path / "renders" / "a.mp4") == str(Path("renders") / "a.mp4")
    assert near(tmp_path.parent / "a.mp4") == str(tmp_path.parent / "a.mp4")


def test_columns_line_up_also_in_chinese():
    assert table([("猫", "1", "x"), ("cats", "250", "")], right=(1,)) == ["猫      1  x", "cats  250"]


def test_a_column_without_a_word_takes_no_room():
    assert table([("a", "", "b"), ("c", "", "d")]) == ["a  b", "c  d"]
    assert table([]) == []


def test_text_is_cut_to_columns():
    assert [cut("harbour", 7), cut("harbour", 5), cut("雨夜的街", 6)] == ["harbour", "harb…", "雨夜…"]


@given(st.text(max_size=30), st.integers(1, 20))
def test_a_cut_text_fits(text, columns):
    assert width(cut(text, columns)) <= columns
    assert width(pad(cut(text, columns), columns)) == columns
