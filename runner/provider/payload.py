"""The body of a purchase: JSON where there is only text, a multipart form where an image goes along."""

import json
from typing import Any

from runner.manifest.request import Request
from runner.provider.videos import Image


def body_of(request: Request, image: Image | None) -> dict[str, Any]:
    """The body as the HTTP client takes it: `json`, or the `data` and `files` of a form."""
    own = {"model": request.model, "prompt": request.prompt, "size": request.size, "seconds": request.seconds}
    fields = {**request.extra, **own}
    if image is None:
        return {"json": fields}
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    # Servers refuse an image that does not tell its name and its type.
    return {"data": form, "files": {"input_reference": (image.filename, image.data, image.media_type)}}
