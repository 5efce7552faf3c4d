"""The body of a purchase: JSON where there is only text, a multipart form where an image goes along or nothing else is
understood."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from runner.manifest.request import Request
from runner.provider.manner import Manner
from runner.provider.videos import Image


def body_of(request: Request, image: Image | None, manner: Manner) -> dict[str, Any]:
    """The body as the HTTP client takes it: `json`, or the `data` and `files` of a form.

    Args:
        request: what is wanted.
        image: its reference.
        manner: how the server wants it.
    """
    seconds = int(request.seconds) if manner.numbers else request.seconds
    own = {"model": request.model, "prompt": request.prompt, "size": request.size, "seconds": seconds}
    stand_in = manner.sizes.get(request.size)
    if stand_in is not None:
        del own["size"]
    named = {manner.names.get(name, name): value for name, value in own.items()}
    fields = {**request.extra, **named, **(stand_in or {})}
    reference = manner.names.get("input_reference", "input_reference")
    if image is not None and manner.image_in_json:
        coded = b64encode(image.data).decode()
        fields[reference] = f"data:{image.media_type};base64,{coded}"
        image = None
    if image is None and not manner.form:
        return {"json": _nested(fields)}
    words = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    if image is None:
        return {"files": {name: (None, value) for name, value in words.items()}}
    # Servers refuse an image that does not tell its name and its type.
    return {"data": words, "files": {reference: (image.filename, image.data, image.media_type)}}


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by their names, which lead into objects where they have dots."""
    body: dict[str, Any] = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        within = body
        for step in above:
            within = within.setdefault(step, {})
        within[last] = value
    return body
