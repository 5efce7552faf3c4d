"""The words on an animatic: the prompt on its panel, the shot's id, the running timecode and the bar of progress."""

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from runner.sandbox.fonts import faces_for, missing_script_hint
from runner.sandbox.palette import Colour
from runner.sandbox.sprite import Sprite, even, still
from runner.sandbox.typeset import Paragraph, drawable, fit, typeface

_PANEL: Final = (10, 12, 20, 178)
_INK: Final = (255, 255, 255, 245)
_QUIET: Final = (255, 255, 255, 165)
_SMALLEST_FRAME: Final = 96  # pixels; below, no word could be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What an animatic says about itself."""

    prompt: str
    shot: str
    kind: str  # the small line under the prompt
    accent: Colour


def sprites(caption: Caption, width: int, height: int, frames: int, rate: int) -> tuple[Sprite, ...]:
    """The words for a frame of this size and a clip of so many frames, `rate` a second; none on a tiny frame."""
    bar = _progress(caption.accent, width, height, frames)
    if min(width, height) < _SMALLEST_FRAME:
        return (bar,)
    return (_panel(caption, width, height), *_badge(caption, width, height), *_timecode(width, height, rate), bar)


def _panel(caption: Caption, width: int, height: int) -> Sprite:
    unit = min(width, height)
    margin, padding = even(unit * 0.045), round(unit * 0.034)
    inner = width - 2 * margin - 2 * padding
    prompt = _prompt(caption.prompt, inner, round(height * 0.4), unit)
    notes = _notes(caption, inner, unit)
    tall = even(2 * padding + prompt.height + round(unit * 0.016) + notes.height)
    image = _plate(width - 2 * margin, tall, round(unit * 0.022))
    canvas = ImageDraw.Draw(image)
    stripe = max(round(unit * 0.007), 2)
    canvas.rectangle((0, padding, stripe, tall - padding), fill=(*caption.accent, 255))
    _write(canvas, prompt, padding, padding, _INK)
    _write(canvas, notes, padding, tall - padding - notes.height, _QUIET)
    return still(image, margin, height - margin - tall)


def _prompt(prompt: str, width: int, height: int, unit: int) -> Paragraph:
    text = drawable(prompt)
    sizes = tuple(round(unit * share) for share in (0.05, 0.044, 0.038, 0.033, 0.029))
    return fit(text, faces_for(text), width, height, sizes)


def _notes(caption: Caption, width: int, unit: int) -> Paragraph:
    """The small line, and one more where the prompt holds characters that no font here draws."""
    hint = missing_script_hint(caption.prompt)
    text = caption.kind if hint is None else f"{caption.kind}\n{hint}"
    return fit(text, faces_for(text), width, round(unit * 0.15), (round(unit * 0.025),))


def _badge(caption: Caption, width: int, height: int) -> tuple[Sprite, ...]:
    """The shot's id at the top left."""
    text = drawable(caption.shot)
    if not text.strip():
        return ()
    unit = min(width, height)
    name = fit(text, faces_for(text), round(width * 0.5), 1, (round(unit * 0.034),))
    padding, dot = round(unit * 0.022), round(unit * 0.013)
    tall = even(unit * 0.07)
    image = _plate(even(name.width + 2 * padding + 2 * dot), tall, tall // 2)
    middle = tall / 2
    canvas = ImageDraw.Draw(image)
    canvas.ellipse(
        (padding - dot / 4, middle - dot / 2, padding + dot * 3 / 4, middle + dot / 2), fill=(*caption.accent, 255)
    )
    name.face.draw(canvas, (padding + 2 * dot, middle + name.face.size * 0.35), name.lines[0], _INK)
    return (still(image, even(unit * 0.045), even(unit * 0.045)),)


def _timecode(width: int, height: int, rate: int) -> tuple[Sprite, ...]:
    """Minutes, seconds and frames at the top right, as two strips of which one row shows at a time."""
    unit = min(width, height)
    margin, tall, padding = even(unit * 0.045), even(unit * 0.07), even(unit * 0.022)
    cell = even(unit * 0.0225)
    seconds, frames = [f"00:{second:02}:" for second in range(60)], [f"{frame:02}" for frame in range(rate)]
    plate = _plate(2 * padding + 7 * cell, tall, tall // 2)  # six digits, and two colons of half a cell each
    middle = padding + 5 * cell
    parts = plate.crop((0, 0, middle, tall)), plate.crop((middle, 0, *plate.size))
    left = even(width - margin - plate.width)
    return (
        _row(_strip(seconds, parts[0], padding, cell, unit), tall, f"mod(floor(n/{rate}),60)", left, margin),
        _row(_strip(frames, parts[1], 0, cell, unit), tall, f"mod(n,{rate})", left + middle, margin),
    )


def _strip(rows: list[str], plate: Image.Image, left: int, cell: int, unit: int) -> Image.Image:
    """Rows of digits under each other, every character in a cell of its own so that nothing jitters."""
    face = typeface(faces_for("0123456789:"), round(unit * 0.032))
    cells = [cell // 2 if character == ":" else cell for character in rows[0]]
    image = Image.new("RGBA", (plate.width, plate.height * len(rows)))
    canvas = ImageDraw.Draw(image)
    for row, text in enumerate(rows):
        image.paste(plate, (0, row * plate.height))
        for column, character in enumerate(text):
            x = left + sum(cells[:column]) + (cells[column] - face.length(character)) / 2
            face.draw(canvas, (x, (row + 0.5) * plate.height + face.size * 0.35), character, _INK)
    return image


def _row(strip: Image.Image, tall: int, row: str, left: int, top: int) -> Sprite:
    return Sprite(images=(strip,), width=strip.width, height=tall, down=f"{tall}*{row}", left=str(left), top=str(top))


def _progress(accent: Colour, width: int, height: int, frames: int) -> Sprite:
    """A bar along the foot of the frame that grows from the left."""
    tall = even(min(width, height) * 0.009)
    image = Image.new("RGBA", (width, tall), (*accent, 255))
    left = f"-{width}+floor({width}*(n+1)/{frames})"
    return Sprite(images=(image,), width=width, height=tall, left=left, top=str(height - tall))


def _plate(width: int, height: int, radius: int) -> Image.Image:
    """A dark translucent plate with round corners."""
    image = Image.new("RGBA", (width, height), (*_PANEL[:3], 0))
    mask = Image.new("L", (width * 2, height * 2))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * 2 - 1, height * 2 - 1), radius * 2, fill=_PANEL[3])
    image.putalpha(mask.reduce(2))
    return image


def _write(canvas: ImageDraw.ImageDraw, text: Paragraph, left: int, top: int, ink: tuple[int, ...]) -> None:
    for row, line in enumerate(text.lines):
        text.face.draw(canvas, (left, top + row * text.leading + text.face.size), line, ink)
