"""The soft tone under an animatic: two detuned voices, a fifth and an octave, at a pitch taken from the prompt."""

import math
from array import array
from functools import cache
from typing import Final

RATE: Final = 48_000  # samples a second

_PITCHES: Final = (147, 165, 196, 220, 247, 294)  # Hz, of one pentatonic scale
_FADE_IN: Final = 0.35  # seconds
_FADE_OUT: Final = 0.6
_LEVEL: Final = 0.07  # of full scale, for the loudest voice


def tone(seed: int, seconds: int) -> "array[float]":
    """Mono samples between -1 and 1, exactly as many as the seconds hold, faded in and out."""
    samples = _second(_PITCHES[seed % len(_PITCHES)]) * seconds
    _fade(samples, range(round(_FADE_IN * RATE)))
    _fade(samples, range(len(samples) - 1, len(samples) - 1 - round(_FADE_OUT * RATE), -1))
    return samples


@cache
def _second(pitch: int) -> "array[float]":
    """One second. Every voice has a whole number of Hz, so that seconds join without a seam."""
    voices = ((pitch, 1.0), (pitch + 1, 0.7), (pitch * 3 // 2, 0.35), (pitch * 2, 0.2))
    turns = [(2 * math.pi * hertz / RATE, _LEVEL * loudness) for hertz, loudness in voices]
    sin = math.sin
    return array("f", [sum([level * sin(turn * n) for turn, level in turns]) for n in range(RATE)])


def _fade(samples: "array[float]", places: range) -> None:
    """Let the samples at these places, silence first, grow like the first quarter of a squared sine."""
    for step, place in enumerate(places):
        samples[place] *= math.sin(step / len(places) * math.pi / 2) ** 2
