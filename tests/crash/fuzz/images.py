"""Reference images: what a stranger made of their heads and chunks is seen or refused, cheaply, and never raises."""

import io
import random
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image

from runner.manifest.batch import Reference
from runner.manifest.images import MOST_PIXELS, fit, inspect
from runner.manifest.request import Fit
from tests.crash.fuzz.bench import Violation
from tests.crash.fuzz.mutation import bytes_changed
from tests.unit.manifest_factory import make_limits

_SIZE: Final = "128x72"
_LIMITS: Final = make_limits()
_MOST_FITTED: Final = 1_000_000  # pixels, so that a case stays short


def case(rng: random.Random, folder: Path) -> str:
    """One image."""
    path = folder / "image"
    path.write_bytes(_image(rng))
    found = inspect(path, _LIMITS)
    if not isinstance(found, Reference):
        if len(found.says) + len(found.hint) > 500 or not (found.says + found.hint).isprintable():
            raise Violation(f"what is said of it: {found}")
        return "refused"
    if found.width * found.height > MOST_PIXELS:
        raise Violation(f"{found.width}x{found.height} was let in")
    if found.width * found.height > _MOST_FITTED:
        return "large"
    try:
        sent = fit(
            path.read_bytes(), size=_SIZE, fit=Fit(mode=rng.choice(("cover", "contain", "stretch")), focus=(0, 1))
        )
    except OSError:
        raise Violation("it was let in, and cannot be fitted") from None
    with Image.open(io.BytesIO(sent)) as image:
        if f"{image.width}x{image.height}" != _SIZE or image.getexif():
            raise Violation(f"it was fitted to {image.size}, with EXIF {dict(image.getexif())}")
    return "fitted"


def _image(rng: random.Random) -> bytes:
    data = rng.choice(_whole())
    match rng.randrange(5):
        case 0 if data.startswith(b"\x89PNG"):
            return _chunk_changed(rng, data)
        case 1:  # the head alone
            return bytes_changed(rng, data[:64], _whole()) + data[64:]
        case 2:
            return rng.choice(_HEADS) + data
        case _:
            return bytes_changed(rng, data, _whole())


_HEADS: Final = (
    b"GIF89a",
    b"II*\0\x08\0\0\0",
    b"8BPS\0\x01",
    b"BM",
    b"%PDF-1.7\n",
    b"<svg>",
    b"RIFF\0\0\0\0WEBP",
    b"\0" * 8,
)


def _chunk_changed(rng: random.Random, data: bytes) -> bytes:
    """A PNG with one chunk changed and its checksum right again."""
    chunks = []
    at = 8
    while at + 12 <= len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    number = rng.randrange(len(chunks))
    kind, content = chunks[number]
    kind = rng.choice(
        (kind, kind, kind, b"zTXt", b"iCCP", b"iTXt", b"tRNS", b"acTL", b"fcTL", b"eXIf", b"PLTE", b"gAMA")
    )
    content = rng.choice((bytes_changed(rng, content), b"", b"x\0\0" + zlib.compress(bytes(3_000_000))))
    chunks[number : number + rng.choice((0, 1, 1))] = [(kind, content)] * rng.choice((1, 1, 2, 100))
    return data[:8] + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


@cache
def _whole() -> tuple[bytes, ...]:
    """Small images of every kind that is let in, with all that can hang on them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 29.0)}
    modes = [Image.new(mode, (96, 64), 1) for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")]
    pngs = [_saved(image, "PNG", exif=exif, dpi=(72, 72)) for image in modes]
    jpegs = [_saved(Image.new(mode, (96, 64)), "JPEG", exif=exif, comment=b"hello") for mode in ("RGB", "L", "CMYK")]
    jpegs += [_saved(Image.new("RGB", (96, 64)), "JPEG", progressive=True, icc_profile=bytes(200))]
    webps = [_saved(Image.new("RGBA", (96, 64)), "WEBP", exif=exif, lossless=lossless) for lossless in (True, False)]
    moving = [Image.new("RGB", (96, 64), colour) for colour in ("red", "blue")]
    animated = [_saved(moving[0], kind, save_all=True, append_images=moving[1:]) for kind in ("WEBP", "PNG", "MPO")]
    return (*pngs, *jpegs, *webps, *animated)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format=kind, **options)
    return out.getvalue()
