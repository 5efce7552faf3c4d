"""The structure of an MP4 file (ISO/IEC 14496-12): whether its boxes are whole, and what they tell of the clip.

A cut file betrays itself here, whatever its headers promised: the boxes no longer tile it exactly.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

ReadAt = Callable[[int, int], bytes]  # offset, size

_MOOV_LIMIT: Final = 64 << 20
_LONGEST: Final = 10**9  # seconds; a length that is not known is written as the largest number there is
_DEEPEST: Final = 8  # a sample table lies four boxes deep
_CONTAINERS: Final = frozenset({b"trak", b"mdia"})


class NotMp4(ValueError):
    """The bytes are no whole MP4 file; the message says why."""


class Stray(NotMp4):
    """What follows is no box, nor the beginning of one that was cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a clip says of itself."""

    size: str  # WIDTHxHEIGHT; empty where it has no picture track
    seconds: float  # 0 where it does not say how long it is
    audio: bool
    trouble: str = ""  # what is wrong though all that a clip needs is there; empty in a whole file


def probe(read_at: ReadAt, length: int) -> Probe:
    """Walk the boxes of a file of `length` bytes. Raises NotMp4."""
    if length == 0:
        raise NotMp4("the file is empty")
    boxes, trouble = _whole_boxes(read_at, length)
    kinds = [kind for kind, _, _ in boxes]
    if not trouble and kinds[0] != b"ftyp":
        raise NotMp4(f"it begins with {read_at(0, 12)!r}, which is no MP4")
    for needed in (b"ftyp", b"moov", b"mdat"):
        if needed not in kinds:
            raise NotMp4(trouble or f"it has no `{needed.decode()}` box")
    start, size = next((start, size) for kind, start, size in boxes if kind == b"moov")
    if size > _MOOV_LIMIT:
        raise NotMp4("its `moov` box is absurdly large")
    return replace(_read_moov(read_at(start, size)), trouble=trouble)


def _whole_boxes(read_at: ReadAt, length: int) -> tuple[list[tuple[bytes, int, int]], str]:
    """The boxes at the top that are whole, and what is wrong behind them."""
    boxes = []
    try:
        for box in _boxes(read_at, length):
            boxes.append(box)  # noqa: PERF402 - those before an error count, too
    except Stray as error:
        return boxes, str(error)
    return boxes, ""


def _boxes(read_at: ReadAt, length: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the content and size of the content of every box at the top."""
    offset = 0
    while offset < length:
        head = read_at(offset, 16)
        if len(head) < 8:
            raise Stray("it ends within a box")
        size, kind = struct.unpack(">I4s", head[:8])
        header = 8
        if size == 1 and len(head) == 16:
            size, header = struct.unpack(">Q", head[8:])[0], 16
        elif size == 0:
            size = length - offset
        if not kind.isascii() or size < header or offset + size > length:
            error = NotMp4 if kind.isalnum() and size >= header else Stray  # a head that makes sense: the box was cut
            raise error(f"it ends within a box, at byte {offset} of {length}")
        yield kind, offset + header, size - header
        offset += size


def _read_moov(moov: bytes) -> Probe:
    seconds, size, audio = 0.0, "", False
    for kind, content in _inner(moov):
        if kind == b"mvhd":
            seconds = _duration(content)
        elif kind == b"tkhd":
            size = size or _picture_size(content)
        elif kind == b"hdlr":
            audio = audio or content[8:12] == b"soun"
    return Probe(size=size, seconds=seconds, audio=audio)


def _inner(data: bytes, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    if depth > _DEEPEST:
        raise NotMp4("its boxes lie in one another without end")
    for kind, start, size in _boxes(lambda offset, count: data[offset : offset + count], len(data)):
        content = data[start : start + size]
        if kind in _CONTAINERS:
            yield from _inner(content, depth + 1)
        else:
            yield kind, content


def _duration(mvhd: bytes) -> float:
    try:
        wide = mvhd[0] == 1
        scale, units = struct.unpack_from(">IQ", mvhd, 20) if wide else struct.unpack_from(">II", mvhd, 12)
    except (struct.error, IndexError):
        raise NotMp4("its `mvhd` box is damaged") from None
    seconds = round(units / scale, 3) if scale else 0.0
    return seconds if seconds < _LONGEST else 0.0


def _picture_size(tkhd: bytes) -> str:
    if len(tkhd) < 8:
        raise NotMp4("a `tkhd` box is damaged")
    width, height = (value >> 16 for value in struct.unpack(">II", tkhd[-8:]))
    return f"{width}x{height}" if width and height else ""
