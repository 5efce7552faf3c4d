"""What goes over the line, apart from how: a request's head and body, a reply and how its end is told."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path
from typing import Any, Final

_CHUNK: Final = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first part of a request. Header names are in lower case; of repeated headers the last one counts."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A whole request."""

    head: Head
    body: bytes

    def header(self, name: str) -> str:
        """A header's value, empty where it is missing."""
        return self.head.headers.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a file, read as it is sent."""

    path: Path
    start: int
    stop: int  # one past the last byte

    def __len__(self) -> int:
        return self.stop - self.start

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop`, counted within the stretch."""
        with self.path.open("rb") as file:
            file.seek(self.start + start)
            rest = stop - start
            while rest > 0 and (piece := file.read(min(_CHUNK, rest))):
                rest -= len(piece)
                yield piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Some bytes, and blanks after them up to a size."""

    data: bytes
    size: int

    def __len__(self) -> int:
        return max(self.size, len(self.data))

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop`."""
        yield self.data[start:stop]
        for offset in range(max(start, len(self.data)), stop, _CHUNK):
            yield b" " * min(_CHUNK, stop - offset)


Body = bytes | Stretch | Filled


class Framing(StrEnum):
    """How a reply tells where it ends."""

    LENGTH = auto()  # by its Content-Length
    CLOSE = auto()  # by closing the connection
    NAKED = auto()  # the body is all that is written: no status line, no headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int
    body: Body = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Framing = Framing.LENGTH

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes of the body from `start` to `stop`, in pieces of a bearable size."""
        if isinstance(self.body, bytes):
            yield self.body[start:stop]
        else:
            yield from self.body.pieces(start, stop)

    def whole(self) -> bytes:
        """The body's bytes, all of them."""
        return b"".join(self.pieces(0, len(self.body)))


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply that carries JSON."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Reply(status=status, body=body, headers={"content-type": "application/json", **(headers or {})})
