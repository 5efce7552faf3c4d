"""A stage whose server keeps time together with the lives that it serves, and whose name leads where a cell wants.

Beside the server there are a depot, which is another host that replies may redirect to, a door with TLS whose
certificate nobody knows, and a port where connections are never accepted.
"""

import asyncio
import json
import re
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from runner.lock.facts import Attempt, State
from runner.sandbox import blank
from runner.sandbox.clip import Clip, ClipSpec
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox
from tests.crash.cradle import Cradle
from tests.crash.network.cell import SHOTS
from tests.crash.network.leap import HOME, HOST, MUTE, Told
from tests.crash.stage import KEY, Stage

ELSEWHERE = "elsewhere"  # what another client of the account calls its shots
CERTIFICATE = Path(__file__).parent / "self-signed.pem"
_PADDING = 60_000  # bytes, so that a clip comes in several pieces
_JOB = re.compile(r"video_\w+")
_MAY_BE = re.compile(r"it may be |nobody here remembers|--adopt ")
_BACKLOG = 4  # connections that fill a port at which nobody accepts any

_Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(kw_only=True)
class Ports:
    """Where things are."""

    sandbox: int = 0
    keeper: int = 0
    depot: int = 0
    secure: int = 0


@dataclass(kw_only=True)
class Wired(Stage):
    """One folder, one account, one server, and the wire between them."""

    ports: Ports
    told: Told
    secure: bool = False
    heard: list[str]  # heads of the requests that the depot got

    def environ(self) -> dict[str, str]:
        """See `Stage.environ`. A life's clock begins where the server's is."""
        told = replace(self.told, ahead=self.sandbox.clock.now() - time.time())
        return {**super().environ(), "OPENAI_BASE_URL": self.base_url, "LEAP": str(told)}

    def job_of(self, shot: str) -> str | None:
        """See `Stage.job_of`; of several, the last one that we bought ourselves."""
        mine = (bill for bill in self.ledger["billed"] if bill["shot"] != ELSEWHERE)
        return next((bill["id"] for bill in reversed([*mine]) if bill["prompt"] == self.shots.get(shot)), None)

    def violations(self, *, times: int = 1) -> list[str]:
        """See `Stage.violations`; a job that is only named as one that may be ours is in no file yet."""
        asked = {
            job
            for text in self.said
            for line in text.splitlines()
            if _MAY_BE.search(line)
            for job in _JOB.findall(line)
        }
        found = super().violations(times=times)
        return [
            each
            for each in found
            if not (each.endswith("was told and is in no file") and set(_JOB.findall(each)) <= asked)
        ]

    def incomplete(self, name: str = "film", *, about: str = "") -> list[str]:
        """See `Stage.incomplete`; a job may be known by another id than the server's own."""
        facts = {each.intent.shot: each for each in self.facts(name) if each.state is State.DONE}
        return [complaint for shot in self.shots if (complaint := self._lacking(name, shot, facts.get(shot)))]

    def _lacking(self, name: str, shot: str, attempt: Attempt | None) -> str:
        path = self.folder / "renders" / name / f"{shot}.mp4"
        if attempt is None or not path.exists():
            return f"no clip of {shot}" if attempt else f"no record of the clip of {shot}"
        job = self.sandbox.jobs.get(attempt.job or "")
        if job is None or job.order.prompt != self.shots[shot]:
            return f"{shot} has the job of {job.order.prompt if job else 'nobody'}"
        whole = isinstance(job.result, Clip) and path.read_bytes() == job.result.path.read_bytes()
        return "" if whole else f"the clip of {shot} is not what the server made"

    @property
    def base_url(self) -> str:
        scheme, port = ("https", self.ports.secure) if self.secure else ("http", self.ports.sandbox)
        return f"{scheme}://{HOST}:{port}/v1"


@contextmanager
def wired(
    root: Path,
    *,
    cradle: Cradle | None = None,
    profile: str,
    shots: Mapping[str, str] = SHOTS,
    rules: Rules | None = None,
    pace: Pace | None = None,
    secure: bool = False,
) -> Iterator[Wired]:
    """A stage with one manifest, `film.yaml`."""
    rules = replace(rules or Rules(slots=8), key=KEY)
    sandbox = Sandbox(rules=rules, pace=pace or Pace(render_seconds=0.5), renderer=_clip)
    heard: list[str] = []
    with _thread_of(sandbox, heard) as ports:
        told = Told(keeper=ports.keeper, trust=str(CERTIFICATE) if secure else "")
        it = Wired(
            root=root, sandbox=sandbox, cradle=cradle, shots=shots, ports=ports, told=told, secure=secure, heard=heard
        )
        it.write(profile=profile)
        try:
            yield it
        finally:
            it.close()


@contextmanager
def _thread_of(sandbox: Sandbox, heard: list[str]) -> Iterator[Ports]:
    """Everything that listens, in one thread."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Ports]] = Future()

    async def serve() -> None:
        async with _listening(sandbox, heard) as ports:
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
async def _listening(sandbox: Sandbox, heard: list[str]) -> AsyncIterator[Ports]:
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


@cache
def _blank(width: int, height: int, seconds: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        blank.render(ClipSpec(prompt="", width=width, height=height, seconds=seconds), Path(folder) / "blank.mp4")
        return (Path(folder) / "blank.mp4").read_bytes()


def _clip(spec: ClipSpec, target: Path) -> None:
    """A clip at once; no two of them are equal."""
    note = target.name.encode().ljust(_PADDING, b".")
    target.write_bytes(
        _blank(spec.width, spec.height, spec.seconds) + (len(note) + 8).to_bytes(4, "big") + b"free" + note
    )
