"""Replies of a server: what they mean is decided, and nothing of them can harm what is shown or written."""

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from runner.lock import lines
from runner.lock.facts import Acceptance, Clip, End, State
from runner.provider.bodies import Reply, reply_of
from runner.provider.classify import classify
from runner.provider.evidence import Evidence
from runner.provider.outcome import Submitted
from runner.provider.pages import page_of
from runner.provider.parsing import LATEST, job_in_error, job_of, usable_id
from runner.provider.refusals import Call, not_a_clip, refusal
from runner.provider.replies import ReplyError
from runner.provider.retry_after import LONGEST, poll_after, seconds_from
from runner.provider.transfer import begun
from runner.provider.videos import Job, JobId, Posted, Resume
from runner.provider.words import clean
from tests.canary import forms_in
from tests.crash.fuzz.bench import Violation
from tests.crash.fuzz.mutation import bytes_changed, raw_json, tree_changed
from tests.unit.factories import make_attempt, make_profile

KEY: Final = "sk-canary-5d81e2f7c390"
_PROFILE: Final = make_profile()
_LIMIT: Final = 1 << 20
_JOB: Final = {
    "id": "video_68f1", "object": "video", "status": "queued", "progress": 0, "model": "sora-2", "size": "1280x720",
    "seconds": "8", "prompt": "a cat", "created_at": 1760000000, "completed_at": None, "expires_at": 1760086400,
    "error": None,
}  # fmt: skip
_BODIES: Final[tuple[Any, ...]] = (
    _JOB,
    {**_JOB, "status": "failed", "error": {"code": "moderation_blocked", "message": "blocked"}},
    {"code": 200, "data": _JOB},
    {"object": "list", "data": [_JOB, {**_JOB, "id": "video_2"}], "has_more": True, "last_id": "video_2"},
    {"error": {"message": f"Incorrect API key provided: {KEY}", "type": "invalid_request_error", "code": "bad_key"}},
    {"error": {"message": "Too many running tasks", "type": "video_generation_user_error"}},
    {"detail": [{"loc": ["body", "size"], "msg": "no such size", "type": "value_error"}]},
    {"code": "task_not_exist", "message": f"key {KEY[::-1]}", "data": None},
    {"id": KEY, "status": KEY, "model": KEY, "error": f"see {KEY}"},
)
_HEADERS: Final = (
    "retry-after", "retry-after-ms", "openai-poll-after-ms", "date", "content-type", "content-length", "etag", "x",
    "content-range", "content-encoding", "location", "x-request-id",
)  # fmt: skip
_VALUES: Final = (
    "0", "5", "-1", "1e9", "NaN", "inf", "1" * 400, "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
    "Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "", "gzip", "br", "video/mp4", "text/html",
    "bytes 0-9/10", "bytes 5-9/10", "bytes 99999999999999999-9/1", '"strong"', 'W/"weak"', KEY, "\x1b[31mred",
    "x" * 5000,
    "file:///etc/passwd", "https://u:p@h/", "application/json",
)  # fmt: skip
_CODES: Final = (200, 201, 202, 204, 206, 301, 307, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 416, 422, 425,
                 429, 500, 501, 502, 503, 504, 524, 599, 999)  # fmt: skip


def case(rng: random.Random, _: Path) -> str:
    """One reply, taken for the answer to every question."""
    status, headers, data = rng.choice(_CODES), _headers(rng), _body(rng)
    posted = _posted(rng, status, headers, data)
    reply = reply_of(status, headers, data, limit=_LIMIT, secrets=(KEY,))
    said = [*_asked(rng, reply), posted.text, *posted.headers.values(), reply.text]
    outcome = classify(posted, first=rng.random() < 0.5, profile=_PROFILE)
    said += [word for word in (getattr(outcome, name, "") for name in ("why", "code", "hint")) if word]
    if isinstance(outcome, Submitted):
        if usable_id(outcome.job.id) is None:
            raise Violation(f"bought without an id: {outcome.job}")
        said += _recorded(outcome.job)
    for words in said:
        if len(words) > 2000 or not (words.isprintable() or clean(words) == words):
            raise Violation(f"it reaches the screen: {words[:300]!r}")
        if forms := _leaks(words):
            raise Violation(f"the key is {forms} in {words!r}")
    return type(outcome).__name__.lower()


def _posted(rng: random.Random, status: int, headers: dict[str, str], data: bytes) -> Posted:
    """The reply as that to a POST, whole or broken off."""
    evidence = Evidence(sent=rng.random() < 0.95)
    if rng.random() < 0.05:
        return evidence.broken(f"reset while {KEY} was sent", (KEY,))
    evidence.head(status, headers)
    for at in range(0, len(data), 65536):
        if not evidence.take(data[at : at + 65536]):
            break
    whole = rng.random() < 0.8
    return evidence.complete((KEY,)) if whole else evidence.broken("it ended", (KEY,))


def _asked(rng: random.Random, reply: Reply) -> list[str]:
    """What is said where the reply answers a question."""
    said = []
    for call in Call:
        error = refusal(call, reply, now=1.0)
        said.append(error.words)
        if error.retry_after is not None and not 0 <= error.retry_after <= LONGEST:
            raise Violation(f"it parks us for {error.retry_after} s")
    said.append(not_a_clip(reply).words)
    for wait in (seconds_from(reply.headers, now=1.0), poll_after(reply.headers, now=1.0)):
        if wait is not None and not 0 <= wait <= LONGEST:
            raise Violation(f"it parks us for {wait} s")
    for part in (None, Resume(offset=5, etag='"strong"')):
        try:
            head = begun(reply.status, reply.headers, part)
        except ReplyError as error:
            said.append(error.words)
            continue
        if head and part and head.start not in (0, part.offset):
            raise Violation(f"a part would begin at {head.start}")
    try:
        page = page_of(reply.body, after=rng.choice((None, "video_2")))
    except ReplyError as error:
        return [*said, error.words]
    jobs = [*page.jobs, job_of(reply.body, id=JobId("video_68f1")), job_in_error(reply.body)]
    return said + [word for job in jobs if job for word in _recorded(job)]


def _recorded(job: Job) -> list[str]:
    """A job goes into the lockfile with whatever it says, and comes out again."""
    for at in (job.created_at, job.completed_at, job.expires_at):
        if at is not None and not 0 < at < LATEST:
            raise Violation(f"{at} is no time")
    if job.progress is not None and not 0 <= job.progress <= 100:
        raise Violation(f"{job.progress} % is no progress")
    created = None if job.created_at is None else round(job.created_at, 3)
    attempt = make_attempt(
        State.DONE,
        acceptance=Acceptance(jobs=(job.id,), at=1_760_000_000.0, created_at=created),
        end=End(state=State.FAILED, code=job.error_code, message=job.error_message, at=1_760_000_001.0),
        clip=Clip(path="renders/film/beach.mp4", sha256="a" * 64, bytes=1, size="1x1", seconds=1.0, audio=False,
                  at=1_760_000_002.0, completed_at=_rounded(job.completed_at), expires_at=_rounded(job.expires_at)),
        price=Decimal("0.8"),
    )  # fmt: skip
    line = lines.write(attempt, crc=True, owner=False)
    if lines.read(line.rstrip(b"\n")) != attempt:
        raise Violation(f"it comes out of the lockfile as something else: {line!r}")
    if forms := _leaks(line):
        raise Violation(f"the key is {forms} in the lockfile: {line!r}")
    return [job.status, job.error_code, job.error_message]


def _leaks(words: str | bytes) -> list[str]:
    """The forms of the key in it; the ends of two damaged keys are none."""
    return [form for form in forms_in(words, KEY) if form != "split"]


def _rounded(at: float | None) -> float | None:
    return None if at is None else round(at, 3)


def _headers(rng: random.Random) -> dict[str, str]:
    return {rng.choice(_HEADERS): rng.choice(_VALUES) for _ in range(rng.randrange(5))}


def _body(rng: random.Random) -> bytes:
    body = rng.choice(_BODIES)
    match rng.randrange(8):
        case 0:
            return bytes_changed(rng, json.dumps(body).encode())
        case 1:
            return rng.choice((b"", b"<html><body>502</body></html>", b"\x1f\x8b\x08" + rng.randbytes(50), b"\0" * 99))
        case 2:
            return _hiding_the_key(rng, body)
        case _:
            return raw_json(rng, tree_changed(rng, body))


def _hiding_the_key(rng: random.Random, body: Any) -> bytes:
    """The key as a server may echo it that wants it to be written down."""
    way = rng.choice(
        (
            lambda: "".join(f"\\u{ord(letter):04x}" for letter in KEY),
            lambda: "\u200b".join(KEY),
            lambda: "\\u001b[0m".join(KEY),
            lambda: KEY[:9] + "\\u2066" + KEY[9:],
            lambda: "%" + "%".join(f"{ord(letter):02x}" for letter in KEY),
            lambda: f"{KEY[:8]}****{KEY[-8:]}",
            KEY.upper,
            lambda: " " * 8150 + KEY,
            lambda: "\\u0000" * 1400 + KEY,
        )
    )()
    text = json.dumps(tree_changed(rng, body), ensure_ascii=False)
    return text.replace('"', f'"{way}', rng.randrange(1, 9)).encode("utf-8", "surrogatepass")
