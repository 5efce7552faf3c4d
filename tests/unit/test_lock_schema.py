"""The schema of lockfiles says exactly what is written and read."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from runner.lock import lines
from runner.lock.facts import Acceptance, Attempt, State
from runner.lock.lines import HEADER, BadLine
from runner.lock.trees import KNOWN
from runner.manifest.schema import schema_folder
from tests.unit.factories import (
    BORN,
    claimed,
    make_attempt,
    make_clip,
    make_owner,
    make_reference,
    make_request,
)
from tests.unit.strategies import ATTEMPTS

SCHEMA = json.loads((schema_folder() / "lock.schema.json").read_text(encoding="utf-8"))
VALID = Draft202012Validator(SCHEMA)

FULL = make_attempt(
    State.DONE,
    ruling=make_attempt(State.ABANDONED, resubmit=True).ruling,
    end=make_attempt(State.EXPIRED).end,
    acceptance=Acceptance(jobs=("video_1",), at=BORN + 2, created_at=BORN + 1),
    clip=make_clip(completed_at=BORN + 90, expires_at=BORN + 9000),
    request=make_request("角马吃甜甜圈", reference=make_reference(focus=(0.25, 1.0)), extra={"seed": 7}),
    claims=claimed(make_attempt(), "walk", "sea").claims,
    owner=make_owner(),
)
KINDS = {
    **{state: make_attempt(state) for state in State},
    "everything": FULL,
    "an unsent attempt whose job was found": make_attempt(State.SUBMITTED, ruling=make_attempt(State.UNSENT).ruling),
    "two jobs": make_attempt(State.SUBMITTED, acceptance=Acceptance(jobs=("a", "b"), at=BORN, created_at=BORN)),
    "a failure without a job": make_attempt(end=make_attempt(State.FAILED).end),
    "no price": make_attempt(price=None, currency=""),
    "a reference that fits": make_attempt(request=make_request(reference=make_reference())),
    "a key of a later version": make_attempt(more={"later": [1]}),
    "previews": make_attempt(origin="embedded"),
}


def tree_of(record: Attempt, *, crc: bool = True, owner: bool = True) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(lines.write(record, crc=crc, owner=owner))
    return tree


def schemas_in(node: dict[str, Any], name: str = "top") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in a schema, with the name it has there; conditions are part of what they stand in."""
    yield name, node
    for keyword in ("properties", "$defs"):
        for key, below in node.get(keyword, {}).items():
            yield from schemas_in(below, f"{name}.{key}")
    if isinstance(node.get("items"), dict):
        yield from schemas_in(node["items"], f"{name}.items")
    for keyword in ("anyOf", "prefixItems"):
        for number, below in enumerate(node.get(keyword, ())):
            yield from schemas_in(below, f"{name}.{keyword}[{number}]")


EACH = dict(schemas_in(SCHEMA))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("schema", EACH.values(), ids=EACH.keys())
def test_everything_is_explained(schema: dict[str, Any]) -> None:
    assert schema.get("title")
    assert schema.get("description", "").endswith(".")
    assert schema.get("examples")
    assert all(rule.get("title") and rule.get("description", "").endswith(".") for rule in schema.get("allOf", ()))


@pytest.mark.parametrize("schema", EACH.values(), ids=EACH.keys())
def test_the_examples_keep_to_it(schema: dict[str, Any]) -> None:
    for example in schema["examples"]:
        Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]}).validate(example)


def test_the_example_of_a_record_can_be_read() -> None:
    (example,) = SCHEMA["$defs"]["record"]["examples"]
    record = lines.read(json.dumps(example).encode())
    assert record is not None
    assert json.loads(lines.write(record, crc=False, owner=False)) == example
    assert list(json.loads(lines.write(record, crc=False, owner=False))) == list(example)


def test_the_header_is_valid() -> None:
    VALID.validate(json.loads(HEADER))


@pytest.mark.parametrize("record", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("crc", [False, True])
@pytest.mark.parametrize("owner", [False, True])
def test_every_kind_of_line_that_is_written_is_valid(record: Attempt, crc: bool, owner: bool) -> None:
    VALID.validate(tree_of(record, crc=crc, owner=owner))


@settings(max_examples=40)
@given(ATTEMPTS)
def test_whatever_is_written_is_valid(record: Attempt) -> None:
    VALID.validate(tree_of(record))


def test_every_key_that_is_written_is_described_in_the_order_in_which_it_is_written() -> None:
    described = list(SCHEMA["$defs"]["record"]["properties"])
    assert list(tree_of(FULL)) == described
    assert set(described) == KNOWN
    times = list(SCHEMA["$defs"]["record"]["properties"]["at"]["properties"])
    assert list(tree_of(FULL)["at"]) == times


def can_be_read(tree: dict[str, Any]) -> bool:
    try:
        lines.read(json.dumps(tree).encode())
    except BadLine:
        return False
    return True


@pytest.mark.parametrize("key", tree_of(FULL))
def test_what_may_be_left_out_and_what_may_not_is_what_reading_says(key: str) -> None:
    tree = tree_of(FULL, crc=False)
    tree.pop(key, None)
    assert VALID.is_valid(tree) is can_be_read(tree) or key == "why"  # an order without a ruling is read, not written


DAMAGED: list[tuple[str, Any]] = [
    ("shot", None), ("shot", 5), ("state", "cancelled"), ("price", "0.8"), ("price", -1), ("currency", ""),
    ("prompt", None),
    ("job", []), ("job", ["one"]), ("job", 5), ("job", ["a", "a"]), ("clip", None), ("clip", {}), ("why", "because"),
    ("why", {"state": "done", "text": ""}), ("error", {"state": "failed"}), ("resubmit", False), ("take", 0),
    ("take", 1.5), ("request", {}), ("request", {"model": "m", "size": "s", "seconds": 8}), ("at", {}),
    ("at", {"intent": "yesterday"}), ("at", {"intent": "2025-10-09T08:53:20.000+02:00"}), ("at", {"intent": 5}),
    ("origin", None), ("profile", []), ("manifest", 5), ("claims", []), ("claims", [["sea", 1]]), ("claims", [[1]]),
    ("claims", [[1, "sea", 2]]), ("owner", {}), ("owner", {"paths": [], "key": "", "calibrated": True}),
    ("fingerprint", "abc"), ("fingerprint", "A" * 64), ("attempt", ""), ("crc", "XYZ"), ("crc", 12345678),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), DAMAGED, ids=[f"{key}-{number}" for number, (key, _) in enumerate(DAMAGED)])
def test_a_damaged_record_is_not_valid(key: str, value: object) -> None:
    assert VALID.is_valid(tree_of(FULL))
    assert not VALID.is_valid(tree_of(FULL) | {key: value})


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("told", State)
def test_a_state_that_does_not_fit_the_facts_is_not_valid(state: State, told: State) -> None:
    tree = tree_of(make_attempt(state), crc=False) | {"state": told}
    assert VALID.is_valid(tree) is (told is state)


@pytest.mark.parametrize("time", ["intent", "submitted", "done", "ruled", "ended"])
def test_a_fact_without_its_time_is_not_valid(time: str) -> None:
    tree = tree_of(FULL)
    del tree["at"][time]
    assert not VALID.is_valid(tree)


@pytest.mark.parametrize("line", [{}, [], None, "x", 5, {"lock": 2}, {"lock": "1"}, {"lock": 1, "shot": "a"}])
def test_what_is_neither_header_nor_record_is_not_valid(line: object) -> None:
    assert not VALID.is_valid(line)
