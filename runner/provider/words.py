"""Words of others, made fit to be shown and recorded: without control characters, without our key, and cut."""

import re
from typing import Any, Final

from runner.provider.key import spellings

_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor moves
    r"|(?:\x1b[\]PX^_])[^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_EXACT: Final = frozenset(
    # A key such as `test` may well be a part of these, and a job whose id was altered would be lost.
    {"id", "task_id", "first_id", "last_id", "object", "status", "model", "prompt", "size", "seconds"}
)
_HALVES: Final = re.compile(r"[\ud800-\udfff]")


def clean(text: str, *, secrets: tuple[str, ...] = (), limit: int = 300) -> str:
    """One line without control characters, every secret replaced by `[key]`, of at most `limit` characters."""
    seen = _HALVES.sub("\ufffd", _UNSEEN.sub("", _ESCAPES.sub("", text)))
    folded = hidden(" ".join(seen.split()), secrets)
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """The text with every secret, in any spelling, replaced by `[key]`."""
    pattern = spellings(secrets)
    return text if pattern is None else pattern.sub("[key]", text)


def hidden_within(value: Any, secrets: tuple[str, ...]) -> Any:
    """A JSON value with every secret in its texts replaced, but for those that must be told exactly."""
    match value:
        case str():
            return hidden(value, secrets)
        case dict():
            return {
                name: item if name in _EXACT and isinstance(item, str) else hidden_within(item, secrets)
                for name, item in value.items()
            }
        case list():
            return [hidden_within(item, secrets) for item in value]
        case _:
            return value
