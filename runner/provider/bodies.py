"""The body of a reply in words: unpacked within limits, parsed if it is JSON, and cleaned for people."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runner.provider.parsing import NotJson, json_of
from runner.provider.words import clean

_EXCERPT: Final = 128 << 10  # bytes that are looked at for an excerpt of 300 characters; more than `clean` reads
_EITHER: Final = zlib.MAX_WBITS | 32  # gzip or zlib, whichever it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete reply in words."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: Any  # parsed JSON, None where it is none
    text: str  # the body's beginning, cleaned, at most 300 characters


def reply_of(status: int, headers: Mapping[str, str], data: bytes, *, limit: int, secrets: tuple[str, ...]) -> Reply:
    """A reply, read. A body of more than `limit` bytes, packed or unpacked, is not parsed."""
    plain = _unpacked(data, headers.get("content-encoding", ""), limit)
    try:
        body = None if len(plain) > limit else json_of(plain, secrets=secrets)
    except NotJson:
        body = None
    shown = {name: clean(value, secrets=secrets, limit=1000) for name, value in headers.items()}
    # A key that is spelled with JSON's escapes is seen in the tree alone.
    told = plain if body is None or b"\\" not in plain[:_EXCERPT] else _spelled_out(body)
    return Reply(status=status, headers=shown, body=body, text=excerpt(told, secrets))


def _spelled_out(body: Any) -> bytes:
    """JSON without escapes; half a character, which only an escape can spell, becomes a question mark."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def excerpt(data: bytes, secrets: tuple[str, ...]) -> str:
    """The beginning of a body, fit to be shown."""
    return clean(data[:_EXCERPT].decode("utf-8", errors="replace"), secrets=secrets)


def _unpacked(data: bytes, coding: str, limit: int) -> bytes:
    """The bytes without gzip or deflate, which some gateways apply unasked; at most one byte more than `limit`."""
    if coding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return data
    try:
        return zlib.decompressobj(_EITHER).decompress(data, limit + 1)
    except zlib.error:
        return b""
