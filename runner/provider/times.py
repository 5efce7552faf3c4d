"""How long the HTTP client waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long to wait for what, in seconds."""

    connect: float = 10.0
    write: float = 120.0
    read: float = 300.0  # for the next bytes of a POST's answer
    post: float = 450.0  # for a whole POST, however slowly its answer drips
    get: float = 60.0  # for a whole GET, or for the head of a clip
    clip: float = 4 * 3600.0  # for a whole clip, however steadily it drips
    stall: float = 60.0  # the window in which at least `stall_bytes` of a clip must come
    stall_bytes: int = 16 << 10
