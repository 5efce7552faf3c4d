"""One connection: reads requests and writes replies, whole or as badly as a fault wants. Owner of h11."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, assert_never

import h11

from runner.sandbox.messages import Framing, Head, Reply

_READ: Final = 1 << 16
_HEAD_LIMIT: Final = 1 << 16
_LINGER: Final = 1.0  # seconds in which a client may still be sending what nobody reads


class Malformed(Exception):
    """What came is no request that can be served; `status` says how to answer."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A place in a body where writing pauses for `then`."""

    offset: int
    then: Callable[[], Awaitable[None]]


class Line:
    """The server's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_LIMIT)
        # Nothing may wait in user space: when a write returns, the kernel has it.
        writer.transport.set_write_buffer_limits(high=0)

    async def head(self) -> Head | None:
        """The next request's head; None where the client has no more.

        Raises:
            Malformed: it is not HTTP.
        """
        event = await self._event()
        if not isinstance(event, h11.Request):
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        return Head(method=event.method.decode("latin-1"), target=event.target.decode("latin-1"), headers=headers)

    async def body(self, limit: int) -> bytes:
        """The body that belongs to the head.

        Raises:
            Malformed: it is cut short or longer than `limit` bytes.
        """
        if self._h11.they_are_waiting_for_100_continue:
            await self._put(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])))
        pieces: list[bytes] = []
        size = 0
        while isinstance(event := await self._event(), h11.Data):
            pieces.append(bytes(event.data))
            size += len(event.data)
            if size > limit:
                raise Malformed(f"The request is longer than {limit} bytes.", status=413)
        return b"".join(pieces)

    async def send(self, reply: Reply, headers: Mapping[str, str], *, stops: Sequence[Stop] = ()) -> None:
        """Write a reply with `headers` added to its own."""
        match reply.framing:
            case Framing.LENGTH:
                told = {**headers, **reply.headers, "content-length": str(len(reply.body))}
                event = h11.Response(status_code=reply.status, headers=list(told.items()), reason=_reason(reply.status))
                start = self._h11.send(event) or b""
            case Framing.CLOSE:
                start = _bare_head(reply, {**headers, **reply.headers, "connection": "close"})
            case Framing.NAKED:
                start = b""
            case _:
                assert_never(reply.framing)
        await self._send_body(start, reply, stops)

    def again(self) -> bool:
        """Whether another request may follow on this connection; makes ready for it."""
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        return True

    def can_answer(self) -> bool:
        """Whether a reply may still be written by the rules of HTTP."""
        return self._h11.our_state in {h11.IDLE, h11.SEND_RESPONSE}

    async def linger(self) -> None:
        """Read on for a moment, so that a client that is still sending gets to read the reply."""
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_LINGER):
                self._writer.write_eof()
                while await self._reader.read(_READ):
                    pass

    def deserted(self) -> bool:
        """Whether the client is known to have gone."""
        return self._reader.at_eof() or self._writer.is_closing()

    def reset(self) -> None:
        """Close with a TCP reset."""
        ours = self._writer.get_extra_info("socket")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def abort(self) -> None:
        """Close at once, whatever is unsent."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close in order."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _event(self) -> h11.Event | None:
        try:
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                self._h11.receive_data(await self._reader.read(_READ))
        except h11.RemoteProtocolError as error:
            raise Malformed(str(error), status=error.error_status_hint) from None
        return event if isinstance(event, h11.Event) else None

    async def _send_body(self, start: bytes, reply: Reply, stops: Sequence[Stop]) -> None:
        for begin, end, stop in _legs(len(reply.body), stops):
            for piece in reply.pieces(begin, end):
                await self._put(start + self._framed(piece, reply.framing))
                start = b""
            if stop is not None:
                await stop.then()
        if reply.framing is Framing.LENGTH:
            await self._put(start + (self._h11.send(h11.EndOfMessage()) or b""))

    def _framed(self, piece: bytes, framing: Framing) -> bytes:
        return (self._h11.send(h11.Data(data=piece)) or b"") if framing is Framing.LENGTH else piece

    async def _put(self, data: bytes | None) -> None:
        if data:
            self._writer.write(data)
            await self._writer.drain()


def _legs(length: int, stops: Sequence[Stop]) -> Iterator[tuple[int, int, Stop | None]]:
    begin = 0
    for stop in stops:
        end = min(stop.offset, length)
        yield begin, end, stop
        begin = end
    yield begin, length, None


def _reason(status: int) -> bytes:
    return HTTPStatus(status).phrase.encode() if status in set(HTTPStatus) else b""


def _bare_head(reply: Reply, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_reason(reply.status).decode()}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
