"""A record and its line: there and back, in reading order, and never a wrong record from a damaged line."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import example, given

from runner.lock import lines
from runner.lock.facts import Acceptance, Attempt, Claim, State
from runner.lock.lines import BadLine, NewerVersion
from tests.unit.factories import (
    BORN,
    make_attempt,
    make_clip,
    make_intent,
    make_owner,
    make_reference,
    make_request,
)
from tests.unit.strategies import ATTEMPTS

FULL = make_attempt(
    State.DONE,
    ruling=make_attempt(State.ABANDONED, resubmit=True).ruling,
    end=make_attempt(State.EXPIRED, code="gone").end,
    acceptance=Acceptance(jobs=("video_1",), at=BORN + 2, created_at=BORN + 1),
    clip=make_clip(completed_at=BORN + 90, expires_at=BORN + 86_400),
    request=make_request("角马吃甜甜圈", reference=make_reference(focus=(0.25, 1.0)), extra={"seed": 7}),
    claims=(Claim(number=1, shot="walk"), Claim(number=2, shot="走")),
    owner=make_owner("/films/film.yaml"),
    more={"later": {"key": [1, 2.5, None]}},
)


def written(record: Attempt, *, crc: bool = False, owner: bool = True) -> bytes:
    """A line as it is read: without its end."""
    line = lines.write(record, crc=crc, owner=owner)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return line[:-1]


def flipped(line: bytes) -> Iterator[tuple[int, bytes]]:
    """The line with each of its bits turned, and the byte it is in."""
    for place in range(len(line)):
        for bit in range(8):
            yield place, line[:place] + bytes([line[place] ^ 1 << bit]) + line[place + 1 :]


def outcome(line: bytes) -> Attempt | str | None:
    try:
        return lines.read(line)
    except BadLine:
        return "bad"


@given(record=ATTEMPTS)
@example(record=FULL)
@pytest.mark.parametrize("crc", [False, True])
def test_what_is_written_is_read_again(record: Attempt, crc: bool) -> None:
    assert lines.read(written(record, crc=crc)) == record


@given(ATTEMPTS)
def test_equal_records_give_equal_bytes(record: Attempt) -> None:
    line = written(record)
    again = lines.read(line)
    assert again is not None
    assert written(again) == line


@pytest.mark.parametrize("state", State)
def test_every_state_is_read_again(state: State) -> None:
    record = make_attempt(state)
    assert lines.read(written(record)) == record
    assert json.loads(written(record))["state"] == state


def test_the_keys_stand_in_reading_order() -> None:
    assert list(json.loads(written(FULL, crc=True))) == [
        "shot", "state", "price", "currency", "prompt", "job", "clip", "why", "resubmit", "error", "take", "request",
        "at", "origin", "profile", "manifest", "claims", "owner", "later", "fingerprint", "attempt", "crc",
    ]  # fmt: skip
    assert list(json.loads(written(FULL))["at"]) == [
        "intent", "ruled", "submitted", "created", "ended", "completed", "expires", "done",
    ]  # fmt: skip


def test_a_line_is_read_by_people() -> None:
    line = written(make_attempt(State.REJECTED, prompt="角马", price=Decimal("0.40"))).decode()
    assert line == (
        '{"shot":"beach","state":"rejected","price":0.4,"currency":"USD","prompt":"角马",'
        '"why":{"state":"rejected","text":"no reason"},"take":1,'
        '"request":{"model":"sora-2","size":"1280x720","seconds":"8"},'
        '"at":{"intent":"2025-10-09T08:53:20.000Z","ruled":"2025-10-09T08:53:21.000Z"},'
        '"origin":"https://videos.test/v1","profile":"sora","manifest":"film.yaml",'
        '"fingerprint":"b1fa5a20cf096cedd8f170c8b435b6a622e9ae3780173c465df68b2c2012c716","attempt":"0001"}'
    )


def test_paths_and_keys_of_this_machine_stay_out_of_a_lockfile() -> None:
    assert b"/films" not in written(FULL, owner=False)
    assert b"owner" not in written(FULL, owner=False)
    assert json.loads(written(FULL))["owner"] == {"paths": ["/films/film.yaml"], "key": "key", "calibrated": True}


@pytest.mark.parametrize(
    ("price", "text"),
    [(None, b"null"), ("3", b"3"), ("3.00", b"3"), ("0.1", b"0.1"), ("0.1250", b"0.125"), ("0", b"0")],
)
def test_a_price_is_a_plain_number(price: str | None, text: bytes) -> None:
    amount = None if price is None else Decimal(price)
    record = Attempt(id=make_attempt().id, intent=make_intent(price=amount))
    line = written(record)
    assert b'"price":' + text + b"," in line
    again = lines.read(line)
    assert again is not None
    assert again.intent.price == amount


def test_one_job_is_a_name_and_two_are_a_list() -> None:
    assert json.loads(written(make_attempt(State.SUBMITTED, job="video_7")))["job"] == "video_7"
    both = make_attempt(State.SUBMITTED, acceptance=Acceptance(jobs=("a", "b"), at=BORN))
    assert json.loads(written(both))["job"] == ["a", "b"]


def test_keys_of_a_later_version_are_kept() -> None:
    tree = json.loads(written(make_attempt())) | {"weather": {"wind": 2.5}}
    record = lines.read(json.dumps(tree).encode())
    assert record is not None
    assert record.more == {"weather": {"wind": 2.5}}
    assert json.loads(written(record))["weather"] == {"wind": 2.5}


def test_the_header_is_no_record() -> None:
    assert lines.read(lines.HEADER[:-1]) is None


def test_a_version_is_a_number() -> None:
    with pytest.raises(NewerVersion, match="it is of version True"):
        lines.read(b'{"lock":true}')


def test_a_header_of_a_later_version_says_which() -> None:
    with pytest.raises(NewerVersion, match="it is of version 2, and this shotlock reads version 1"):
        lines.read(b'{"lock":2}')


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"5", b"null", b"{}", b"\0\0\0", b"\xff\xfe", b'{"shot":"a"}', b"[" * 5000, b"1" * 5000],
)  # fmt: skip
def test_what_is_no_record_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(BadLine):
        lines.read(line)


_READ = ("shot", "price", "prompt", "take", "request", "at", "origin", "profile", "manifest", "attempt")


@pytest.mark.parametrize("key", _READ)
def test_a_record_without_one_of_its_parts_is_bad(key: str) -> None:
    tree = json.loads(written(make_attempt()))
    del tree[key]
    with pytest.raises(BadLine):
        lines.read(json.dumps(tree).encode())


@pytest.mark.parametrize("key", ["fingerprint", "state"])
def test_a_record_without_its_check_is_bad(key: str) -> None:
    tree = json.loads(written(make_attempt()))
    del tree[key]
    with pytest.raises(BadLine):
        lines.read(json.dumps(tree).encode())


@pytest.mark.parametrize("half", [b"\\ud83d", b"\xed\xa9\xac"])
def test_half_a_character_in_the_request_is_bad(half: bytes) -> None:
    with pytest.raises(BadLine):
        lines.read(written(make_attempt(prompt="a cat")).replace(b"a cat", half))


@pytest.mark.parametrize("half", [b"\\ud83d", b"\xed\xa9\xac"])
def test_half_a_character_beside_the_request_is_bad(half: bytes) -> None:
    with pytest.raises(BadLine):
        lines.read(written(make_attempt(State.REJECTED)).replace(b"no reason", half))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("shot", 5), ("prompt", None), ("take", "two"), ("take", None), ("price", "dear"), ("price", []), ("at", "now"),
        ("at", {}), ("at", {"intent": "yesterday"}), ("at", {"intent": 5}), ("request", None), ("request", {}),
        ("job", []), ("job", 5), ("job", [5]), ("why", {}), ("why", {"state": "done", "text": ""}), ("error", "x"),
        ("error", {"state": "unsent", "code": "", "message": ""}), ("clip", {}), ("claims", 5), ("claims", [["x"]]),
        ("owner", {}), ("origin", None), ("profile", 1), ("manifest", []), ("attempt", 7),
        ("state", "done"), ("state", "unheard of"), ("fingerprint", "0" * 64), ("fingerprint", None),
    ],
)  # fmt: skip
def test_a_record_with_a_part_of_a_wrong_kind_is_bad(key: str, value: object) -> None:
    tree = json.loads(written(make_attempt(State.SUBMITTED))) | {key: value}
    with pytest.raises(BadLine):
        lines.read(json.dumps(tree).encode())


@pytest.mark.parametrize(
    ("fact", "time"), [("job", "submitted"), ("clip", "done"), ("why", "ruled"), ("error", "ended")]
)
def test_a_fact_without_its_time_is_bad(fact: str, time: str) -> None:
    tree = json.loads(written(FULL))
    assert fact in tree
    del tree["at"][time]
    with pytest.raises(BadLine):
        lines.read(json.dumps(tree).encode())


def test_a_request_that_was_edited_by_hand_is_bad() -> None:
    line = written(make_attempt(prompt="a cat"))
    with pytest.raises(BadLine, match="the request does not give the fingerprint beside it"):
        lines.read(line.replace(b"a cat", b"a dog"))


def test_a_wrong_crc_is_told_from_a_damaged_one() -> None:
    line = written(FULL, crc=True)
    with pytest.raises(BadLine, match="the crc does not fit"):
        lines.read(line.replace(b'"take":1', b'"take":2'))
    with pytest.raises(BadLine, match="a damaged crc"):
        lines.read(line[:-1])


CRC_NAME = b'"crc":"'


def test_a_bit_that_turned_in_an_unfolded_line_is_noticed() -> None:
    line = written(FULL, crc=True)
    name = range(line.rindex(CRC_NAME) + 1, line.rindex(CRC_NAME) + 4)
    unnoticed = [place for place, damaged in flipped(line) if outcome(damaged) != "bad" and place not in name]
    assert unnoticed == []


def test_a_bit_that_turned_in_the_name_of_the_crc_is_noticed() -> None:
    line = written(FULL, crc=True)
    start = line.rindex(CRC_NAME)
    assert [place for place, damaged in flipped(line) if place >= start and outcome(damaged) != "bad"] == []


def test_a_bit_that_turned_in_the_name_of_the_crc_changes_no_fact() -> None:
    line = written(FULL, crc=True)
    start = line.rindex(CRC_NAME)
    for place, damaged in flipped(line):
        if place < start or (found := outcome(damaged)) == "bad":
            continue
        assert isinstance(found, Attempt)
        assert {**FULL.more}.items() <= found.more.items()
        assert (found.intent, found.clip, found.acceptance, found.claims) == (
            FULL.intent, FULL.clip, FULL.acceptance, FULL.claims,
        )  # fmt: skip


def test_a_bit_that_turned_in_a_folded_line_never_makes_another_request() -> None:
    line = written(FULL, owner=False)
    passed = 0
    for _, damaged in flipped(line):
        try:
            found = lines.read(damaged)
        except BadLine:
            continue
        passed += 1
        assert found is not None
        assert found.fingerprint == FULL.fingerprint
        assert found.intent.request == FULL.intent.request
    assert passed > 0  # turned letters in a shot's name, say, cannot be told
