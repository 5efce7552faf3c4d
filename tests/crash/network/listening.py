"""Everything that listens for a cell, in one thread: the server, and what stands beside it.

That is the keeper of its time; the depot, which is another host that replies may redirect to; a door with TLS whose
certificate nobody knows; and a port where connections are never accepted.
"""

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from runner.sandbox.clip import Clip
from runner.sandbox.server import Sandbox
from tests.crash.network.cell import SHOTS
from tests.crash.network.leap import HOME, MUTE

CERTIFICATE = Path(__file__).parent / "self-signed.pem"
_BACKLOG = 4  # connections that fill a port at which nobody accepts any

_Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(kw_only=True)
class Ports:
    """Where things are."""

    sandbox: int = 0
    keeper: int = 0
    depot: int = 0
    secure: int = 0


@contextmanager
def listening(sandbox: Sandbox, heard: list[str]) -> Iterator[Ports]:
    """Everything that listens, in one thread."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Ports]] = Future()

    async def serve() -> None:
        async with _all_listening(sandbox, heard) as ports:
            end = asyncio.Event()
            started.set_result((asyncio.get_running_loop(), end, ports))
            await end.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="wired", daemon=True)
    thread.start()
    loop, end, ports = started.result()
    try:
        yield ports
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


@asynccontextmanager
async def _all_listening(sandbox: Sandbox, heard: list[str]) -> AsyncIterator[Ports]:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_end_the_rest)
        await sandbox.start()
        stack.push_async_callback(sandbox.close)
        home = urlsplit(sandbox.base_url).port or 0
        stack.enter_context(_mute(home))
        trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trust.load_cert_chain(CERTIFICATE)
        yield Ports(
            sandbox=home,
            keeper=await _listen(stack, partial(_keep_time, sandbox)),
            depot=await _listen(stack, partial(_give_out, sandbox, heard)),
            secure=await _listen(stack, partial(_hand_on, home), trust),
        )


async def _end_the_rest() -> None:
    """Who connected at the very end is let go, too."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for each in rest:
        each.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await _some_turns()


async def _some_turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _listen(stack: AsyncExitStack, serve: _Serve, trust: ssl.SSLContext | None = None) -> int:
    talks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(_talk(serve, reader, writer))
        talks.add(talk)
        talk.add_done_callback(talks.discard)
        talk.add_done_callback(lambda _: writer.transport.abort())  # also where it never began

    async def close() -> None:
        asyncio.get_running_loop().remove_reader(server.sockets[0].fileno())
        await _some_turns()  # what asyncio has just accepted of a closed server is never let go
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    server = await asyncio.start_server(accept, HOME, 0, ssl=trust)
    stack.push_async_callback(close)
    port: int = server.sockets[0].getsockname()[1]
    return port


async def _talk(serve: _Serve, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        await serve(reader, writer)
        writer.close()
        await writer.wait_closed()


async def _keep_time(sandbox: Sandbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell how far the server's clock can leap, or let it leap, as long as somebody asks.

    It can where the server has nothing to do: no clip is in the making, and every call that is said to be on the wire
    is one that a fault keeps waiting.
    """
    while line := await reader.readline():
        asked = json.loads(line)
        for _ in range(2):
            await asyncio.sleep(0)  # what came before this line is seen first
        rests = sandbox.kept_waiting()
        bounds = [asked["most"], *(rests if asked["calls"] else [])]
        idle = len(rests) >= asked["calls"] and all(job.result is not None for job in sandbox.jobs)
        leap = min(bound for bound in bounds if bound is not None) if idle else 0.0
        if asked["go"]:
            sandbox.advance(leap)
        writer.write(f"{leap}\n".encode())
        await writer.drain()


async def _give_out(
    sandbox: Sandbox, heard: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """The depot: one request a connection, answered by the clip of the first shot."""
    heard.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
    if heard[-1].startswith("GET /refused"):
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
    jobs = [job for job in sandbox.jobs if job.order.prompt == SHOTS["beach"] and isinstance(job.result, Clip)]
    data = jobs[0].result.path.read_bytes() if jobs and isinstance(jobs[0].result, Clip) else b""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
    await writer.drain()


async def _hand_on(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The door with TLS: whatever is said goes to the server, and back."""
    theirs, ours = await asyncio.open_connection(HOME, port)

    async def pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
        target.close()

    try:
        await asyncio.gather(pour(reader, ours), pour(theirs, writer))
    finally:
        ours.transport.abort()


@contextmanager
def _mute(port: int) -> Iterator[None]:
    """A port whose queue of connections is full, for nobody accepts them."""
    sockets = [socket.socket() for _ in range(_BACKLOG)]
    try:
        sockets[0].bind((MUTE, port))
        sockets[0].listen(0)
        for each in sockets[1:]:
            each.setblocking(False)
            each.connect_ex((MUTE, port))
        yield
    finally:
        for each in sockets:
            each.close()
