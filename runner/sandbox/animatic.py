"""An animatic: a real, playable clip that stands for the one a server would make, from the prompt and the reference.

Needs PyAV, which only previews need. No other module of the sandbox has to know how the picture is made.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from runner.sandbox import backdrop, caption
from runner.sandbox.palette import mood_of
from runner.sandbox.sprite import Sprite, even


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimaticSpec:
    """What decides every byte of an animatic, on one build of the libraries."""

    prompt: str
    width: int  # pixels; an odd number is brought down by one
    height: int
    seconds: int
    shot: str = ""  # its id, shown if there is one
    reference: bytes | None = None  # a JPEG, PNG or WebP file, shown if there is one


class AnimaticMissing(ImportError):
    """PyAV is not installed here; the message is one line that says what to install."""


def render(spec: AnimaticSpec, target: Path) -> None:
    """Write the animatic as an MP4 (H.264, AAC) of exactly the wanted size and length; blocks for its making.

    Any number of threads may render at once. Raises `AnimaticMissing` without PyAV, and ValueError for a reference
    that is no picture; then, as after any failure, nothing is left at the target.
    """
    try:
        from runner.sandbox import encoding  # PyAV is an extra
    except ImportError as error:
        raise AnimaticMissing("no previews without PyAV: `pip install 'shotlock[preview]'`") from error
    seed = _seed(spec.prompt)
    sprites = (*_backdrop(spec, seed, encoding.RATE), *_words(spec, seed, encoding.RATE))
    try:
        encoding.encode(encoding.Film(sprites=sprites, seconds=spec.seconds, seed=seed), target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _backdrop(spec: AnimaticSpec, seed: int, rate: int) -> tuple[Sprite, ...]:
    size, frames = (even(spec.width), even(spec.height)), spec.seconds * rate
    if spec.reference is None:
        return backdrop.landscape(mood_of(spec.prompt, seed), size, frames, seed)
    return backdrop.picture(backdrop.opened(spec.reference), size, frames, seed)


def _words(spec: AnimaticSpec, seed: int, rate: int) -> tuple[Sprite, ...]:
    words = caption.Caption(
        prompt=spec.prompt,
        shot=spec.shot,
        kind=f"animatic  ·  {spec.width}x{spec.height}  ·  {spec.seconds} s",
        accent=mood_of(spec.prompt, seed).palette.accent,
    )
    return caption.sprites(words, even(spec.width), even(spec.height), spec.seconds * rate, rate)


def _seed(prompt: str) -> int:
    return int.from_bytes(hashlib.sha256(prompt.encode(errors="replace")).digest()[:8])
