"""Words of others, made fit to be shown and recorded: without control characters, without our key, and cut."""

import re
from typing import Any, Final

from runner.provider.key import spellings, unmistakable

_READ: Final = 20_000  # characters
_CUT_OFF: Final = 2_000
_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor moves
    r"|(?:\x1b[\]PX^_])[^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# A key such as `test` may well be a part of these, and a job whose id was altered would be lost.
_EXACT: Final = frozenset({"id", "task_id", "first_id", "last_id", "object", "status", "model", "size", "seconds"})
_COMPARED: Final = "prompt"  # with ours, and neither shown nor written
_HALVES: Final = re.compile(r"[\ud800-\udfff]")


def clean(text: str, *, secrets: tuple[str, ...] = (), limit: int = 300) -> str:
    """One line without control characters, every secret replaced by `[key]`, of at most `limit` characters."""
    folded = hidden(" ".join(_seen(text).split()), secrets)
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def _seen(text: str) -> str:
    """What a person sees of a text; not all of it, if it is very long."""
    seen = _HALVES.sub("\ufffd", _UNSEEN.sub("", _ESCAPES.sub("", text[:_READ])))
    return seen if len(text) <= _READ else seen[:-_CUT_OFF]  # what is cut may be half a secret


def _of_name(name: str, item: Any, secrets: tuple[str, ...]) -> Any:
    if not isinstance(item, str) or name not in {*_EXACT, _COMPARED}:
        return hidden_within(item, secrets)
    if name == _COMPARED:
        return item
    pattern = spellings(unmistakable(secrets))
    return None if pattern and pattern.search(_seen(item)) else item


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """The text with every secret, in any spelling, replaced by `[key]`."""
    pattern = spellings(secrets)
    return text if pattern is None else pattern.sub("[key]", text)


def hidden_within(value: Any, secrets: tuple[str, ...]) -> Any:
    """A JSON value with every secret in its texts replaced; what must be told exactly is left out if it has one."""
    match value:
        case str():
            return hidden(_seen(value), secrets)
        case dict():
            return {name: _of_name(name, item, secrets) for name, item in value.items()}
        case list():
            return [hidden_within(item, secrets) for item in value]
        case _:
            return value
