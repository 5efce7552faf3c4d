"""The only owner of PIL here: looks at reference images without trusting them, and fits them to a size."""

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from runner.manifest.batch import Reference
from runner.manifest.content import NoFile, content_of
from runner.manifest.limits import Limits
from runner.manifest.request import Fit

MOST_PIXELS: Final = 64_000_000
# Larger images are only verified when they are inspected. WebP is decoded several times over.
_DECODED_PIXELS: Final = {"JPEG": 16_000_000, "MPO": 16_000_000, "PNG": 16_000_000, "WEBP": 8_000_000}
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_TYPES: Final = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_ORIENTATION: Final = 0x0112  # EXIF's tag; 1 is upright
_QUALITY: Final = 95
# What Pillow raises for bytes that are not what they say.
_BROKEN: Final = (OSError, SyntaxError, ValueError, LookupError, ArithmeticError, TypeError, EOFError, struct.error)
_MAGIC: Final = (
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"%PDF", "PDF"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML"),
    (b"8BPS", "Photoshop"),
    (b"SIMPLE", "FITS"),
)


class Unusable(NamedTuple):
    """Why a file is no reference, said after its name, and how to mend it."""

    says: str
    hint: str


def inspect(path: Path, limits: Limits) -> Reference | Unusable:
    """Look at an image file: its type by content, its size as displayed, whether it is whole."""
    data = _read(path, limits.image_bytes)
    if isinstance(data, Unusable):
        return data
    try:
        with _opened(data) as image:
            return _reference(path, data, image, limits)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _too_large()
    except UnidentifiedImageError:
        return Unusable(f"is no JPEG, PNG or WebP{_looks_like(data)}", "convert the image to PNG or JPEG")
    except _BROKEN:
        return _broken()


def fit(data: bytes, *, size: str, fit: Fit) -> bytes:
    """The image at a size, upright, in sRGB and without metadata: PNG if it was PNG, else JPEG.

    Raises OSError where the bytes are no image after all.
    """
    try:
        return _fitted(data, size, fit)
    except OSError:
        raise
    except _BROKEN as error:
        raise OSError(str(error)) from error


def _fitted(data: bytes, size: str, fit: Fit) -> bytes:
    width, height = (int(number) for number in size.split("x"))
    with _opened(data) as image:
        written = "PNG" if image.format == "PNG" else "JPEG"
        upright = _upright(image)
    fitted = _placed(upright, width, height, fit)
    fitted.info.clear()  # Pillow would write comments and profiles of the source along
    out = io.BytesIO()
    fitted.save(out, format=written, **({"quality": _QUALITY} if written == "JPEG" else {}))
    return out.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    return _coloured(ImageOps.exif_transpose(image))


def _read(path: Path, most: int) -> bytes | Unusable:
    try:
        data = content_of(path, most + 1)
    except FileNotFoundError:
        return Unusable("is not there", "paths start from the folder of the manifest")
    except NoFile:
        return Unusable("is no file", "name an image file")
    except OSError as error:
        return Unusable(f"cannot be read: {(error.strerror or 'error').lower()}", "mend its permissions or its name")
    if len(data) > most:
        return Unusable(f"is larger than {most / 2**20:.4g} MiB", "make the image smaller")
    return data or Unusable("is empty", "save the image again")


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow speaks of odd metadata, which nobody here uses
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            yield image


def _reference(path: Path, data: bytes, image: Image.Image, limits: Limits) -> Reference | Unusable:
    media_type = _TYPES[image.format or ""]
    if media_type not in limits.image_types:
        allowed = ", ".join(name.removeprefix("image/") for name in limits.image_types)
        return Unusable(f"is {media_type.removeprefix('image/')}, allowed are {allowed}", "convert the image")
    if image.format != "MPO" and getattr(image, "is_animated", False):
        return Unusable("is animated", "save one frame of it")
    width, height = image.size
    orientation = _orientation(image)
    turned = orientation in range(2, 9)
    if orientation in range(5, 9):
        width, height = height, width
    _decode(image, data)
    return Reference(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        media_type=media_type,
        width=width,
        height=height,
        turned=turned,
    )


def _is_large(image: Image.Image) -> bool:
    return image.width * image.height > _DECODED_PIXELS[image.format or ""]


def _orientation(image: Image.Image) -> int:
    if _is_large(image) and "exif" not in image.info:
        return 1  # to look for more, Pillow would decode all of a PNG
    orientation: int = image.getexif().get(_ORIENTATION, 1)
    return orientation


def _decode(image: Image.Image, data: bytes) -> None:
    """Find out whether the image is whole; raises what Pillow raises."""
    if _is_large(image):
        with _opened(data) as again:
            again.verify()
        return
    image.draft(None, (image.width // 8, image.height // 8))  # an eighth of a JPEG tells as much, and sooner
    image.load()
    _upright(image.crop((0, 0, 1, 1)))  # colours and metadata that make no sense show themselves here, too


def _coloured(image: Image.Image) -> Image.Image:
    """The image in plain sRGB, on black where it is transparent."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    flat = _flat(image)
    profile = image.info.get("icc_profile")
    if not profile:
        return flat.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(flat, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, *_BROKEN):
        return flat.convert("RGB")  # a profile that makes no sense says nothing
    return flat.convert("RGB") if converted is None else converted


def _flat(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB") if image.mode in {"P", "1", "LA"} else image
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "black")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _placed(image: Image.Image, width: int, height: int, fit: Fit) -> Image.Image:
    match fit.mode:
        case "cover":
            box = _kept(image, width, height, fit.focus)
            return image.resize((width, height), Image.Resampling.LANCZOS, box=box)
        case "contain":
            return ImageOps.pad(image, (width, height), Image.Resampling.LANCZOS, color="black")
        case "stretch":
            return image.resize((width, height), Image.Resampling.LANCZOS)
        case _:
            raise ValueError(f"no way to fit: {fit.mode}")


def _kept(image: Image.Image, width: int, height: int, focus: tuple[float, float]) -> tuple[float, float, float, float]:
    """The part of the image that has the frame's shape and its middle as near to the focus as can be."""
    scale = max(width / image.width, height / image.height)
    wide, high = min(width / scale, image.width), min(height / scale, image.height)
    left = min(max(focus[0] * image.width - wide / 2, 0), image.width - wide)
    top = min(max(focus[1] * image.height - high / 2, 0), image.height - high)
    return left, top, left + wide, top + high


def _looks_like(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return ", it looks like HEIC, AVIF or a video"
    return next((f", it looks like {name}" for magic, name in _MAGIC if data.startswith(magic)), "")


def _too_large() -> Unusable:
    return Unusable(f"has more than {MOST_PIXELS // 1_000_000} megapixels", "make the image smaller")


def _broken() -> Unusable:
    return Unusable("is damaged or cut off", "save or copy the image again")
