"""Fetching: download a finished clip into a part, verify it, keep it, record it, and only then give it its name.

A failed download never buys anything; the job stays as it is and the next run fetches it.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

from runner.disk import Disk
from runner.errors import NoCredentials
from runner.events import Ending, Phase
from runner.execute.asking import unanswered
from runner.execute.mp4 import NotMp4, Probe, probe
from runner.execute.scene import Run
from runner.execute.watch import KEY_HINT, expire, past_retention
from runner.lock.facts import Attempt, Clip
from runner.plan.steps import Step
from runner.provider.replies import (
    Cut,
    Missing,
    NotReady,
    NotVideo,
    Refused,
    ReplyError,
    TooMany,
    Troubled,
    Unreachable,
)
from runner.provider.retry import repeat
from runner.provider.videos import Begun, Job, JobId, Resume, Videos

_PASSING: Final = (Unreachable, Troubled, TooMany, NotReady, NotVideo, Missing)
_ATTEMPTS: Final = 8
_MISSES: Final = 3  # times that the server does not have a clip whose time is over: it is believed
_ALIKE: Final = 3  # downloads that brought the same bytes: the server has no others
_ODD: Final = 1.0  # seconds by which a clip is plainly shorter or longer than what was asked for


class Part:
    """The sink of one download: bytes go to the part file, and what could resume it is remembered."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._path = path
        self._etag: str | None = None
        self.size = 0

    def begin(self, head: Begun) -> None:
        """The bytes that follow begin at `head.start`: at the part's end, or all anew."""
        if head.start != self.size:
            self.drop()
        self._etag = head.etag

    def take(self, data: bytes) -> None:
        """Write the next bytes. Raises OSError."""
        self._disk.write(self._path, data, at=self.size)
        self.size += len(data)

    def drop(self) -> None:
        """Begin anew. Raises OSError."""
        self._disk.remove(self._path)
        self.size = 0
        self._etag = None

    @property
    def resume(self) -> Resume | None:
        """How to go on with what is there, if the server gave a strong validator for it."""
        return Resume(offset=self.size, etag=self._etag) if self.size and self._etag else None


class Fetcher:
    """Brings one finished clip home."""

    def __init__(self, run: Run, videos: Videos, step: Step, attempt: Attempt, job: Job | None) -> None:
        self._run = run
        self._videos = videos
        self._step = step
        self._attempt = attempt
        self._job = job
        self._shelf = run.doors.shelf
        self._path = self._shelf.part(attempt.id)
        self._part = Part(run.doors.disk, self._path)
        self._failure = ""  # of the latest download
        self._misses = 0
        self._came: Counter[str] = Counter()  # by their sha256, clips that cannot be decoded

    async def work(self) -> None:
        """Download, verify, keep, record, rename; or tell why not."""
        self._run.moved(self._step, Phase.DOWNLOADING, job=self._attempt.job)
        self._part.drop()
        try:
            found = await self._within_grace()
        except ReplyError as error:
            self._not_fetched(error)
            return
        if found is None:
            failed = f" ({self._failure})" if self._failure else ""
            self._run.end(self._step, Ending.PENDING, f"its download was interrupted{failed}; the next run fetches it")
            return
        self._settle(found)

    async def _within_grace(self) -> Probe | None:
        """The download, which after an interrupt has only the grace left; None if that was too short."""
        task = asyncio.ensure_future(self._download())
        try:
            while not task.done() and not self._run.control.interrupted:
                await self._run.control.change(task=task)
            if not task.done():
                await asyncio.wait({task}, timeout=self._run.options.grace)
            return task.result() if task.done() else None
        finally:
            await _ended(task)

    async def _download(self) -> Probe:
        return await repeat(
            self._told_transfer,
            clock=self._run.doors.clock,
            passing=_PASSING,
            attempts=_ATTEMPTS,
            first=1.0,
            most=30.0,
        )

    async def _told_transfer(self) -> Probe:
        """A download that fails once is nothing to speak of; one that fails again is."""
        try:
            return await self._transfer()
        except ReplyError as error:
            if self._failure:
                shot = self._step.shot
                self._run.say(f"shot `{shot}`: its download fails ({unanswered(error)}); trying on", shot)
            self._failure = unanswered(error)
            raise

    async def _transfer(self) -> Probe:
        try:
            content = await self._videos.content(JobId(self._attempt.job or ""), self._part, self._part.resume)
            if content.length is not None and content.length != self._part.size:
                raise NotVideo(f"{self._part.size} bytes came of {content.length}")
            return await self._verified()
        except Missing as error:
            self._misses += 1
            if self._misses >= _MISSES and past_retention(self._run, self._attempt, self._expires_at):
                raise Expired(error.words, status=error.status) from None
            raise
        except Cut:
            raise  # the bytes so far are good: gateways cut long transfers, and the next one goes on from here
        except NotVideo:
            self._part.drop()
            raise

    async def _verified(self) -> Probe:
        disk = self._run.doors.disk
        try:
            found = probe(lambda offset, size: disk.read_at(self._path, offset, size), self._part.size)
        except NotMp4 as error:
            raise NotVideo(f"what came is no clip: {error}") from None
        if self._run.doors.trouble_in and not found.trouble:
            found = replace(found, trouble=await asyncio.to_thread(self._run.doors.trouble_in, self._path))
        if found.trouble and not (found.size and self._comes_alike()):
            raise NotVideo(f"what came is no whole clip: {found.trouble}")
        return found

    def _comes_alike(self) -> bool:
        """Whether the server has sent these very bytes again and again: they are what was paid for."""
        sha256 = self._run.doors.disk.digest(self._path)
        self._came[sha256] += 1
        return self._came[sha256] >= _ALIKE

    def _settle(self, found: Probe) -> None:
        """Keep, record, rename: in this order, so that a kill between any two loses nothing."""
        disk = self._run.doors.disk
        sha256 = disk.digest(self._path)
        self._shelf.keep(self._path, sha256)
        known = self._attempt.clip
        if known is None or known.sha256 != sha256:
            self._run.record_clip(self._attempt, self._clip(found, sha256))
        self._tell_oddities(found)
        if self._step.wanted is None:
            disk.remove(self._path)
            self._run.end(self._step, Ending.DONE, f"its clip is kept as {self._shelf.kept(sha256)}")
            return
        moved = self._shelf.put(self._path, self._step.shot, sha256, self._run.our_clips())
        if moved:
            self._run.say(f"what is not ours lay in the place of `{self._step.shot}`: it is now {moved}")
        self._run.end(
            self._step, Ending.DONE, clip=self._shelf.place(self._step.shot), cost=self._attempt.intent.price
        )  # fmt: skip

    def _clip(self, found: Probe, sha256: str) -> Clip:
        job = self._job
        return Clip(
            path=self._shelf.name_of(self._step.shot),
            sha256=sha256,
            bytes=self._part.size,
            size=found.size,
            seconds=found.seconds,
            audio=found.audio,
            at=self._run.moment(self._attempt),
            completed_at=None if job is None or job.completed_at is None else round(job.completed_at, 3),
            expires_at=self._expires_at,
        )

    @property
    def _expires_at(self) -> float | None:
        if self._job and self._job.expires_at is not None:
            return round(self._job.expires_at, 3)
        return self._attempt.clip.expires_at if self._attempt.clip else None

    def _tell_oddities(self, found: Probe) -> None:
        request, shot = self._attempt.intent.request, self._step.shot
        if found.trouble:
            kept = f"the server sent the same bytes {_ALIKE} times, and they are kept"
            self._run.say(f"shot `{shot}`: {found.trouble}; {kept}", shot)
        if found.size and found.size != request.size:
            self._run.say(f"shot `{shot}` came as {found.size}; {request.size} was asked for", shot)
        if found.seconds and abs(found.seconds - float(request.seconds)) >= _ODD:
            self._run.say(f"shot `{shot}` came with {found.seconds:.1f} s; {request.seconds} were asked for", shot)

    def _not_fetched(self, error: ReplyError) -> None:
        if isinstance(error, Expired):
            expire(self._run, self._step, self._attempt, self._job)
        elif isinstance(error, Missing):
            why = f"job {self._attempt.job} is bought, and the server does not have its clip ({unanswered(error)})"
            self._run.end(self._step, Ending.HELD, why, hint=self._later_or_never)
        elif isinstance(error, Refused) and self._run.is_of_this_account(self._attempt):
            self._run.control.halt(NoCredentials(f"the server refuses a download: {unanswered(error)}", hint=KEY_HINT))
            self._run.end(self._step, Ending.PENDING, "the server refuses its download; it stays bought")
        elif isinstance(error, Refused):
            self._run.end_of_another_account(self._step, self._attempt, "fetched", unanswered(error))
        else:
            why = f"bought, but its download failed ({unanswered(error)}); the next run fetches it"
            hint = self._later_or_never if isinstance(error, NotVideo) and not isinstance(error, Cut) else ""
            self._run.end(self._step, Ending.PENDING, why, hint=hint)

    @property
    def _later_or_never(self) -> str:
        return f"say the same again later; {self._run.give_up_hint(self._step, self._attempt)}"


async def _ended(task: asyncio.Task[Probe]) -> None:
    """See a task to its end, so that nothing of it runs on unseen."""
    if not task.done():
        task.cancel()
    await asyncio.wait({task})


class Expired(ReplyError):
    """The content is gone, and its time is over."""
