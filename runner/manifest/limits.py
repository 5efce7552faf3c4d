"""What a manifest must keep to so that its requests can be accepted: the part of a profile that this room needs."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """What one model accepts."""

    sizes: tuple[str, ...]  # WIDTHxHEIGHT
    seconds: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a server accepts, and what it assumes where a shot says nothing."""

    profile: str  # its name, for messages
    models: Mapping[str, ModelLimits]
    model: str  # defaults
    size: str
    seconds: int
    prompt_length: int  # characters
    image_types: tuple[str, ...]  # "image/jpeg" ...
    image_bytes: int
