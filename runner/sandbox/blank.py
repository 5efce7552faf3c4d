"""The quickest clip that is still one: an MP4 of the right size and length that shows one colour, for tests.

Every box is real and the boxes tile the file. A `free` box carries the spec, so that no two shots' files are equal.
"""

import io
import json
import struct
from hashlib import sha256
from pathlib import Path
from typing import Final

from PIL import Image

from runner.sandbox.clip import ClipSpec

_TIMESCALE: Final = 1000  # units a second
_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_ENABLED: Final = 3  # the track is on and part of the presentation


def render(spec: ClipSpec, target: Path) -> None:
    """Write the clip: one picture, shown once a second."""
    picture = _picture(spec)
    head = _box(b"ftyp", b"isom", _int(0x200), b"isom", b"mp42") + _box(b"free", _label(spec))
    mdat = _box(b"mdat", picture)
    moov = _moov(spec, len(picture), picture_at=len(head) + 8)
    target.write_bytes(head + mdat + moov)


def _picture(spec: ClipSpec) -> bytes:
    red, green, blue = sha256(f"{spec.shot}\n{spec.prompt}".encode()).digest()[:3]
    file = io.BytesIO()
    Image.new("RGB", (spec.width, spec.height), (red, green, blue)).save(file, "JPEG", quality=60)
    return file.getvalue()


def _label(spec: ClipSpec) -> bytes:
    reference = None if spec.reference is None else sha256(spec.reference).hexdigest()
    told = {"shot": spec.shot, "prompt": spec.prompt, "reference": reference}
    return json.dumps(told, ensure_ascii=False).encode()


def _moov(spec: ClipSpec, picture: int, *, picture_at: int) -> bytes:
    duration = spec.seconds * _TIMESCALE
    mvhd = _full(
        b"mvhd", 0, _ints(0, 0, _TIMESCALE, duration, 0x10000), b"\1\0", bytes(10), _MATRIX, bytes(24), _int(2)
    )
    tkhd = _full(
        b"tkhd",
        _ENABLED,
        _ints(0, 0, 1, 0, duration, 0, 0, 0, 0),
        _MATRIX,
        _ints(spec.width << 16, spec.height << 16),
    )
    mdhd = _full(b"mdhd", 0, _ints(0, 0, _TIMESCALE, duration), b"\x55\xc4\0\0")
    hdlr = _full(b"hdlr", 0, _int(0), b"vide", bytes(12), b"picture\0")
    mdia = _box(b"mdia", mdhd, hdlr, _minf(spec, picture, picture_at))
    return _box(b"moov", mvhd, _box(b"trak", tkhd, mdia))


def _minf(spec: ClipSpec, picture: int, picture_at: int) -> bytes:
    vmhd = _full(b"vmhd", 1, bytes(8))
    dinf = _box(b"dinf", _full(b"dref", 0, _int(1), _full(b"url ", 1)))
    # Each second is a chunk of its own, and all chunks lie at the same place.
    stbl = _box(
        b"stbl",
        _full(b"stsd", 0, _int(1), _sample_entry(spec)),
        _full(b"stts", 0, _ints(1, spec.seconds, _TIMESCALE)),
        _full(b"stsc", 0, _ints(1, 1, 1, 1)),
        _full(b"stsz", 0, _ints(picture, spec.seconds)),
        _full(b"stco", 0, _int(spec.seconds), _ints(*[picture_at] * spec.seconds)),
    )
    return _box(b"minf", vmhd, dinf, stbl)


def _sample_entry(spec: ClipSpec) -> bytes:
    return _box(
        b"jpeg",
        bytes(6),
        b"\0\1",
        bytes(16),
        struct.pack(">2H", spec.width, spec.height),
        _ints(0x480000, 0x480000, 0),
        b"\0\1",
        bytes(32),
        b"\0\x18\xff\xff",
    )


def _box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return _int(len(body) + 8) + name + body


def _full(name: bytes, flags: int, *content: bytes) -> bytes:
    return _box(name, _int(flags), *content)


def _int(value: int) -> bytes:
    return _ints(value)


def _ints(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)
