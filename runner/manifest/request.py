"""A request, exactly what would be sent, and its fingerprint, which says "same clip wanted"."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NewType

Fingerprint = NewType("Fingerprint", str)

RECIPE: Final = 1  # version of the fitting recipe: raise it only when the same recipe would give other pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How an image is brought to the request's size, if it needs that."""

    mode: str  # cover, contain or stretch
    focus: tuple[float, float]  # fractions of width and height that `cover` keeps in view
    recipe: int = RECIPE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceImage:
    """The reference as the request sees it: the digest of the source bytes, and the fit only if one is needed."""

    sha256: str
    fit: Fit | None = None

    def canonical(self) -> dict[str, Any]:
        """The part of the fingerprint that speaks of the reference."""
        if self.fit is None:
            return {"sha256": self.sha256}
        fit = {"focus": list(self.fit.focus), "mode": self.fit.mode, "recipe": self.fit.recipe}
        return {"fit": fit, "sha256": self.sha256}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent to the server: defaults filled in, variables substituted, everything resolved."""

    model: str
    prompt: str
    size: str
    seconds: str
    reference: ReferenceImage | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """SHA-256 of the canonical JSON of everything that decides which clip comes back."""
        return fingerprint_of(self.canonical())

    def canonical(self) -> dict[str, Any]:
        """The request as the fingerprint reads it. Never change a key: an upgrade must not buy anything."""
        return {
            "extra": dict(self.extra),
            "model": self.model,
            "prompt": self.prompt,
            "reference": self.reference.canonical() if self.reference else None,
            "seconds": self.seconds,
            "size": self.size,
        }


def fingerprint_of(canonical: Mapping[str, Any]) -> Fingerprint:
    """The fingerprint of a request in its canonical form."""
    return Fingerprint(hashlib.sha256(canonical_json(canonical)).hexdigest())


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys, no spaces and UTF-8: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
