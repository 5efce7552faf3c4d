"""Rows of the table: statuses that are no success."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from runner.sandbox.faults import Do, Fault, Moment
from runner.sandbox.rules import Pace, Rules
from tests.crash.network.cell import Call, Cell, Come, cell
from tests.crash.network.outcomes import (
    ABSENT,
    ADOPTED,
    HALTED,
    LASTING,
    PASSED,
    PROVES_NOTHING,
    REJECTED,
    STALLED,
    UNANSWERED,
    UNFETCHED,
    UNSUPPORTED,
    WELL,
    befall,
    each,
)

SERVER_ERRORS = "500 502 503 504 408 409 524"
TOO_MANY = "429 / Retry-After 0, 5, 120, 1e9, -1, date past/future, junk"
BAD_REQUEST = "400/413/422"
NO_KEY = "401 402 403"
NO_ROUTE = "404 405 410 501"
REDIRECTS = "301/302/307/308 to other host / http / file: / private IP"
OTHERS = "other client uses the account's slots"

_MISSING = Come(
    code="L after grace",
    exit=1,
    beach="submitted",
    says=("the server does not know job", "asking again for 120 s"),
    takes=(120, 600),
)


def cells() -> Iterator[Cell]:
    """The cells of these rows."""
    yield from _server_errors()
    yield from _too_many()
    yield from _bad_request()
    yield from _no_key()
    yield from _no_route()
    yield from _redirects()
    yield from _redirected_clips()
    yield from _others()


def _status(call: Call, status: int, **more: Any) -> Fault:
    return befall(call, Do.STATUS, status=status, **more)


def _all(call: Call, *statuses: int, words: str = "", **more: Any) -> dict[str, Fault]:
    """A fault for each of some statuses, named by it."""
    return {f"{status}{words}": _status(call, status, **more) for status in statuses}


def _server_errors() -> Iterator[Cell]:
    row, statuses = SERVER_ERRORS, (500, 502, 503, 504, 408, 409, 524)
    yield from each(row, Call.POST, _all(Call.POST, *statuses, words=" before it is billed"), ABSENT)
    billed = _all(Call.POST, *statuses, words=" when it is billed", when=Moment.AFTER)
    yield from each(row, Call.POST, billed, ADOPTED)
    for call in (Call.POLL, Call.CONTENT, Call.LIST):
        yield from each(row, call, _all(call, *statuses, words=" twice"), UNANSWERED[call])
        yield from each(row, call, _all(call, 500, 409, words=" lasting", lasting=True), LASTING[call])
    again = Come(
        code="U",
        exit=1,
        beach="unsent",
        bills=1,
        posts=3,
        says=("twice its POST had no clear answer",),
        takes=(960, 2000),
    )
    because = "once in a run it is sent again; a server that answers nothing would be asked for ever"
    yield cell(row, Call.POST, "500 lasting, never billed", _status(Call.POST, 500, lasting=True), again, because)
    unread = replace(PASSED, says=("the server's list cannot be read",))
    faults = _status(Call.LIST, 500, lasting=True)
    yield cell(row, Call.LIST, "500 lasting, and no answer is lost", faults, unread)


_WAITS: dict[str, tuple[str | None, float, float]] = {  # the header, and the seconds that the run takes then
    "none": (None, 0, 40),
    "0": ("0", 0, 30),
    "5": ("5", 5, 50),
    "120": ("120", 120, 180),
    "1e9": ("1000000000", 120, 180),
    "-1": ("-1", 0, 30),
    "a date that has passed": ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 30),
    "a date to come": ("{in 40 s}", 35, 90),
    "a date far ahead": ("Fri, 31 Dec 2100 23:59:59 GMT", 120, 180),
    "junk": ("soon; please", 0, 40),
}
_TELLING = ("none", "5", "1e9", "-1", "a date that has passed", "a date to come", "junk")


def _too_many() -> Iterator[Cell]:
    row = TOO_MANY
    for call in Call:
        come = replace(PASSED, code="unsent, waits", posts=3) if call is Call.POST else WELL[call]
        for name in _WAITS if call is Call.POST else _TELLING:
            wait, least, most = _WAITS[name]
            fault = _status(call, 429, times=1, headers={} if wait is None else {"retry-after": wait})
            yield from each(row, call, {f"429, Retry-After {name}": fault}, replace(come, takes=(least, most)))
    halted = replace(HALTED, posts=None, says=("the server has taken no job for 28 min",), takes=(1600, 2400))
    yield cell(row, Call.POST, "429 lasting", _status(Call.POST, 429, lasting=True), halted)
    for call in (Call.POLL, Call.CONTENT, Call.LIST):
        yield from each(row, call, _all(call, 429, words=" lasting", lasting=True), LASTING[call])


def _bad_request() -> Iterator[Cell]:
    row, statuses = BAD_REQUEST, (400, 411, 413, 415, 422)
    yield from each(row, Call.POST, _all(Call.POST, *statuses, lasting=True), REJECTED)
    for call in (Call.POLL, Call.CONTENT):
        yield from each(row, call, _all(call, *statuses, words=" twice"), PASSED)
    because = "it says nothing of the job: it is asked for again, and stays bought"
    yield from each(row, Call.POLL, _all(Call.POLL, 400, words=" lasting", lasting=True), STALLED, because)
    unknown = _all(Call.POLL, 400, 422, words=' "No such video", lasting', lasting=True, message="No such video")
    yield from each(row, Call.POLL, unknown, _MISSING)
    yield from each(row, Call.CONTENT, _all(Call.CONTENT, 400, 422, words=" lasting", lasting=True), UNFETCHED)
    yield from each(row, Call.LIST, _all(Call.LIST, 400, 422, words=" lasting", lasting=True), UNSUPPORTED)
    because = "a list that is too long is still a list: it is asked for again, and proves nothing"
    yield from each(row, Call.LIST, _all(Call.LIST, 413, words=" lasting", lasting=True), PROVES_NOTHING, because)


def _no_key() -> Iterator[Cell]:
    row, statuses = NO_KEY, (401, 402, 403)
    because = "the key or the account is at fault, not the shot: nothing is rejected"
    halted = replace(HALTED, code="unsent, H(4)")
    yield from each(row, Call.POST, _all(Call.POST, *statuses, lasting=True), halted, because)
    no_money = {
        "429 insufficient_quota": _status(Call.POST, 429, code="insufficient_quota", message="Check your plan."),
        "403 as gateways say it": _status(Call.POST, 403, code="pre_consume_token_quota_failed", message="余额不足"),
        "400 about billing": _status(Call.POST, 400, code="billing_hard_limit_reached"),
    }
    yield from each(row, Call.POST, no_money, replace(halted, says=(*halted.says, "top it up or raise its limit")))
    second = _all(Call.POST, *statuses, words=" on the second", lasting=True, match="cat")
    yield from each(row, Call.POST, second, replace(halted, beach="done", alley="unsent", bills=1, posts=2))
    kept = Come(code="H(4), S kept", exit=4, beach="submitted", says=("the server refuses to be asked",), takes=(0, 60))
    yield from each(row, Call.POLL, _all(Call.POLL, *statuses, lasting=True), kept)
    kept = replace(kept, says=("the server refuses its download", "it stays bought"))
    yield from each(row, Call.CONTENT, _all(Call.CONTENT, *statuses, lasting=True), kept)
    yield from each(row, Call.LIST, _all(Call.LIST, *statuses, lasting=True), replace(UNSUPPORTED, code="hold"))


def _no_route() -> Iterator[Cell]:
    row, statuses = NO_ROUTE, (404, 405, 410)
    because = "a wrong base URL is mended and said again: nothing is rejected, and the exit is 4"
    halted = replace(HALTED, says=("does the base URL belong to a videos server",))
    yield from each(row, Call.POST, _all(Call.POST, *statuses, words=" on the first", lasting=True), halted, because)
    alley = {"says": ("the server refused it",), "then": (("render", 1), ("retake alley", 0))}
    second = _all(Call.POST, *statuses, words=" on the second", lasting=True, match="cat")
    yield from each(row, Call.POST, second, replace(REJECTED, beach="done", alley="rejected", **alley))
    yield from each(row, Call.POST, _all(Call.POST, 501), ABSENT, "every 5xx is ambiguous")
    yield from each(row, Call.POLL, _all(Call.POLL, *statuses, 501, words=" twice"), PASSED)
    yield from each(row, Call.POLL, _all(Call.POLL, 404, 410, words=" lasting", lasting=True), _MISSING)
    because = "it speaks of the route, not of the job"
    yield from each(row, Call.POLL, _all(Call.POLL, 405, 501, words=" lasting", lasting=True), STALLED, because)
    yield from each(row, Call.CONTENT, _all(Call.CONTENT, 404, 410, words=" twice"), PASSED)
    gone = replace(UNFETCHED, code="S kept", says=("the server does not have its clip", "say the same again later"))
    because = "before its time is over it has not expired"
    yield from each(row, Call.CONTENT, _all(Call.CONTENT, 404, 410, words=" lasting", lasting=True), gone, because)
    yield from each(row, Call.CONTENT, _all(Call.CONTENT, 405, 501, lasting=True), UNFETCHED, "the job stays bought")
    yield from each(row, Call.LIST, _all(Call.LIST, *statuses, 501, lasting=True), UNSUPPORTED)


_TARGETS = {
    "another host": "http://{depot}/v1/videos",
    "http": "http://192.0.2.1/v1/videos",
    "file:": "file:///etc/passwd",
    "a private address": "https://10.0.0.1/v1/videos",
}


def _to(call: Call, status: int, target: str, **more: Any) -> Fault:
    return _status(call, status, headers={"location": target}, **more)


def _redirects() -> Iterator[Cell]:
    row, there = REDIRECTS, _TARGETS["another host"]
    because = "a redirect may come when the work is done: it is ambiguous, and never followed"
    lost = replace(UNANSWERED[Call.LIST], code="not followed")
    for call, come in ((Call.POST, ABSENT), (Call.POLL, PASSED), (Call.LIST, lost)):
        faults = {
            f"{status} to another host": _to(call, status, there, times=1) for status in (301, 302, 303, 307, 308)
        }
        faults |= {f"307 to {name}": _to(call, 307, target, times=1) for name, target in _TARGETS.items()}
        yield from each(row, call, faults, come, because if call is Call.POST else "")
    billed = {"307 to another host, when it is billed": _to(Call.POST, 307, there, when=Moment.AFTER)}
    yield from each(row, Call.POST, billed, ADOPTED, because)
    for call in (Call.POLL, Call.LIST):
        lasting = {"302 to another host, lasting": _to(call, 302, there, lasting=True)}
        yield from each(row, call, lasting, LASTING[call])


def _redirected_clips() -> Iterator[Cell]:
    row, call = REDIRECTS, Call.CONTENT
    there = _TARGETS["another host"]
    faults = {
        f"{status} to another host": _to(call, status, there, lasting=True) for status in (301, 302, 303, 307, 308)
    }
    yield from each(row, call, faults, replace(PASSED, code="<=5, key stripped", heard=1))
    bad = {name: target for name, target in _TARGETS.items() if target != there} | {
        "the address of a cloud's secrets": "https://169.254.169.254/latest/meta-data",
        "a private address, mapped": "https://[::ffff:10.0.0.1]/clip",
        "a private address, as one number": "https://167772161/clip",
    }
    refused = {f"302 to {name}": _to(call, 302, target, lasting=True) for name, target in bad.items()}
    yield from each(row, call, refused, replace(UNFETCHED, code="not followed", says=("which is not followed",)))
    nowhere = {"302 to no URL": _to(call, 302, "https://[", lasting=True)}
    yield from each(row, call, nowhere, UNFETCHED)
    far = {"302 to itself, five times": _to(call, 302, "?again", times=5)}
    yield from each(row, call, far, replace(PASSED, code="<=5"))
    endless = {"302 to itself, without end": _to(call, 302, "?again", lasting=True)}
    yield from each(row, call, endless, replace(UNFETCHED, says=("redirected more than 5 times",)))
    because = "a host that never saw the key says nothing of it: the server is asked for another link"
    refusing = {"302 to another host that says 403, twice": _to(call, 302, "http://{depot}/refused")}
    yield from each(row, call, refusing, replace(PASSED, heard=2), because)


def _others() -> Iterator[Cell]:
    row = OTHERS
    words = "Too many running tasks, please try again later"
    busy = _status(Call.POST, 429, times=3, message=words)
    waits = replace(PASSED, code="429 => C", posts=5, says=("the server takes no more jobs now", words))
    yield cell(row, Call.POST, "429 Too many running tasks, three times", busy, waits)
    taken = replace(waits, posts=None, says=("waiting for a slot",), takes=(50, 400))
    somebody = {
        "rules": Rules(slots=2),
        "pace": Pace(render_seconds=60),
        "foreign": ("A whale", "An owl"),
        "busy": True,
    }
    yield cell(row, Call.POST, "both slots are taken by somebody else for a minute", (), taken, **somebody)
    one = {**somebody, "foreign": ("A whale",)}
    yield cell(row, Call.POST, "one slot is taken by somebody else for a minute", (), taken, **one)
