"""A server on loopback that says exactly what a test scripts, byte by byte: also half heads, resets and slow drips."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One request as it came in."""

    method: str
    target: str  # undecoded
    headers: dict[str, str]  # names in lower case
    body: bytes
    connection: int  # counts from 0

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Line:
    """The connection on which an answer goes out."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Break the connection without a farewell."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def ended(self) -> None:
        """Wait until the client goes away."""
        with contextlib.suppress(OSError):
            while await self.reader.read(65536):
                pass


Answer = Callable[[Line], Awaitable[None]]


@dataclass
class ScriptedServer:
    """Answers requests in order; the last answer goes on for ever."""

    answers: list[Answer]
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    _lines: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = len(self._lines)
        self._lines.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                self.heard.append(await _request(reader, connection))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await answer(Line(reader, writer))
        writer.close()

    async def close(self) -> None:
        for writer in self._lines:
            writer.close()
        for writer in self._lines:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def scripted(*answers: Answer) -> AsyncIterator[ScriptedServer]:
    """A server that listens on a free port of 127.0.0.1."""
    script = ScriptedServer(list(answers))
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        await script.close()


def says(status: int, body: Any = b"", *headers: str, length: bool = True) -> Answer:
    """A whole reply; a body that is no bytes goes as JSON."""

    async def answer(line: Line) -> None:
        data, lines = body, list(headers)
        if not isinstance(body, bytes):
            data = json.dumps(body).encode()
            lines.append("Content-Type: application/json")
        if length:
            lines.append(f"Content-Length: {len(data)}")
        await line.send(_head(status, lines) + data)
        if not length:
            line.writer.close()

    return answer


def raw(data: bytes, then: str = "close") -> Answer:
    """Some bytes, and then `close`, `reset` or `hang`."""

    async def answer(line: Line) -> None:
        await line.send(data)
        match then:
            case "reset":
                await asyncio.sleep(0.05)  # so that the bytes are read before the reset overtakes them
                line.reset()
            case "hang":
                await line.ended()
            case _:
                line.writer.close()

    return answer


def drips(head: bytes, piece: bytes = b"x", every: float = 0.02) -> Answer:
    """A head, and then a little at a time, for ever."""

    async def answer(line: Line) -> None:
        await line.send(head)
        while True:
            await line.send(piece)
            await asyncio.sleep(every)

    return answer


def _head(status: int, lines: list[str]) -> bytes:
    return ("\r\n".join([f"HTTP/1.1 {status} Scripted", *lines]) + "\r\n\r\n").encode()


async def _request(reader: asyncio.StreamReader, connection: int) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(method, target, headers, body, connection)
