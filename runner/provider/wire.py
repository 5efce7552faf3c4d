"""The wire: requests out, replies in, nothing sent twice. Owner of httpx.

The POST has a client of its own without kept connections, because a request on a connection that the server is
just closing fails after it was sent, and such a failure may be a purchase.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from typing import Any, Final, TypeVar, cast

import httpx

from runner import __version__
from runner.clock import Clock
from runner.errors import ServerUnreachable, WrongUsage
from runner.provider.bodies import Reply, reply_of
from runner.provider.evidence import Evidence
from runner.provider.manner import Manner, shown
from runner.provider.origin import is_loopback
from runner.provider.parsing import LATEST
from runner.provider.private import leads_astray
from runner.provider.quiet import hush
from runner.provider.replies import Cut, Troubled, Unreachable
from runner.provider.retry_after import unix_time
from runner.provider.times import Times
from runner.provider.videos import Posted, ToldTime
from runner.provider.words import clean

SMALL: Final = 1 << 20  # bytes of a reply about one job
LARGE: Final = 16 << 20  # bytes of a page of jobs: prompts are long
_WIRE: Final = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError)
T = TypeVar("T")
_HOPS: Final = 5
_DIRECT: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")  # this machine is behind no proxy


class Stream:
    """A reply whose body is still coming."""

    def __init__(self, wire: "Wire", response: httpx.Response) -> None:
        self._wire = wire
        self._response = response
        self.status: Final = response.status_code
        self.headers: Final = dict(response.headers)

    @property
    def at_home(self) -> bool:
        """Whether the server itself answered, and not one that it led us to."""
        return self._wire.is_home(self._response.url)

    async def reply(self, limit: int) -> Reply:
        """The whole body, read as words. Raises Unreachable."""
        return await self._wire.in_time(self._wire.read(self._response, limit))

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes. What goes wrong with whoever takes it does not pass through here.

        Raises:
            Cut: it ended too early.
            Unreachable: it came no further.
        """
        try:
            async with _raw(self._response) as pieces:
                async for data in pieces:
                    yield data
        except httpx.RemoteProtocolError as error:
            raise Cut(self._wire.cleaned(f"the clip was cut: {error}")) from None
        except _WIRE as error:
            raise Unreachable(self._wire.cleaned(_words(error))) from None


class Wire:
    """Connections to one server, and to where it leads for a clip.

    Raises:
        WrongUsage: the origin names no host.
        ServerUnreachable: what the environment says of proxies or certificates can't be used.
    """

    def __init__(self, origin: str, key: str | None, *, manner: Manner, clock: Clock, times: Times) -> None:
        self._home: Final = _url_of(origin)
        self.secrets: Final[tuple[str, ...]] = () if key is None else (key,)
        self._manner: Final = manner
        self._clock: Final = clock
        self._times: Final = times
        hush()
        self.told_time: ToldTime | None = None
        self._posting, self._getting = _clients(kept=(0, 4))

    async def close(self) -> None:
        """Let all connections go."""
        for client in (self._posting, self._getting):
            await client.aclose()

    async def post(self, url: str, body: Mapping[str, Any]) -> Posted:
        """One POST, and everything that is known about it. Raises nothing that a network does."""
        evidence = Evidence(read=self._manner.read)
        try:
            async with asyncio.timeout(self._times.post):
                await self._post(url, body, evidence)
        except TimeoutError:
            return evidence.broken(f"no complete answer within {self._times.post:g} s", self.secrets)
        except _WIRE as error:
            return evidence.broken(_words(error), self.secrets)
        return evidence.complete(self.secrets)

    async def get(self, url: str, limit: int) -> Reply:
        """The whole reply to a question. Raises Unreachable."""
        return await self.in_time(self._got(url, limit))

    @asynccontextmanager
    async def stream(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Stream]:
        """The reply at the end of all redirects that may be followed. Raises Troubled and Unreachable."""
        response = await self._followed(httpx.URL(url), headers)
        try:
            yield Stream(self, response)
        finally:
            await response.aclose()

    def led(self, url: str) -> str:
        """An address that the server names, if it may be asked. Raises Troubled."""
        return str(self._hop(self._home, url))

    async def read(self, response: httpx.Response, limit: int) -> Reply:
        """The body of a reply, at most a piece more than `limit` bytes."""
        data = bytearray()
        async with _raw(response) as pieces:
            async for piece in pieces:
                data += piece
                if len(data) > limit:
                    break
        headers = dict(response.headers)
        return reply_of(response.status_code, headers, bytes(data), limit=limit, secrets=self.secrets)

    async def in_time(self, asking: Awaitable[T]) -> T:
        """An answer, if it comes in time. Raises Unreachable."""
        with self._unreachable():
            async with asyncio.timeout(self._times.get):
                return await asking

    def is_home(self, url: httpx.URL) -> bool:
        """Whether a URL belongs to the server itself."""
        home = self._home
        return (url.scheme, url.host, url.port) == (home.scheme, home.host, home.port)

    def cleaned(self, words: str) -> str:
        """Words fit to be shown."""
        return clean(words, secrets=self.secrets)

    async def _post(self, url: str, body: Mapping[str, Any], evidence: Evidence) -> None:
        times = self._times
        sending = self._posting.build_request(
            "POST",
            url,
            headers=self._headers(self._home),
            timeout=httpx.Timeout(connect=times.connect, write=times.write, read=times.read, pool=None),
            extensions={"trace": evidence.trace},
            **body,
        )
        response = self._dated(await self._posting.send(sending, stream=True))
        try:
            evidence.head(response.status_code, dict(response.headers))
            async with _raw(response) as pieces:
                async for data in pieces:
                    if not evidence.take(data):
                        break
        finally:
            await response.aclose()

    async def _got(self, url: str, limit: int) -> Reply:
        response = await self._send(httpx.URL(url), {})
        try:
            return await self.read(response, limit)
        finally:
            await response.aclose()

    async def _send(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.Response:
        times = self._times
        timeout = httpx.Timeout(connect=times.connect, write=times.get, read=times.stall, pool=None)
        request = self._getting.build_request("GET", url, headers={**self._headers(url), **headers}, timeout=timeout)
        return self._dated(await self._getting.send(request, stream=True))

    async def _followed(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.Response:
        for _ in range(_HOPS + 1):
            response: httpx.Response = await self.in_time(self._send(url, headers))
            if not response.has_redirect_location:
                return response
            await response.aclose()
            url = self._hop(url, response.headers["location"])
        raise Troubled(f"the clip is redirected more than {_HOPS} times")

    def _hop(self, url: httpx.URL, location: str) -> httpx.URL:
        """The address that a redirect leads to, if it may be followed."""
        try:
            target = url.join(location).copy_with(userinfo=b"", fragment=None)
        except (httpx.InvalidURL, ValueError, TypeError):
            raise Troubled("the clip is redirected to something that is no URL") from None
        home = self._home
        inside = home.scheme == target.scheme and is_loopback(home.host) and is_loopback(target.host)
        if inside or self.is_home(target):
            return target
        where = self.cleaned(f"{target.scheme}://{target.host}")
        if target.scheme != "https":
            raise Troubled(f"the clip is redirected to {where}, which is not followed: it must be https")
        if leads_astray(home.host, target.host):
            raise Troubled(f"the clip is redirected to {where}, which is not followed: that address is not public")
        return target

    def _dated(self, response: httpx.Response) -> httpx.Response:
        server = unix_time(response.headers.get("date", ""))
        if server is not None and 0 < server < LATEST and self.is_home(response.url):
            self.told_time = ToldTime(server=server, monotonic=self._clock.monotonic())
        return response

    def _headers(self, url: httpx.URL) -> dict[str, str]:
        plain = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"shotlock/{__version__}"}
        for key in self.secrets if self.is_home(url) else ():
            plain |= shown(key, self._manner)
        return plain

    @contextmanager
    def _unreachable(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise Unreachable(f"no answer within {self._times.get:g} s") from None
        except _WIRE as error:
            raise Unreachable(self.cleaned(_words(error))) from None


def _url_of(origin: str) -> httpx.URL:
    with suppress(httpx.InvalidURL, UnicodeError):
        url = httpx.URL(origin)
        if url.host:  # an international name is read only now
            return url
    raise WrongUsage("the base URL names no host that can exist", hint="is its name spelled right?")


def _clients(*, kept: tuple[int, ...]) -> list[httpx.AsyncClient]:
    """Clients that keep so many connections each. Building one can fail over what the environment says."""
    try:
        trust = httpx.create_ssl_context()  # takes longer than all else here
        limits = [httpx.Limits(max_connections=None, max_keepalive_connections=number) for number in kept]
        return [httpx.AsyncClient(limits=limit, verify=trust, mounts=dict.fromkeys(_DIRECT)) for limit in limits]
    except (ImportError, ValueError, httpx.InvalidURL, OSError) as error:
        hint = "see `HTTPS_PROXY`, `ALL_PROXY`, `SSL_CERT_FILE` and the like"
        message = f"the proxy or the certificates that the environment names can't be used ({type(error).__name__})"
        raise ServerUnreachable(message, hint=hint) from None


def _raw(response: httpx.Response) -> aclosing[AsyncGenerator[bytes, None]]:
    return aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw()))


def _words(error: Exception) -> str:
    match error:
        case httpx.ConnectTimeout():
            return "no connection in time"
        case httpx.ConnectError():
            return f"no connection: {error}"
        case httpx.TimeoutException():
            return "no answer in time"
        case _:
            return f"the connection broke: {str(error) or type(error).__name__}"
