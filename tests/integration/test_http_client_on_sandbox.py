"""The HTTP client and the sandbox, each written from the same document, understand each other."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from runner.manifest.request import Request
from runner.provider.classify import classify
from runner.provider.http import HttpVideos
from runner.provider.outcome import Halted, Outcome, Rejected, Submitted, Unsent
from runner.provider.profiles import load
from runner.provider.replies import Missing, NotReady, Refused
from runner.provider.statuses import State, state_of
from runner.provider.videos import Begun, Image, Job, JobId, Resume
from runner.sandbox.embedded import embedded
from runner.sandbox.renderers import Clips
from runner.sandbox.rules import Pace, Rules

PROFILE = load("sandbox", beside=Path())
SHORT = Request(model="sora-2", prompt="a cat, 猫", size="1280x720", seconds="4")


class Part:
    def __init__(self) -> None:
        self.data = b""

    def begin(self, head: Begun) -> None:
        self.data = self.data[: head.start]

    def take(self, data: bytes) -> None:
        self.data += data


def run(
    use: Callable[[HttpVideos], Awaitable[Any]],
    *,
    rules: Rules | None = None,
    pace: Pace | None = None,
    key: str | None = "sk-sandbox",
) -> Any:
    async def go(base_url: str) -> Any:
        videos = HttpVideos(base_url, key)
        try:
            return await use(videos)
        finally:
            await videos.close()

    with embedded(rules, pace, clips=Clips.BLANK) as base_url:
        return asyncio.run(go(base_url))


async def bought(videos: HttpVideos, request: Request = SHORT, image: Image | None = None) -> Outcome:
    return classify(await videos.create(request, image), first=True, profile=PROFILE)


async def finished(videos: HttpVideos, outcome: Outcome) -> Job:
    assert isinstance(outcome, Submitted), outcome
    while state_of((job := (await videos.retrieve(outcome.job.id)).job).status) is not State.COMPLETED:
        assert state_of(job.status) in {State.QUEUED, State.IN_PROGRESS}
        await asyncio.sleep(0.01)
    return job


def png(width: int, height: int) -> Image:
    data = io.BytesIO()
    Picture.new("RGB", (width, height), "teal").save(data, "PNG")
    return Image(data=data.getvalue(), media_type="image/png", filename="cat.png")


@pytest.mark.parametrize("image", [None, png(1280, 720)], ids=["json", "multipart"])
def test_a_clip_is_bought_watched_listed_and_fetched(image: Image | None) -> None:
    async def use(videos: HttpVideos) -> None:
        job = await finished(videos, await bought(videos, SHORT, image))
        assert (job.model, job.prompt, job.size, job.seconds) == ("sora-2", "a cat, 猫", "1280x720", "4")
        assert job.expires_at is not None
        page = await videos.list(None)
        assert ([listed.id for listed in page.jobs], page.after) == ([job.id], None)
        assert videos.told_time is not None
        part = Part()
        content = await videos.content(job.id, part, None)
        assert (content.media_type, content.length) == ("video/mp4", len(part.data))
        assert part.data[4:8] == b"ftyp"

    run(use)


def test_a_part_of_a_clip_is_gone_on_with() -> None:
    async def use(videos: HttpVideos) -> None:
        job = await finished(videos, await bought(videos))
        whole, part = Part(), Part()
        etag = (await videos.content(job.id, whole, None)).etag
        assert etag is not None
        part.data = whole.data[:100]
        content = await videos.content(job.id, part, Resume(offset=100, etag=etag))
        assert (content.start, part.data == whole.data) == (100, True)

    run(use)


def test_the_rules_of_the_document_are_told_as_outcomes() -> None:
    async def use(videos: HttpVideos) -> None:
        wrong_size = await bought(videos, Request(model="sora-2", prompt="x", size="100x100", seconds="4"))
        assert isinstance(wrong_size, Rejected)
        assert "size" in wrong_size.why
        wrong_pixels = await bought(videos, SHORT, png(720, 1280))
        assert isinstance(wrong_pixels, Rejected)

    run(use)


def test_a_third_job_waits_for_a_slot() -> None:
    async def use(videos: HttpVideos) -> None:
        assert all([isinstance(await bought(videos), Submitted) for _ in range(2)])
        third = await bought(videos)
        assert isinstance(third, Unsent)
        assert third.slots_full

    run(use, pace=Pace(render_seconds=3600))


def test_a_clip_that_is_not_made_yet_is_not_ready() -> None:
    async def use(videos: HttpVideos) -> None:
        outcome = await bought(videos)
        assert isinstance(outcome, Submitted)
        with pytest.raises(NotReady):
            await videos.content(outcome.job.id, Part(), None)
        with pytest.raises(Missing):
            await videos.retrieve(JobId("video_unknown"))

    run(use, pace=Pace(render_seconds=3600))


def test_another_key_is_refused() -> None:
    async def use(videos: HttpVideos) -> None:
        assert isinstance(await bought(videos), Halted)
        with pytest.raises(Refused):
            await videos.list(None)

    run(use, rules=Rules(key="sk-another"))


def test_a_wrong_base_url_halts_at_the_first_purchase() -> None:
    async def go(base_url: str) -> Outcome:
        videos = HttpVideos(base_url.removesuffix("/v1"), "sk-sandbox")
        try:
            return await bought(videos)
        finally:
            await videos.close()

    with embedded(clips=Clips.BLANK) as base_url:
        assert base_url.endswith("/v1")
        assert isinstance(asyncio.run(go(base_url)), Halted)
