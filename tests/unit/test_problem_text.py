import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.manifest.problems import Problem
from runner.manifest.text import render


def block(line, column=1, length=1, message="wrong", hint="mend it"):
    problem = Problem(line=1, column=column, length=length, message=message, hint=hint)
    return render([problem], "a.yaml", [line]).splitlines()


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def test_a_problem_is_shown_with_its_line_underlined_and_a_hint():
    problem = Problem(line=2, column=8, length=3, message="shot `a`: `size` is 5", hint="write a size")
    assert render([problem], "manifests/a.yaml", ["version: 1", "size:  abc"]) == (
        "manifests/a.yaml:2:8: shot `a`: `size` is 5\n"
        "    2 | size:  abc\n"
        "      |        ^^^\n"
        "hint: write a size\n"
        "\n"
        "1 problem; nothing was sent\n"
    )


def test_problems_come_in_the_order_of_their_places_and_once():
    problems = [Problem(line=line, column=1, message=f"m{line}") for line in (3, 1, 2, 1)]
    text = render(problems, "a.yaml", ["x", "y", "z"])
    assert [line for line in text.splitlines() if line.startswith("a.yaml")] == [
        "a.yaml:1:1: m1",
        "a.yaml:2:1: m2",
        "a.yaml:3:1: m3",
    ]
    assert text.endswith("\n\n3 problems; nothing was sent\n")


def test_a_problem_without_a_line_is_shown_without_one():
    assert render([Problem(line=1, column=1, message="gone")], "a.yaml", []) == (
        "a.yaml:1:1: gone\n\n1 problem; nothing was sent\n"
    )


def test_wide_letters_take_two_columns():
    assert block("提示: 猫 x", column=7, length=1)[1:3] == ["    1 | 提示: 猫 x", "      |          ^"]
    assert block("提示: 猫", column=5, length=1)[2] == "      |       ^^"


def test_combining_marks_take_none():
    assert block("e\u0301e\u0301x", column=5)[2] == "      |   ^"


def test_tabs_take_four():
    assert block("\tx", column=2)[1:3] == ["    1 |     x", "      |     ^"]


def test_what_a_terminal_would_obey_is_replaced():
    told = "\n".join(block("a\x1b[31m\x9b\u202e\x07b", message="m\x1b[2J\r\nb", hint="h\x08"))
    assert "\ufffd[31m" in told
    assert "a.yaml:1:1: m\ufffd[2J b" in told
    assert not [letter for letter in told if letter in "\x1b\x9b\u202e\x07\x08\r"]


def test_a_long_message_or_hint_is_cut():
    first, _, _, hint, *_ = block("x", message="m" * 1_000, hint="h" * 1_000)
    assert first == "a.yaml:1:1: " + "m" * 399 + "…"
    assert hint == "hint: " + "h" * 399 + "…"


def test_a_long_line_is_cut_around_its_place():
    _, line, under, *_ = block("x" * 5_000 + "HERE" + "y" * 5_000, column=5_001, length=4)
    assert line == "    1 | …" + "x" * 60 + "HERE" + "y" * 36 + "…"
    assert under == "      | " + " " * 61 + "^^^^"


def test_an_underline_ends_where_its_line_does():
    assert block("ab", column=2, length=50)[2] == "      |  ^"
    assert len(block("a" * 500, column=1, length=500)[2]) == 8 + 100


def test_a_value_that_is_not_there_is_shown_after_its_line():
    assert block("prompt:", column=8)[1:3] == ["    1 | prompt:", "      |        ^"]


def test_secrets_in_the_line_are_hidden_without_moving_anything():
    assert block("base_url: https://me:p@ss/w@example.com/v1", column=11, length=5)[1:3] == [
        "    1 | base_url: https://**********example.com/v1",
        "      |           ^^^^^",
    ]
    assert block("  api_key: sk-1234567890")[1] == "    1 |   api_key: *************"
    assert block("{version: 1, token: 'abc'}")[1] == "    1 | {version: 1, token: ******"
    assert block("prompt: sk-abcdef123 and Bearer abc.def")[1] == "    1 | prompt: ************ and Bearer *******"


def test_the_whole_text_is_bounded():
    problems = [Problem(line=n, column=n, length=n, message="m" * 300, hint="h" * 300) for n in range(1, 1_000)]
    text = render(problems, "a.yaml", ["x" * 2_000] * 1_000)
    assert text.count("hint: ") == 50
    assert "\n\nand 949 more\n\n999 or more problems; nothing was sent\n" in text
    assert len(text) < 50 * 1_000


@pytest.mark.parametrize("line", ["\t", "\t\t", "a: \t"])
def test_tabs_at_the_end_of_a_line_are_shown_where_they_are_underlined(line):
    _, shown, under, *_ = render([Problem(line=1, column=len(line), length=1, message="m")], "a", [line]).split("\n")
    assert width(under) == width(shown)


@given(st.text(max_size=200), st.integers(1, 300), st.integers(1, 300))
def test_the_underline_stays_within_the_line_that_is_shown(line, column, length):
    line = line.replace("\n", "")
    _, shown, under, *_ = render([Problem(line=1, column=column, length=length, message="m")], "a", [line]).split("\n")
    assert under.rstrip("^").rstrip() == "      |"
    assert width(under) <= max(width(shown), 8) + 1 + max(0, column)
    assert not [letter for letter in shown if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}]
