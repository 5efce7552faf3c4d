"""Changing what is good at random: bytes, and the values of trees."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

NASTY: Final = (
    b"\0", b"\xff", b"\x1b[31m", b"\xc2\x9b2J", b"\xe2\x80\xae", b"\r", b"\t", b"\n", b"\n---\n", b"&a ", b"*a",
    b"<<: ", b"!!python/object:os.system ", b"${", b"${x}", b"$${", b": ", b"- ", b"? ", b"[", b"{", b"}", b"]", b"'",
    b'"', b"|", b"\\", b"\\u0000", b"\\ud800", b"%", b"#", b"../", b"/etc/passwd", b"con", b"1e400", b".nan", b"-1",
    b"9" * 400, b"x" * 3000, b"\xf0\x9f\x98\x80" * 50, b"e\xcc\x81", b"\xc3\xa9", b"0x1F", b"010", b"12:30", b"no",
    b"true", b"null", b"<<<<<<< ours\n", b"=======\n", b">>>>>>> theirs\n", b'","crc":"00000000"}', b"\xef\xbb\xbf",
    b"@", b"://",
)  # fmt: skip
STRANGE: Final[Sequence[Any]] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 2**64, 10**30, 10**400, 1.5, -0.0, 1e308, 1e-320, 0.1, "", " ", ".",
    "..", "../x", "/x", "a/b", "%2e%2e", "x" * 10_000, "\n", "\x1b[2J", "\x9b", "\u202e", "\u2028", "\u00e9",
    "e\u0301", "con", "NUL.txt", "no", "1e400", "NaN", "9" * 50, "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00Z", "http://[", "https://evil.test/v1", "https://u:p@h/v1",
    "file:///etc/passwd", "${x}", "$${", [], {}, [[]], [None], {"a": {"b": []}}, {"": ""}, ["x"] * 300,
    {str(number): number for number in range(300)}, "completed", "failed", "queued", "video", "1280x720",
    "99999x99999", "4", 4, "done", "submitted", "intent",
)  # fmt: skip


def bytes_changed(rng: random.Random, data: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Some bytes, changed in one to eight places."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        data = rng.choice(_CHANGES)(rng, data, others or (data,))
    return data


def tree_changed(rng: random.Random, tree: Any) -> Any:
    """A copy of a JSON tree with one to four of its parts changed."""
    tree = json.loads(json.dumps(tree))
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = [*_places(tree)]
        if not places:
            return rng.choice(STRANGE)
        whole, step = rng.choice(places)
        rng.choice((_replaced, _replaced, _replaced, _removed, _copied, _renamed))(rng, whole, step, places)
    return tree


def raw_json(rng: random.Random, tree: Any) -> bytes:
    """A tree as bytes: mostly as JSON, seldom as something that is nearly JSON."""
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5)
    match rng.randrange(20):
        case 0:
            text = text.replace("null", "NaN").replace("true", "-Infinity")
        case 1:
            text = "[" * rng.choice((10, 1000, 100_000)) + text
        case 2:
            text = text[: rng.randrange(len(text) + 1)]
        case 3:
            text = text.replace("{", '{"id": "twice", ', 1)
        case 4:
            text = "\ufeff" + text
        case 5:
            number = rng.choice(("9" * 20, "9" * 5000, "1e99999999999999999999 ", "-1E+400 "))
            text = text.replace('": ', f'": {number}', 1)
    return text.encode("utf-8", "surrogatepass")


def _flipped(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    if not data:
        return b"\0"
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _inserted(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(NASTY) * rng.choice((1, 1, 1, 2, 50)) + data[at:]


def _cut(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 2, 8, 64, len(data))) :]


def _doubled(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at : at + rng.choice((1, 8, 64, 512))] * rng.choice((2, 3, 40)) + data[at:]


def _spliced(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _line_moved(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        line = lines.pop(rng.randrange(len(lines)))
        lines.insert(rng.randrange(len(lines) + 1), b" " * rng.choice((0, 2, 4)) + line)
    return b"".join(lines)


def _number_changed(rng: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Four bytes replaced by what an offset or a size can be at worst."""
    if len(data) < 8:
        return data + b"\xff" * 4
    at = rng.randrange(len(data) - 4)
    number = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 60_000, rng.getrandbits(32)))
    return data[:at] + number.to_bytes(4, rng.choice(("big", "little"))) + data[at + 4 :]


_CHANGES: Final[Sequence[Callable[[random.Random, bytes, Sequence[bytes]], bytes]]] = (
    _flipped, _inserted, _inserted, _cut, _doubled, _spliced, _line_moved, _number_changed,
)  # fmt: skip


def _places(tree: Any) -> "list[tuple[Any, Any]]":
    """Every part of a tree, as the whole that has it and the step to it."""
    found: list[tuple[Any, Any]] = []
    wholes = [tree]
    while wholes:
        whole = wholes.pop()
        steps = list(whole) if isinstance(whole, dict) else range(len(whole)) if isinstance(whole, list) else ()
        found += [(whole, step) for step in steps]
        wholes += [whole[step] for step in steps]
    return found


def _replaced(rng: random.Random, whole: Any, step: Any, _: Sequence[tuple[Any, Any]]) -> None:
    whole[step] = json.loads(json.dumps(rng.choice(STRANGE)))


def _removed(_: random.Random, whole: Any, step: Any, __: Sequence[tuple[Any, Any]]) -> None:
    del whole[step]


def _copied(rng: random.Random, whole: Any, step: Any, places: Sequence[tuple[Any, Any]]) -> None:
    other, there = rng.choice(places)
    whole[step] = json.loads(json.dumps(other[there]))


def _renamed(rng: random.Random, whole: Any, step: Any, _: Sequence[tuple[Any, Any]]) -> None:
    if isinstance(whole, dict):
        whole[rng.choice((f"{step}x", str(step).upper(), "", "\x1b[31m", "id", "at", "x" * 500))] = whole.pop(step)
