import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.manifest.problems import Place
from runner.manifest.yaml_source import parse, source_lines

MIB = 1024 * 1024


def value(text):
    document, problems = parse(text.encode())
    assert problems == []
    return document.value


def only_problem(data):
    document, problems = parse(data if isinstance(data, bytes) else data.encode())
    assert document is None
    (problem,) = problems
    return problem


def test_a_document_is_plain_values():
    text = "a: 1\nb: [x, 'y', null, true, 0.50]\nc: {d: {e: }}\n"
    assert value(text) == {"a": 1, "b": ["x", "y", None, True, Decimal("0.50")], "c": {"d": {"e": None}}}


def test_keys_are_text_whatever_they_look_like():
    assert value("1: a\ntrue: b\nnull: c\n0.50: d\n") == {"1": "a", "true": "b", "null": "c", "0.50": "d"}


def test_quoted_words_stay_text():
    assert value("['8', \"true\", 'null', '']") == ["8", "true", "null", ""]


def test_an_alias_is_what_it_stands_for():
    assert value("a: &x {b: [1, 2]}\nc: *x\nd: &y text\ne: *y\n") == {
        "a": {"b": [1, 2]},
        "c": {"b": [1, 2]},
        "d": "text",
        "e": "text",
    }


def test_a_byte_order_mark_and_windows_line_ends_are_fine():
    document, problems = parse(b"\xef\xbb\xbfa: 1\r\nb: x\r\n")
    assert problems == []
    assert document.value == {"a": 1, "b": "x"}
    assert document.place_of_key(("a",)) == Place(line=1, column=1, length=1)
    assert document.place_of_value(("b",)) == Place(line=2, column=4, length=1)


def test_a_repeated_key_leaves_a_document_with_the_first_value():
    document, problems = parse(b"a: 1\nb: 2\na: {c: 3}\n")
    assert document.value == {"a": 1, "b": 2}
    assert [problem.message for problem in problems] == ["the key `a` is written twice, on lines 1 and 3"]
    assert document.problems == tuple(problems)


def test_all_repeated_keys_are_told():
    _, problems = parse(b"a: {b: 1, b: 2}\nc: 1\nc: 2\nc: 3\n")
    assert [(problem.line, problem.column) for problem in problems] == [(1, 11), (3, 1), (4, 1)]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: b\x00", 1, 5, "the control character U+0000 is not allowed"),
        ("a: 猫\x1b[31m", 1, 5, "the control character U+001B is not allowed"),
        ("a: \x7f", 1, 4, "the control character U+007F is not allowed"),
        ("a: \ufffe", 1, 4, "the control character U+FFFE is not allowed"),
        ('a: "\\0"', 1, 4, "text cannot have control characters in it"),
        ('"\\e": 1', 1, 1, "text cannot have control characters in it"),
        ("a: !!str 5", 1, 4, "the tag `!!str` is not allowed"),
        ("a: !mine {b: 1}", 1, 4, "the tag `!mine` is not allowed"),
        ("- !!python/object/apply:os.system [ls]", 1, 3, "the tag `!!python/object/apply:os.system` is not allowed"),
        ("a: *b", 1, 4, "nothing is anchored as `&b`"),
        ("a: &a [*a]", 1, 8, "the alias `*a` stands inside an anchored part"),
        ("a: &a x\nb: &b [*a]", 2, 8, "the alias `*a` stands inside an anchored part"),
        ("a: &a x\n? *a\n: 1", 2, 3, "a key must be plain text"),
        ("? [a]\n: 1", 1, 3, "a key must be plain text"),
        ("a: &a {b: 1}\n<<: *a", 2, 1, "merge keys (`<<`) are not read"),
        ("a: .nan", 1, 4, "`.nan` is no number that can be used"),
        ("a: 1\n---\nb: 2", 2, 1, "a second document begins here"),
        ("", 1, 1, "the file is empty"),
        ("\n# nothing\n", 1, 1, "the file is empty"),
        ("a:\n\t- b", 2, 1, "a tab cannot indent"),
        ("a: 'x\nb: 1", 1, 4, "a quote is not closed"),
        ("a: [1\nb: 2", 1, 4, "a list that begins with `[` is not closed"),
        ("a: {b: 1", 1, 4, "a mapping that begins with `{` is not closed"),
        ("a: b: c", 1, 5, "a `:` stands where no key can be"),
        ("a: 1\nb\nc: 2", 3, 1, "a key has no `:`"),
        ("a: - b", 1, 4, "a list item cannot begin here"),
        ("a: @b", 1, 4, "text cannot begin with `@`"),
        ("a: 100%\nb: %c", 2, 4, "text cannot begin with `%`"),
        ("a: 'it's'", 1, 8, "text goes on after its closing quote"),
        ('a: "\\q"', 1, 5, "an unknown escape"),
        ('a: "\\ud800"', 1, 7, "an escape stands for no character"),
        ("a:\n  - b\n c: 1", 3, 2, "this line does not fit where it stands"),
        ("%YAML 3.0\n---\na: 1", 1, 1, "text cannot begin with `%`"),
        ("a: [${b}, c]", 1, 6, "`${` inside `{ }` or `[ ]` is read as YAML"),
    ],
)
def test_what_is_no_good_yaml_gives_one_problem_at_its_place(text, line, column, message):
    problem = only_problem(text)
    assert (problem.line, problem.column, problem.message) == (line, column, message)
    assert problem.hint


def test_bytes_that_are_not_utf_8_are_located():
    problem = only_problem("a: 猫\nb: caf".encode() + b"\xe9")
    assert (problem.line, problem.column, problem.message) == (2, 7, "the file is not UTF-8")
    assert only_problem("a: b".encode("utf-16")).message == "the file is not UTF-8"


def bomb(levels):
    rows = ["a: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"k{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (bomb(9), "the alias `*a0` stands inside an anchored part"),
        ("[" * 100_000, "the file nests deeper than 20 levels"),
        ("- " * 100_000, "the file nests deeper than 20 levels"),
        ("{a: " * 100_000, "the file nests deeper than 20 levels"),
        ("".join(" " * level + "a:\n" for level in range(2_000)), "the file nests deeper than 20 levels"),
        ("[" * 1_000 + "x," * 400_000, "the file nests deeper than 20 levels"),
        ("- a\n" * (2 * MIB), "the file has more than 300,000 parts, aliases counted in full"),
        ("a: " + "x" * (8 * MIB), "the file is larger than 8 MiB"),
        ("a: &a " + "x" * MIB + "\nb: [" + "*a," * 50 + "]", "aliases make the file larger than 8 MiB"),
        ("a: &a [" + "1," * 999 + "]\nb: [" + "*a," * 101 + "]", "aliases stand for more than 100,000 parts"),
        ("a: " + "9" * MIB, "`" + "9" * 39 + "…` is no number that can be used"),
        ("\n" * (8 * MIB - 1) + "\0", "the control character U+0000 is not allowed"),
    ],
    ids=["aliases", "lists", "items", "mappings", "keys", "wide", "parts", "size", "text", "copies", "number", "nul"],
)
def test_a_hostile_file_gives_one_short_problem(text, message):
    problem = only_problem(text)
    assert problem.message == message
    assert len(problem.message) + len(problem.hint) < 300


def test_twenty_levels_are_read():
    document, problems = parse(b"[" * 20 + b"]" * 20)
    assert document is not None
    assert problems == []


def test_source_lines_count_like_places_even_where_the_file_is_no_yaml():
    assert list(source_lines(b"\xef\xbb\xbfa\r\nb\x00\xff\n\xe2\x80\xa8c"))[:4] == ["a", "b\x00\ufffd", "", "c"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_json_means_in_yaml_what_it_means_in_json(tree):
    document, problems = parse(json.dumps(tree, ensure_ascii=False).encode())
    assert problems == []
    assert document.value == tree


@settings(max_examples=300)
@given(st.text(st.sampled_from(list("ab: -[]{}&*!|>'\"%@`,?#\n\t$~<=1.0é猫")), max_size=40))
def test_any_text_gives_a_document_or_located_problems(text):
    document, problems = parse(text.encode())
    assert document is not None or len(problems) == 1
    for problem in problems:
        assert problem.message
        assert problem.hint
        assert 1 <= problem.line <= text.count("\n") + 2
        assert problem.column >= 1


@given(st.binary(max_size=60))
def test_any_bytes_give_a_document_or_problems(data):
    document, problems = parse(data)
    assert document is not None or len(problems) == 1
