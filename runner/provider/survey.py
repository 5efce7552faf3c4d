"""A survey of a server: two questions that buy nothing, and what their answers tell."""

from dataclasses import dataclass
from typing import Final

from runner.clock import Clock
from runner.provider.bodies import Reply
from runner.provider.likeness import likeness
from runner.provider.manner import Manner
from runner.provider.origin import origin_of
from runner.provider.pages import page_of
from runner.provider.parsing import job_of
from runner.provider.refusals import Call, refusal
from runner.provider.replies import NoRoute, Refused, ReplyError
from runner.provider.times import Times
from runner.provider.urls import Urls
from runner.provider.videos import JobId
from runner.provider.wire import LARGE, SMALL, Wire

_NOBODY: Final = JobId("video_shotlock_doctor_asks_for_no_job")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a server showed of itself."""

    latency: float  # seconds from a question to its answer, on a connection that stands
    skew: float | None  # seconds that its clock is ahead of ours; None: it tells no time
    refused: str  # why the key was refused; empty: it was not
    listed: int | None  # jobs on the first page of its list; None: there is no list
    no_list: str  # why
    unread: bool  # whether that page has items that are no jobs for us
    stranger: str  # what it says of a job that it cannot have; empty: it claims to have it
    profile: str  # that it looks like; empty: none
    because: str


async def survey(base_url: str, key: str | None, *, manner: Manner, clock: Clock, times: Times | None = None) -> Survey:
    """Ask a server for its list and for a job that it cannot have.

    Raises:
        Unreachable: there is no answer.
        WrongUsage, NoCredentials, ServerUnreachable: as `Wire` does.
    """
    origin = origin_of(base_url)
    urls = Urls(origin, manner)
    wire = Wire(origin, key, manner=manner, clock=clock, times=times or Times())
    try:
        page = await wire.get(urls.page(None), LARGE)
        begun = clock.monotonic()
        unknown = await wire.get(urls.job(_NOBODY), SMALL)
        ended, now = clock.monotonic(), clock.now()
    finally:
        await wire.close()
    told = wire.told_time
    refused = next((error.words for reply in (page, unknown) if isinstance(error := _error(reply), Refused)), "")
    listed, unread, no_list = _listed(page, manner, now)
    name, because = ("", "") if refused else likeness(unknown, page)
    return Survey(
        latency=ended - begun,
        skew=None if told is None else told.server + (ended - told.monotonic) - now,
        refused=refused,
        listed=listed,
        no_list=no_list,
        unread=unread,
        stranger=_stranger(unknown),
        profile=name,
        because=because,
    )


def _error(reply: Reply) -> ReplyError | None:
    return None if 200 <= reply.status < 300 else refusal(Call.JOB, reply, now=0.0)


def _listed(reply: Reply, manner: Manner, now: float) -> tuple[int | None, bool, str]:
    """How many jobs the first page has, whether there is more that is none for us, and why there is no list."""
    try:
        if not 200 <= reply.status < 300:
            raise refusal(Call.LIST, reply, now=now)
        page = page_of(manner.read(reply.body), after=None)
    except NoRoute as error:
        return None, False, f"there is none ({error.status}: {error.words})"
    except ReplyError as error:
        return None, False, error.words
    return len(page.jobs), page.unread, ""


def _stranger(reply: Reply) -> str:
    if 200 <= reply.status < 300 and job_of(reply.body) is not None:
        return ""
    return f"{reply.status}: {refusal(Call.JOB, reply, now=0.0).words}" if reply.status >= 300 else reply.text
