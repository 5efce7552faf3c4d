"""How problems look: place and message, the source line with the place underlined, one hint, and the count."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from runner.manifest.problems import MOST, Problem
from runner.manifest.wording import harmless

_SHOWN: Final = 50  # problems
_WIDTH: Final = 100  # columns of a source line
_BEFORE: Final = 60  # columns of it before the place, where it is cut
_AROUND: Final = 2000  # characters around the place that are looked at, so that a secret is seen whole
_LONGEST: Final = 400  # characters of a message or a hint
_TAB: Final = 4  # columns
_CUT: Final = "…"
_BREAKS: Final = re.compile(r"[\r\n\t]+")


def render(problems: Iterable[Problem], path_as_given: str, lines: Sequence[str]) -> str:
    """Problems as a person reads them, in the order of their places; the text ends with a line break."""
    ordered = sorted(set(problems))
    shown = [_block(problem, path_as_given, lines) for problem in islice(ordered, _SHOWN)]
    rest = len(ordered) - len(shown)
    more = [f"and {rest} more"] if rest else []
    return "\n\n".join([*shown, *more, _count(len(ordered))]) + "\n"


def _count(number: int) -> str:
    or_more = " or more" if number >= MOST else ""
    return f"{number}{or_more} problem{'' if number == 1 else 's'}; nothing was sent"


def _block(problem: Problem, path: str, lines: Sequence[str]) -> str:
    block = [_one_line(f"{path}:{problem.line}:{problem.column}: ") + _short(problem.message)]
    if 1 <= problem.line <= len(lines):
        margin = f"{problem.line:>5} | "
        source, underline = _underlined(lines[problem.line - 1], problem.column - 1, problem.length)
        # Blanks at the end of a line stay: they may be what is underlined.
        block += [f"{margin}{source}" if source else margin.rstrip(), f"{' ' * (len(margin) - 2)}| {underline}"]
    if problem.hint:
        block.append(f"hint: {_short(problem.hint)}")
    return "\n".join(block)


def _underlined(line: str, column: int, length: int) -> tuple[str, str]:
    """The source line, cut to its width, and the underline of the place, both in columns of a terminal."""
    start = max(0, column - _AROUND)
    cells = [_cell(letter) for letter in harmless(line[start : column + _AROUND])]
    place = column - start
    cells += [(" ", 1)] * (place - len(cells))  # a value that is not there stands after its line
    first = _first_shown(cells, place) if _width(cells) > _WIDTH else 0
    last = _last_shown(cells, first)
    ahead = _CUT if start + first else ""
    behind = _CUT if last < len(cells) else ""
    marked = _width(cells[place : min(place + length, last)])
    text = ahead + "".join(text for text, _ in cells[first:last]) + behind
    return text, " " * (len(ahead) + _width(cells[first:place])) + "^" * max(1, marked)


def _first_shown(cells: Sequence[tuple[str, int]], place: int) -> int:
    first, width = place, 0
    while first > 0 and width + cells[first - 1][1] <= _BEFORE:
        first -= 1
        width += cells[first][1]
    return first


def _last_shown(cells: Sequence[tuple[str, int]], first: int) -> int:
    last, width = first, 0
    while last < len(cells) and width + cells[last][1] <= _WIDTH:
        width += cells[last][1]
        last += 1
    return last


def _width(cells: Sequence[tuple[str, int]]) -> int:
    return sum(width for _, width in cells)


def _cell(letter: str) -> tuple[str, int]:
    if letter == "\t":
        return " " * _TAB, _TAB
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return letter, 0
    return letter, 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def _short(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + _CUT


def _one_line(text: str) -> str:
    return harmless(_BREAKS.sub(" ", text))
