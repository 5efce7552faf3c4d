"""The body of a purchase: JSON where there is only text, a multipart form where an image goes along."""

import json
from typing import Any

from runner.manifest.request import Request
from runner.provider.videos import Image

File = tuple[str, bytes, str]  # name, bytes and media type: servers refuse an image that does not tell its type


def fields_of(request: Request) -> dict[str, Any]:
    """The fields by the API's own names; `seconds` is text, as servers insist."""
    own = {"model": request.model, "prompt": request.prompt, "size": request.size, "seconds": request.seconds}
    return {**request.extra, **own}


def form_of(request: Request) -> dict[str, str]:
    """The same fields as a form carries them."""
    fields = fields_of(request)
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}


def files_of(image: Image) -> dict[str, File]:
    """The image as a part of a form."""
    return {"input_reference": (image.filename, image.data, image.media_type)}
