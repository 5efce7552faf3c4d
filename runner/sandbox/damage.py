"""What faults make of a reply: another in its place, or the true one spoiled. Pure."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, assert_never

from runner.sandbox.faults import Do, Fault
from runner.sandbox.messages import Body, Filled, Framing, Reply, Stretch, json_reply

_PAGE: Final = b"<!doctype html><html><head><title>Please wait</title></head><body>Checking your browser.</body></html>"
_CODINGS: Final = {Do.GZIP: ("gzip", zlib.MAX_WBITS | 16), Do.DEFLATE: ("deflate", zlib.MAX_WBITS)}
_GARBAGE: Final = b"\x16\x03\x03\x00\x2a this is not the protocol you are looking for \x00\xff\r\n\r\n"


def stand_in(fault: Fault) -> Reply:
    """The reply that a fault puts in place of the true one."""
    match fault.do:
        case Do.HTML:
            headers = {"content-type": "text/html; charset=utf-8", **fault.headers}
            return Reply(status=fault.status or 200, body=_PAGE, headers=headers)
        case Do.GARBAGE:
            return Reply(status=200, body=_GARBAGE, framing=Framing.NAKED)
        case Do.NO_ROUTE:
            return _error(fault, fault.status or 404, "Not Found" if fault.status != 405 else "Method Not Allowed")
        case _:
            return _status(fault)


def spoiled(reply: Reply, fault: Fault) -> Reply:
    """The true reply, as a fault leaves it."""
    match fault.do:
        case Do.ENVELOPE | Do.DOUBLE | Do.REVERSE:
            return _list_changed(reply, fault)
        case Do.REWRITE:
            headers = _merged(reply.headers, {name.lower(): value for name, value in fault.headers.items()}, "")
            return _jobs_changed(replace(reply, headers=headers), fault)
        case Do.WORDS:
            return _jobs_changed(reply, fault)
        case _:
            return _reframed(reply, fault)


def _reframed(reply: Reply, fault: Fault) -> Reply:
    match fault.do:
        case Do.SHORT:
            return replace(reply, body=_half(reply.body))
        case Do.CUT:
            return replace(reply, body=_half(reply.body), framing=Framing.CLOSE)
        case Do.CLOSE | Do.FRAME:
            return replace(reply, headers={**reply.headers, **fault.headers}, framing=Framing.CLOSE)
        case Do.CHUNKS:
            headers = {**reply.headers, "transfer-encoding": "chunked"}
            body = b"".join(_chunks(reply.whole(), fault.step))
            return replace(reply, headers=headers, body=body, framing=Framing.CLOSE)
        case Do.GZIP | Do.DEFLATE:
            coding, bits = _CODINGS[fault.do]
            headers = {**reply.headers, "content-encoding": coding}
            return replace(reply, headers=headers, body=_packed(reply.whole().ljust(fault.size), bits))
        case _:
            return reply


def _status(fault: Fault) -> Reply:
    status = 500 if fault.status is None else fault.status
    if fault.body is None:
        return _error(fault, status, HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error")
    if isinstance(fault.body, str):
        body = Filled(data=fault.body.encode("utf-8", "surrogatepass"), size=fault.size)
        return Reply(status=status, body=body, headers={"content-type": "text/plain", **fault.headers})
    return json_reply(fault.body, status=status, headers=fault.headers)


def _error(fault: Fault, status: int, phrase: str) -> Reply:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": fault.message or phrase, "type": kind, "param": None, "code": fault.code or None}
    return json_reply({"error": error}, status=status, headers=fault.headers)


def _half(body: Body) -> Body:
    middle = len(body) // 2
    match body:
        case bytes():
            return body[:middle]
        case Stretch():
            return replace(body, stop=body.start + middle)
        case Filled():
            return Filled(data=body.data[:middle], size=middle)
        case _:
            assert_never(body)


def _packed(body: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(level=1, wbits=bits)
    return packer.compress(body) + packer.flush()


def _chunks(body: bytes, step: int) -> Iterator[bytes]:
    """All chunks but the last, which would tell that there are no more."""
    for start in range(0, len(body), step):
        piece = body[start : start + step]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


def _list_changed(reply: Reply, fault: Fault) -> Reply:
    value = json.loads(reply.whole()) if reply.headers.get("content-type") == "application/json" else {}
    if value.get("object") != "list":
        return reply
    match fault.do:
        case Do.DOUBLE:
            value["data"] = [job for job in value["data"] for _ in range(2)]
        case Do.REVERSE:
            value["data"].reverse()
        case _:
            value = _merged(value, fault.body or {}, None)
    return json_reply(value, status=reply.status, headers=reply.headers)


def _jobs_changed(reply: Reply, fault: Fault) -> Reply:
    if reply.headers.get("content-type") != "application/json" or not isinstance(fault.body, Mapping):
        return reply
    value = json.loads(reply.whole())
    if value.get("object") == "list":
        value["data"] = [_changed(job, fault) for job in value["data"]]
    elif value.get("object") == "video":
        value = _changed(value, fault)
    return json_reply(value, status=reply.status, headers=reply.headers)


def _changed(job: dict[str, Any], fault: Fault) -> dict[str, Any]:
    if fault.do is Do.WORDS:
        return {**job, "status": fault.body.get(job["status"], job["status"])}
    return _merged(job, fault.body, None)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any], gone: object) -> dict[str, Any]:
    return {name: value for name, value in {**old, **new}.items() if name not in new or value != gone}
