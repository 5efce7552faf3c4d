"""References when they are sent: the bytes that go to the server are those that the manifest was checked with."""

import hashlib
from dataclasses import dataclass
from typing import Final

from runner.manifest.batch import Reference, ReferenceChanged
from runner.manifest.content import content_of
from runner.manifest.request import Request

_SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The bytes of a reference as they are sent; the file's own name stays here."""

    data: bytes
    media_type: str
    filename: str


def payload(reference: Reference, request: Request) -> Payload:
    """Read a reference again and fit it if the request says so.

    Raises ReferenceChanged where the file is gone, unreadable, no image, or has other bytes than the request speaks of.
    """
    wanted = request.reference
    try:
        data = content_of(reference.path, reference.bytes + 1)
    except OSError as error:
        raise ReferenceChanged(f"the reference `{reference.path.name}` cannot be read any more") from error
    if wanted is None or hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise ReferenceChanged(f"the reference `{reference.path.name}` changed after the manifest was read")
    if wanted.fit is None:
        return _payload(data, reference.media_type)
    # Pillow is loaded only where an image is fitted.
    from runner.manifest.images import fit

    try:
        fitted = fit(data, size=request.size, fit=wanted.fit)
    except OSError as error:
        raise ReferenceChanged(f"the reference `{reference.path.name}` cannot be fitted to {request.size}") from error
    return _payload(fitted, "image/png" if reference.media_type == "image/png" else "image/jpeg")


def _payload(data: bytes, media_type: str) -> Payload:
    return Payload(data=data, media_type=media_type, filename=f"reference.{_SUFFIXES[media_type]}")
