"""Silhouettes: the skylines of hills, dunes, waves, peaks, firs and houses, as points from left to right."""

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Final

Ridge = list[tuple[float, float]]  # x and y, in pixels from the top left
Silhouette = Callable[[Random, int, int, float], Ridge]  # dice, width, height, and the unit that scales details


def skyline(kind: str, dice: Random, width: int, height: int, unit: float) -> Ridge:
    """The skyline of a kind of land; it begins left of the first pixel and ends right of the last."""
    return _SILHOUETTES[kind](dice, width, height, unit)


def _rolling(dice: Random, width: int, unit: float, step: float, waves: tuple[tuple[float, float], ...]) -> Ridge:
    """A sum of sines around zero: each wave a length in units and a height."""
    turns = [
        (2 * math.pi / (length * unit * dice.uniform(0.85, 1.2)), dice.uniform(0, 6.3), tall) for length, tall in waves
    ]
    points = [x * step for x in range(-1, math.ceil(width / step) + 2)]
    return [(x, sum(tall * math.sin(turn * x + phase) for turn, phase, tall in turns)) for x in points]


def _hills(dice: Random, width: int, height: int, unit: float) -> Ridge:
    rolling = _rolling(dice, width, unit, 4, ((1.5, 0.26), (0.7, 0.14), (0.23, 0.025)))
    return [(x, height * (0.42 - y)) for x, y in rolling]


def _dunes(dice: Random, width: int, height: int, unit: float) -> Ridge:
    rolling = _rolling(dice, width, unit, 4, ((1.9, 0.3), (0.9, 0.12)))
    return [(x, height * (0.5 - abs(y))) for x, y in rolling]


def _waves(dice: Random, width: int, height: int, unit: float) -> Ridge:
    rolling = _rolling(dice, width, unit, 4, ((1.1, 0.035), (0.42, 0.018), (0.16, 0.006)))
    return [(x, height * (0.12 - y)) for x, y in rolling]


def _peaks(dice: Random, width: int, height: int, unit: float) -> Ridge:
    """Midpoints moved up and down, ever less: the ridge of a mountain range."""
    spacing = unit * 0.42
    points = [
        (x * spacing, dice.uniform(0.02, 0.3) if x % 2 else dice.uniform(0.5, 0.75))
        for x in range(-1, math.ceil(width / spacing) + 2)
    ]
    rough = 0.09
    for _ in range(4):
        halves = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + dice.uniform(-rough, rough)) for a, b in pairwise(points)]
        points = [point for pair in zip(points, [*halves, points[-1]], strict=True) for point in pair]
        rough *= 0.5
    return [(x, height * y) for x, y in points]


def _pines(dice: Random, width: int, height: int, unit: float) -> Ridge:
    """Hills with firs on them, each a stair of three boughs on both sides."""
    ground = _rolling(dice, width, unit, max(unit * 0.02, 1), ((1.6, 0.12), (0.6, 0.06)))
    ridge: Ridge = []
    reach = -math.inf
    for x, y in ground:
        floor = height * (0.62 - y)
        if x >= reach:
            tall, wide = unit * dice.uniform(0.07, 0.17), unit * dice.uniform(0.018, 0.028)
            ridge += [(x + side * wide * out, floor - tall * up) for side, up, out in _FIR]
            reach = x + wide * dice.uniform(1.1, 2.6)
        else:
            ridge.append((max(x, ridge[-1][0]), floor))
    return ridge


def _city(dice: Random, width: int, height: int, unit: float) -> Ridge:
    """Houses side by side, some with a step or a mast on the roof."""
    ridge: Ridge = []
    x = -unit * 0.05
    while x < width:
        wide = unit * dice.uniform(0.06, 0.15)
        roof = height * dice.choice((0.1, 0.22, 0.3, 0.38, 0.48, 0.55)) * dice.uniform(0.85, 1.15)
        ridge += [(x, roof), (x + wide * 0.3, roof)]
        if dice.random() < 0.35:
            ridge += _roof_top(dice, x + wide * 0.3, wide * 0.35, roof, unit)
        ridge.append((x + wide, roof))
        x += wide
    return ridge


def _roof_top(dice: Random, x: float, wide: float, roof: float, unit: float) -> Ridge:
    if dice.random() < 0.4:
        mast = roof - unit * 0.07
        return [(x, roof), (x, mast), (x + unit * 0.004, mast), (x + unit * 0.004, roof)]
    step = roof - unit * 0.022
    return [(x, roof), (x, step), (x + wide, step), (x + wide, roof)]


_FIR: Final = (
    (-1, 0.0, 1.0), (-1, 0.3, 0.45), (-1, 0.3, 0.75), (-1, 0.62, 0.28), (-1, 0.62, 0.5),
    (0, 1.0, 0.0),
    (1, 0.62, 0.5), (1, 0.62, 0.28), (1, 0.3, 0.75), (1, 0.3, 0.45), (1, 0.0, 1.0),
)  # fmt: skip

_SILHOUETTES: Final[dict[str, Silhouette]] = {
    "hills": _hills,
    "dunes": _dunes,
    "waves": _waves,
    "peaks": _peaks,
    "pines": _pines,
    "city": _city,
}
