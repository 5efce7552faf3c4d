"""What became of a POST: evidence first, then the status. The one place that says whether buying again is safe."""

import re
from typing import Final

from runner.provider.outcome import Ambiguous, Halted, Outcome, Rejected, Submitted, Unsent
from runner.provider.parsing import ErrorWords, error_of, id_in, job_in_error, job_of
from runner.provider.profile import Profile
from runner.provider.retry_after import seconds_from
from runner.provider.statuses import is_moderation
from runner.provider.videos import Posted

_QUOTA_CODE: Final = re.compile(
    r"insufficient_(user_)?(quota|balance|credits?|funds)|credit_balance_exhausted|_(spend|usage)_limit"
    r"|billing|quota_(exceeded|exhausted)|payment_required|arrearage"
)
_QUOTA_WORDS: Final = re.compile(
    r"\bquota\b|\bbilling\b|\binsufficient[ _](account |user )?(balance|credits?|funds)\b|\bout of credits?\b"
    r"|额度不足|余额不足|预扣费额度失败|欠费"
)
_RATE_WORDS: Final = re.compile(r"rate.?limit|slow_down|per (second|minute|hour)|too many (running|requests)")
_SLOTS_WORDS: Final = re.compile(
    r"too many (running|concurrent|active|pending|in.progress) |concurren(t|cy)\b.*(limit|exceed|reach|maximum)"
    r"|(limit|exceed|maximum).*\bconcurren(t|cy)\b|running tasks"
)
_SLOTS_KIND: Final = "video_generation_user_error"  # of the 429 that speaks of running tasks and has no code
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")  # may be the prompt, which may speak of bills

_KEY_HINT: Final = "is `OPENAI_API_KEY` the key of this server? mend it and say the same again"
_QUOTA_HINT: Final = "the account may not buy now: top it up or raise its limit, then say the same again"
_URL_HINT: Final = "does the base URL belong to a videos server, and should it end in `/v1`?"
_MODEL_HINT: Final = "the server does not know the model: see `model` in the manifest and its profile"


def classify(posted: Posted, *, first: bool, profile: Profile) -> Outcome:
    """What became of a POST.

    Args:
        posted: everything known about it.
        first: whether it is the first of the run, so that a wrong base URL would show itself now.
        profile: lists answers that its server gives only before it admits a job.
    """
    if not posted.sent:
        return Unsent(why=posted.text or "nothing was sent", connected=False)
    if posted.status is None:
        return Ambiguous(why=posted.text or "no complete answer came")
    if 200 <= posted.status < 300:
        return _accepted(posted)
    if (job := job_in_error(posted.body)) is not None:
        return Submitted(job=job)
    return _refused(posted, posted.status, error_of(posted.body, posted.text), first=first, profile=profile)


def _accepted(posted: Posted) -> Outcome:
    job = job_of(posted.body)
    if job is not None:
        return Submitted(job=job)
    return Ambiguous(why=f"{posted.status} with no id that can be used: {posted.text}")


def _refused(posted: Posted, status: int, said: ErrorWords, *, first: bool, profile: Profile) -> Outcome:
    why = f"{status}: {said.message or said.code or 'no words'}"
    shown = status != 429 and is_moderation(said.code, "")  # then the words are about the shot, and may quote it
    slots_full = not shown and _speaks_of_slots(status, said)
    if not shown and not slots_full and _speaks_of_quota(status, said):
        return Halted(why=why, hint=_QUOTA_HINT, quota=True)
    if slots_full or _not_admitted(posted, status, said, profile):
        return Unsent(why=why, again_after=seconds_from(posted.headers), slots_full=slots_full)
    match status:
        case 401 | 403:
            return Halted(why=why, hint=_KEY_HINT)
        case 402:
            return Halted(why=why, hint=_QUOTA_HINT, quota=True)
        case 404 | 405 | 410 if first:
            return Halted(why=why, hint=_MODEL_HINT if "model" in said.code else _URL_HINT)
        case 400 | 404 | 405 | 410 | 411 | 413 | 414 | 415 | 422:
            return Rejected(code=said.code or said.kind or f"http_{status}", why=why)
        case 300 | 301 | 302 | 303 | 307 | 308:
            return Ambiguous(why=f"{status}: the base URL redirects, and a purchase is never redirected")
        case _:
            return Ambiguous(why=why)


def _not_admitted(posted: Posted, status: int, said: ErrorWords, profile: Profile) -> bool:
    """429, or an answer that the profile vouches for; not where the body nevertheless has a job's id."""
    listed = any(
        answer.status == status and answer.code in {"", said.code, said.kind} for answer in profile.not_admitted
    )
    return (status == 429 or listed) and id_in(posted.body) is None


def _speaks_of_slots(status: int, said: ErrorWords) -> bool:
    if status == 429 and said.kind == _SLOTS_KIND:
        return True
    return status in {400, 403, 429} and bool(_SLOTS_WORDS.search(f"{said.code} {said.message}".lower()))


def _speaks_of_quota(status: int, said: ErrorWords) -> bool:
    code = f"{said.code} {said.kind}".lower()
    if status not in {400, 402, 403, 429}:
        return False
    message = _QUOTED.sub("", said.message).lower()
    passing = status == 429 and _RATE_WORDS.search(f"{code} {message}")
    return bool(_QUOTA_CODE.search(code) or (_QUOTA_WORDS.search(message) and not passing))
