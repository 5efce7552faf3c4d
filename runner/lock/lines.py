"""The lines of a lockfile or ledger: a record as one JSON object, and back.

Every line is a whole record, so any subset of lines is true. Keys stand in reading order, because people review
these files. A line of the unfolded tail carries a crc; in a folded line the request must still give the fingerprint.
"""

import json
import re
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from runner.lock.facts import Attempt
from runner.lock.trees import KNOWN, record_of, tree_of
from runner.lock.values import no_number

VERSION: Final = 1
HEADER: Final = b'{"lock":1,"about":"What was bought for the manifest of this name. Keep it in git beside it."}\n'
BEGINNING: Final = b'{"lock":'  # of every header, whatever its version

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_JSON: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=no_number)
_CRC_MARK: Final = b',"crc":"'
_LIKE_A_CRC: Final = re.compile(r"...:[0-9a-f]{8}", re.DOTALL)


class BadLine(ValueError):
    """A line that is no record, or no longer the record that was written."""


class NewerVersion(ValueError):
    """The file was written by a later version than this one."""


def write(record: Attempt, *, crc: bool, owner: bool) -> bytes:
    """A record as a line. `crc` for the unfolded tail, `owner` for the ledger."""
    body = _body(record, owner=owner)
    if not crc:
        return body + b"\n"
    return body[:-1] + _CRC_MARK + _crc(body) + b'"}\n'


def _body(record: Attempt, *, owner: bool) -> bytes:
    return _ENCODE(tree_of(record, owner=owner)).encode()


def read(line: bytes) -> Attempt | None:
    """The record of a line; None for the header.

    Raises:
        BadLine: it is no record, its crc is wrong, or its request does not give its fingerprint.
        NewerVersion: it is the header of a later version.
    """
    checked = _without_crc(line)
    try:
        tree = _JSON.decode(checked.decode())
    except (ValueError, ArithmeticError, RecursionError):
        raise BadLine("not a record") from None
    if not isinstance(tree, dict):
        raise BadLine("not a record")
    if "lock" in tree:
        _check_version(tree)
        return None
    try:
        record = record_of(tree)
        _check(record, tree)
        if b"\\u" in checked:
            write(record, crc=False, owner=True)  # half a character can be read, and could never be written again
    except BadLine:
        raise
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError):
        raise BadLine("a record with a part missing or damaged") from None
    return record


def _check(record: Attempt, tree: Mapping[str, Any]) -> None:
    if tree["fingerprint"] != record.fingerprint:
        raise BadLine("the request does not give the fingerprint beside it")
    if tree["state"] != record.state:
        raise BadLine("the state does not fit the facts beside it")
    last = tuple(tree)[-1]
    if last not in KNOWN and _LIKE_A_CRC.fullmatch(f"{last}:{tree[last]}"):
        raise BadLine("the name of its crc is damaged")


def _check_version(tree: Mapping[str, Any]) -> None:
    if tree["lock"] is True or tree["lock"] != VERSION:  # in Python, true is 1
        told = str(tree["lock"])[:40] if isinstance(tree["lock"], str | int) else "unknown"
        raise NewerVersion(f"it is of version {told}, and this shotlock reads version {VERSION}")


def _without_crc(line: bytes) -> bytes:
    cut = line.rfind(_CRC_MARK)
    if cut < 0 or not line.endswith(b'"}') or len(line) - cut != len(_CRC_MARK) + 10:
        if b'"crc' in line[-24:]:
            raise BadLine("a damaged crc")
        return line
    body = line[:cut] + b"}"
    if line[cut + len(_CRC_MARK) : -2] != _crc(body):
        raise BadLine("the crc does not fit")
    return body


def _crc(body: bytes) -> bytes:
    return b"%08x" % zlib.crc32(body)
