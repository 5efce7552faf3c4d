"""The key: what may be one, and every spelling in which it must not be shown."""

import base64
import json
import re
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus

from runner.errors import NoCredentials

_SHORTEST: Final = 4  # characters: hiding less would only garble the text around it
_SHORTEST_CODED: Final = 8
_UNMISTAKABLE: Final = 12
_END: Final = 6
_BETWEEN: Final = ".{0,200}?"  # both ends, whatever stands between them
_MASKED: Final = r"[^\s*•…]{0,40}(?:\*{2,}|•{2,}|…|\.{3,})[\w*•-]{0,80}"  # as servers show the key that they refuse


def check_key(key: str) -> None:
    """Make sure that a key can stand in a header.

    Raises:
        NoCredentials: it is empty, or a character of it is no visible ASCII. The key is not repeated.
    """
    if not key:
        raise NoCredentials("the key is empty", hint="set `OPENAI_API_KEY`")
    for position, character in enumerate(key, start=1):
        if not "!" <= character <= "~":
            raise NoCredentials(
                f"the key has an illegal character at position {position}",
                hint="a key is one line of visible ASCII: was it copied with a space or a line end?",
            )


@lru_cache(maxsize=8)
def spellings(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    """A pattern that finds the secrets plain, encoded, escaped and masked; None where there are none."""
    found = {spelling for secret in secrets if len(secret) >= _SHORTEST for spelling in _spelled(secret)}
    if not found:
        return None
    longest_first = sorted(found, key=lambda spelling: (-len(spelling), spelling))
    masked = [re.escape(secret[:_SHORTEST]) + _MASKED for secret in unmistakable(secrets)]
    split = [re.escape(secret[:_END]) + _BETWEEN + re.escape(secret[-_END:]) for secret in unmistakable(secrets)]
    return re.compile("|".join([*map(re.escape, longest_first), *split, *masked]), re.IGNORECASE)


def unmistakable(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The secrets that no text has in it by accident."""
    return tuple(secret for secret in secrets if len(secret) >= _UNMISTAKABLE)


def _spelled(secret: str) -> set[str]:
    raw = secret.encode()
    escaped = json.dumps(secret)[1:-1]
    plain = {
        secret,
        secret[::-1],
        " ".join(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        escaped,
        escaped.replace("/", r"\/"),
    }
    whole = {raw.hex(), raw.hex(" "), raw.hex(":"), raw.hex()[::-1], raw[::-1].hex(), ", ".join(map(str, raw))}
    whole |= {"".join(form.format(byte) for byte in raw) for form in ("%{:02x}", "\\x{:02x}", "\\u{:04x}", "&#{};")}
    coded = {core for offset in range(3) for core in _base64_cores(raw, offset)}
    return plain | whole | {escape(secret)} | {core for core in coded if len(core) >= _SHORTEST_CODED}


def _base64_cores(secret: bytes, offset: int) -> set[str]:
    """The characters that only the secret decides, where `offset` bytes (modulo 3) stand before it."""
    padded = b"\0" * offset + secret
    first, last = (0, 2, 3)[offset], len(padded) * 8 // 6
    codings = (base64.b64encode(padded), base64.urlsafe_b64encode(padded))
    return {coding.decode()[first:last] for coding in codings}
