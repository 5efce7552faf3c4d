"""Where a clip lies, as some servers tell it: an address in the job, or in place of the clip's bytes."""

from collections.abc import Mapping
from typing import Any, Final

_NAMES: Final = ("url", "video_url", "result_url", "download_url")
_WITHIN: Final = ("metadata", "outputs", "output", "data")
_LISTS: Final = ("unsigned_urls", "urls")


def address_in(fields: Mapping[str, Any]) -> str | None:
    """The address of the clip that a reply names; None where it names none.

    Read in new-api (`metadata.url`), SGLang (`url`), Together (`outputs.video_url`), OpenRouter (`unsigned_urls`) and
    resellers (`video_url`).
    """
    candidates = [fields.get(name) for name in _NAMES]
    candidates += [first for name in _LISTS if (first := _first(fields.get(name))) is not None]
    for name in _WITHIN:
        inner = fields.get(name)
        if isinstance(inner, Mapping):
            candidates += [inner.get(each) for each in _NAMES]
    return next((each for each in candidates if _is_address(each)), None)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _is_address(value: Any) -> bool:
    """Whether it can be asked for: a whole address, or a path on the server itself."""
    if not isinstance(value, str):
        return False
    return value.lower().startswith(("https://", "http://")) or (value.startswith("/") and not value.startswith("//"))
