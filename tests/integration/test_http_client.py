"""The HTTP client against servers that say, drop and break exactly what the test scripts."""

import asyncio
import base64
import contextlib
import gzip
import json
import logging
import re
import socket
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from runner.errors import NoCredentials, ServerUnreachable, WrongUsage
from runner.manifest.request import Request
from runner.provider.http import HttpVideos
from runner.provider.manner import Auth, Manner
from runner.provider.replies import (
    Cut,
    Missing,
    NoRoute,
    NotAServer,
    NotReady,
    NotVideo,
    Refused,
    ReplyError,
    TooMany,
    Troubled,
    Unreachable,
)
from runner.provider.times import Times
from runner.provider.videos import Begun, Content, Image, JobId, Posted, Resume
from tests.integration.scripted_server import Answer, ScriptedServer, drips, raw, says, scripted

KEY = "sk-canary-Zm9v/42+x=="
REQUEST = Request(model="sora-2", prompt="a cat, 猫", size="1280x720", seconds="8")
IMAGE = Image(data=b"\x89PNG-not-really", media_type="image/png", filename="cat.png")
JOB = {"id": "video_1", "object": "video", "status": "queued", "progress": 0, "created_at": 1760627077}
CLIP = bytes(range(256)) * 200
CALM = Times(connect=20, write=20, read=20, post=20, get=20, stall=20)
QUICK = Times(connect=0.3, write=0.3, read=0.3, post=0.6, get=0.6, stall=0.3)  # where nothing is going to come
SILENCE = raw(b"", "hang")
DRIPPING = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")


class Part:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.heads: list[Begun] = []
        self.data = b""

    def begin(self, head: Begun) -> None:
        self.heads.append(head)
        self.data = self.data[: head.start]

    def take(self, data: bytes) -> None:
        self.data += data


def run(
    use: Callable[[HttpVideos, ScriptedServer], Awaitable[Any]],
    *answers: Answer,
    key: str | None = KEY,
    times: Times = CALM,
    manner: Manner | None = None,
) -> Any:
    """What `use` gives, with a client of a server that answers as scripted."""

    async def go() -> Any:
        async with scripted(*answers) as server:
            videos = HttpVideos(server.base_url, key, times=times, manner=manner)
            try:
                return await use(videos, server)
            finally:
                await videos.close()

    return asyncio.run(go())


def posted(*answers: Answer, times: Times = CALM) -> Posted:
    return run(lambda videos, _: videos.create(REQUEST, None), *answers, times=times)


def posted_to(base_url: str, times: Times = CALM) -> Posted:
    async def go() -> Posted:
        videos = HttpVideos(base_url, KEY, times=times)
        try:
            return await videos.create(REQUEST, None)
        finally:
            await videos.close()

    return asyncio.run(go())


def polled(answer: Answer, times: Times = CALM) -> Any:
    return run(lambda videos, _: videos.retrieve(JobId("video_1")), answer, times=times)


def fetched(
    *answers: Answer, resume: Resume | None = None, part: Part | None = None, times: Times = CALM
) -> tuple[Content, Part]:
    part = part or Part()
    return run(lambda videos, _: videos.content(JobId("video_1"), part, resume), *answers, times=times), part


async def asked(videos: HttpVideos, call: str) -> Any:
    match call:
        case "create":
            return await videos.create(REQUEST, None)
        case "retrieve":
            return await videos.retrieve(JobId("video_1"))
        case "list":
            return await videos.list(None)
        case _:
            return await videos.content(JobId("video_1"), Part(), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TestPurchase:
    """`create`: one POST, and the evidence of what became of it."""

    def test_text_goes_as_json_with_seconds_as_text_and_a_bearer(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.create(REQUEST, None)
            (heard,) = server.heard
            assert (heard.method, heard.target) == ("POST", "/v1/videos")
            assert heard.json() == {"model": "sora-2", "prompt": "a cat, 猫", "size": "1280x720", "seconds": "8"}
            assert heard.headers["content-type"] == "application/json"
            assert heard.headers["authorization"] == f"Bearer {KEY}"
            assert heard.headers["accept-encoding"] == "identity"
            assert heard.headers["user-agent"].startswith("shotlock/")

        run(use, says(200, JOB))

    def test_an_image_goes_as_a_form_with_its_name_and_type(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.create(REQUEST, IMAGE)
            (heard,) = server.heard
            assert heard.headers["content-type"].startswith("multipart/form-data; boundary=")
            assert b'name="seconds"\r\n\r\n8\r\n' in heard.body
            assert 'name="prompt"\r\n\r\na cat, 猫\r\n'.encode() in heard.body
            assert b'name="input_reference"; filename="cat.png"\r\nContent-Type: image/png\r\n\r\n' in heard.body
            assert IMAGE.data in heard.body

        run(use, says(200, JOB))

    def test_a_server_without_keys_gets_none(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.create(REQUEST, None)
            assert "authorization" not in server.heard[0].headers

        run(use, says(200, JOB), key=None)

    def test_every_purchase_has_a_connection_of_its_own(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            for _ in range(3):
                await videos.create(REQUEST, None)
            assert [heard.connection for heard in server.heard] == [0, 1, 2]

        run(use, says(200, JOB))

    def test_an_answer_is_handed_on_whole(self) -> None:
        found = posted(says(429, {"error": {"message": "slow down"}}, "Retry-After: 7", "X-Request-Id: r1"))
        assert (found.sent, found.status) == (True, 429)
        assert found.body == {"error": {"message": "slow down"}}
        assert found.headers["retry-after"] == "7"
        assert found.text == '{"error": {"message": "slow down"}}'

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed(self, status: int) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            found = await videos.create(REQUEST, None)
            assert (found.sent, found.status, len(server.heard)) == (True, status, 1)

        run(use, says(status, b"", "Location: /v1/videos/"))

    @pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
    def test_nothing_is_sent_again_by_itself(self, status: int) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.create(REQUEST, None)
            assert len(server.heard) == 1

        run(use, says(status, b"", "Retry-After: 0"))

    def test_no_such_host_is_no_purchase(self) -> None:
        found = posted_to("http://no-such-host.invalid/v1")
        assert (found.sent, found.status) == (False, None)
        assert found.text.startswith("no connection: ")

    def test_a_refused_connection_is_no_purchase(self) -> None:
        found = posted_to(f"http://127.0.0.1:{free_port()}/v1")
        assert (found.sent, found.status) == (False, None)

    def test_a_connection_that_is_not_accepted_in_time_is_no_purchase(self) -> None:
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for filler in (first, second):  # the queue holds one or two, and then connecting hangs
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            found = posted_to(f"http://127.0.0.1:{full.getsockname()[1]}/v1", QUICK)
        assert (found.sent, found.status, found.text) == (False, None, "no connection in time")

    def test_tls_on_a_plain_port_is_no_purchase(self) -> None:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        async def go() -> Posted:
            server = await asyncio.start_server(plain, "127.0.0.1", 0)
            videos = HttpVideos(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", KEY, times=CALM)
            try:
                return await videos.create(REQUEST, None)
            finally:
                await videos.close()
                server.close()

        found = asyncio.run(go())
        assert (found.sent, found.status) == (False, None)

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            pytest.param(raw(b"", "reset"), "the connection broke: ", id="reset after the headers"),
            pytest.param(raw(b"", "close"), "the connection broke: ", id="closed before the head"),
            pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-", "close"), "the connection broke: ", id="half a head"),
            pytest.param(raw(b"\x00\x01 SMTP ready\r\n\r\n"), "the connection broke: ", id="garbage"),
            pytest.param(
                raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
                "the connection broke: ",
                id="two lengths",
            ),
            pytest.param(
                raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), "the connection broke: ", id="negative length"
            ),
        ],
    )
    def test_what_was_sent_and_not_answered_may_be_a_purchase(self, answer: Answer, words: str) -> None:
        found = posted(answer)
        assert (found.sent, found.status, found.body) == (True, None, None)
        assert found.text.startswith(words)

    @pytest.mark.parametrize("answer", [SILENCE, raw(b"HTTP/1.1 200 OK\r\nContent-", "hang")])
    def test_what_was_sent_and_met_with_silence_may_be_a_purchase(self, answer: Answer) -> None:
        found = posted(answer, times=QUICK)
        assert (found.sent, found.status, found.text) == (True, None, "no answer in time")

    @pytest.mark.parametrize(("then", "times"), [("close", CALM), ("reset", CALM), ("hang", QUICK)])
    def test_an_answer_that_breaks_off_shows_what_came(self, then: str, times: Times) -> None:
        found = posted(raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": "video_7", ', then), times=times)
        assert (found.sent, found.status, found.body) == (True, None, None)
        assert found.text.startswith("the answer 200 broke off")
        assert "video_7" in found.text

    def test_an_answer_that_drips_is_given_up(self) -> None:
        found = posted(DRIPPING, times=QUICK)
        assert (found.sent, found.status) == (True, None)
        assert "no complete answer within 0.6 s" in found.text

    def test_an_id_that_came_whole_is_not_lost_with_the_connection(self) -> None:
        found = posted(raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id": "video_7"}'))
        assert (found.sent, found.status, found.body) == (True, 200, {"id": "video_7"})

    def test_an_id_that_came_whole_is_not_lost_where_the_profile_says_where_it_is(self) -> None:
        answer = raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"result": {"id": "v7"}}')
        manner = Manner(replies={"id": "result.id"})
        found = run(lambda videos, _: videos.create(REQUEST, None), answer, manner=manner)
        assert (found.status, found.body["id"]) == (200, "v7")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>welcome</html>",
            b'{"id": "video_1"',
            b'{"id": "video_1", "progress": NaN}',
            b'{"id": "video_1", "id": "video_2"}',
            b"[" * 100_000,
            b'{"id": "video_1", "prompt": "' + b"x" * (1 << 20) + b'"}',
            b"9" * 10_000,
        ],
        ids=["empty", "html", "cut", "nan", "twice", "deep", "long", "huge number"],
    )
    def test_a_body_that_can_not_be_believed_is_no_body(self, body: bytes) -> None:
        found = posted(says(200, body, "Content-Type: application/json"))
        assert (found.sent, found.status, found.body) == (True, 200, None)

    def test_an_answer_that_is_compressed_unasked_is_read(self) -> None:
        found = posted(says(200, gzip.compress(json.dumps(JOB).encode()), "Content-Encoding: gzip"))
        assert found.body == JOB

    def test_a_compressed_bomb_is_not_unpacked(self) -> None:
        found = posted(says(200, gzip.compress(b" " * (64 << 20)), "Content-Encoding: gzip"))
        assert (found.status, found.body) == (200, None)

    def test_cancellation_goes_through(self) -> None:
        async def use(videos: HttpVideos, _: ScriptedServer) -> None:
            task = asyncio.create_task(videos.create(REQUEST, None))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        run(use, raw(b"", "hang"))


class TestJob:
    """`retrieve`: a job's state, or the error that says why not."""

    def test_a_job_is_read_and_keeps_the_id_that_was_asked_for(self) -> None:
        body = {**JOB, "id": "another", "status": "in_progress", "progress": "50%", "seconds": 8}
        found = polled(says(200, body, "openai-poll-after-ms: 2500"))
        assert (found.job.id, found.job.status, found.job.progress) == ("video_1", "in_progress", 50)
        assert (found.job.seconds, found.again_after) == ("8", 2.5)

    @pytest.mark.parametrize(
        ("job", "target"),
        [
            ("video_1", "/v1/videos/video_1"),
            ("sora-2:task_9", "/v1/videos/sora-2%3Atask_9"),
            ("../x", "/v1/videos/..%2Fx"),
            ("a/b?c#d", "/v1/videos/a%2Fb%3Fc%23d"),
            ("%2e%2e", "/v1/videos/%252e%252e"),
            ("bGl0ZWxsbQ==", "/v1/videos/bGl0ZWxsbQ%3D%3D"),
            ("视频 1", "/v1/videos/%E8%A7%86%E9%A2%91%201"),
        ],
    )
    def test_an_id_is_one_step_of_the_path_whatever_it_is(self, job: str, target: str) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.retrieve(JobId(job))
            await videos.content(JobId(job), Part(), None)
            assert [heard.target for heard in server.heard] == [target, f"{target}/content"]

        run(use, says(200, JOB), says(200, CLIP))

    @pytest.mark.parametrize("job", ["", ".", "..", "a\nb"])
    def test_what_is_no_id_is_not_asked_for(self, job: str) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            with pytest.raises(Missing):
                await videos.retrieve(JobId(job))
            with pytest.raises(Missing):
                await videos.content(JobId(job), Part(), None)
            assert server.heard == []

        run(use, says(200, JOB))

    def test_cancelled_polls_leave_the_client_whole(self) -> None:
        async def use(videos: HttpVideos, _: ScriptedServer) -> None:
            for number in range(50):
                task = asyncio.create_task(videos.retrieve(JobId("video_1")))
                for _ in range(number):  # so that it is cancelled at every stage
                    await asyncio.sleep(0)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            assert (await videos.retrieve(JobId("video_1"))).job.status == "queued"

        run(use, says(200, JOB))

    def test_polls_share_a_connection(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            for _ in range(3):
                await videos.retrieve(JobId("video_1"))
            assert {heard.connection for heard in server.heard} == {0}

        run(use, says(200, JOB))

    @pytest.mark.parametrize("status", [404, 422, 500])
    def test_a_job_in_an_error_reply_is_the_jobs_state(self, status: int) -> None:
        body = {"id": "video_1", "status": "failed", "error": {"code": 500, "message": "out of memory"}}
        found = polled(says(status, body))
        assert (found.job.status, found.job.error_code, found.job.error_message) == ("failed", "500", "out of memory")

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (says(404, {"error": {"message": "Video with id 'video_1' not found."}}), Missing),
            (says(410, b"gone"), Missing),
            (says(400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}), Missing),
            (says(404, {"error": {"message": "Invalid URL (GET /v1/videos/video_1)"}}), NoRoute),
            (says(405, {"detail": "Method Not Allowed"}), NoRoute),
            (says(501, b""), NoRoute),
            (says(401, b""), Refused),
            (says(402, b""), Refused),
            (says(403, b""), Refused),
            (says(429, b"", "Retry-After: 3"), TooMany),
            (says(408, b""), Troubled),
            (says(409, b""), Troubled),
            (says(425, b""), Troubled),
            (says(500, b"oops"), Troubled),
            (says(503, b"", "Retry-After: 9"), Troubled),
            (says(302, b"", "Location: https://elsewhere.invalid/"), Troubled),
            (says(200, b"<html>"), Troubled),
            (says(200, {}), Troubled),
            (says(200, [1]), Troubled),
            (says(200, {"error": {"message": "try later"}}), Troubled),
            (raw(b"", "reset"), Unreachable),
            (raw(b"", "close"), Unreachable),
            (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "close"), Unreachable),
        ],
    )
    def test_every_bad_answer_has_its_error(self, answer: Answer, error: type[ReplyError]) -> None:
        with pytest.raises(error) as caught:
            polled(answer)
        assert type(caught.value) is error

    @pytest.mark.parametrize("answer", [SILENCE, DRIPPING], ids=["silence", "drips"])
    def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(self, answer: Answer) -> None:
        with pytest.raises(Unreachable):
            polled(answer, QUICK)

    def test_the_wait_that_a_server_asks_for_goes_along(self) -> None:
        with pytest.raises(Troubled) as caught:
            polled(says(503, b"", "Retry-After: 9"))
        assert (caught.value.status, caught.value.retry_after) == (503, 9.0)

    def test_no_server_is_unreachable(self) -> None:
        async def go() -> None:
            videos = HttpVideos(f"http://127.0.0.1:{free_port()}/v1", KEY, times=CALM)
            try:
                await videos.retrieve(JobId("video_1"))
            finally:
                await videos.close()

        with pytest.raises(Unreachable):
            asyncio.run(go())


class TestList:
    """`list`: pages of jobs."""

    def test_a_page_is_asked_for_newest_first_with_its_cursor(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            first = await videos.list(None)
            second = await videos.list(first.after)
            assert [heard.target for heard in server.heard] == [
                "/v1/videos?limit=100&order=desc",
                "/v1/videos?limit=100&order=desc&after=a%2Fb",
            ]
            assert [job.id for job in first.jobs] == ["x", "a/b"]
            assert (second.jobs, second.after) == ((), None)

        page = {"object": "list", "data": [{"id": "x", "status": "queued"}, {"id": "a/b"}], "has_more": True}
        end = {"object": "list", "data": [], "has_more": False}
        run(use, says(200, page), says(200, end))

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (says(404, b""), NoRoute),
            (says(405, b""), NoRoute),
            (says(501, b""), NoRoute),
            (says(400, {"detail": "custom_llm_provider is required"}), NoRoute),
            (says(403, b""), Refused),
            (says(500, b""), Troubled),
            (says(200, b"<html>"), NotAServer),
            (says(200, {"object": "video", "id": "x"}), Troubled),
            (says(200, {"data": {"x": 1}}), Troubled),
        ],
    )
    def test_a_list_that_is_none_has_its_error(self, answer: Answer, error: type[ReplyError]) -> None:
        with pytest.raises(error) as caught:
            run(lambda videos, _: videos.list(None), answer)
        assert type(caught.value) is error

    def test_a_long_page_is_read(self) -> None:
        page = {"data": [{"id": f"v{number}", "prompt": "猫" * 32_000} for number in range(20)], "has_more": False}
        found = run(lambda videos, _: videos.list(None), says(200, page))
        assert len(found.jobs) == 20


class TestTime:
    """The server's clock, as its replies tell it."""

    DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT"

    @pytest.mark.parametrize("call", ["create", "retrieve", "list", "content"])
    @pytest.mark.parametrize("status", [200, 429, 500])
    def test_every_reply_tells_it(self, call: str, status: int) -> None:
        async def use(videos: HttpVideos, _: ScriptedServer) -> None:
            assert videos.told_time is None
            with contextlib.suppress(ReplyError):
                await asked(videos, call)
            assert videos.told_time is not None
            assert videos.told_time.server == 784111777.0

        run(use, says(status, JOB, self.DATE))

    def test_a_reply_without_a_date_tells_nothing_new(self) -> None:
        async def use(videos: HttpVideos, _: ScriptedServer) -> None:
            await videos.retrieve(JobId("video_1"))
            told = videos.told_time
            await videos.retrieve(JobId("video_1"))
            assert told is not None
            assert videos.told_time is told

        run(use, says(200, JOB, self.DATE), says(200, JOB, "Date: yesterday"))


class TestContent:
    """`content`: a clip's bytes, untouched, or the error that says why not."""

    def test_a_clip_comes_whole_and_as_it_is(self) -> None:
        answer = says(200, CLIP, "Content-Type: video/mp4", 'ETag: "abc"')
        content, part = fetched(answer)
        assert part.data == CLIP
        assert part.heads == [Begun(start=0, length=len(CLIP), etag='"abc"')]
        assert content == Content(media_type="video/mp4", length=len(CLIP), etag='"abc"', start=0)

    def test_the_mp4_is_asked_for_without_variant_and_uncompressed(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.content(JobId("video_1"), Part(), None)
            (heard,) = server.heard
            assert heard.target == "/v1/videos/video_1/content"
            assert heard.headers["accept-encoding"] == "identity"

        run(use, says(200, CLIP))

    def test_a_weak_validator_is_none(self) -> None:
        _, part = fetched(says(200, CLIP, 'ETag: W/"abc"'))
        assert part.heads[0].etag is None

    def test_a_clip_without_a_length_ends_with_the_connection(self) -> None:
        content, part = fetched(says(200, CLIP, "Content-Type: video/mp4", length=False))
        assert (part.data, content.length) == (CLIP, None)

    def test_a_part_goes_on_where_it_ended(self) -> None:
        part = Part()
        part.data = CLIP[:1000]

        async def use(videos: HttpVideos, server: ScriptedServer) -> Content:
            content = await videos.content(JobId("video_1"), part, Resume(offset=1000, etag='"abc"'))
            assert server.heard[0].headers["range"] == "bytes=1000-"
            assert server.heard[0].headers["if-range"] == '"abc"'
            return content

        total = len(CLIP)
        content = run(use, says(206, CLIP[1000:], f"Content-Range: bytes 1000-{total - 1}/{total}"))
        assert part.data == CLIP
        assert content == Content(media_type="", length=total, etag='"abc"', start=1000)

    @pytest.mark.parametrize(
        "first",
        [
            says(416, b"", "Content-Range: bytes */51200"),
            says(206, CLIP[1000:], "Content-Range: bytes 999-51199/51200"),
            says(206, CLIP[1000:2000], "Content-Range: bytes 1000-1999/51200"),
            says(206, CLIP[1000:], "Content-Range: bytes 1000-51199/*"),
            says(206, CLIP[1000:], 'ETag: "other"', "Content-Range: bytes 1000-51199/51200"),
            says(206, CLIP[1000:]),
        ],
        ids=["416", "another start", "not to the end", "no total", "another file", "no range"],
    )
    def test_a_part_that_does_not_fit_is_asked_for_whole(self, first: Answer) -> None:
        part = Part()
        part.data = CLIP[:1000]
        content, _ = fetched(first, says(200, CLIP), resume=Resume(offset=1000, etag='"abc"'), part=part)
        assert (part.data, content.start, len(part.heads)) == (CLIP, 0, 1)

    def test_a_whole_file_in_answer_to_a_part_starts_over(self) -> None:
        part = Part()
        part.data = b"old"
        content, _ = fetched(says(200, CLIP), resume=Resume(offset=3, etag='"abc"'), part=part)
        assert (part.data, content.start) == (CLIP, 0)

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            pytest.param(says(200, {"file": "x.mp4"}), NotVideo, id="json"),
            pytest.param(says(200, b"<html>", "Content-Type: text/html; charset=utf-8"), NotVideo, id="html"),
            pytest.param(says(200, b"hello", "Content-Type: text/plain"), NotVideo, id="text"),
            pytest.param(says(200, b"<Error/>", "Content-Type: application/xml"), NotVideo, id="xml"),
            pytest.param(says(200, b"RIFF", "Content-Type: image/webp"), NotVideo, id="picture"),
            pytest.param(says(200, gzip.compress(CLIP), "Content-Encoding: gzip"), NotVideo, id="compressed"),
            pytest.param(says(200, b""), NotVideo, id="empty"),
            pytest.param(says(200, b"", length=False), NotVideo, id="empty, without length"),
            pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), Cut, id="short"),
            pytest.param(
                raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"), Cut, id="cut chunks"
            ),
            pytest.param(
                raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "reset"), Unreachable, id="reset midway"
            ),
            pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000000\r\n\r\nx"), NotVideo, id="too large"),
            pytest.param(says(206, CLIP, "Content-Range: bytes 0-51199/51200"), NotVideo, id="a part unasked"),
            pytest.param(says(204, b""), NotVideo, id="no content"),
            pytest.param(says(202, {"status": "in_progress"}), NotReady, id="accepted"),
            pytest.param(says(200, {"id": "v", "status": "processing", "url": ""}), NotReady, id="json of a job"),
            pytest.param(says(200, {"message": "video is not ready"}), NotReady, id="json, not ready"),
            pytest.param(
                says(404, {"error": {"message": "Video is not ready yet, use GET /v1/videos/{video_id}"}}),
                NotReady,
                id="404, not ready",
            ),
            pytest.param(says(404, {"detail": "Generation is still in-progress"}), NotReady, id="404, in progress"),
            pytest.param(
                says(400, {"error": {"message": "Task is not completed yet, current status: IN_PROGRESS"}}),
                NotReady,
                id="400, not completed",
            ),
            pytest.param(says(404, {"error": {"message": "Task not found"}}), Missing, id="404"),
            pytest.param(says(410, b""), Missing, id="410"),
            pytest.param(says(403, {"message": "not ready"}), Refused, id="403"),
            pytest.param(says(429, b""), TooMany, id="429"),
            pytest.param(says(502, {"error": {"message": "Failed to fetch video content"}}), Troubled, id="502"),
            pytest.param(says(416, b""), Troubled, id="416 unasked"),
            pytest.param(raw(b"", "close"), Unreachable, id="closed"),
        ],
    )
    def test_what_is_no_clip_has_its_error(self, answer: Answer, error: type[ReplyError]) -> None:
        with pytest.raises(error) as caught:
            fetched(answer)
        assert type(caught.value) is error

    @pytest.mark.parametrize(
        "answer",
        [SILENCE, DRIPPING, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "hang")],
        ids=["silence", "drips", "silence midway"],
    )
    def test_a_clip_that_does_not_come_is_not_waited_for_for_ever(self, answer: Answer) -> None:
        with pytest.raises(Unreachable):
            fetched(answer, times=QUICK)

    def test_what_the_sink_raises_goes_through_untouched(self) -> None:
        full = OSError(28, "No space left on device")

        class Full(Part):
            def take(self, data: bytes) -> None:
                raise full

        with pytest.raises(OSError) as caught:
            fetched(says(200, CLIP), part=Full())
        assert caught.value is full

    def test_a_redirect_within_the_origin_takes_the_bearer_along(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            part = Part()
            await videos.content(JobId("video_1"), part, None)
            assert part.data == CLIP
            assert [heard.target for heard in server.heard] == ["/v1/videos/video_1/content", "/files/1.mp4?sig=s"]
            assert server.heard[1].headers["authorization"] == f"Bearer {KEY}"

        run(use, says(302, b"", "Location: /files/1.mp4?sig=s"), says(200, CLIP))

    def test_a_redirect_to_another_origin_leaves_the_bearer_at_home(self) -> None:
        async def go() -> None:
            async with scripted(says(200, CLIP)) as store:
                away = f"Location: http://user:pass@127.0.0.1:{store.port}/1.mp4"
                async with scripted(says(307, b"", away)) as server:
                    videos, part = HttpVideos(server.base_url, KEY, times=CALM), Part()
                    await videos.content(JobId("video_1"), part, None)
                    await videos.close()
                    assert part.data == CLIP
                    assert "authorization" in server.heard[0].headers
                    assert "authorization" not in store.heard[0].headers

        asyncio.run(go())

    @pytest.mark.parametrize(
        "location",
        [
            "http://example.invalid/1.mp4",
            "file:///etc/passwd",
            "ftp://127.0.0.1/1.mp4",
            "gopher://127.0.0.1/",
            "http://169.254.169.254/latest",
        ],
    )
    def test_a_redirect_elsewhere_is_not_followed(self, location: str) -> None:
        with pytest.raises(Troubled, match="the clip is redirected to"):
            fetched(says(302, b"", f"Location: {location}"))

    def test_a_redirect_to_no_url_is_an_error_like_others(self) -> None:
        with pytest.raises(ReplyError, match=r"location|no URL"):  # the client notices it, or we do
            fetched(says(302, b"", "Location: http://[::1"))

    def test_a_circle_of_redirects_ends(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            with pytest.raises(Troubled, match="more than 5 times"):
                await videos.content(JobId("video_1"), Part(), None)
            assert len(server.heard) == 6

        run(use, says(302, b"", "Location: /again"))

    def test_a_connection_that_the_server_let_go_is_not_used_again(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.retrieve(JobId("video_1"))
            await asyncio.sleep(0.05)
            await videos.retrieve(JobId("video_1"))
            assert len(server.heard) == 2

        body = json.dumps(JOB).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        run(use, raw(head + body, "close"), says(200, JOB))


class TestManners:
    """How servers of this shape want to be spoken to."""

    @pytest.mark.parametrize(
        ("auth", "name", "value"),
        [
            (Auth.BEARER, "authorization", f"Bearer {KEY}"),
            (Auth.API_KEY, "api-key", KEY),
            (Auth.PLAIN, "authorization", KEY),
        ],
    )
    def test_the_key_is_shown_as_the_server_wants_it(self, auth: Auth, name: str, value: str) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.retrieve(JobId("video_1"))
            await videos.create(REQUEST, None)
            shown = [{each: heard.headers.get(each) for each in ("authorization", "api-key")} for heard in server.heard]
            assert shown == [{"authorization": None, "api-key": None, name: value}] * 2

        run(use, says(200, JOB), manner=Manner(auth=auth))

    def test_a_server_that_wants_no_key_is_shown_none(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.retrieve(JobId("video_1"))
            assert not {"authorization", "api-key"} & set(server.heard[0].headers)

        run(use, says(200, JOB), manner=Manner(auth=Auth.NONE))

    def test_a_server_that_understands_forms_only_gets_one(self) -> None:
        async def use(videos: HttpVideos, server: ScriptedServer) -> None:
            await videos.create(replace(REQUEST, extra={"seed": 7, "sound": True}), None)
            heard = server.heard[0]
            assert heard.headers["content-type"].startswith("multipart/form-data; boundary=")
            fields = re.findall(rb'name="(\w+)"\r\n\r\n([^\r]*)\r\n', heard.body)
            assert dict(fields) == {
                b"model": REQUEST.model.encode(), b"prompt": REQUEST.prompt.encode(), b"size": REQUEST.size.encode(),
                b"seconds": REQUEST.seconds.encode(), b"seed": b"7", b"sound": b"true",
            }  # fmt: skip

        run(use, says(200, JOB), manner=Manner(form=True))


class TestClipsThatLieElsewhere:
    """Servers that name an address in place of a clip's bytes."""

    @pytest.mark.parametrize(
        "words",
        [
            {"url": "ADDRESS"},
            {"status": "completed", "video_url": "ADDRESS"},
            {"metadata": {"url": "ADDRESS"}},
            {"outputs": {"video_url": "ADDRESS"}},
            {"unsigned_urls": ["ADDRESS"]},
        ],
    )
    def test_an_address_in_place_of_the_bytes_is_asked_without_the_key(self, words: dict[str, Any]) -> None:
        async def go() -> None:
            async with scripted(says(200, CLIP)) as store:
                named = json.dumps(words).replace("ADDRESS", f"http://127.0.0.1:{store.port}/1.mp4")
                async with scripted(says(200, json.loads(named))) as server:
                    videos, part = HttpVideos(server.base_url, KEY, times=CALM), Part()
                    await videos.content(JobId("video_1"), part, None)
                    await videos.close()
            assert part.data == CLIP
            assert "authorization" not in store.heard[0].headers

        asyncio.run(go())

    @pytest.mark.parametrize(
        "refusal",
        [
            says(
                400, {"detail": "Video has been uploaded to cloud storage. Please use the cloud URL: https://h/1.mp4"}
            ),
            says(404, {"error": {"message": "Invalid URL (GET /v1/videos/video_1/content)"}}),
            says(501, b""),
        ],
    )
    def test_where_there_is_no_content_route_the_job_tells_the_address(self, refusal: Answer) -> None:
        async def go() -> None:
            async with scripted(says(200, CLIP)) as store:
                job = {**JOB, "status": "completed", "url": f"http://127.0.0.1:{store.port}/1.mp4"}
                async with scripted(refusal, says(200, job)) as server:
                    videos, part = HttpVideos(server.base_url, KEY, times=CALM), Part()
                    await videos.content(JobId("video_1"), part, None)
                    await videos.close()
            assert part.data == CLIP

        asyncio.run(go())

    def test_an_address_that_leads_to_another_address_is_no_clip_and_is_not_told(self) -> None:
        async def go() -> None:
            async with scripted(SILENCE) as server:
                server.answers[:] = [says(200, {"url": f"{server.base_url}/1.mp4?signature=secret"})]
                videos = HttpVideos(server.base_url, KEY, times=CALM)
                with pytest.raises(NotVideo) as caught:
                    await videos.content(JobId("video_1"), Part(), None)
                await videos.close()
                assert "signature" not in str(caught.value)
                assert len(server.heard) == 2

        asyncio.run(go())

    def test_without_an_address_the_refusal_stands(self) -> None:
        async def go() -> None:
            async with scripted(says(404, {"error": {"message": "Task not found"}}), says(200, JOB)) as server:
                videos = HttpVideos(server.base_url, KEY, times=CALM)
                with pytest.raises(Missing, match="Task not found"):
                    await videos.content(JobId("video_1"), Part(), None)
                await videos.close()

        asyncio.run(go())

    @pytest.mark.parametrize(
        "address", ["http://example.invalid/1.mp4", "http://169.254.169.254/latest", "http://[::1"]
    )
    def test_an_address_that_no_redirect_may_have_is_not_asked(self, address: str) -> None:
        with pytest.raises(Troubled, match="the clip is redirected to"):
            fetched(says(200, {"url": address}))


class TestSurroundings:
    """What the environment says of proxies."""

    @pytest.fixture(autouse=True)
    def no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)

    def test_this_machine_is_reached_without_a_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
        assert posted(says(200, JOB)).status == 200

    def test_a_proxy_that_is_not_there_is_no_purchase(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
        assert not posted_to("https://api.example.invalid/v1").sent

    def test_a_proxy_that_was_asked_may_have_bought(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def go() -> Posted:
            async with scripted(raw(b"", "close")) as proxy:
                monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
                videos = HttpVideos("https://api.example.invalid/v1", KEY, times=CALM)
                found = await videos.create(REQUEST, None)
                await videos.close()
                assert "authorization" not in proxy.heard[0].headers
                return found

        assert asyncio.run(go()).sent

    @pytest.mark.parametrize(
        ("name", "value"),
        [("ALL_PROXY", "gopher://user:sk-secret@127.0.0.1:1"), ("SSL_CERT_FILE", "/no/such/file.pem")],
    )
    def test_surroundings_that_can_not_be_used_stop_the_run(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ServerUnreachable) as caught:
            HttpVideos("https://api.example.invalid/v1", KEY)
        assert name in caught.value.hint
        assert "sk-secret" not in caught.value.message


class TestKey:
    """The key goes to its origin, and nowhere else: no text, no repr, no log."""

    SPELLINGS = (KEY, base64.b64encode(KEY.encode()).decode(), "sk-canary-Zm9v%2F42%2Bx%3D%3D")

    @pytest.mark.parametrize("spelling", SPELLINGS)
    @pytest.mark.parametrize("call", ["create", "retrieve", "list", "content"])
    @pytest.mark.parametrize("status", [200, 401, 500])
    def test_a_server_that_repeats_the_key_is_not_quoted(self, spelling: str, call: str, status: int) -> None:
        text = f"Incorrect API key provided: {spelling}"
        answer = says(status, {"error": {"message": text, "code": spelling}}, f"X-Echo: {spelling}")
        assert spelling not in self._told(call, answer)

    @pytest.mark.parametrize("call", ["create", "retrieve", "list", "content"])
    def test_a_server_that_repeats_the_key_out_of_place_is_not_quoted(self, call: str) -> None:
        for answer in (
            raw(f"{KEY} {KEY}\r\n\r\n".encode()),
            raw(f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{KEY}".encode()),
            says(200, f"<p>{KEY}".encode(), "Content-Type: text/html"),
            says(302, b"", f"Location: ftp://{KEY}/"),
        ):
            assert KEY not in self._told(call, answer)

    def test_nothing_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        posted(says(200, JOB))
        fetched(says(302, b"", "Location: /files/1.mp4?signature=secret"), says(200, CLIP))
        assert [record for record in caplog.records if record.name.startswith("http")] == []

    @pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "sk-é", "sk-\r1", "\tsk", "sk-\x00", ""])
    def test_a_key_that_can_not_stand_in_a_header_is_refused_unquoted(self, key: str) -> None:
        with pytest.raises(NoCredentials) as caught:
            HttpVideos("http://127.0.0.1:1/v1", key)
        assert not key or key not in str(caught.value)

    def test_a_key_in_the_base_url_is_refused_unquoted(self) -> None:
        with pytest.raises(WrongUsage) as caught:
            HttpVideos("https://user:sk-secret@host/v1", None)
        assert "sk-secret" not in str(caught.value) + caught.value.hint

    @staticmethod
    def _told(call: str, answer: Answer) -> str:
        """Everything that a caller can see of a call: result, exception, traceback and the client itself."""

        async def use(videos: HttpVideos, _: ScriptedServer) -> str:
            try:
                return f"{await asked(videos, call)!r} {videos!r}"
            except ReplyError as error:
                return f"{error!r} {error} {''.join(traceback.format_exception(error))} {videos!r}"

        return run(use, answer)
