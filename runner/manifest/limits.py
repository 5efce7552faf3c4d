"""What a manifest must keep to so that its requests can be accepted: the part of a profile that this room needs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from runner.manifest.choices import Lengths, Sides, Sizes, Span
from runner.manifest.fields import Field

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """What one model accepts."""

    sizes: Sizes
    seconds: Lengths


ANYTHING: Final = ModelLimits(
    sizes=Sizes(spans=(Sides(width=Span(least=1, most=99_999), height=Span(least=1, most=99_999)),)),
    seconds=Lengths(spans=(Span(least=1, most=3600),)),
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


def joined(limits: Collection[ModelLimits]) -> ModelLimits:
    """What any of several models accepts."""
    sizes, lengths = [each.sizes for each in limits], [each.seconds for each in limits]
    return ModelLimits(
        sizes=Sizes(listed=_once(each.listed for each in sizes), spans=_once(each.spans for each in sizes)),
        seconds=Lengths(listed=_once(each.listed for each in lengths), spans=_once(each.spans for each in lengths)),
    )


def _once(groups: Iterable[Iterable[T]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(each for group in groups for each in group))
