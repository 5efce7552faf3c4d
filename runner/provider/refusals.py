"""Reading a reply that is no good answer: which of the errors in `replies` it is."""

import re
from enum import Enum, auto
from typing import Any, Final

from runner.provider.bodies import Reply
from runner.provider.parsing import ErrorWords, error_of, job_in_error
from runner.provider.replies import Missing, NoRoute, NotReady, NotVideo, Refused, ReplyError, TooMany, Troubled
from runner.provider.retry_after import seconds_from
from runner.provider.statuses import State, state_of

_NOT_READY: Final = re.compile(
    r"not (yet )?(been )?(ready|complete|finished|generated)|still (being |in.?progress|process|generat|running|queued)"
    r"|not yet available|in.?progress|尚未|未完成"
)
_PLAIN: Final = {401, 402, 403, 405, 429}  # statuses that mean the same whatever the words are
_NO_JOB: Final = re.compile(r"task_not_exist|not[ _](exist|found)|no such (video|task|job)")
_NO_ROUTE: Final = re.compile(r"invalid url \(|no (such )?route|route not found|unknown (path|route|endpoint)")


class Call(Enum):
    """What was asked for."""

    JOB = auto()
    LIST = auto()
    CONTENT = auto()


def refusal(call: Call, reply: Reply, *, now: float) -> ReplyError:
    """The error that a non-2xx reply to `call` means."""
    said = error_of(reply.body, reply.text)
    wait = seconds_from(reply.headers, now=now)
    words = said.message or said.code or "it says nothing more"
    early = call is Call.CONTENT and 400 <= reply.status < 500 and _is_early(reply.body, said)
    kind = NotReady if early and reply.status not in _PLAIN else _kind(call, reply.status, said)
    return kind(words, status=reply.status, retry_after=wait)


def not_a_clip(reply: Reply) -> ReplyError:
    """The error that a 2xx content reply in words means: the server may just be late."""
    said = error_of(reply.body, reply.text)
    words = f"words came instead of a clip: {said.message or reply.text or 'none'}"
    kind = NotReady if _is_early(reply.body, said) else NotVideo
    return kind(words, status=reply.status)


def _kind(call: Call, status: int, said: ErrorWords) -> type[ReplyError]:
    words = f"{said.code} {said.message}".lower()
    match status:
        case 401 | 402 | 403:
            return Refused
        case 429:
            return TooMany
        case 405 | 501:
            return NoRoute
        case 404 | 410:
            return NoRoute if call is Call.LIST or _NO_ROUTE.search(words) else Missing
        case 400 | 422 if call is Call.LIST:
            return NoRoute
        case 400 | 422 if _NO_JOB.search(words):
            return Missing
        case _:
            return Troubled


def _is_early(body: Any, said: ErrorWords) -> bool:
    status = body.get("status") if isinstance(body, dict) else None
    if isinstance(status, str) and status:
        return state_of(status) in {State.QUEUED, State.IN_PROGRESS}
    job = job_in_error(body)
    return job is None and bool(_NOT_READY.search(f"{said.code} {said.message}".lower()))
