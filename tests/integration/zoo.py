"""A server of wrong answers: every path begins with the name of one, which is then all that it says."""

import asyncio
import gzip
import json
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from tests.integration.scripted_server import Answer, Line, _request, drips, raw, says

KEY: Final = "sk-canary-a91f6c20b7de"
JOB: Final[Mapping[str, Any]] = {
    "id": "video_1", "object": "video", "status": "queued", "model": "sora-2", "size": "1280x720", "seconds": "4",
    "prompt": "A dog runs on the beach", "created_at": 1760000000,
}  # fmt: skip
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_BODY: Final = json.dumps(JOB).encode()
_LENGTH: Final = b"Content-Length: %d\r\n" % len(_BODY)
_MIB: Final = 1 << 20


def _zeros(megabytes: int) -> bytes:
    """Very little that unpacks to very much."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packing.compress(bytes(_MIB)) for _ in range(megabytes)) + packing.flush()


def _streams(head: bytes, piece: bytes, count: int | None = None) -> Answer:
    """A head, and then the same piece again and again, as fast as it is taken."""

    async def answer(line: Line) -> None:
        await line.send(head)
        while count is None:
            await line.send(piece)
        for _ in range(count):
            await line.send(piece)
        line.writer.close()

    return answer


def _chunks(body: bytes) -> bytes:
    return b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"


def _error(message: str, status: int = 400, **more: Any) -> Answer:
    return says(status, {"error": {"message": message, "type": "invalid_request_error", "code": None, **more}})


def _page(*jobs: Mapping[str, Any], **more: Any) -> Answer:
    return says(200, {"object": "list", "data": list(jobs), **more})


def _pages_without_end() -> Answer:
    count = iter(range(1, 10**9))

    async def answer(line: Line) -> None:
        jobs = [{**JOB, "id": f"video_{next(count)}", "prompt": "x" * 10_000} for _ in range(100)]
        await _page(*jobs, has_more=True, last_id=jobs[-1]["id"])(line)

    return answer


def _text(name: str, size: int) -> str:
    return "".join(chr(ord("a") + (number * 7 + len(name)) % 26) for number in range(size))


ANSWERS: Final[Mapping[str, Answer]] = {
    # slow ones: the client's own deadlines end them
    "head-drips": drips(b"HTTP/1.1 2", b"0"),
    "headers-drip": drips(_OK, b"X"),
    "body-drips": drips(_OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "chunks-drip": drips(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "silence": raw(b"", then="hang"),
    "half-a-head": raw(b"HTTP/1.1 200 OK\r\nContent-Le", then="hang"),
    "half-a-body": raw(_OK + _LENGTH + b"\r\n" + _BODY[:20], then="hang"),
    "early-hints-for-ever": _streams(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "a-header-for-ever": _streams(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096),
    "headers-for-ever": _streams(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 500),
    "a-status-line-for-ever": _streams(b"HTTP/1.1 200 ", b"O" * 4096),
    # good ones in an odd dress
    "one-byte-chunks": raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n" + _chunks(_BODY)),
    "a-hundred-continues": raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + _OK + _LENGTH + b"\r\n" + _BODY),
    "packed": raw(
        _OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(_BODY)) + gzip.compress(_BODY)
    ),
    # large ones
    "br-bomb": says(200, b"\x8b" + bytes(1000), "Content-Encoding: br"),
    "a-gigabyte-is-declared": _streams(_OK + b"Content-Length: 1073741824\r\n\r\n", b" " * 65536, 16384),
    "a-clip-for-ever": _streams(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n", bytes(65536)),
    "a-body-for-ever": _streams(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "ten-thousand-headers": raw(_OK + b"X: y\r\n" * 10_000 + _LENGTH + b"\r\n" + _BODY),
    "a-megabyte-of-header": raw(_OK + b"X: " + b"y" * _MIB + b"\r\n" + _LENGTH + b"\r\n" + _BODY),
    # no JSON, or JSON that nobody should believe
    "deep": says(200, b"[" * 500_000, "Content-Type: application/json"),
    "deep-objects": says(200, b'{"id":' * 150_000, "Content-Type: application/json"),
    "nan": says(200, b'{"id": "video_1", "progress": NaN}'),
    "twice": says(200, b'{"id": "video_1", "id": "video_2", "status": "queued"}'),
    "a-long-number": says(200, b'{"id": "video_1", "progress": ' + b"9" * 100_000 + b"}"),
    "html": says(200, b"<html><script>alert(1)</script></html>", "Content-Type: text/html"),
    "empty": says(200, b""),
    "null": says(200, b"null"),
    "zeros": says(200, bytes(1000)),
    # wrong HTTP
    "ssh": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "http-2": raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    "zero-bytes": raw(bytes(4096)),
    "negative-length": raw(_OK + b"Content-Length: -5\r\n\r\n" + _BODY),
    "two-lengths": raw(_OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + _BODY),
    "an-absurd-length": raw(_OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + _BODY),
    "bad-chunks": raw(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + _BODY),
    "an-absurd-chunk": raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n" + _BODY),
    "switching": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + _BODY),
    "no-such-status": raw(b"HTTP/1.1 999 Whatever\r\n" + _LENGTH + b"\r\n" + _BODY),
    "not-modified": raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "bad-header": raw(_OK + b"X y\x00z: \x1b[31m\r\n" + _LENGTH + b"\r\n" + _BODY),
    "reset": raw(b"HTTP/1.1 200 OK\r\n", then="reset"),
    # where redirects lead
    "to-itself": says(307, b"", "Location: /to-itself/v1/videos/video_1/content"),
    "to-a-file": says(302, b"", "Location: file:///etc/passwd"),
    "to-gopher": says(302, b"", "Location: gopher://127.0.0.1:70/x"),
    "to-nowhere": says(302, b"", "Location: http://[::"),
    "to-metadata": says(302, b"", "Location: https://169.254.169.254/latest/meta-data/"),
    "to-a-stranger": says(302, b"", "Location: http://videos.evil.test/x"),
    "to-a-login": says(302, b"", f"Location: https://u:{KEY}@videos.evil.test/x"),
    # what is said and told
    "the-key": _error(f"Incorrect API key provided: {KEY}.", 401, code=KEY),
    "the-key-in-a-header": says(500, {"error": "x"}, f"X-Request-Id: {KEY}", f"Location: {KEY}", f"Retry-After: {KEY}"),
    "the-key-as-id": says(200, {**JOB, "id": KEY}),
    "the-key-as-status": says(200, {**JOB, "status": KEY}),
    "escapes": _error("\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil\x07\x9b31m red \u202e\u2066 \r\n gone"),
    "an-odd-id": says(200, {**JOB, "id": "../../x\n"}),
    "a-long-id": says(200, {**JOB, "id": "x" * 10_000}),
    "a-number-as-id": says(200, {**JOB, "id": 5}),
    "a-list-as-id": says(200, {**JOB, "id": ["video_1"]}),
    "the-year-0": says(200, {**JOB, "created_at": "0001-01-01T00:00:00+23:59"}),
    "the-year-10000": says(200, {**JOB, "created_at": "9999-12-31T23:59:59-23:59", "expires_at": 10**400}),
    "a-date-of-9999": says(200, JOB, "Date: Fri, 31 Dec 9999 23:59:59 GMT"),
    "a-date-of-1": says(200, JOB, "Date: Mon, 01 Jan 0001 00:00:00 GMT"),
    "no-date": says(200, JOB, "Date: \x00 yesterday \xff"),
    "wait-for-ever": says(429, {"error": {"message": "later"}}, "Retry-After: 1000000000"),
    "poll-later": says(200, JOB, "openai-poll-after-ms: 1e18", "Retry-After: -1"),
    # lists
    "pages-without-end": _pages_without_end(),
    "has-more-lies": _page(JOB, has_more=True),
    "the-same-page": _page(JOB, has_more=True, last_id="video_1"),
    "a-list-of-everything": _page(*({} for _ in range(100)), 5, None, [], "x", {"id": {}}, {"id": ""}),  # type: ignore[arg-type]
}

LARGE: Final[Mapping[str, Callable[[], Answer]]] = {
    "gzip-bomb": lambda: says(200, _zeros(100), "Content-Encoding: gzip"),
    "deflate-bomb": lambda: says(200, zlib.compress(bytes(64 * _MIB), 9), "Content-Encoding: deflate"),
    "a-long-message": lambda: _error("no " * (10 * _MIB // 3)),
    "many-objects": lambda: says(200, b'{"data": [' + b"{}," * 5_000_000 + b"{}]}"),
    "many-numbers": lambda: says(200, b'{"data": [' + b"1," * 8_000_000 + b"1]}"),
    "wide-letters": lambda: says(200, f'{{"data": [], "x": "\U0001f600{"x" * (15 * _MIB)}"}}'.encode()),
    "many-texts": lambda: says(200, b'{"data": ["' + b'ab","' * 299_000 + b'"]}'),
    "many-lists": lambda: says(200, b'{"data": [' + b"[[]]," * 99_000 + b"[]]}"),
}
"""Large ones, made when a zoo opens that has them."""

NAMES: Final = (*ANSWERS, *LARGE)
SLOW: Final = frozenset([*ANSWERS][: [*ANSWERS].index("one-byte-chunks")])
"""What only a deadline ends."""


class Zoo:
    """The server, and what it was asked."""

    def __init__(self, *, large: bool) -> None:
        self.port = 0
        self.asked: Counter[str] = Counter()  # by "name METHOD"
        self._answers = {**ANSWERS, **({name: make() for name, make in LARGE.items()} if large else {})}

    def base_url(self, name: str) -> str:
        """Where everything is answered by this."""
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                heard = await _request(reader, 0)
                name = heard.target.split("/")[1]
                self.asked[f"{name} {heard.method}"] += 1
                await self._answers[name](Line(reader, writer))
        writer.close()


@contextmanager
def zoo(*, large: bool = False) -> Iterator[Zoo]:
    """A zoo in a thread of its own."""
    opened, ended = threading.Event(), threading.Event()
    animals = Zoo(large=large)
    loop = asyncio.new_event_loop()

    async def keep() -> None:
        server = await asyncio.start_server(animals.serve, "127.0.0.1", 0, limit=1 << 20)
        animals.port = server.sockets[0].getsockname()[1]
        opened.set()
        await asyncio.to_thread(ended.wait)
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(keep()), daemon=True)
    thread.start()
    opened.wait()
    try:
        yield animals
    finally:
        ended.set()
        thread.join(10)
        loop.close()


if __name__ == "__main__":  # so that no memory of it counts as the client's
    with zoo(large=True) as running:
        print(running.port, flush=True)
        sys.stdin.read()
