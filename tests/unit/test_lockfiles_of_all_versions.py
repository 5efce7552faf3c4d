"""Lockfiles and ledgers of every form that was ever written are read for ever, and fold to the same bytes.

The files in `examples/lockfiles` were written by the code of their time; `first` by the first code there was. Beside
each stands what must be read of it. Nothing of them is ever written anew: an upgrade must not forget a purchase.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runner.lock import lines
from runner.lock.facts import Attempt, join_all
from runner.lock.lines import HEADER
from runner.lock.lockfile import folded
from runner.lock.memory import Memory
from runner.lock.scan import scan
from tests.unit.factories import STATE, Machine, make_where

FOLDER = Path(__file__).parents[1] / "examples" / "lockfiles"
LOCKFILES = sorted(FOLDER.glob("*.lockfile"))
LEDGERS = sorted(FOLDER.glob("*.jsonl"))
CONFLICTS = [path for path in LOCKFILES if path.stem == "conflict"]
OPENED = [path for path in LOCKFILES if path not in CONFLICTS]


def told(attempt: Attempt) -> dict[str, Any]:
    """All that is known of an attempt, as plain data."""
    intent, clip, ruling, end = attempt.intent, attempt.clip, attempt.ruling, attempt.end
    request, reference, accepted = intent.request, intent.request.reference, attempt.acceptance
    fit = reference.fit if reference else None
    owner = attempt.owner
    return {
        "shot": intent.shot,
        "take": intent.take,
        "state": str(attempt.state),
        "request": [request.model, request.prompt, request.size, request.seconds, {**request.extra}],
        "reference": reference and [reference.sha256, fit and [fit.mode, [*fit.focus], fit.recipe]],
        "fingerprint": attempt.fingerprint,
        "bought": [intent.origin, intent.profile, intent.manifest, intent.at],
        "price": intent.price if intent.price is None else [f"{intent.price.normalize():f}", intent.currency],
        "ruling": ruling and [str(ruling.state), ruling.why, ruling.resubmit, ruling.at],
        "jobs": accepted and [[*accepted.jobs], accepted.at, accepted.created_at],
        "end": end and [str(end.state), end.code, end.message, end.at],
        "clip": clip and [clip.path, clip.sha256, clip.bytes, clip.size, clip.seconds, clip.audio],
        "clip times": clip and [clip.at, clip.completed_at, clip.expires_at],
        "claims": [[claim.number, claim.shot] for claim in attempt.claims],
        "owner": owner and [[*owner.paths], owner.key, owner.calibrated],
        "more": {**attempt.more},
    }


def facts_of(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.with_suffix(f"{path.suffix}.json").read_text(encoding="utf-8"))
    return facts


def golden_of(path: Path) -> bytes:
    """What a file is written as today: as it is, where nothing else stands beside it."""
    golden = path.with_suffix(f"{path.suffix}.folded")
    return (golden if golden.exists() else path).read_bytes()


def test_there_is_a_file_of_every_form() -> None:
    assert {path.name for path in [*LOCKFILES, *LEDGERS]} >= {
        "conflict.lockfile", "empty.lockfile", "first.jsonl", "first.lockfile", "folded.lockfile", "later.lockfile",
        "ledger.jsonl", "merged.lockfile", "tail.lockfile", "windows.lockfile",
    }  # fmt: skip


@pytest.mark.parametrize("path", [*LOCKFILES, *LEDGERS], ids=lambda path: path.name)
def test_the_facts_of_a_file_are_read(path: Path) -> None:
    reading = scan(path.read_bytes())
    assert (reading.torn, reading.newer) == (0, "")
    assert all(bad.marker for bad in reading.bad)
    assert bool(reading.bad) == (path in CONFLICTS)
    found = {id_: told(each) for id_, each in join_all(reading.records).items()}
    assert json.loads(json.dumps(found)) == facts_of(path)


@pytest.mark.parametrize("path", LOCKFILES, ids=lambda path: path.name)
def test_a_lockfile_folds_to_the_same_bytes_for_ever(path: Path) -> None:
    assert folded(join_all(scan(path.read_bytes()).records).values()) == golden_of(path)
    assert folded(join_all(scan(golden_of(path)).records).values()) == golden_of(path)


@pytest.mark.parametrize("path", OPENED, ids=lambda path: path.name)
def test_a_lockfile_is_opened_by_a_machine_that_knows_nothing(path: Path) -> None:
    machine = Machine()
    where = make_where()
    machine.put(where.lockfile, path.read_bytes())
    assert Memory.open(machine.disk(), where, ()).attempts.keys() == facts_of(path).keys()
    assert machine.disk().read(where.lockfile) == golden_of(path)


@pytest.mark.parametrize("path", LEDGERS, ids=lambda path: path.name)
def test_a_ledger_gives_back_what_its_manifest_bought(path: Path) -> None:
    machine = Machine()
    machine.put(STATE / path.name, path.read_bytes())
    where = make_where(folder=Path("/home/ann/films"))
    facts = facts_of(path)
    wanted = {each["fingerprint"] for each in facts.values()}
    back = {
        id_
        for id_, each in facts.items()
        if each["state"] not in ("unsent", "rejected") and "/home/ann/films/film.yaml" in each["owner"][0]
    }
    assert back
    assert Memory.open(machine.disk(), where, wanted).attempts.keys() == back


@pytest.mark.parametrize("path", LEDGERS, ids=lambda path: path.name)
def test_the_lines_of_a_ledger_are_written_as_they_were(path: Path) -> None:
    records = join_all(scan(path.read_bytes()).records).values()
    written = HEADER + b"".join(lines.write(each, crc=True, owner=True) for each in records)
    assert written == golden_of(path)


def test_prices_are_exact() -> None:
    prices = {each["price"][0] for each in facts_of(FOLDER / "folded.lockfile").values() if each["price"]}
    assert prices == {str(price) for price in (Decimal("0.8"), Decimal("1.25"), Decimal(0))}
