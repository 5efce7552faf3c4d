"""Words of others, cleaned; and the key, in every spelling, taken out."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import NoCredentials
from runner.provider.key import check_key
from runner.provider.words import clean

KEY = 'sk-Ab1/+"\\=='


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("  a\n\tb\r\n c ", "a b c"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://h\x1b\\link", "link"),
        ("a\x00b\x7fc\x9bd", "abc"),
        ("\x1bcreset", "reset"),
        ("abc\u202etxt", "abctxt"),
        ("half \ud800", "half \ufffd"),
        ("猫 和 café", "猫 和 café"),
    ],
)
def test_control_characters_go_and_space_is_folded(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_long_text_is_cut() -> None:
    assert clean("x" * 301) == "x" * 299 + "…"
    assert clean("x" * 300) == "x" * 300
    assert len(clean("x" * 10_000_000, limit=60)) == 60


@pytest.mark.parametrize(
    "spelling",
    [
        KEY,
        KEY.upper(),
        " ".join(KEY),
        quote(KEY, safe=""),
        quote(KEY, safe="").lower(),
        json.dumps(KEY)[1:-1],
        json.dumps(KEY)[1:-1].replace("/", r"\/"),
        f"\x1b[1m{KEY}\x1b[0m",
        f"{KEY[:4]}\x00{KEY[4:]}",
    ],
)
def test_every_spelling_of_a_secret_is_hidden(spelling: str) -> None:
    assert clean(f"your key <{spelling}>!", secrets=(KEY,)) == "your key <[key]>!"


@pytest.mark.parametrize("before", ["", "B", "Be", "Bearer ", "user:"])
@pytest.mark.parametrize("after", ["", "!", "!!"])
def test_a_secret_in_base64_is_hidden_wherever_it_stands(before: str, after: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        coded = encode(f"{before}sk-canary-0123456789{after}".encode()).decode()
        cleaned = clean(coded, secrets=("sk-canary-0123456789",))
        assert "[key]" in cleaned
        assert len(cleaned.replace("[key]", "")) <= len(before) * 2 + len(after) * 2 + 6


def test_a_secret_at_the_cut_is_hidden_before_the_cut() -> None:
    assert clean("x" * 295 + KEY, secrets=(KEY,)) == "x" * 295 + "[key]"


def test_without_secrets_nothing_is_hidden() -> None:
    assert clean("a b", secrets=()) == "a b"
    assert clean("a b", secrets=("", "a")) == "a b"


@given(st.text(), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4), st.text())
def test_no_secret_survives(before: str, secret: str, after: str) -> None:
    cleaned = clean(before + secret + after, secrets=(secret,))
    assert secret not in cleaned.replace("[key]", "\n")


@pytest.mark.parametrize(
    ("key", "position"),
    [("sk\n", 3), ("sk\r", 3), (" sk", 1), ("s k", 2), ("ské", 3), ("sk\x7f", 3), ("\tsk", 1), ("猫", 1)],
)
def test_a_key_with_an_illegal_character_is_refused_by_position(key: str, position: int) -> None:
    with pytest.raises(NoCredentials) as caught:
        check_key(key)
    assert caught.value.message == f"the key has an illegal character at position {position}"
    assert key not in caught.value.hint


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(NoCredentials, match="the key is empty"):
        check_key("")


def test_visible_ascii_is_a_key() -> None:
    check_key("".join(map(chr, range(33, 127))))
