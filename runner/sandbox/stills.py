"""Stills of a clip: a thumbnail of its beginning, and a sheet of its frames from the first to the last."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Final

from PIL import Image

from runner.sandbox.refusal import Refusal

THUMBNAIL: Final = "image/webp"
SHEET: Final = "image/jpeg"
_COLUMNS, _ROWS = 4, 3
_WIDTH: Final = 240  # pixels of a frame on the sheet
_MOST: Final = 2000  # frames that are looked at


def thumbnail(clip: Path) -> bytes:
    """The first frame, as WebP. Raises Refusal where clips cannot be decoded here."""
    return _saved(_frames(clip, [0])[0], "WEBP")


def sheet(clip: Path) -> bytes:
    """Frames at equal distances, row by row, as JPEG. Raises Refusal where clips cannot be decoded here."""
    cells = _COLUMNS * _ROWS
    total = _length(clip)
    frames = _frames(clip, [number * (total - 1) // (cells - 1) for number in range(cells)])
    height = round(_WIDTH * frames[0].height / frames[0].width)
    page = Image.new("RGB", (_COLUMNS * _WIDTH, _ROWS * height))
    for number, frame in enumerate(frames):
        row, column = divmod(number, _COLUMNS)
        page.paste(frame.resize((_WIDTH, height)), (column * _WIDTH, row * height))
    return _saved(page, "JPEG")


def _length(clip: Path) -> int:
    with _decoded(clip) as frames:
        return min(_MOST, sum(1 for _ in frames))


def _frames(clip: Path, numbers: Sequence[int]) -> list[Image.Image]:
    """The frames of these numbers, which rise; one that is wanted twice is there twice."""
    with _decoded(clip) as frames:
        found = {
            number: frame.to_image()
            for number, frame in enumerate(islice(frames, numbers[-1] + 1))
            if number in numbers
        }
    return [found[number] for number in numbers]


def _saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.convert("RGB").save(file, kind, quality=80)
    return file.getvalue()


@contextmanager
def _decoded(clip: Path) -> Iterator[Iterator[Any]]:
    """The frames of a clip, one after the other."""
    if find_spec("av") is None:
        raise Refusal("Stills need PyAV, which is not installed here.", status=501, code="not_implemented")
    import av

    with av.open(str(clip)) as container:
        yield container.decode(video=0)
