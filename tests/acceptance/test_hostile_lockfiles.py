"""A lockfile of somebody's branch: it cannot send the key away, spend money or pass the budget, and is told calmly."""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from runner.lock import lines
from runner.lock.facts import Attempt, Owner, State
from runner.lock.ledger import digest_of_key
from runner.lock.lockfile import folded
from runner.sandbox.faults import Do, Fault, On
from tests.acceptance.desk import KEY, Shop
from tests.acceptance.test_hostile_manifests import assert_bounded, assert_harmless
from tests.acceptance.warm import Measured, QuickDesk
from tests.unit.factories import make_attempt, make_clip, make_request

BEACH = make_request("A dog runs on the beach", seconds="4")
READING = ("plan", "status", "verify")


def written(desk: QuickDesk, *attempts: Attempt) -> None:
    (desk.folder / "film.lock").write_bytes(folded(attempts))


def changed(attempt: Attempt, change: Mapping[str, Any]) -> bytes:
    """A line of a lockfile with some of its values replaced, as whoever knows the format can write it."""
    tree = json.loads(lines.write(attempt, crc=False, owner=True))
    for path, value in change.items():
        *above, last = path.split(".")
        part = tree
        for step in above:
            part = part[step]
        part[last] = value
    return json.dumps(tree).encode() + b"\n"


@pytest.mark.parametrize("state", [State.INTENT, State.SUBMITTED, State.DONE])
@pytest.mark.parametrize("owned", [False, True])
def test_a_lockfile_that_names_a_strangers_server_does_not_get_the_key_sent_there(
    quick: QuickDesk, open_shop: Callable[..., Shop], state: State, owned: bool
) -> None:
    """Not even if it says that this very key had bought there: only this machine's ledger can say so."""
    trap, shop = open_shop(), open_shop()
    quick.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    mine = str(quick.folder / "film.yaml")
    owner = Owner(paths=(mine,), key=digest_of_key(KEY), calibrated=True) if owned else None
    fresh = {"clip": make_clip(expires_at=time.time() + 3600)} if state is State.DONE else {}
    attempt = make_attempt(state, request=BEACH, origin=trap.base_url, owner=owner, **fresh)
    (quick.folder / "film.lock").write_bytes(lines.HEADER + lines.write(attempt, crc=False, owner=owned))
    ended = quick.run("render", "film.yaml")
    assert ended.code == 1, ended.stderr
    assert "where this run may not go" in ended.stderr
    assert "if you know that server, set OPENAI_BASE_URL=" in ended.stderr
    assert trap.ledger["connections"] == 0
    assert shop.billed == 1, "the other shot is bought"
    again = quick.run("render", "film.yaml")
    assert (again.code, trap.ledger["connections"], shop.billed) == (1, 0, 1), "nor the next time"


def test_a_server_where_this_key_has_bought_is_asked_with_it(quick: QuickDesk, open_shop: Callable[..., Shop]) -> None:
    first, second = open_shop(), open_shop()
    quick.environ |= {"OPENAI_BASE_URL": first.base_url, "OPENAI_API_KEY": KEY}
    assert quick.run("render", "film.yaml", "--only", "beach").code == 0
    (quick.folder / "renders/film/beach.mp4").unlink()
    for path in (quick.folder / ".shotlock/store").iterdir():
        path.unlink()
    asked = first.ledger["connections"]
    assert quick.run("render", "film.yaml", "--only", "beach", OPENAI_BASE_URL=second.base_url).code == 0
    assert first.ledger["connections"] > asked
    assert (first.billed, second.billed) == (1, 0)


def test_the_same_server_with_another_key_is_not_asked_with_it(
    quick: QuickDesk, open_shop: Callable[..., Shop]
) -> None:
    first, second = open_shop(), open_shop()
    other = "sk-another-0123456789"
    quick.run("render", "film.yaml", "--only", "beach", OPENAI_BASE_URL=first.base_url, OPENAI_API_KEY=KEY)
    (quick.folder / "renders/film/beach.mp4").unlink()
    for path in (quick.folder / ".shotlock/store").iterdir():
        path.unlink()
    asked = first.ledger["connections"]
    ended = quick.run("render", "film.yaml", "--only", "beach", OPENAI_BASE_URL=second.base_url, OPENAI_API_KEY=other)
    assert (ended.code, first.ledger["connections"]) == (1, asked), ended.stderr


BAD: Mapping[str, Mapping[str, Any]] = {
    "a negative price": {"price": -1000},
    "an infinite price": {"price": float("inf")},
    "no price": {"price": float("nan")},
    "an absurd price": {"price": 10**300},
    "a price in words": {"price": "0.8"},
    "an absurd take": {"take": 10**300},
    "a take of a half": {"take": -1},
    "a digest that is a path": {"clip.sha256": "../../../../etc/passwd"},
    "a digest in capitals": {"clip.sha256": "A" * 64},
    "an absurd size": {"clip.bytes": 10**30},
    "a negative size": {"clip.bytes": -1},
    "a length without end": {"clip.seconds": float("inf")},
    "before the calendar": {"at.intent": "0001-01-01T00:00:00+23:59"},
    "after the calendar": {"at.done": "9999-12-31T23:59:59-23:59"},
    "no time": {"at.intent": "yesterday"},
    "deep": {"later": json.loads("[" * 900 + "]" * 900)},
    "an absurd number of a later version": {"later": float("-inf")},
    "a claim without end": {"claims": [[10**400, "beach"]]},
    "another prompt": {"prompt": "A dog runs on the beach!"},
    "half a character": {"profile": "\ud83d"},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_a_value_that_nobody_could_have_recorded_is_damage(
    quick: QuickDesk, shop: Shop, change: Mapping[str, Any]
) -> None:
    line = changed(make_attempt(State.DONE, request=BEACH, claims=()), change)
    (quick.folder / "film.lock").write_bytes(lines.HEADER + line + lines.HEADER)
    refused = quick.run("render", "film.yaml")
    assert (refused.code, "film.lock:2: " in refused.stderr, "lock fold" in refused.stderr) == (4, True, True)
    assert shop.ledger["connections"] == 0
    assert_bounded(refused)
    assert quick.run("lock", "fold", "film.lock").code == 0
    assert quick.lock() == lines.HEADER
    looked = quick.run("status", "film.yaml")
    assert (looked.code, "2 not bought" in looked.stdout) == (0, True), looked.said


ODD: Mapping[str, Mapping[str, Any]] = {
    "no path": {"clip.path": ""},
    "a path that leads out": {"clip.path": "/../../etc/passwd"},
    "escapes": {"origin": "http://x\x1b[31m\x9b/\u202e", "manifest": "\x1b]0;owned\x07", "profile": "\u2066"},
    "no URL": {"origin": "http://["},
    "a long host": {"origin": "http://" + "x" * 5000 + "/v1"},
    "a path as host": {"origin": "http://../../../x/v1"},
    "a job of escapes": {"job": "\x1b[2J\x9b\u202e"},
    "ten thousand jobs": {"job": [f"video_{number}" for number in range(10_000)]},
    "a job that is a path": {"job": "../../v1/admin"},
    "a long why": {"why": {"state": "unsent", "text": "\x1b[31m" * 100_000}, "at.ruled": "2026-01-01T00:00:00Z"},
    "an attempt of the future": {"attempt": "ffffffffffffffffffff"},
    "an attempt that is a path": {"attempt": "../../../x"},
    "a time far off": {"at.intent": "9998-01-01T00:00:00Z"},
    "a long currency": {"currency": "\x1b[31m" + "x" * 5000},
}  # fmt: skip


@pytest.mark.parametrize("change", ODD.values(), ids=ODD.keys())
def test_whatever_else_a_lockfile_says_is_told_calmly_and_buys_nothing_twice(
    quick: QuickDesk, shop: Shop, change: Mapping[str, Any]
) -> None:
    done = changed(make_attempt(State.DONE, request=BEACH, origin=shop.base_url), change)
    (quick.folder / "film.lock").write_bytes(lines.HEADER + done)
    for words in (("plan", "--json"), ("status",), ("status", "--json"), ("verify",)):
        assert_calm(quick.run(*words, "film.yaml"))
    if "clip.path" not in change:
        flying = changed(make_attempt(State.SUBMITTED, request=BEACH, origin=shop.base_url), change)
        (quick.folder / "film.lock").write_bytes(lines.HEADER + flying)
    ran = quick.run("render", "film.yaml", "--frozen", "--only", "beach", "--stop-after", "0.2s")
    assert ran.code in (1, 4), ran.stderr
    assert_calm(ran)
    assert shop.posts() == 0


def assert_calm(result: Measured) -> None:
    assert "a bug of" not in result.said, result.said
    assert_harmless(result.said)


@pytest.mark.parametrize(("name", "state"), [("f" * 20, State.ABANDONED), ("zzzz", State.UNSENT), ("z", State.FAILED)])
def test_an_attempt_whose_name_sorts_last_does_not_order_a_purchase_again_and_again(
    quick: QuickDesk, shop: Shop, name: str, state: State
) -> None:
    ordered = make_attempt(state, request=BEACH, origin=shop.base_url, resubmit=True)
    (quick.folder / "film.lock").write_bytes(lines.HEADER + changed(ordered, {"attempt": name}))
    for _ in range(2):
        quick.run("render", "film.yaml", "--only", "beach")
    assert shop.billed <= 1
    quick.run("retake", "film.yaml", "beach")
    bought = shop.billed
    quick.run("render", "film.yaml", "--only", "beach")
    assert shop.billed == bought <= 2


@pytest.mark.parametrize("name", ["zzzz", "f" * 20, "f" * 12, "\U0010ffff"])
def test_a_shot_that_fails_is_bought_once_upon_an_order_whose_name_sorts_last(
    quick: QuickDesk, shop: Shop, name: str
) -> None:
    ordered = make_attempt(State.ABANDONED, request=BEACH, origin=shop.base_url, resubmit=True)
    (quick.folder / "film.lock").write_bytes(lines.HEADER + changed(ordered, {"attempt": name}))
    blocked = Fault(on=On.CREATE, do=Do.FAIL, code="moderation_blocked", message="It was blocked.")
    shop.sandbox.faults.append(blocked)
    for _ in range(3):
        assert quick.run("render", "film.yaml", "--only", "beach").code == 1
    assert shop.billed == 1


@pytest.mark.parametrize("change", [{"take": 2**63 - 1}, {"claims": [[2**63 - 1, "zzz"]]}], ids=["take", "claim"])
def test_after_the_largest_number_comes_none_that_cannot_be_read(
    quick: QuickDesk, shop: Shop, change: Mapping[str, Any]
) -> None:
    failed = changed(make_attempt(State.FAILED, request=BEACH, origin=shop.base_url, claims=()), change)
    (quick.folder / "film.lock").write_bytes(lines.HEADER + failed)
    assert quick.run("retake", "film.yaml", "beach").code == 0
    assert shop.billed == 1
    again = quick.run("render", "film.yaml", "--only", "beach")
    assert (again.code, shop.billed) == (0, 1), again.stderr


@pytest.mark.parametrize("number", ["1e99999999999999999999", "-1E+99999999999999999999", "9" * 5000])
def test_a_number_that_no_machine_can_hold_is_damage(quick: QuickDesk, shop: Shop, number: str) -> None:
    for line in (f'{{"lock":{number}}}', f'{{"shot":"beach","price":{number}}}'):
        (quick.folder / "film.lock").write_text(f"{line}\n", encoding="utf-8")
        for command in ("render", *READING):
            told = quick.run(command, "film.yaml")
            assert told.code == (4 if command == "render" else 0), told.stderr
            assert_bounded(told)
    assert shop.posts() == 0


def test_a_lockfile_cannot_raise_the_budget(quick: QuickDesk, shop: Shop) -> None:
    quick.edit("version: 1\n", "version: 1\nbudget: 0.40\n")
    free = make_attempt(State.FAILED, request=make_request("another"), origin=shop.base_url)
    (quick.folder / "film.lock").write_bytes(lines.HEADER + changed(free, {"price": -1000}))
    refused = quick.run("render", "film.yaml")
    assert (refused.code, shop.posts()) == (4, 0), refused.stderr


@pytest.mark.parametrize("version", [2, 10**4000, "\x1b[31m" * 100_000, [], None])
def test_a_later_version_is_told_in_few_harmless_words(quick: QuickDesk, shop: Shop, version: Any) -> None:
    (quick.folder / "film.lock").write_bytes(json.dumps({"lock": version}).encode() + b"\n")
    for command in ("render", *READING):
        told = quick.run(command, "film.yaml")
        assert told.code == (4 if command == "render" else 0), told.stderr
        assert_bounded(told)
    assert shop.posts() == 0


@pytest.mark.parametrize(
    "price", ["0." + "9" * 40, "1." + "0" * 40 + "1", "0.30000000000000000001", "1e-300", "0.80", "-0.0"]
)
def test_a_price_of_any_length_is_folded_the_same_way_twice(price: str) -> None:
    line = lines.write(make_attempt(State.DONE, price=None), crc=False, owner=False)
    record = lines.read(line.strip().replace(b'"price":null', b'"price":' + price.encode()))
    assert record is not None
    once = folded([record])
    assert folded([each for each in map(lines.read, once.splitlines()) if each]) == once


def test_a_stranger_does_not_own_what_this_machine_bought(quick: QuickDesk, shop: Shop) -> None:
    """A lockfile may say of a purchase what it wants: the ledger's facts are joined, and nothing is forgotten."""
    quick.run("render", "film.yaml")
    bought = [record for record in map(lines.read, quick.lock().splitlines()) if record]
    strangers = [replace(each, clip=None, end=None, acceptance=None) for each in bought]
    written(quick, *strangers)
    assert quick.run("render", "film.yaml").code == 0
    assert shop.billed == 2
    assert [record for record in map(lines.read, quick.lock().splitlines()) if record] == bought


@pytest.mark.parametrize("end", [b"\r", b""], ids=["of old Macs", "none"])
def test_a_lockfile_with_other_line_ends_is_refused_mended_and_bought_from_no_more(
    quick: QuickDesk, shop: Shop, end: bytes
) -> None:
    """It counted as torn: on a machine without memory the clips were bought again, and the file was emptied."""
    assert quick.run("render", "film.yaml").code == 0
    path = quick.folder / "film.lock"
    path.write_bytes(path.read_bytes().replace(b"\n", end))
    before = path.read_bytes()
    shutil.rmtree(quick.state)
    for command in ("render", "status", "plan"):
        told = quick.run(command, "film.yaml")
        assert "film.lock:1: its line ends are not those of a lockfile" in told.stderr
        assert told.code == (4 if command == "render" else 0)
    assert path.read_bytes() == before

    assert quick.run("lock", "fold", "film.lock").code == 0
    again = quick.run("render", "film.yaml")
    assert again.code == (0 if end else 1), again.stderr
    assert "buys nothing" in again.stderr or "nothing to buy" in again.stderr
    assert shop.billed == 2
