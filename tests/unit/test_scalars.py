from decimal import Decimal

import pytest

from runner.manifest.scalars import OutOfRange, meaning, read_otherwise


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("8", 8),
        ("-3", -3),
        ("+5", 5),
        ("0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        ("0.10", Decimal("0.10")),
        ("12.", Decimal(12)),
        (".5", Decimal("0.5")),
        ("1e3", Decimal("1e3")),
        ("-2.5E-2", Decimal("-0.025")),
    ],
)
def test_a_bare_word_means_what_the_core_schema_says(text, value):
    assert meaning(text) == value
    assert type(meaning(text)) is type(value)


TEXT = [
    "no",
    "yes",
    "on",
    "Off",
    "y",
    "NULLS",
    "010",
    "-007",
    "12:30:45",
    "16:9",
    "2026-11-23",
    "1_000",
    "0b11",
    "08",
    "1e",
    "e3",
    ".",
    "-",
    "+",
    "--1",
    "1.2.3",
    "0x",
    "0xg",
    "٣",
    "¹",
    "Infinity",
    "nan",
    "<<",
    "=",
]


@pytest.mark.parametrize("text", TEXT)
def test_what_yaml_readers_disagree_about_is_text(text):
    assert meaning(text) == text


@pytest.mark.parametrize(
    "text", [".inf", "-.Inf", ".nan", "1e400", "1e-400", "9" * 31, "0." + "1" * 40, "0x" + "f" * 40]
)
def test_a_number_that_nobody_means_is_refused(text):
    with pytest.raises(OutOfRange):
        meaning(text)


def test_a_price_keeps_every_digit_that_is_written():
    assert str(meaning("0.10")) == "0.10"
    assert meaning("0.1") + meaning("0.2") == Decimal("0.3")


@pytest.mark.parametrize(
    "text", ["no", "Yes", "OFF", "010", "1e3", "1_000", "2026-11-23", "0x1f", "12", "true", "null"]
)
def test_a_bare_word_that_others_read_otherwise_is_known(text):
    assert read_otherwise(text)


@pytest.mark.parametrize(
    "text", ["nope", "shot-01", "a1", "1a", "on-air", "x", "y", "n", "2026-11-23-b", "v1.2", "01a"]
)
def test_a_bare_word_that_is_text_to_everyone_is_fine(text):
    assert not read_otherwise(text)
