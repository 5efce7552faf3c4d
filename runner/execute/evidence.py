"""What the server's list proves about POSTs whose answer was lost, and about jobs that nobody remembers: pure.

A job of the list can be an attempt's only if no fact of any ledger has it. Equal requests are interchangeable.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runner.lock.facts import Acceptance, Attempt, State
from runner.manifest.request import Request
from runner.provider.statuses import State as JobState
from runner.provider.statuses import state_of
from runner.provider.videos import Job

POST_MAX: Final = 480.0  # seconds that a POST can be on its way at most; its deadline is below
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_COMING: Final = (State.SUBMITTED, State.DONE)
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
_Looks = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known besides the list: read after it, so that it explains everything the list can show."""

    everywhere: Sequence[Attempt]  # of the origin, all manifests and keys
    live: Collection[str]  # ids of attempts whose POST may be on its way now
    settle: float
    key: str = ""  # digest of the key that the list was asked for with


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """Listed jobs that no fact explains, by their words, and how many attempts of each look may yet become one."""

    jobs: Mapping[str, tuple[Job, ...]]
    waiting: Mapping[_Looks, int]


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
    if candidates and certain and interchangeable and _has_a_share(attempt, rivals, len(candidates), scene.key):
        return Found(job=min(candidates, key=lambda job: (job.created_at or 0, job.id)))
    return Unclear(jobs=tuple(suspects)) if suspects else Quiet()


def _has_a_share(attempt: Attempt, rivals: Sequence[Attempt], candidates: int, key: str) -> bool:
    """Whether one of so many jobs can be the attempt's: what was sent with the key that lists them goes first."""
    own = [each for each in rivals if _was_sent_with(each, key)]
    first = not own or _was_sent_with(attempt, key)
    return candidates <= len(rivals) and (first or candidates > len(own))


def _was_sent_with(attempt: Attempt, key: str) -> bool:
    return attempt.owner is not None and attempt.owner.key == key


def lacking(
    listing: Listing, everywhere: Iterable[Attempt], key: str, *, span: tuple[float, float]
) -> Acceptance | None:
    """A job that was bought with a key between two times, and that the list does not show."""
    listed = {job.id for job in listing.jobs}
    bought = (each for each in everywhere if each.state in _COMING and _was_sent_with(each, key))
    taken = (each.acceptance for each in bought if each.acceptance)
    return next((each for each in taken if span[0] <= each.at <= span[1] and listed.isdisjoint(each.jobs)), None)


def strangers(listing: Listing, everywhere: Iterable[Attempt]) -> Strangers:
    """What nobody remembers of a list. Jobs whose prompts it hides are no reason to hold everything."""
    known = tuple(everywhere)
    waiting = Counter(_looks(each.intent.request) for each in known if each.state is State.INTENT)
    jobs: dict[str, list[Job]] = {}
    for job in _unclaimed(listing.jobs, known):
        if _shows(job.prompt) and state_of(job.status) is not JobState.FAILED:
            jobs.setdefault(_bare(job.prompt or ""), []).append(job)
    return Strangers(jobs={words: tuple(alike) for words, alike in jobs.items()}, waiting=waiting)


def unexplained(request: Request, found: Strangers) -> tuple[Job, ...]:
    """Those of them that may be of a request, whatever the server calls its model, size and length."""
    jobs = tuple(job for job in found.jobs.get(_bare(request.prompt), ()) if may_be(job, request))
    return jobs if len(jobs) > found.waiting.get(_looks(request), 0) else ()


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
        _may_be_size(job.size, request.size)
        and _seconds(job.seconds) in (None, _seconds(request.seconds))
        and (not _shows(job.prompt) or _may_be_words(_bare(job.prompt or ""), _bare(request.prompt)))
    )


def _may_be_size(told: str | None, wanted: str) -> bool:
    """By the numbers in it, where both have two: it may be written `1280*720`, or called `720p`."""
    numbers, ours = (tuple(map(int, _NUMBER.findall(size or "")[:3])) for size in (told, wanted))
    return len(numbers) != 2 or len(ours) != 2 or numbers == ours


def _shows(prompt: str | None) -> bool:
    """Whether a list shows a prompt: nobody sends an empty one."""
    return bool(prompt and prompt.strip())


def _may_be_words(told: str, wanted: str) -> bool:
    """A list may cut a prompt."""
    begun = told.rstrip(".…")
    return told == wanted or (bool(begun) and wanted.startswith(begun))


def _unclaimed(jobs: Iterable[Job], everywhere: Iterable[Attempt]) -> list[Job]:
    known = {job for each in everywhere for job in each.jobs}
    return [job for job in jobs if job.id not in known]


def _in_window(created_at: float | None, attempt: Attempt, settle: float) -> bool:
    """Created between the intent and the end of its settling."""
    begin = attempt.intent.at
    return created_at is not None and begin - SLACK <= created_at <= begin + POST_MAX + settle + SLACK


def _alike(attempt: Attempt, request: Request) -> bool:
    return _looks(attempt.intent.request) == _looks(request)


def _looks(request: Request) -> _Looks:
    """What a list that normalises shows of a request."""
    return request.size, request.seconds, _bare(request.prompt)


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
