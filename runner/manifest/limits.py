"""What a manifest must keep to so that its requests can be accepted: the part of a profile that this room needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.manifest.choices import Lengths, Sizes, Span
from runner.manifest.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """What one model accepts."""

    sizes: Sizes
    seconds: Lengths


ANYTHING: Final = ModelLimits(
    sizes=Sizes(width=Span(least=1, most=99_999), height=Span(least=1, most=99_999)),
    seconds=Lengths(span=Span(least=1, most=3600)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a server accepts, and what it assumes where a shot says nothing."""

    profile: str  # its name, for messages
    models: Mapping[str, ModelLimits]  # "*": any other
    model: str  # defaults; "*": there is none
    size: str
    seconds: int
    prompt_length: int  # characters
    image_types: tuple[str, ...]  # "image/jpeg" ...
    image_bytes: int
    fields: Mapping[str, Field] = field(default_factory=dict)  # further ones that a request may have
    guessed: bool = False  # the profile cannot be used, and nobody knows its limits


def joined(limits: Iterable[ModelLimits]) -> ModelLimits:
    """What any of several models accepts."""
    each = tuple(limits)
    spans = [one for one in each if one.sizes.width is not None]
    lengths = [one for one in each if one.seconds.span is not None]
    return ModelLimits(
        sizes=Sizes(
            listed=tuple(dict.fromkeys(size for one in each for size in one.sizes.listed)),
            width=spans[0].sizes.width if spans else None,
            height=spans[0].sizes.height if spans else None,
        ),
        seconds=Lengths(
            listed=tuple(dict.fromkeys(number for one in each for number in one.seconds.listed)),
            span=lengths[0].seconds.span if lengths else None,
        ),
    )
