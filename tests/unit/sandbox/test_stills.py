"""Stills of a clip: the thumbnail and the sheet that OpenAI's service had beside the video."""

import io
from pathlib import Path

import pytest
from PIL import Image

from runner.sandbox import stills
from runner.sandbox.blank import render as blank
from runner.sandbox.clip import ClipSpec
from runner.sandbox.refusal import Refusal

SPEC = ClipSpec(prompt="a cat", width=320, height=180, seconds=4)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_thumbnail_is_the_first_frame(tmp_path: Path) -> None:
    pytest.importorskip("av")
    blank(SPEC, tmp_path / "clip.mp4")
    image = opened(stills.thumbnail(tmp_path / "clip.mp4"))
    assert (image.format, image.size) == ("WEBP", (320, 180))


def test_a_sheet_shows_the_whole_clip(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=24, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(48):
            grey = Image.new("RGB", (320, 180), (5 * number,) * 3)
            container.mux(stream.encode(av.VideoFrame.from_image(grey)))
        container.mux(stream.encode(None))
    image = opened(stills.sheet(tmp_path / "clip.mp4"))
    assert (image.format, image.size) == ("JPEG", (960, 405))
    centres = [image.getpixel((120 + 240 * column, 67 + 135 * row))[0] for row in range(3) for column in range(4)]
    assert centres == sorted(centres)
    assert centres[0] < 10 < 225 < centres[-1]


def test_a_clip_of_few_frames_fills_a_sheet(tmp_path: Path) -> None:
    pytest.importorskip("av")
    blank(SPEC, tmp_path / "clip.mp4")
    assert opened(stills.sheet(tmp_path / "clip.mp4")).size == (960, 405)


def test_where_nothing_can_be_decoded_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills, "find_spec", lambda _: None)
    with pytest.raises(Refusal, match="PyAV"):
        stills.thumbnail(tmp_path / "clip.mp4")
