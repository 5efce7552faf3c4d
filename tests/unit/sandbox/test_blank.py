import struct

import pytest

from runner.sandbox.blank import render
from runner.sandbox.clip import ClipSpec


def boxes(data, start=0, stop=None):
    stop = len(data) if stop is None else stop
    while start < stop:
        size, name = struct.unpack_from(">I4s", data, start)
        assert size >= 8
        yield name.decode(), start + 8, start + size
        start += size
    assert start == stop


def make_spec(**changes):
    return ClipSpec(**{"prompt": "角马吃甜甜圈", "width": 1280, "height": 720, "seconds": 4, "shot": "s"} | changes)


def drawn(tmp_path, **changes):
    target = tmp_path / "clip.mp4"
    render(make_spec(**changes), target)
    return target.read_bytes()


def test_boxes_tile_the_file_at_every_level(tmp_path):
    data = drawn(tmp_path)

    assert [name for name, _, _ in boxes(data)] == ["ftyp", "free", "mdat", "moov"]
    place = {name: (start, stop) for name, start, stop in boxes(data)}
    assert [name for name, _, _ in boxes(data, *place["moov"])] == ["mvhd", "trak"]
    trak = next((start, stop) for name, start, stop in boxes(data, *place["moov"]) if name == "trak")
    assert [name for name, _, _ in boxes(data, *trak)] == ["tkhd", "mdia"]


def test_no_two_shots_have_equal_bytes(tmp_path):
    files = {drawn(tmp_path), drawn(tmp_path, shot="t"), drawn(tmp_path, prompt="b"), drawn(tmp_path, reference=b"x")}

    assert len(files) == 4


def test_the_same_spec_gives_the_same_bytes(tmp_path):
    assert drawn(tmp_path) == drawn(tmp_path)


@pytest.mark.parametrize(("width", "height", "seconds"), [(1280, 720, 4), (720, 1280, 12), (64, 36, 1)])
def test_a_player_sees_the_right_size_and_length(tmp_path, width, height, seconds):
    av = pytest.importorskip("av")
    target = tmp_path / "clip.mp4"
    render(make_spec(width=width, height=height, seconds=seconds), target)

    with av.open(target) as file:
        frames = [(frame.width, frame.height, frame.time) for frame in file.decode(video=0)]
        duration = file.duration

    assert duration == seconds * 1_000_000
    assert frames == [(width, height, float(second)) for second in range(seconds)]
