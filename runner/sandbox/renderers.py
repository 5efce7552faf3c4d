"""Which renderer stands behind a name."""

from dataclasses import asdict
from enum import StrEnum, auto
from importlib.util import find_spec
from pathlib import Path
from typing import assert_never

from runner.sandbox import blank
from runner.sandbox.clip import ClipSpec, Renderer


class Clips(StrEnum):
    """What the server's clips look like."""

    BLANK = auto()  # one colour, made in milliseconds
    ANIMATIC = auto()  # the prompt, readable, over a moving picture; needs PyAV


def renderer(clips: Clips) -> Renderer:
    """The renderer of a name.

    Raises:
        AnimaticMissing: animatics are asked for and PyAV is not installed (an ImportError).
    """
    match clips:
        case Clips.BLANK:
            return blank.render
        case Clips.ANIMATIC:
            return _animatics()
        case _:
            assert_never(clips)


def _animatics() -> Renderer:
    from runner.sandbox.animatic import AnimaticMissing, AnimaticSpec, render

    # Said at the start, once, and not job by job.
    if find_spec("av") is None:
        raise AnimaticMissing("no previews without PyAV: `pip install 'shotlock[preview]'`")

    def draw(spec: ClipSpec, target: Path) -> None:
        render(AnimaticSpec(**asdict(spec)), target)

    return draw
