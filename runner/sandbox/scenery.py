"""Scenery: the sky and the silhouettes behind a prompt that brings no picture of its own, as Pillow images."""

from itertools import pairwise
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageDraw

from runner.sandbox.palette import Colour, Palette, mix
from runner.sandbox.silhouettes import Ridge, skyline

_SOFT: Final = 2  # silhouettes are drawn this much larger and then reduced, for smooth edges
_LAMP: Final = (255, 214, 142)  # the light in a window
_GRAIN: Final = 256  # pixels; edge of the tile of grain that keeps gradients from showing bands


def sky(palette: Palette, size: tuple[int, int], dice: Random, *, horizon: float, sea: bool) -> Image.Image:
    """A sky with a sun or moon and its glow down to the horizon (a share of the height), and water below it; RGB."""
    width, height = size
    top, middle, low = palette.sky
    image = _gradient(size, [(0.0, top), (horizon * 0.6, middle), (horizon, low), (1.0, low)])
    unit, edge = min(size), round(height * horizon)
    centre = (round(width * dice.uniform(0.56, 0.8)), round(edge * dice.uniform(0.5, 0.66) * (1.15 if sea else 1)))
    halo = mix(palette.sky[2], palette.light, 0.35)
    _glow(image, centre, round(unit * 1.1), halo, 0.45)
    _glow(image, centre, round(unit * 0.4), mix(halo, palette.light, 0.4), 0.45)
    if palette.stars:
        _scatter_stars(image, dice, round(edge * 0.8), unit)
    _disc(image, centre, unit * 0.062, palette.light)
    if sea:
        _pour_water(image, palette, edge, centre[0], dice)
    return _grained(image, dice)


def land(palette: Palette, kind: str, depth: int, size: tuple[int, int], unit: float, dice: Random) -> Image.Image:
    """One silhouette of three (depth 0 is far, 2 near) with mist at its foot; RGBA, clear above the skyline."""
    width, height = size
    relief = round(min(height, unit * 0.64))
    ridge = skyline(kind, dice, width, relief, unit * (0.6, 0.8, 1.0)[depth])
    colour = palette.land[depth]
    mist = mix(colour, palette.sky[2], (0.55, 0.35, 0.0)[depth])
    foot = mix(colour, (0, 0, 0), 0.25) if depth == 2 else mist
    image = _gradient(size, [(0.0, colour), (0.25, colour), (1.0, foot)])
    if kind == "city" and depth:
        _light_windows(image, ridge, dice, unit * (0.0, 0.8, 1.0)[depth], colour)
    image.putalpha(_below(ridge, size))
    return image


def _gradient(size: tuple[int, int], stops: list[tuple[float, Colour]]) -> Image.Image:
    """Colours from top to bottom, each stop at its share of the height."""
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        column.putpixel((0, y), _colour_at(stops, y / size[1]))
    return column.resize(size)


def _colour_at(stops: list[tuple[float, Colour]], place: float) -> Colour:
    for (start, above), (end, below) in pairwise(stops):
        if place <= end:
            return mix(above, below, (place - start) / max(end - start, 1e-6))
    return stops[-1][1]


def _glow(image: Image.Image, centre: tuple[int, int], radius: int, colour: Colour, strength: float) -> None:
    falloff = Image.radial_gradient("L").point([round(255 * strength * max(1 - v / 180, 0) ** 2) for v in range(256)])
    mask = falloff.resize((2 * radius, 2 * radius), Image.Resampling.BICUBIC)
    image.paste(colour, (centre[0] - radius, centre[1] - radius), mask)


def _disc(image: Image.Image, centre: tuple[int, int], radius: float, colour: Colour) -> None:
    edge = max(round(radius * 2), 2)
    mask = Image.new("L", (edge * 4, edge * 4))
    ImageDraw.Draw(mask).ellipse((0, 0, edge * 4 - 1, edge * 4 - 1), fill=235)
    image.paste(colour, (centre[0] - edge // 2, centre[1] - edge // 2), mask.reduce(4))


def _pour_water(image: Image.Image, palette: Palette, edge: int, under: int, dice: Random) -> None:
    """Calm water from the horizon down, and the path of light on it under the sun."""
    width, height = image.size
    far, near = mix(palette.sky[2], palette.land[0], 0.4), mix(palette.land[0], palette.land[1], 0.6)
    image.paste(_gradient((width, height - edge), [(0.0, far), (1.0, near)]), (0, edge))
    canvas = ImageDraw.Draw(image, "RGBA")
    unit = min(image.size)
    for _ in range(170):
        depth = dice.random() ** 1.5
        middle = under + dice.gauss(0, unit * (0.03 + 0.16 * depth))
        reach = unit * (0.012 + 0.07 * depth) * dice.uniform(0.3, 1.0)
        y = edge + 2 + depth * (height - edge)
        ink = (*palette.light, round(130 * (1 - depth) ** 1.5) + 24)
        canvas.line(((middle - reach, y), (middle + reach, y)), fill=ink, width=max(round(unit * 0.0028), 1))


def _scatter_stars(image: Image.Image, dice: Random, depth: int, unit: int) -> None:
    canvas = ImageDraw.Draw(image, "RGBA")
    for _ in range(130):
        x, y = dice.uniform(0, image.width), dice.random() ** 1.3 * depth
        radius = unit * dice.choice((0.0007, 0.0007, 0.001, 0.0016))
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 255, 255, dice.randint(60, 200)))


def _grained(image: Image.Image, dice: Random) -> Image.Image:
    tile = Image.frombytes("L", (_GRAIN, _GRAIN), dice.randbytes(_GRAIN * _GRAIN)).point(
        [v * 5 // 256 for v in range(256)]
    )
    grain = Image.new("L", image.size)
    for x in range(0, image.width, _GRAIN):
        for y in range(0, image.height, _GRAIN):
            grain.paste(tile, (x, y))
    return ImageChops.add(image, Image.merge("RGB", (grain,) * 3), offset=-2)


def _below(ridge: Ridge, size: tuple[int, int]) -> Image.Image:
    width, height = size
    mask = Image.new("L", (width * _SOFT, height * _SOFT))
    outline = [(-_SOFT, height * _SOFT), *((x * _SOFT, y * _SOFT) for x, y in ridge), (width * _SOFT, height * _SOFT)]
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    return mask.reduce(_SOFT)


def _light_windows(image: Image.Image, ridge: Ridge, dice: Random, unit: float, wall: Colour) -> None:
    """Some windows under every roof that is wide enough for them."""
    canvas = ImageDraw.Draw(image)
    pane, gap = unit * 0.007, unit * 0.019
    roofs = [(a, b) for a, b in pairwise(ridge) if a[1] == b[1] and b[0] - a[0] > 2 * gap]
    for (left, roof), (right, _) in roofs:
        for column in range(int((right - left - gap) / gap)):
            for row in range(7):
                if dice.random() < 0.28:
                    x, y = left + gap * (column + 0.8), roof + gap * (row + 1.0) * 1.15
                    canvas.rectangle((x, y, x + pane, y + pane * 1.3), fill=mix(wall, _LAMP, dice.uniform(0.25, 0.85)))
