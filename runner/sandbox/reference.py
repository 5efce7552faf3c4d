"""The reference image of a request: what it is by its bytes, and whether it fits the size."""

import io
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from runner.sandbox.forms import Upload
from runner.sandbox.refusal import Refusal, series, wrong_type

_PARAM: Final = "input_reference"
_TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image that was sent and accepted."""

    data: bytes
    media_type: str  # of the bytes
    filename: str

    @property
    def sha256(self) -> str:
        """Digest of the bytes, in hex."""
        return sha256(self.data).hexdigest()


def read_reference(value: Any, size: str) -> Reference:
    """Check an `input_reference`.

    Raises:
        Refusal: it is no file, no image of a known type, or of other pixels than `size`.
    """
    if not isinstance(value, Upload):
        raise wrong_type(_PARAM, "a file", value)
    if value.media_type not in _TYPES.values():
        raise _unsupported_type(value.media_type)
    media_type = _checked_pixels(value.data, size)
    return Reference(data=value.data, media_type=media_type, filename=value.filename)


def _checked_pixels(data: bytes, size: str) -> str:
    try:
        with Image.open(io.BytesIO(data), formats=tuple(_TYPES)) as image:
            if f"{image.width}x{image.height}" != size:
                raise Refusal("Inpaint image must match the requested width and height", param=_PARAM)
            image.load()
            return _TYPES[image.format or ""]
    except (UnidentifiedImageError, Image.DecompressionBombError):
        raise _unsupported_type("application/octet-stream") from None
    except (OSError, ValueError, SyntaxError):
        raise Refusal(f"Invalid file '{_PARAM}': cannot be decoded.", code="invalid_image", param=_PARAM) from None


def _unsupported_type(found: str) -> Refusal:
    allowed = series(tuple(_TYPES.values()), "and")
    message = f"Invalid file '{_PARAM}': unsupported mimetype ('{found}'). Supported file formats are {allowed}."
    return Refusal(message, code="unsupported_file_mimetype", param=_PARAM)
