"""Sprites and samples to an MP4: FFmpeg's own filters move, cut and blend, so that no frame is made in Python.

Importing this module needs PyAV. One thread, fixed settings and no time stamps: the same build gives the same bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import av.filter
from av.filter.context import FilterContext
from PIL import Image

from runner.sandbox import tone
from runner.sandbox.sprite import Sprite

RATE: Final = 24  # frames a second

# A constant quantiser: rate control would spend more time and bytes on still skies than they deserve.
_VIDEO: Final = {
    "preset": "ultrafast",
    "qp": "22",
    "x264-params": "threads=1:lookahead-threads=1:sliced-threads=0:keyint=96:scenecut=0:no-deblock=0:deblock=0,0"
    ":colorprim=bt709:transfer=bt709:colormatrix=bt709",
}
_AUDIO: Final = {"b": "64k", "aac_coder": "fast"}
_CONTAINER: Final = {"movflags": "+faststart", "fflags": "+bitexact", "max_interleave_delta": "0"}
_PLANES: Final = {"RGB": "yuv420p", "RGBA": "yuva420p"}  # by the mode of an image


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What is encoded: the sprites from back to front, the first one filling the frame, and a tone by its seed."""

    sprites: tuple[Sprite, ...]
    seconds: int
    seed: int

    @property
    def frames(self) -> int:
        """How many frames the film has."""
        return self.seconds * RATE


def encode(film: Film, target: Path) -> None:
    """Write a film as H.264 and AAC; the index stands first in the file, so that players begin at once."""
    ground = film.sprites[0]
    with av.open(str(target), "w", format="mp4", options=_CONTAINER) as container:
        video = container.add_stream("libx264", rate=RATE, options=_VIDEO)
        video.width, video.height, video.pix_fmt = ground.width, ground.height, "yuv420p"
        audio = container.add_stream("aac", rate=tone.RATE, options=_AUDIO)
        audio.layout = "mono"
        for sound in (_sound(film), None):
            container.mux(audio.encode(sound))
        for frame in _frames(film):
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


def _sound(film: Film) -> av.AudioFrame:
    samples = tone.tone(film.seed, film.seconds)
    frame = av.AudioFrame(format="fltp", layout="mono", samples=len(samples), align=1)
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate, frame.pts, frame.time_base = tone.RATE, 0, Fraction(1, tone.RATE)
    return frame


def _frames(film: Film) -> Iterator[av.VideoFrame]:
    """Every frame of the film, in order."""
    graph = av.filter.Graph()
    inputs = [_input(graph, sprite) for sprite in film.sprites]
    layers = [_window(graph, source, sprite, film.frames) for source, sprite in zip(inputs, film.sprites, strict=True)]
    picture = layers[0]
    for layer, sprite in zip(layers[1:], film.sprites[1:], strict=True):
        picture = _over(graph, picture, layer, sprite)
    _chain(picture, graph.add("format", "pix_fmts=yuv420p"), graph.add("buffersink"))
    graph.configure()
    for source, sprite in zip(inputs, film.sprites, strict=True):
        _feed(source, sprite)
    for number in range(film.frames):
        frame = graph.pull()
        assert isinstance(frame, av.VideoFrame)  # a graph of pictures gives nothing else
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        yield frame


def _input(graph: av.filter.Graph, sprite: Sprite) -> FilterContext:
    image = sprite.images[0]
    size = f"video_size={image.width}x{image.height}:pix_fmt={_PLANES[image.mode]}"
    return graph.add("buffer", f"{size}:time_base=1/{RATE}:frame_rate={RATE}:colorspace=bt709:range=tv")


def _window(graph: av.filter.Graph, source: FilterContext, sprite: Sprite, frames: int) -> FilterContext:
    """The part of a sprite's images that shows, for each frame; a still one is given once and stands by itself."""
    if sprite.across == sprite.down == "0" and len(sprite.images) == 1 and sprite.images[0].mode == "RGBA":
        return source
    again = graph.add("loop", f"loop=-1:size={len(sprite.images)}")
    part = graph.add("crop", f"w={sprite.width}:h={sprite.height}:x='{sprite.across}':y='{sprite.down}':exact=1")
    return _chain(source, again, part, graph.add("trim", f"end_frame={frames}"))


def _over(graph: av.filter.Graph, below: FilterContext, layer: FilterContext, sprite: Sprite) -> FilterContext:
    both = graph.add("overlay", f"x='{sprite.left}':y='{sprite.top}':format=yuv420:eof_action=repeat")
    below.link_to(both, 0, 0)
    layer.link_to(both, 0, 1)
    return both


def _chain(*filters: FilterContext) -> FilterContext:
    for before, after in pairwise(filters):
        before.link_to(after)
    return filters[-1]


def _feed(source: FilterContext, sprite: Sprite) -> None:
    for number, image in enumerate(sprite.images):
        frame = _frame(image)
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        source.push(frame)
    source.push(None)


def _frame(image: Image.Image) -> av.VideoFrame:
    """An image as planes of video; an RGBA one keeps its alpha, which `VideoFrame.from_image` would drop."""
    frame = av.VideoFrame(image.width, image.height, {"RGB": "rgb24", "RGBA": "rgba"}[image.mode])
    plane, row = frame.planes[0], image.width * len(image.mode)
    pixels, gap = image.tobytes(), bytes(plane.line_size - row)
    rows = (pixels[start : start + row] + gap for start in range(0, len(pixels), row))
    plane.update(b"".join(rows) if gap else pixels)
    return frame.reformat(format=_PLANES[image.mode], dst_colorspace="ITU709", dst_color_range="MPEG")
