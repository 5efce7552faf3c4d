"""Text in columns of a terminal: Chinese and its like take two, marks that combine take none."""

import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

GAP: Final = "  "
_CUT: Final = "…"


def width(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else sum(_cell(letter) for letter in text)


def cut(text: str, columns: int) -> str:
    """The text, ended by an ellipsis where it is wider than so many columns."""
    if width(text) <= columns:
        return text
    taken = 0
    for index, letter in enumerate(text):
        taken += _cell(letter)
        if taken > columns - 1:
            return text[:index].rstrip() + _CUT
    return text


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled up with spaces; on its left, if it belongs to the right."""
    fill = " " * (columns - width(text))
    return fill + text if right else text + fill


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """The rows as lines, every column as wide as its widest cell; those in `right` end at one edge."""
    if not rows:
        return []
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    shown = [index for index, columns in enumerate(widths) if columns]
    return [GAP.join(pad(row[index], widths[index], right=index in right) for index in shown).rstrip() for row in rows]


def _cell(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
