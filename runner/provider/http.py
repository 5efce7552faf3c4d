"""The HTTP client: `Videos` over the wire. Owner of httpx; it sends, reads and reports, and sends nothing twice.

The POST has a client of its own without kept connections, because a request on a connection that the server is
just closing fails after it was sent, and such a failure may be a purchase.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Final, cast
from urllib.parse import quote

import httpx

from runner import __version__
from runner.clock import Clock, SystemClock
from runner.errors import ServerUnreachable, WrongUsage
from runner.manifest.request import Request
from runner.provider.bodies import Reply, reply_of
from runner.provider.evidence import Evidence
from runner.provider.key import check_key
from runner.provider.origin import is_loopback, origin_of
from runner.provider.pages import page_of
from runner.provider.parsing import LATEST, job_in_error, job_of, usable_id
from runner.provider.payload import body_of
from runner.provider.private import leads_astray
from runner.provider.quiet import hush
from runner.provider.refusals import Call, not_a_clip, refusal
from runner.provider.replies import Cut, Missing, NotAServer, NotVideo, Refused, Troubled, Unreachable
from runner.provider.retry_after import poll_after, unix_time
from runner.provider.times import Times
from runner.provider.transfer import Pace, begun, is_words, media_type_of
from runner.provider.videos import Begun, Content, Image, JobId, Page, Polled, Posted, Resume, Sink, ToldTime, Videos
from runner.provider.words import clean

_WIRE: Final = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError)
_SMALL: Final = 1 << 20  # bytes of a reply about one job
_LARGE: Final = 16 << 20  # bytes of a page of jobs: prompts are long
_HOPS: Final = 5
_DIRECT: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")  # this machine is behind no proxy


class HttpVideos(Videos):
    """A server of the /v1/videos shape, reached by HTTP. See `Videos` for what the methods promise.

    Args:
        base_url: for example `https://HOST/v1`.
        key: sent as a bearer token to this origin and nowhere else; None where the server wants none.
        clock: measures stalls, and dates what the server does not date.
        times: how long to wait for what.

    Raises:
        WrongUsage: the base URL is none.
        NoCredentials: the key can't stand in a header.
        ServerUnreachable: what the environment says of proxies or certificates can't be used.
    """

    def __init__(
        self, base_url: str, key: str | None, *, clock: Clock | None = None, times: Times | None = None
    ) -> None:
        if key is not None:
            check_key(key)
        self.origin: Final = origin_of(base_url)
        self._home: Final = _url_of(self.origin)
        self._secrets: Final[tuple[str, ...]] = () if key is None else (key,)
        self._clock: Final[Clock] = clock or SystemClock()
        self._times: Final = times or Times()
        hush()
        self._told_time: ToldTime | None = None
        self._posting, self._getting = _clients(kept=(0, 4))

    async def create(self, request: Request, image: Image | None) -> Posted:
        """See `Videos.create`."""
        evidence = Evidence()
        try:
            async with asyncio.timeout(self._times.post):
                await self._post(request, image, evidence)
        except TimeoutError:
            return evidence.broken(f"no complete answer within {self._times.post:g} s", self._secrets)
        except _WIRE as error:
            return evidence.broken(_words(error), self._secrets)
        return evidence.complete(self._secrets)

    async def retrieve(self, job: JobId) -> Polled:
        """See `Videos.retrieve`."""
        reply, now = await self._get(self._url(job), _SMALL), self._clock.now()
        good = 200 <= reply.status < 300
        found = job_of(reply.body, id=job) if good else job_in_error(reply.body, job)
        if found is not None:
            return Polled(job=found, again_after=poll_after(reply.headers, now=now))
        if good:
            raise Troubled(f"the reply is no job: {reply.text}", status=reply.status)
        raise refusal(Call.JOB, reply, now=now)

    async def list(self, after: str | None) -> Page:
        """See `Videos.list`."""
        cursor = "" if after is None else f"&after={quote(after, safe='')}"
        reply = await self._get(f"{self.origin}/videos?limit=100&order=desc{cursor}", _LARGE)
        if not 200 <= reply.status < 300:
            raise refusal(Call.LIST, reply, now=self._clock.now())
        if reply.body is None and reply.text.startswith("<"):
            raise NotAServer("a web page came instead of a list of jobs", status=reply.status)
        return page_of(reply.body, after=after)

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        """See `Videos.content`; a part that the server can't go on with is asked for again, whole."""
        for part in dict.fromkeys((resume, None)):
            async with self._asked_for(f"{self._url(job)}/content", part) as response:
                if (head := await self._head(response, part)) is not None:
                    return await self._pour(response, head, sink)
        raise NotVideo("the server sends no whole clip")

    @property
    def told_time(self) -> ToldTime | None:
        """See `Videos.told_time`."""
        return self._told_time

    async def close(self) -> None:
        """See `Videos.close`."""
        for client in (self._posting, self._getting):
            await client.aclose()

    # --- buying

    async def _post(self, request: Request, image: Image | None, evidence: Evidence) -> None:
        times = self._times
        sending = self._posting.build_request(
            "POST",
            f"{self.origin}/videos",
            headers=self._headers(self._home),
            timeout=httpx.Timeout(connect=times.connect, write=times.write, read=times.read, pool=None),
            extensions={"trace": evidence.trace},
            **body_of(request, image),
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

    # --- asking

    async def _get(self, url: str, limit: int) -> Reply:
        with self._unreachable():
            async with asyncio.timeout(self._times.get):
                response = await self._send(httpx.URL(url), {})
                try:
                    return await self._reply(response, limit)
                finally:
                    await response.aclose()

    async def _send(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.Response:
        times = self._times
        timeout = httpx.Timeout(connect=times.connect, write=times.get, read=times.stall, pool=None)
        request = self._getting.build_request("GET", url, headers={**self._headers(url), **headers}, timeout=timeout)
        return self._dated(await self._getting.send(request, stream=True))

    async def _reply(self, response: httpx.Response, limit: int) -> Reply:
        data = bytearray()
        async with _raw(response) as pieces:
            async for piece in pieces:
                data += piece
                if len(data) > limit:
                    break
        headers = dict(response.headers)
        return reply_of(response.status_code, headers, bytes(data), limit=limit, secrets=self._secrets)

    # --- fetching a clip

    @asynccontextmanager
    async def _asked_for(self, url: str, part: Resume | None) -> AsyncIterator[httpx.Response]:
        wanted = {} if part is None else {"Range": f"bytes={part.offset}-", "If-Range": part.etag}
        response = await self._followed(httpx.URL(url), {"Accept": "*/*", **wanted})
        try:
            yield response
        finally:
            await response.aclose()

    async def _followed(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.Response:
        for _ in range(_HOPS + 1):
            with self._unreachable():
                async with asyncio.timeout(self._times.get):
                    response = await self._send(url, headers)
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
        if inside or self._is_home(target):
            return target
        where = clean(f"{target.scheme}://{target.host}", secrets=self._secrets)
        if target.scheme != "https":
            raise Troubled(f"the clip is redirected to {where}, which is not followed: it must be https")
        if leads_astray(home.host, target.host):
            raise Troubled(f"the clip is redirected to {where}, which is not followed: that address is not public")
        return target

    async def _head(self, response: httpx.Response, part: Resume | None) -> Begun | None:
        status, headers = response.status_code, dict(response.headers)
        good = 200 <= status < 300
        if (good and not is_words(headers)) or (status == 416 and part is not None):
            return begun(status, headers, part)
        with self._unreachable():
            async with asyncio.timeout(self._times.get):
                reply = await self._reply(response, _SMALL)
        error = not_a_clip(reply) if good else refusal(Call.CONTENT, reply, now=self._clock.now())
        if isinstance(error, Refused) and not self._is_home(response.url):
            raise Troubled(error.words, status=error.status)  # that host never saw our key
        raise error

    async def _pour(self, response: httpx.Response, head: Begun, sink: Sink) -> Content:
        times, monotonic = self._times, self._clock.monotonic
        pace = Pace(head=head, monotonic=monotonic, window=times.stall, floor=times.stall_bytes)
        sink.begin(head)
        async with aclosing(self._pieces(response)) as pieces:
            async for data in pieces:
                pace.add(len(data))
                sink.take(data)
        pace.finish()
        media_type = self._cleaned(media_type_of(dict(response.headers)))
        return Content(media_type=media_type, length=head.length, etag=head.etag, start=head.start)

    async def _pieces(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """The body as it comes. What goes wrong with the sink does not pass through here."""
        try:
            async with _raw(response) as pieces:
                async for data in pieces:
                    yield data
        except httpx.RemoteProtocolError as error:
            raise Cut(self._cleaned(f"the clip was cut: {error}")) from None
        except _WIRE as error:
            raise Unreachable(self._cleaned(_words(error))) from None

    # --- all of them

    def _url(self, job: JobId) -> str:
        if usable_id(job) is None:
            raise Missing("that is no id that can be asked for")
        return f"{self.origin}/videos/{quote(job, safe='')}"

    def _dated(self, response: httpx.Response) -> httpx.Response:
        server = unix_time(response.headers.get("date", ""))
        if server is not None and 0 < server < LATEST and self._is_home(response.url):
            self._told_time = ToldTime(server=server, monotonic=self._clock.monotonic())
        return response

    def _headers(self, url: httpx.URL) -> dict[str, str]:
        plain = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"shotlock/{__version__}"}
        bearer = [("Authorization", f"Bearer {key}") for key in self._secrets if self._is_home(url)]
        return {**plain, **dict(bearer)}

    def _is_home(self, url: httpx.URL) -> bool:
        home = self._home
        return (url.scheme, url.host, url.port) == (home.scheme, home.host, home.port)

    def _cleaned(self, words: str) -> str:
        return clean(words, secrets=self._secrets)

    @contextmanager
    def _unreachable(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise Unreachable(f"no answer within {self._times.get:g} s") from None
        except _WIRE as error:
            raise Unreachable(self._cleaned(_words(error))) from None


def _url_of(origin: str) -> httpx.URL:
    try:
        return httpx.URL(origin)
    except httpx.InvalidURL:
        raise WrongUsage("the base URL names no host that can exist", hint="is its name spelled right?") from None


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
