"""The states of a job, read from every word that a server of this shape was seen to use for them."""

import re
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What a job is doing, whatever its server calls it."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"  # cancelled counts as failed
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # a foreign word: goes on being polled, never downloaded


_WORDS: Final = {
    State.QUEUED: (
        "queued pending submitted created not_start notstarted not_started preparing preprocessing starting unknown"
    ),
    State.IN_PROGRESS: "in_progress processing running generating",
    State.COMPLETED: "completed complete success succeeded finished done",
    State.FAILED: "failed failure fail error cancelled canceled deleted",
    State.EXPIRED: "expired",
}
_STATES: Final = {word: state for state, words in _WORDS.items() for word in words.split()} | {"": State.QUEUED}

_MODERATION_CODE: Final = re.compile(
    r"moderation|content_?policy|policy_?violation|content_?filter|responsible_?ai|sentinel_?block|safety|sensitive"
    r"|nsfw|prohibited|risk_?control"
)
_MODERATION_WORDS: Final = re.compile(
    r"moderation|content[ _-]?polic|content[ _-]?filter|safety (system|polic|filter|check)|usage polic|\bnsfw\b"
    r"|prohibited content|policy violation|violat\w+ (of )?((our|the) )?(\w+ )?(guideline|polic)|审核|敏感|违规",
)


def state_of(word: str) -> State:
    """The state that a server's status word means; case, spaces and hyphens do not matter."""
    return _STATES.get(word.strip().lower().replace("-", "_").replace(" ", "_"), State.UNKNOWN)


def is_moderation(code: str, message: str) -> bool:
    """Whether a job failed because of what it shows: the same request would most likely be refused again."""
    return bool(_MODERATION_CODE.search(code.lower()) or _MODERATION_WORDS.search(message.lower()))
