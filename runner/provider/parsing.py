"""Reading what servers answer: jobs and error words, in every variety that was seen, and guessing nothing."""

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from runner.provider.addresses import address_in
from runner.provider.statuses import State, state_of
from runner.provider.videos import Job, JobId
from runner.provider.words import clean, hidden_within

_LONGEST_ID: Final = 512
_MOST_WHOLES: Final = 200_000  # objects and lists of a reply
_MOST_PARTS: Final = 300_000
_MILLISECONDS: Final = 1e11  # a greater number of seconds lies beyond the year 5000
LATEST: Final = 7_258_118_400.0  # seconds: what lies beyond the year 2200 is no time, but an error


class NotJson(ValueError):
    """The bytes are no JSON, or JSON of a kind that cannot be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorWords:
    """What a server says went wrong, whatever the shape of its error object; absent parts are empty."""

    code: str = ""
    kind: str = ""  # the error object's `type`
    message: str = ""  # cleaned, at most 300 characters


def json_of(data: bytes, *, secrets: tuple[str, ...] = ()) -> Any:
    """The JSON value in `data`, with our secrets taken out.

    Raises:
        NotJson: no JSON, NaN or infinity, a name twice in one object, or nested too deeply.
    """
    if data.count(b"{") + data.count(b"[") > _MOST_WHOLES or data.count(b",") > _MOST_PARTS:
        raise NotJson("more parts than any reply has")  # a small text can stand for a large tree
    try:
        text = data.decode("utf-8-sig", errors="replace")
        tree = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
        return hidden_within(tree, secrets)
    except (ValueError, RecursionError):
        raise NotJson("no JSON that can be believed") from None


def usable_id(value: Any) -> JobId | None:
    """The id, if it can be asked for: text that a URL can carry, and no path step."""
    if not isinstance(value, str) or not value.strip() or value in {".", ".."} or len(value) > _LONGEST_ID:
        return None
    unfit = any(unicodedata.category(character) in {"Cc", "Cs"} for character in value)
    return None if unfit else JobId(value)


def id_in(body: Any) -> JobId | None:
    """The id of the job that a create reply describes."""
    job = _job_object(body)
    return usable_id(job.get("id")) or usable_id(job.get("task_id"))


def job_of(body: Any, *, id: JobId | None = None, described: bool = False) -> Job | None:  # noqa: A002
    """The job that a reply describes, None where it describes none.

    Args:
        body: parsed JSON.
        id: the one we asked for. It stays: gateways answer with another that leads nowhere.
        described: whether a profile has said where the status is.
    """
    fields = _job_object(body)
    found = id or id_in(body)
    plain = fields is body and not described
    if found is None or (id is not None and not _tells_of(fields, id, plain=plain)):
        return None
    said = _job_error(fields)
    return Job(
        id=found,
        status=clean(_text(fields.get("status")) or "", limit=60),
        progress=_percent(fields.get("progress")),
        model=_text(fields.get("model")),
        prompt=_text(fields.get("prompt")),
        size=_text(fields.get("size")),
        seconds=_seconds(fields.get("seconds", fields.get("duration"))),
        created_at=_first_time(fields, "created_at", "created"),
        completed_at=_first_time(fields, "completed_at", "finished_at"),
        expires_at=_first_time(fields, "expires_at"),
        address=address_in(fields),
        error_code=said.code or said.kind,
        error_message=said.message,
    )


def _tells_of(fields: Mapping[str, Any], id: JobId, *, plain: bool) -> bool:  # noqa: A002
    """Whether a reply tells how a job is. A plain one must name a job to say that it has ended: a gateway speaks of
    `error` and `success`, too, and means the question.
    """
    status = _text(fields.get("status"))
    if _is_video(fields) or not status:
        return _is_video(fields)
    named = fields.get("id") == id or usable_id(fields.get("task_id")) is not None
    return named or not plain or state_of(status) not in (State.COMPLETED, State.FAILED, State.EXPIRED)


def job_in_error(body: Any, id: JobId | None = None) -> Job | None:  # noqa: A002
    """The job that the body of a non-2xx reply describes: it says so, or has our id, and it has a status."""
    fields = body if isinstance(body, dict) else {}
    ours = id is not None and fields.get("id") == id
    told = _text(fields.get("status")) and (ours or _is_video(fields))
    return job_of(fields, id=id) if told else None


def error_of(body: Any, text: str = "") -> ErrorWords:
    """What a reply says went wrong: OpenAI's object, its plain and Azure's forms, new-api's, FastAPI's; else `text`."""
    found = body if isinstance(body, Mapping) else {}
    for name in ("error", "detail"):
        match found.get(name):
            case Mapping() as inner:
                return _words(inner)
            case str(message) if message:
                return ErrorWords(code=_code(found.get("code")), message=clean(message))
            case list(details) if details:
                return ErrorWords(message=clean("; ".join(map(_detail, details[:5]))))
    return _words(found) if _message(found) else ErrorWords(code=_code(found.get("code")), message=clean(text))


def _job_object(body: Any) -> Mapping[str, Any]:
    """The object that holds the job: some gateways wrap it as `{code, data: {...}}`."""
    if not isinstance(body, Mapping):
        return {}
    inner = body.get("data")
    if not isinstance(inner, Mapping) or _is_video(body):
        return body
    if _text(inner.get("status")):
        return inner  # an envelope's own status says how the question went
    return body if usable_id(body.get("id")) or _text(body.get("status")) else inner


def _is_video(fields: Mapping[str, Any]) -> bool:
    return fields.get("object") == "video"


def _job_error(fields: Mapping[str, Any]) -> ErrorWords:
    match fields.get("error"):
        case Mapping() as error:
            return _words(error)
        case str(message) if message:
            return ErrorWords(message=clean(message))
        case _:
            return ErrorWords(message=clean(_text(fields.get("fail_reason")) or ""))


def _words(error: Mapping[str, Any]) -> ErrorWords:
    kind = clean(_text(error.get("type")) or "", limit=100)
    return ErrorWords(code=_code(error.get("code")), kind=kind, message=clean(_message(error)))


def _message(error: Mapping[str, Any]) -> str:
    return _text(error.get("message")) or _text(error.get("msg")) or ""


def _detail(item: Any) -> str:
    return _message(item) if isinstance(item, Mapping) else str(item)[:300]


def _code(value: Any) -> str:
    return clean(str(value), limit=100) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> str | None:
    number = _number(value)
    if number is not None and number == int(number):
        return str(int(number))
    return _text(value)


def _percent(value: Any) -> int | None:
    number = _number(value.strip().removesuffix("%") if isinstance(value, str) else value)
    return round(number) if number is not None and 0 <= number <= 100 else None


def _first_time(fields: Mapping[str, Any], *names: str) -> float | None:
    return next((time for name in names if (time := _time(fields.get(name))) is not None), None)


def _time(value: Any) -> float | None:
    number = _number(value)
    if number is None:
        seconds = _iso_time(value) if isinstance(value, str) else None
    else:
        seconds = number / 1000 if number > _MILLISECONDS else number
    return seconds if seconds is not None and 0 < seconds < LATEST else None


def _iso_time(text: str) -> float | None:
    try:
        date = datetime.fromisoformat(text.strip())
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    plain = isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,30}(\.\d{1,30})?\s*", value)
    if isinstance(value, bool) or not (plain or isinstance(value, int | float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _refuse(word: str) -> float:
    raise ValueError(word)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
