"""The HTTP client: `Videos` over the wire. It asks, reads and reports; `wire` sends."""

from contextlib import aclosing
from dataclasses import replace
from typing import Final

from runner.clock import Clock, SystemClock
from runner.manifest.request import Request
from runner.provider.addresses import address_in
from runner.provider.bodies import Reply
from runner.provider.key import check_key
from runner.provider.manner import Manner
from runner.provider.origin import origin_of
from runner.provider.pages import page_of
from runner.provider.parsing import job_in_error, job_of, usable_id
from runner.provider.payload import body_of
from runner.provider.refusals import Call, not_a_clip, refusal
from runner.provider.replies import Missing, Moved, NoRoute, NotAServer, NotVideo, Refused, ReplyError, Troubled
from runner.provider.retry_after import poll_after
from runner.provider.times import Times
from runner.provider.transfer import Pace, begun, is_words, media_type_of
from runner.provider.urls import Urls
from runner.provider.videos import (
    Begun,
    Content,
    Image,
    Job,
    JobId,
    Page,
    Polled,
    Posted,
    Resume,
    Sink,
    ToldTime,
    Videos,
)
from runner.provider.wire import LARGE, SMALL, Stream, Wire

_MOVED: Final = (301, 308)  # statuses of what is elsewhere for good
_NO_CONTENT: Final = (400, 404, 405, 410, 501)  # statuses with which a server says that its clips lie elsewhere


class Elsewhere(ReplyError):
    """The clip lies at another address; `words` is that address."""


class HttpVideos(Videos):
    """A server of the /v1/videos shape, reached by HTTP. See `Videos` for what the methods promise.

    Args:
        base_url: for example `https://HOST/v1`.
        key: shown to this origin and nowhere else; None where the server wants none.
        manner: how it wants to be spoken to.
        clock: measures stalls, and dates what the server does not date.
        times: how long to wait for what.

    Raises:
        WrongUsage: the base URL is none.
        NoCredentials: the key can't stand in a header.
        ServerUnreachable: what the environment says of proxies or certificates can't be used.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None,
        *,
        manner: Manner | None = None,
        clock: Clock | None = None,
        times: Times | None = None,
    ) -> None:
        if key is not None:
            check_key(key)
        self.origin: Final = origin_of(base_url)
        self._clock: Final[Clock] = clock or SystemClock()
        self._times: Final = times or Times()
        self._manner: Final = manner or Manner()
        self._urls: Final = Urls(self.origin, self._manner)
        self._wire: Final = Wire(self.origin, key, manner=self._manner, clock=self._clock, times=self._times)

    async def create(self, request: Request, image: Image | None) -> Posted:
        """See `Videos.create`."""
        return await self._wire.post(self._urls.orders, body_of(request, image, self._manner))

    async def retrieve(self, job: JobId) -> Polled:
        """See `Videos.retrieve`."""
        reply, now = await self._asked(self._urls.job(_askable(job)), SMALL), self._clock.now()
        good = 200 <= reply.status < 300
        described = "status" in self._manner.replies
        found = job_of(reply.body, id=job, described=described) if good else job_in_error(reply.body, job)
        if found is not None:
            return Polled(job=self._understood(found), again_after=poll_after(reply.headers, now=now))
        if good:
            raise Troubled(f"the reply is no job: {reply.text}", status=reply.status)
        raise refusal(Call.JOB, reply, now=now)

    async def list(self, after: str | None) -> Page:
        """See `Videos.list`."""
        asked = self._urls.page(after)
        reply = await self._asked(asked, LARGE)
        if reply.status in _MOVED and (base := self._urls.moved(asked, reply.headers.get("location", ""))):
            raise Moved(f"the base URL redirects to {self._wire.cleaned(base)}", status=reply.status)
        if not 200 <= reply.status < 300:
            raise refusal(Call.LIST, reply, now=self._clock.now())
        if reply.body is None and reply.text.startswith("<"):
            raise NotAServer("a web page came instead of a list of jobs", status=reply.status)
        page = page_of(reply.body, after=after)
        return replace(page, jobs=tuple(map(self._understood, page.jobs)))

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        """See `Videos.content`; where the server has no bytes for us, the address that it names for them is asked."""
        try:
            return await self._fetched(self._urls.content(_askable(job)), sink, resume)
        except Elsewhere as led:
            address = led.words
        except (Missing, NoRoute, Troubled) as refused:
            found = await self._address_of(job) if refused.status in _NO_CONTENT else None
            if found is None:
                raise
            address = found
        try:
            return await self._fetched(self._wire.led(address), sink, resume)
        except Elsewhere:  # an address can be signed, and is not told
            raise NotVideo("the clip's address leads to another address, and not to a clip") from None

    @property
    def told_time(self) -> ToldTime | None:
        """See `Videos.told_time`."""
        return self._wire.told_time

    async def close(self) -> None:
        """See `Videos.close`."""
        await self._wire.close()

    async def _address_of(self, job: JobId) -> str | None:
        """The address that the job itself names for its clip."""
        try:
            return (await self.retrieve(job)).job.address
        except ReplyError:
            return None

    async def _fetched(self, url: str, sink: Sink, resume: Resume | None) -> Content:
        """A clip; a part that the server can't go on with is asked for again, whole."""
        for part in dict.fromkeys((resume, None)):
            wanted = {} if part is None else {"Range": f"bytes={part.offset}-", "If-Range": part.etag}
            async with self._wire.stream(url, {"Accept": "*/*", **wanted}) as stream:
                if (head := await self._head(stream, part)) is not None:
                    return await self._pour(stream, head, sink)
        raise NotVideo("the server sends no whole clip")

    async def _head(self, stream: Stream, part: Resume | None) -> Begun | None:
        good = 200 <= stream.status < 300
        if (good and not is_words(stream.headers)) or (stream.status == 416 and part is not None):
            return begun(stream.status, stream.headers, part)
        reply = self._read(await stream.reply(SMALL))
        if good and isinstance(reply.body, dict) and (address := address_in(reply.body)) is not None:
            raise Elsewhere(address, status=reply.status)
        error = not_a_clip(reply) if good else refusal(Call.CONTENT, reply, now=self._clock.now())
        if isinstance(error, Refused) and not stream.at_home:
            raise Troubled(error.words, status=error.status)  # that host never saw our key
        raise error

    async def _pour(self, stream: Stream, head: Begun, sink: Sink) -> Content:
        times, monotonic = self._times, self._clock.monotonic
        pace = Pace(head=head, monotonic=monotonic, window=times.stall, floor=times.stall_bytes, most=times.clip)
        sink.begin(head)
        async with aclosing(stream.pieces()) as pieces:
            async for data in pieces:
                pace.add(len(data))
                sink.take(data)
        pace.finish()
        media_type = self._wire.cleaned(media_type_of(stream.headers))
        return Content(media_type=media_type, length=head.length, etag=head.etag, start=head.start)

    async def _asked(self, url: str, limit: int) -> Reply:
        return self._read(await self._wire.get(url, limit))

    def _read(self, reply: Reply) -> Reply:
        return replace(reply, body=self._manner.read(reply.body))

    def _understood(self, job: Job) -> Job:
        """The job with its state in a word that others use, too."""
        return replace(job, status=self._manner.state(job.status))


def _askable(job: JobId) -> JobId:
    if usable_id(job) is None:
        raise Missing("that is no id that can be asked for")
    return job
