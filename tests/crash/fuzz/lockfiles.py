"""Lockfiles: their facts are believed, or their damage is told; and whatever is believed can be planned and shown."""

import json
import random
import zlib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from runner.disk import SystemDisk
from runner.errors import LockfileDamaged
from runner.lock import lines
from runner.lock.facts import Acceptance, Attempt, Claim, State, adds, join_all
from runner.lock.ledger import Ledger
from runner.lock.lockfile import believe, folded
from runner.lock.scan import scan
from runner.lock.seen import Seen
from runner.lock.store import Shelf
from runner.manifest.request import Fingerprint, fingerprint_of
from runner.plan import steps as planning
from runner.report.json_lines import json_text
from runner.report.plan_text import plan_json, plan_text
from runner.report.status_text import status_json, status_text
from tests.crash.fuzz.bench import Violation
from tests.crash.fuzz.mutation import bytes_changed, raw_json, tree_changed
from tests.unit.factories import (
    make_attempt,
    make_owner,
    make_profile,
    make_reference,
    make_request,
    make_shot,
    make_situation,
)

_SHOTS: Final = [make_shot("beach"), make_shot("alley", "a dog"), make_shot("pier", "a cat")]
_PROFILE: Final = make_profile()
_MOST_WORDS: Final = 2000


def case(rng: random.Random, folder: Path) -> str:
    """One lockfile."""
    data = _lockfile(rng)
    reading = scan(data)
    if reading.good + reading.torn != len(data):
        raise Violation("bytes of it are neither good nor torn")
    try:
        records = believe(reading, folder / "film.lock")
    except LockfileDamaged as damage:
        if len(damage.message.encode()) > _MOST_WORDS:
            raise Violation(f"{len(damage.message)} characters about its damage") from None
        records = reading.records
    attempts = join_all(records)
    if any(adds(record, attempts[record.id]) for record in records):
        raise Violation("joining the same facts once more told something new")
    _survives_folding(tuple(attempts.values()))
    _can_be_shown(tuple(attempts.values()), folder)
    return "whole" if not reading.bad and not reading.newer else "damaged"


def _survives_folding(attempts: tuple[Attempt, ...]) -> None:
    bytes_ = folded(attempts)
    again = scan(bytes_)
    if again.bad or again.torn or again.newer:
        raise Violation(f"what was folded cannot be read: {again.bad or again.newer}")
    if folded(again.records) != bytes_:
        raise Violation("folding twice is not folding once")
    kept = {job for record in again.records for job in record.jobs}
    if lost := {job for attempt in attempts for job in attempt.jobs} - kept:
        raise Violation(f"jobs were lost: {lost}")


def _can_be_shown(attempts: tuple[Attempt, ...], folder: Path) -> None:
    shelf = _shelf(folder)
    for attempt in attempts:
        paths = [shelf.place(attempt.intent.shot), shelf.part(attempt.id)]
        paths += [shelf.kept(attempt.clip.sha256)] if attempt.clip else []
        for path in paths:
            if path.parent not in (shelf.renders, shelf.hidden / "parts", shelf.store):
                raise Violation(f"{path} lies elsewhere")
        shelf.name_of(attempt.intent.shot)
    ledger = Ledger(SystemDisk(), folder)
    for attempt in attempts:
        if Path(name := ledger._name(attempt.intent.origin, "key")).name != name or len(name.encode()) > 250:
            raise Violation(f"a ledger would be called {name!r}")
    plan = planning.make(_SHOTS, make_situation(*attempts, profile=_PROFILE))
    if plan.spent < 0 or plan.spent.is_nan():
        raise Violation(f"{plan.spent} was spent")
    told = {"manifest": "film.yaml", "host": "videos.test", "profile": _PROFILE, "budget": Decimal(5)}
    text = plan_text(plan, **told) + status_text(plan, attempts, manifest="film.yaml", place_of=str)
    text += json_text(plan_json(plan, **told)) + json_text(
        status_json(plan, attempts, manifest="film.yaml", place_of=str)
    )
    text.encode("utf-8", "surrogateescape")
    if bad := [letter for letter in set(text) - {"\n"} if not letter.isprintable() and letter not in "\u3000\xa0"]:
        raise Violation(f"{bad} reach the screen")


@cache
def _shelf(folder: Path) -> Shelf:
    hidden = folder / ".shotlock"
    seen = Seen(SystemDisk(), hidden / "seen.json")
    return Shelf(
        disk=SystemDisk(),
        folder=folder,
        renders=folder / "renders/film",
        hidden=hidden,
        store=hidden / "store",
        seen=seen,
    )


def _lockfile(rng: random.Random) -> bytes:
    if rng.random() < 0.4:
        return bytes_changed(rng, rng.choice(_whole()), _whole())
    trees = [json.loads(line) for line in rng.choice(_whole()).splitlines()]
    at = rng.randrange(len(trees))
    trees[at] = tree_changed(rng, trees[at])
    return b"".join(_line(rng, tree) for tree in trees)


def _line(rng: random.Random, tree: Any) -> bytes:
    """A line as a stranger would make it, who knows the format: its digest is right, or its crc."""
    if isinstance(tree, dict) and rng.random() < 0.9:
        tree.pop("crc", None)
        tree["fingerprint"] = _fingerprint(tree) or tree.get("fingerprint")
        line = json.dumps(tree, ensure_ascii=rng.random() < 0.5, separators=(",", ":")).encode("utf-8", "surrogatepass")
        crc = b',"crc":"%08x"}' % zlib.crc32(line)
        return (line[:-1] + crc if rng.random() < 0.3 else line) + b"\n"
    return raw_json(rng, tree) + b"\n"


def _fingerprint(tree: dict[str, Any]) -> Fingerprint | None:
    request = tree.get("request")
    if not isinstance(request, dict):
        return None
    canonical = {
        "extra": request.get("extra", {}), "model": request.get("model"), "prompt": tree.get("prompt"),
        "reference": request.get("reference"), "seconds": request.get("seconds"), "size": request.get("size"),
    }  # fmt: skip
    try:
        return fingerprint_of(canonical)
    except (ValueError, OverflowError, RecursionError):
        return None


@cache
def _whole() -> tuple[bytes, ...]:
    attempts = [make_attempt(state, number, shot="beach") for number, state in enumerate(State, 1)]
    attempts += [
        make_attempt(State.SUBMITTED, 20, request=make_request("a dog", reference=make_reference("a", mode="cover"))),
        make_attempt(State.DONE, 21, claims=(Claim(number=1, shot="pier"),), more={"later": [1, {"x": 2.5}]}),
        make_attempt(State.DONE, 22, acceptance=Acceptance(jobs=("a", "b"), at=1_760_000_002.0), owner=make_owner()),
        make_attempt(State.INTENT, 23, request=make_request("a cat", extra={"style": "noir", "n": 1.5}), price=None),
    ]
    unfolded = lines.HEADER + b"".join(lines.write(each, crc=True, owner=True) for each in attempts)
    one = lines.HEADER + lines.write(attempts[-3], crc=False, owner=False)
    return folded(attempts), unfolded, one
