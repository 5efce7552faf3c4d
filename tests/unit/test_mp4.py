"""A clip's structure: a whole file is told from a cut one, and from everything that is no clip."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.execute.mp4 import NotMp4, Probe, probe
from runner.sandbox.blank import render
from runner.sandbox.clip import ClipSpec


def probed(data: bytes) -> Probe:
    return probe(lambda offset, size: data[offset : offset + size], len(data))


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def wide_box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


def mvhd(units: int = 8000, scale: int = 1000) -> bytes:
    return box(b"mvhd", struct.pack(">12xII80x", scale, units))


def tkhd(width: int = 1280, height: int = 720) -> bytes:
    return box(b"tkhd", bytes(76), struct.pack(">II", width << 16, height << 16))


def hdlr(kind: bytes) -> bytes:
    return box(b"hdlr", bytes(8), kind, bytes(13))


PICTURE = box(b"trak", tkhd(), box(b"mdia", hdlr(b"vide")))
SOUND = box(b"trak", tkhd(0, 0), box(b"mdia", hdlr(b"soun")))
FTYP, MOOV, MDAT = box(b"ftyp", b"isom\0\0\0\0"), box(b"moov", mvhd(), PICTURE), box(b"mdat", bytes(64))
CLIP = FTYP + MOOV + MDAT


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    render(ClipSpec(prompt="角马吃甜甜圈", width=64, height=36, seconds=4, shot="beach"), path)
    return path.read_bytes()


def test_a_real_clip_tells_its_size_and_length(real: bytes) -> None:
    assert probed(real) == Probe(size="64x36", seconds=4.0, audio=False)


def test_a_clip_is_read_from_its_file_piece_by_piece(real: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(real)
    asked = []

    def read_at(offset: int, size: int) -> bytes:
        asked.append(size)
        return path.read_bytes()[offset : offset + size]

    assert probe(read_at, len(real)).size == "64x36"
    assert sum(asked) < len(real)


def test_every_cut_of_a_real_clip_is_refused(real: bytes) -> None:
    for size in range(len(real)):
        with pytest.raises(NotMp4):
            probed(real[:size])


def test_every_cut_of_a_clip_whose_index_comes_first_is_refused() -> None:
    for size in range(len(CLIP)):
        with pytest.raises(NotMp4):
            probed(CLIP[:size])


def test_bytes_too_many_are_noticed(real: bytes) -> None:
    """All that a clip needs is there, so it is told, and kept where the server has no other bytes."""
    for more in (b"\0", bytes(7), b"<html>", b"<html lang=en>", bytes(2) + b"\1\2\3\4\5\6" * 9):
        assert probed(real + more) == replace(probed(real), trouble=probed(real + more).trouble)
        assert probed(real + more).trouble.startswith("it ends within a box")


def test_a_box_that_was_cut_behind_all_that_a_clip_needs_is_no_clip(real: bytes) -> None:
    for more in (struct.pack(">I4s", 9, b"free"), real[:20], b"<!DOCTYPE html>", struct.pack(">I4sQ", 1, b"free", 99)):
        with pytest.raises(NotMp4):
            probed(real + more)


ZOO: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty"),
    "one byte": (b"\0", "it ends within a box"),
    "a page": (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "it ends within a box"),
    "an error": (b'{"error": {"message": "video is not ready"}}', "it ends within a box"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), "it ends within a box"),
    "zeros": (bytes(4096), "it begins with"),
    "another container": (b"RIFF\x10\0\0\0WEBP" + bytes(8), "it ends within a box"),
    "compressed": (b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + bytes(99), "it ends within a box"),
    "a clip twice compressed": (FTYP + b"\x1f\x8b\x08\0", "it ends within a box"),
    "only a beginning": (FTYP, "it has no `moov` box"),
    "no index": (FTYP + MDAT, "it has no `moov` box"),
    "no pictures": (FTYP + MOOV, "it has no `mdat` box"),
    "out of order": (MOOV + FTYP + MDAT, "it begins with"),
    "a box less than its head": (FTYP + struct.pack(">I4s", 4, b"free") + MOOV + MDAT, "it ends within a box"),
    "a box that goes beyond the end": (FTYP + MOOV + struct.pack(">I4s", 999, b"mdat"), "it ends within a box"),
    "a huge box": (FTYP + MOOV + struct.pack(">I4sQ", 1, b"mdat", 2**63), "it ends within a box"),
    "a wide box of no size": (FTYP + MOOV + struct.pack(">I4sQ", 1, b"mdat", 15), "it ends within a box"),
    "a cut wide head": (FTYP + MOOV + struct.pack(">I4s", 1, b"mdat"), "it ends within a box"),
    "letters that are none": (FTYP + box(b"\xff\xfe\xfd\xfc") + MOOV + MDAT, "it ends within a box"),
    "damage in the index": (FTYP + box(b"moov", mvhd()[:-4]) + MDAT, "it ends within a box"),
    "a short header": (FTYP + box(b"moov", box(b"mvhd", bytes(9))) + MDAT, "its `mvhd` box is damaged"),
    "a short wide header": (FTYP + box(b"moov", box(b"mvhd", b"\1" + bytes(20))) + MDAT, "its `mvhd` box is damaged"),
    "an empty header": (FTYP + box(b"moov", box(b"mvhd")) + MDAT, "its `mvhd` box is damaged"),
    "a short track": (FTYP + box(b"moov", box(b"trak", box(b"tkhd", bytes(4)))) + MDAT, "a `tkhd` box is damaged"),
}


@pytest.mark.parametrize(("data", "why"), ZOO.values(), ids=ZOO.keys())
def test_what_is_no_clip_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(NotMp4, match=why):
        probed(data)


def test_boxes_within_boxes_without_end_are_refused() -> None:
    deep = b""
    for _ in range(3000):
        deep = box(b"trak", deep)
    with pytest.raises(NotMp4):
        probed(FTYP + box(b"moov", mvhd(), deep) + MDAT)


def test_an_index_of_an_absurd_size_is_not_read() -> None:
    length = 80 << 20
    head = FTYP + MDAT + struct.pack(">I4s", length - len(FTYP + MDAT), b"moov")

    def read_at(offset: int, size: int) -> bytes:
        assert size <= 16
        return head[offset : offset + size].ljust(size, b"\0")

    with pytest.raises(NotMp4, match="its `moov` box is absurdly large"):
        probe(read_at, length)


@pytest.mark.parametrize(
    "data",
    [
        FTYP + MDAT + MOOV,
        FTYP + box(b"free", bytes(100)) + MOOV + MDAT,
        FTYP + MOOV + wide_box(b"mdat", bytes(64)),
        FTYP + MOOV + struct.pack(">I4s", 0, b"mdat") + bytes(64),
        FTYP + MOOV + MDAT + box(b"moof") + box(b"mdat", bytes(9)),
        FTYP + MOOV + box(b"mdat"),
        FTYP + MOOV + MDAT + bytes(100),
    ],
    ids=["index last", "free space", "wide", "to the end", "fragments", "an empty mdat", "zeros after it"],
)
def test_every_whole_form_is_taken(data: bytes) -> None:
    assert probed(data) == Probe(size="1280x720", seconds=8.0, audio=False)


def test_sound_is_noticed_and_does_not_hide_the_picture() -> None:
    assert probed(FTYP + box(b"moov", mvhd(), SOUND, PICTURE) + MDAT) == Probe(size="1280x720", seconds=8.0, audio=True)
    assert probed(FTYP + box(b"moov", mvhd(), PICTURE) + MDAT).audio is False
    assert probed(FTYP + box(b"moov", mvhd(), SOUND) + MDAT).size == ""


@pytest.mark.parametrize(("units", "scale", "seconds"), [(8000, 1000, 8.0), (1, 3, 0.333), (5, 0, 0.0), (0, 1000, 0.0)])
def test_the_length_is_in_seconds(units: int, scale: int, seconds: float) -> None:
    assert probed(FTYP + box(b"moov", mvhd(units, scale)) + MDAT).seconds == seconds


def test_a_wide_header_tells_the_length_too() -> None:
    wide = box(b"mvhd", b"\1" + bytes(3), struct.pack(">QQIQ", 0, 0, 1000, 12_000), bytes(80))
    assert probed(FTYP + box(b"moov", wide) + MDAT).seconds == 12.0


@pytest.mark.parametrize("units", [2**64 - 1, 2**63, 10**12])
def test_a_length_that_is_not_known_is_none(units: int) -> None:
    """ISO/IEC 14496-12 writes it as all ones: as a number of seconds no lockfile could hold it."""
    wide = box(b"mvhd", b"\1" + bytes(3), struct.pack(">QQIQ", 0, 0, 1000, units), bytes(80))
    assert probed(FTYP + box(b"moov", wide, PICTURE) + MDAT).seconds == 0.0


def outcome(data: bytes) -> Probe | None:
    try:
        return probed(data)
    except NotMp4:
        return None


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    assert outcome(data) is None
    outcome(CLIP[: len(CLIP) - len(MDAT)] + data + MDAT)


def test_no_turned_bit_breaks_it() -> None:
    taken = 0
    for place in range(len(CLIP)):
        for bit in range(8):
            damaged = CLIP[:place] + bytes([CLIP[place] ^ 1 << bit]) + CLIP[place + 1 :]
            taken += outcome(damaged) is not None
    assert 0 < taken < len(CLIP) * 8
