"""Fonts: which font of this machine draws which character, and what to say where none does.

Pillow's own font draws Latin on every machine alike; other scripts need a font of the system.
"""

import sys
import unicodedata
from functools import cache
from typing import Final

from PIL import Image, ImageDraw

from runner.sandbox.font_files import Face, asked_faces, known_faces

_PROBE_SIZE: Final = 20  # pixels; large enough that a glyph and the sign for "no glyph" differ
_ASKED_AT_MOST: Final = 4  # questions to fontconfig for one text
_IDEOGRAPHIC: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "IDEOGRAPHIC")


def faces_for(text: str) -> tuple[Face, ...]:
    """The faces that draw a text between them, as far as this machine has them; Pillow's own comes first."""
    chosen = [Face()]
    wanted = [character for character in dict.fromkeys(text) if not draws(chosen[0], character)]
    for face in known_faces():
        if any(draws(face, character) for character in wanted):
            chosen.append(face)
            wanted = [character for character in wanted if not draws(face, character)]
    for character in wanted[:_ASKED_AT_MOST]:
        helping = next((face for face in asked_faces(character) if draws(face, character)), None)
        if helping is not None and helping not in chosen:
            chosen.append(helping)
    return tuple(chosen)


def nearest_forms(text: str) -> dict[str, str]:
    """What can be drawn here for each character of a text: itself, else a plain form of it, else nothing."""
    faces = faces_for(text)
    forms = {}
    for character in dict.fromkeys(text):
        fitting = (form for form in (character, _plain(character)) if form and _all_drawn(faces, form))
        forms[character] = next(fitting, "")
    return forms


def missing_script_hint(text: str) -> str | None:
    """One line saying which script of a text cannot be drawn here and what helps, or None if all can."""
    missing = next((character for character, form in nearest_forms(text).items() if not form), None)
    return None if missing is None else f"no font here draws {script_of(missing)}: install one{_remedy(missing)}"


def script_of(character: str) -> str:
    """The name of a letter's script, or of a sign, as a person says it."""
    name = unicodedata.name(character, "")
    if name.startswith(_IDEOGRAPHIC):
        return "Chinese, Japanese or Korean"
    if unicodedata.category(character)[0] == "L" and name and not name.startswith("LATIN"):
        return name.split()[0].title()
    return f"`{name.lower() or f'U+{ord(character):04X}'}`"


@cache
def draws(face: Face, character: str) -> bool:
    """Whether a face has a glyph for a character; blanks, marks and controls always count as drawn."""
    if character.isspace() or unicodedata.category(character)[0] in "MC":
        return True
    glyph, absent = _ink(face, character), _absent(face)
    return glyph is not None and glyph != absent


def _all_drawn(faces: tuple[Face, ...], text: str) -> bool:
    return all(any(draws(face, character) for face in faces) for character in text)


def _plain(character: str) -> str:
    """A letter without its accent, a dash as a hyphen: what a machine with no fonts at all can still draw."""
    if unicodedata.category(character) == "Pd":
        return "-"
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if unicodedata.category(part)[0] != "M")


def _remedy(character: str) -> str:
    if sys.platform != "linux" or script_of(character) != "Chinese, Japanese or Korean":
        return ""
    return ", such as `fonts-noto-cjk` (apt) or `google-noto-sans-cjk-fonts` (dnf)"


def _absent(face: Face) -> tuple[tuple[int, int], bytes] | None:
    return _ink(face, "\U0010fffe")  # a noncharacter: drawn as whatever the font shows for "no glyph"


@cache
def _ink(face: Face, character: str) -> tuple[tuple[int, int], bytes] | None:
    """A character as pixels, or None where the font cannot be opened or leaves the place empty."""
    canvas = Image.new("L", (3 * _PROBE_SIZE, 3 * _PROBE_SIZE))
    try:
        ImageDraw.Draw(canvas).text((_PROBE_SIZE, _PROBE_SIZE), character, font=face.at(_PROBE_SIZE), fill=255)
    except OSError:
        return None
    box = canvas.getbbox()
    return None if box is None else ((box[2] - box[0], box[3] - box[1]), canvas.crop(box).tobytes())
