"""Typesetting: a text broken into lines that fit a box, with the rules of Chinese and Japanese punctuation."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from PIL import ImageDraw, ImageFont

from runner.sandbox.font_files import Face
from runner.sandbox.fonts import draws, nearest_forms

ELLIPSIS: Final = "…"  # stands where characters are left out

_GAP: Final = "\0"  # a character that cannot be drawn, while a text is prepared
_WORD: Final = re.compile(r"\S+\s*|\s+")
_NOT_FIRST: Final = "，。、！？；：）》〉」』】〕…—～,.!?;:)]}”’%"  # may not begin a line
_NOT_LAST: Final = "（《〈「『【〔([{“‘"  # may not end one


@dataclass(frozen=True, slots=True)
class Typeface:
    """Faces at one size, asked in order: a character is drawn by the first that has it."""

    size: int  # pixels
    faces: tuple[Face, ...]
    fonts: tuple[ImageFont.FreeTypeFont, ...]

    def length(self, text: str) -> float:
        """The width of a line in pixels."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def draw(self, canvas: ImageDraw.ImageDraw, at: tuple[float, float], text: str, ink: tuple[int, ...]) -> None:
        """Draw a line whose baseline begins at a point."""
        x, y = at
        for font, run in self._runs(text):
            canvas.text((x, y), run, font=font, fill=ink, anchor="ls")
            x += font.getlength(run)

    def _runs(self, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        """The parts of a line that one font draws: whole words where it can be, so that no word is patched."""
        parts = (part for word in _WORD.findall(text) for part in ([word] if self._font_of(word) else word))
        for font, run in groupby(parts, key=self._font_of):
            yield font or self.fonts[0], "".join(run)

    def _font_of(self, part: str) -> ImageFont.FreeTypeFont | None:
        both = zip(self.faces, self.fonts, strict=True)
        return next((font for face, font in both if all(draws(face, character) for character in part)), None)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text set in lines of one typeface."""

    face: Typeface
    lines: tuple[str, ...]
    leading: int  # pixels from baseline to baseline

    @property
    def height(self) -> int:
        """From the top of the first line to the foot of the last, in pixels."""
        return self.leading * len(self.lines)

    @property
    def width(self) -> float:
        """Of the longest line, in pixels."""
        return max((self.face.length(line) for line in self.lines), default=0.0)


def typeface(faces: tuple[Face, ...], size: int) -> Typeface:
    """Faces made ready to draw at a size in pixels."""
    return Typeface(size, faces, tuple(face.at(max(size, 1)) for face in faces))


def fit(text: str, faces: tuple[Face, ...], width: int, height: int, sizes: tuple[int, ...]) -> Paragraph:
    """The text in the first of the sizes (pixels, large ones first) that fits the box; else cut, with an ellipsis."""
    paragraph = _set(text, faces, width, sizes[0])
    for size in sizes[1:]:
        if paragraph.height <= height:
            break
        paragraph = _set(text, faces, width, size)
    room = max(height // paragraph.leading, 1)
    if len(paragraph.lines) <= room:
        return paragraph
    last = _shortened(paragraph.face, paragraph.lines[room - 1], width)
    return Paragraph(paragraph.face, (*paragraph.lines[: room - 1], last), paragraph.leading)


def drawable(text: str) -> str:
    """A text with controls removed, plain forms where no font here has better, and an ellipsis for what none draws."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    kept = re.sub("[\ufe00-\ufe0f]", "", kept)
    forms = nearest_forms(kept)
    drawn = ""
    for character in kept:
        hangs_on_nothing = drawn.endswith(_GAP) and unicodedata.category(character)[0] == "M"
        drawn += "" if hangs_on_nothing else forms[character] or _GAP
    return re.sub(rf"{_GAP}(\s*{_GAP})*", ELLIPSIS, drawn)


def wrap(face: Typeface, text: str, width: float) -> Iterator[str]:
    """The lines of a text, none wider than the width unless a single character is; its own line breaks are kept."""
    for paragraph in text.splitlines():
        line = ""
        for piece in _pieces(face, " ".join(paragraph.split()), width):
            if line and face.length((line + piece).rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece
        if line.strip():
            yield line.rstrip()


def _set(text: str, faces: tuple[Face, ...], width: int, size: int) -> Paragraph:
    face = typeface(faces, size)
    return Paragraph(face, tuple(wrap(face, text, width)), max(round(size * 1.36), 1))


def _pieces(face: Typeface, text: str, width: float) -> Iterator[str]:
    """What may not be broken: a word with the spaces after it, or an ideograph with the signs that cling to it."""
    for word in _WORD.findall(text):
        for piece in _unbreakable(word):
            yield from [piece] if face.length(piece) <= width else piece


def _unbreakable(word: str) -> Iterator[str]:
    piece = ""
    for character in word:
        if piece and _may_break(piece[-1], character):
            yield piece
            piece = ""
        piece += character
    yield piece


def _may_break(before: str, after: str) -> bool:
    if before in _NOT_LAST or after in _NOT_FIRST or after.isspace():
        return False
    return _is_wide(before) or _is_wide(after)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}


def _shortened(face: Typeface, line: str, width: float) -> str:
    while line and face.length(line + ELLIPSIS) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
