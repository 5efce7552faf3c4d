"""What moves behind the words: the shot's own picture, slowly crossed, or a landscape made from its prompt."""

import io
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageOps

from runner.sandbox import scenery
from runner.sandbox.palette import Mood
from runner.sandbox.sprite import Sprite, even, still

_SUBPIXELS: Final = 4  # steps of movement to a pixel over a picture
_REACH: Final = 0.09  # of the frame's longer side that a picture is crossed by
_HORIZON: Final = 0.58  # of the frame's height
_SKYLINES: Final = {False: (0.36, 0.47, 0.58), True: (0.6, 0.67, 0.75)}  # land and sea: tops of the layers


def landscape(mood: Mood, size: tuple[int, int], frames: int, seed: int) -> tuple[Sprite, ...]:
    """A sky that stands and three layers before it that pass by, the nearer the faster."""
    width, height = size
    dice = Random(seed)  # noqa: S311 - for beauty, not for secrets
    sea = mood.silhouette == "waves"
    layers = [still(scenery.sky(mood.palette, size, dice, horizon=_HORIZON, sea=sea), 0, 0)]
    bottom = height
    for depth, skyline in reversed(tuple(enumerate(_SKYLINES[sea]))):
        top, speed = min(even(height * skyline), height - 2), depth + 1
        strip = (width + frames * speed, height - top)
        image = scenery.land(mood.palette, mood.silhouette, depth, strip, min(size), dice)
        image = image.crop((0, 0, image.width, max(bottom - top, 2)))
        layers.insert(1, Sprite(images=(image,), width=width, height=image.height, across=f"{speed}*n", top=str(top)))
        bottom = min(bottom, top + _hidden_from(image))
    return tuple(layers)


def picture(image: Image.Image, size: tuple[int, int], frames: int, seed: int) -> tuple[Sprite, ...]:
    """A picture that fills the frame and is crossed slowly, along its longer side; the direction comes from the seed.

    The same picture is laid a fraction of a pixel further for each step, so that slow movement does not stutter.
    """
    width, height = size
    speed = max(round(_REACH * max(size) * _SUBPIXELS / frames), 1)
    travel = even(frames * speed / _SUBPIXELS) + 4
    flat = image.width * height >= image.height * width
    wide, tall = (width + travel, height) if flat else (width, height + travel)
    start, step = (travel * _SUBPIXELS - _SUBPIXELS, -speed) if seed % 2 else (0, speed)
    phases = tuple(((start + step * n) % _SUBPIXELS) / _SUBPIXELS for n in range(_SUBPIXELS))
    images = tuple(_laid(image, wide, tall, (phase, 0.0) if flat else (0.0, phase)) for phase in phases)
    place = f"floor(({start}+({step})*n)/{_SUBPIXELS})"
    across, down = (place, "0") if flat else ("0", place)
    return (Sprite(images=images, width=width, height=height, across=across, down=down),)


def opened(reference: bytes) -> Image.Image:
    """The picture in a reference's bytes, upright and opaque; raises ValueError if it is none."""
    try:
        with Image.open(io.BytesIO(reference)) as image:
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # as Pillow says it
        raise ValueError("the reference is not a picture that can be read") from error
    ground = Image.new("RGBA", upright.size, (24, 26, 34, 255))
    return Image.alpha_composite(ground, upright).convert("RGB")


def _hidden_from(image: Image.Image) -> int:
    """The row from which on an image hides all that lies behind it; an even number."""
    clear = ImageChops.invert(image.getchannel("A")).getbbox()
    return 0 if clear is None else min(even(clear[3] + 1), image.height)


def _laid(image: Image.Image, width: int, height: int, shift: tuple[float, float]) -> Image.Image:
    """The middle of a picture, as much as fills this size, moved left and up by a fraction of a pixel."""
    scale = max((width + 1) / image.width, (height + 1) / image.height)
    left = max((image.width - (width + 1) / scale) / 2, 0) + shift[0] / scale
    top = max((image.height - (height + 1) / scale) / 2, 0) + shift[1] / scale
    box = (left, top, min(left + width / scale, image.width), min(top + height / scale, image.height))
    return image.resize((width, height), Image.Resampling.BICUBIC, box=box)
