"""What the server's list proves about POSTs whose answer was lost, and about jobs that nobody remembers: pure.

A job of the list can be an attempt's only if no fact of any ledger has it. Equal requests are interchangeable.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runner.lock.facts import Attempt, State
from runner.manifest.request import Request
from runner.provider.statuses import State as JobState
from runner.provider.statuses import state_of
from runner.provider.videos import Job

POST_MAX: Final = 480.0  # seconds that a POST can be on its way at most; its deadline is below
SLACK: Final = 30.0  # seconds that clocks may differ beyond what the Date header told


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The server's list, read at one time."""

    jobs: tuple[Job, ...]
    whole: bool  # every page was read, and everything on it
    begun: float  # monotonic time before the first page
    endless: bool = False  # its pages did not come to an end


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """This job is the attempt's."""

    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """No job of the list can be the attempt's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """An equal POST is on its way in some process: its job could be taken for this one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Jobs of the list may be the attempt's, and the list cannot tell."""

    jobs: tuple[Job, ...]


Finding = Found | Quiet | Busy | Unclear
_Wish = tuple[str | None, str | None, float | None, str | None]
Strangers = Mapping[_Wish, tuple[Job, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known besides the list: read after it, so that it explains everything the list can show."""

    everywhere: Sequence[Attempt]  # of the origin, all manifests and keys
    live: Collection[str]  # ids of attempts whose POST may be on its way now
    settle: float


def finding(attempt: Attempt, listing: Listing, scene: Scene) -> Finding:
    """What the list says about one unconfirmed attempt."""
    request = attempt.intent.request
    if any(each.id in scene.live and each.id != attempt.id and _alike(each, request) for each in scene.everywhere):
        return Busy()
    mine = visible(attempt)
    alike = [each for each in scene.everywhere if visible(each) == mine]
    rivals = [each for each in alike if each.state is State.INTENT]
    suspects = [job for job in _unclaimed(listing.jobs, scene.everywhere) if may_be(job, request)]
    candidates = [
        job for job in suspects if job.created_at is None or _in_window(job.created_at, attempt, scene.settle)
    ]
    certain = all(same(job, request) and job.created_at is not None for job in candidates)
    given_up = [each for each in alike if each.state is State.ABANDONED]
    late = [each for each in given_up if any(_in_window(job.created_at, each, scene.settle) for job in candidates)]
    interchangeable = len({each.fingerprint for each in (attempt, *rivals, *late)}) == 1
    if candidates and certain and interchangeable and len(candidates) <= len(rivals):
        return Found(job=min(candidates, key=lambda job: (job.created_at or 0, job.id)))
    return Unclear(jobs=tuple(suspects)) if suspects else Quiet()


def strangers(listing: Listing, everywhere: Iterable[Attempt]) -> Strangers:
    """Listed jobs that no fact explains, nor any attempt that may yet become one, by what is seen of them."""
    known = tuple(everywhere)
    waiting = Counter(_wish(each.intent.request) for each in known if each.state is State.INTENT)
    found: dict[_Wish, list[Job]] = {}
    for job in _unclaimed(listing.jobs, known):
        if state_of(job.status) is not JobState.FAILED:
            wish = (job.model, job.size, _seconds(job.seconds), job.prompt)
            found.setdefault(wish, []).append(job)
    return {wish: tuple(jobs) for wish, jobs in found.items() if len(jobs) > waiting[wish]}


def unexplained(request: Request, found: Strangers) -> tuple[Job, ...]:
    """Those of them that are equal to a request."""
    return found.get(_wish(request), ())


def visible(attempt: Attempt) -> tuple[str, str, str, str]:
    """What a list shows of a request: references are not seen."""
    request = attempt.intent.request
    return request.model, request.size, request.seconds, request.prompt


def same(job: Job, request: Request) -> bool:
    """Whether a listed job shows exactly this request."""
    return (job.model, job.size, _seconds(job.seconds), job.prompt) == _wish(request)


def may_be(job: Job, request: Request) -> bool:
    """Whether a listed job could be of this request, seen through a server that hides or normalises what it got."""
    return (
        job.size in (None, "", request.size)
        and _seconds(job.seconds) in (None, _seconds(request.seconds))
        and (job.prompt is None or _bare(job.prompt) == _bare(request.prompt))
    )


def _unclaimed(jobs: Iterable[Job], everywhere: Iterable[Attempt]) -> list[Job]:
    known = {job for each in everywhere for job in each.jobs}
    return [job for job in jobs if job.id not in known]


def _in_window(created_at: float | None, attempt: Attempt, settle: float) -> bool:
    """Created between the intent and the end of its settling."""
    begin = attempt.intent.at
    return created_at is not None and begin - SLACK <= created_at <= begin + POST_MAX + settle + SLACK


def _alike(attempt: Attempt, request: Request) -> bool:
    mine = attempt.intent.request
    return mine.size == request.size and mine.seconds == request.seconds and _bare(mine.prompt) == _bare(request.prompt)


def _wish(request: Request) -> _Wish:
    """What a list shows of a request, as numbers where they are some."""
    return request.model, request.size, _seconds(request.seconds), request.prompt


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _bare(prompt: str) -> str:
    return "".join(prompt.split()).casefold()


def titles(jobs: Mapping[str, Job] | Iterable[Job]) -> str:
    """The ids of jobs, for a sentence."""
    ids = [job.id for job in (jobs.values() if isinstance(jobs, Mapping) else jobs)]
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return ", ".join(ids[:3]) + more
