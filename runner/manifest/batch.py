"""What is wanted: the shots of a manifest, believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NewType

from runner.manifest.problems import Place
from runner.manifest.request import Request

ShotId = NewType("ShotId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The image file a shot names, as it was inspected."""

    path: Path
    sha256: str
    bytes: int
    media_type: str
    width: int  # as displayed: EXIF orientation applied
    height: int
    turned: bool = False  # EXIF says to turn or mirror it: it needs fitting even if its size is right


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One desired clip."""

    id: ShotId
    request: Request
    reference: Reference | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """All shots of a manifest, and what it says about buying them."""

    path: Path
    profile: str | Mapping[str, Any]  # a built-in name, a path beside the manifest, or a mapping that `extends` one
    base_url: str | None
    budget: Decimal | None
    prices: Mapping[str, Any] | None  # replaces the profile's
    store: Path | None
    retries: int  # new purchases after a job that the server reports failed, over the lockfile's life
    shots: tuple[Shot, ...]


class ReferenceChanged(Exception):
    """A reference image is no longer the file that was checked and fingerprinted: nothing was sent for the shot."""
