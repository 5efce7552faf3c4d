"""A record as a tree of plain values, and back: the names and the order of what a line says."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from runner.lock.facts import (
    RANK,
    Acceptance,
    Attempt,
    AttemptId,
    Claim,
    Clip,
    End,
    Intent,
    Owner,
    Ruling,
    State,
)
from runner.lock.values import amount, digest, iso, plain, text, time, whole
from runner.manifest.request import Fit, ReferenceImage, Request

KNOWN: Final = frozenset(
    [
        "shot",
        "state",
        "price",
        "currency",
        "prompt",
        "job",
        "clip",
        "why",
        "error",
        "resubmit",
        "take",
        "request",
        "at",
        "origin",
        "profile",
        "manifest",
        "claims",
        "owner",
        "fingerprint",
        "attempt",
        "crc",
    ]
)


def tree_of(record: Attempt, *, owner: bool) -> dict[str, Any]:
    """A record as a tree, in reading order; `owner` for the ledger."""
    intent = record.intent
    tree: dict[str, Any] = {"shot": intent.shot, "state": str(record.state), "price": _number(intent.price)}
    if intent.currency:
        tree["currency"] = intent.currency
    tree["prompt"] = intent.request.prompt
    tree |= _facts(record)
    tree["take"] = intent.take
    tree["request"] = _request_tree(intent.request)
    tree["at"] = _times(record)
    tree |= {"origin": intent.origin, "profile": intent.profile, "manifest": intent.manifest}
    if record.claims:
        tree["claims"] = [[claim.number, claim.shot] for claim in record.claims]
    if owner and record.owner:
        made = record.owner
        tree["owner"] = {"paths": list(made.paths), "key": made.key, "calibrated": made.calibrated}
    tree |= record.more
    return tree | {"fingerprint": record.fingerprint, "attempt": record.id}


def _facts(record: Attempt) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    if record.acceptance:
        jobs = record.acceptance.jobs
        tree["job"] = jobs[0] if len(jobs) == 1 else list(jobs)
    if clip := record.clip:
        tree["clip"] = {
            "path": clip.path,
            "sha256": clip.sha256,
            "bytes": clip.bytes,
            "size": clip.size,
            "seconds": clip.seconds,
            "audio": clip.audio,
        }
    if ruling := record.ruling:
        tree["why"] = {"state": str(ruling.state), "text": ruling.why}
        if ruling.resubmit:
            tree["resubmit"] = True
    if end := record.end:
        tree["error"] = {"state": str(end.state), "code": end.code, "message": end.message}
    return tree


def _request_tree(request: Request) -> dict[str, Any]:
    tree: dict[str, Any] = {"model": request.model, "size": request.size, "seconds": request.seconds}
    if request.reference:
        tree["reference"] = request.reference.canonical()
    if request.extra:
        tree["extra"] = dict(request.extra)
    return tree


def _times(record: Attempt) -> dict[str, str]:
    clip, accepted = record.clip, record.acceptance
    times = {
        "intent": record.intent.at,
        "ruled": record.ruling.at if record.ruling else None,
        "submitted": accepted.at if accepted else None,
        "created": accepted.created_at if accepted else None,
        "ended": record.end.at if record.end else None,
        "completed": clip.completed_at if clip else None,
        "expires": clip.expires_at if clip else None,
        "done": clip.at if clip else None,
    }
    return {name: iso(at) for name, at in times.items() if at is not None}


def record_of(tree: Mapping[str, Any]) -> Attempt:
    """The record of a tree.

    Raises:
        KeyError, TypeError, ValueError, ArithmeticError, AttributeError: a part is missing or cannot be what it should.
    """
    at = {name: time(written) for name, written in tree["at"].items()}
    why, error, clip, job = tree.get("why"), tree.get("error"), tree.get("clip"), tree.get("job")
    owner = tree.get("owner")
    return Attempt(
        id=AttemptId(text(tree["attempt"])),
        intent=_intent(tree, at["intent"]),
        ruling=None if why is None else _ruling(why, at["ruled"], resubmit=tree.get("resubmit") is True),
        acceptance=None if job is None else _acceptance(job, at),
        end=None if error is None else _end(error, at["ended"]),
        clip=None if clip is None else _clip(clip, at),
        claims=tuple(sorted(Claim(number=whole(number), shot=text(shot)) for number, shot in tree.get("claims", ()))),
        owner=None if owner is None else _owner(owner),
        more={key: plain(value) for key, value in tree.items() if key not in KNOWN},
    )


def _owner(tree: Mapping[str, Any]) -> Owner:
    told = tree["paths"] if "paths" in tree else [tree["path"]]  # the first ledgers knew of one path only
    paths = tuple(sorted(text(path) for path in told))
    return Owner(paths=paths, key=text(tree["key"]), calibrated=tree["calibrated"] is True)


def _intent(tree: Mapping[str, Any], at: float) -> Intent:
    price = tree["price"]
    return Intent(
        shot=text(tree["shot"]),
        take=whole(tree["take"]),
        request=_request(tree),
        origin=text(tree["origin"]),
        profile=text(tree["profile"]),
        price=None if price is None else amount(price),
        currency=text(tree.get("currency", "")),
        manifest=text(tree["manifest"]),
        at=at,
    )


def _request(tree: Mapping[str, Any]) -> Request:
    request = tree["request"]
    words = text(request["model"]), text(tree["prompt"]), text(request["size"]), text(request["seconds"])
    reference, extra = request.get("reference"), plain(request.get("extra", {}))
    if reference is None and extra == {}:
        return _plain_request(*words)
    model, prompt, size, seconds = words
    image = None if reference is None else _reference(reference)
    return Request(model=model, prompt=prompt, size=size, seconds=seconds, reference=image, extra=extra)


@lru_cache(maxsize=1 << 14)
def _plain_request(model: str, prompt: str, size: str, seconds: str) -> Request:
    """A request as most are: the lines of one attempt share it, and its fingerprint is worked out once."""
    return Request(model=model, prompt=prompt, size=size, seconds=seconds)


def _reference(tree: Mapping[str, Any]) -> ReferenceImage:
    fit = tree.get("fit")
    if fit is None:
        return ReferenceImage(sha256=text(tree["sha256"]))
    across, down = fit["focus"]
    fitted = Fit(mode=text(fit["mode"]), focus=(float(across), float(down)), recipe=whole(fit["recipe"]))
    return ReferenceImage(sha256=text(tree["sha256"]), fit=fitted)


def _ruling(tree: Mapping[str, Any], at: float, *, resubmit: bool) -> Ruling:
    return Ruling(state=_state(tree, 1), why=text(tree["text"]), at=at, resubmit=resubmit)


def _end(tree: Mapping[str, Any], at: float) -> End:
    return End(state=_state(tree, 3), code=text(tree["code"]), message=text(tree["message"]), at=at)


def _state(tree: Mapping[str, Any], rank: int) -> State:
    state = State(tree["state"])
    if RANK[state] != rank:
        raise ValueError
    return state


def _acceptance(job: Any, at: Mapping[str, float]) -> Acceptance:
    jobs = (job,) if isinstance(job, str) else tuple(sorted(text(each) for each in job))
    if not jobs:
        raise ValueError
    return Acceptance(jobs=jobs, at=at["submitted"], created_at=at.get("created"))


def _clip(tree: Mapping[str, Any], at: Mapping[str, float]) -> Clip:
    return Clip(
        path=text(tree["path"]),
        sha256=digest(tree["sha256"]),
        bytes=whole(tree["bytes"]),
        size=text(tree["size"]),
        seconds=float(amount(tree["seconds"])),
        audio=bool(tree["audio"]),
        at=at["done"],
        completed_at=at.get("completed"),
        expires_at=at.get("expires"),
    )


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    number = float(value)  # first of all, since that is what comes back when the line is read
    return int(number) if number.is_integer() else number
