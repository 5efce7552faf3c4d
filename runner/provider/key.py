"""The key: what may be one, and every spelling in which it must not be shown."""

import base64
import json
import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from runner.errors import NoCredentials

_SHORTEST: Final = 4  # characters: hiding less would only garble the text around it
_SHORTEST_CODED: Final = 8


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
    """A pattern that finds the secrets plain, URL-encoded, JSON-escaped and in base64; None where there are none."""
    found = {spelling for secret in secrets if len(secret) >= _SHORTEST for spelling in _spelled(secret)}
    if not found:
        return None
    longest_first = sorted(found, key=lambda spelling: (-len(spelling), spelling))
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def _spelled(secret: str) -> set[str]:
    escaped = json.dumps(secret)[1:-1]
    plain = {secret, quote(secret, safe=""), quote_plus(secret), escaped, escaped.replace("/", r"\/")}
    coded = {core for offset in range(3) for core in _base64_cores(secret.encode(), offset)}
    return plain | {core for core in coded if len(core) >= _SHORTEST_CODED}


def _base64_cores(secret: bytes, offset: int) -> set[str]:
    """The characters that only the secret decides, where `offset` bytes (modulo 3) stand before it."""
    padded = b"\0" * offset + secret
    first, last = (0, 2, 3)[offset], len(padded) * 8 // 6
    codings = (base64.b64encode(padded), base64.urlsafe_b64encode(padded))
    return {coding.decode()[first:last] for coding in codings}
