"""Rows of the table: no connection, broken connections, slow ones, and replies that end where they should not."""

from collections.abc import Iterator
from dataclasses import replace
from signal import SIGINT, SIGTERM

from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.crash.network.cell import Call, Cell, Come, cell
from tests.crash.network.leap import HOME, MUTE, NOWHERE, REFUSED
from tests.crash.network.outcomes import (
    ABSENT,
    FETCHED,
    FOR_EVER,
    FOUND_LATER,
    LASTING,
    LOST,
    PASSED,
    PROVES_NOTHING,
    STALLED,
    UNANSWERED,
    UNFETCHED,
    UNREACHED,
    WELL,
    Faults,
    befall,
    each,
)

NO_CONNECTION = "DNS fail, refused, connect timeout, TLS error"
BROKEN = "reset/close/timeout after headers sent; cancel; write timeout"
SLOW = "slow drip, 1-byte chunks, low bandwidth, slow close"
ENDS = "short/long/double/negative Content-Length, chunk truncation, close-delimited truncation"
TOXICS = "toxiproxy: latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data"

_WAYS = {"DNS failure": NOWHERE, "refused": REFUSED, "connect timeout": MUTE}
_LATE = {Moment.AFTER: "when the work is done", Moment.FIRST: "after the first byte", Moment.HALF: "after half of it"}
_SLOWLY = {
    Call.POST: FOUND_LATER,
    Call.POLL: PASSED,
    Call.CONTENT: PASSED,
    Call.LIST: replace(FOUND_LATER, code="nothing"),
}
_LONG = Pace(render_seconds=60)

# An earlier run was killed when it was about to ask, or to look up beach's lost answer while alley was being bought.
# That is so long ago that both jobs are asked for at once: which connection is whose depends on it.
_POLLING = {"dies": ("retrieve.before", 1), "later": 10.0}
_FETCHING = {"dies": ("content.before", 1), "later": 10.0}
_LOOKING_UP = {"dies": ("list.before", 2), "earlier": (LOST,)}
_STALLED = replace(STALLED, alley="submitted", posts=0)
_NOT_LOOKED_UP = replace(PROVES_NOTHING, alley="intent", bills=1, posts=0)


def cells() -> Iterator[Cell]:
    """The cells of these rows."""
    yield from _no_connection()
    yield from _no_trust()
    for call in Call:
        yield from _broken(call)
        yield from _silent(call)
        yield from _slow(call)
        yield from _ends(call)
        yield from _toxics(call)
    yield from _cancelled()
    yield from _cancelled_without_answer()


# --- no connection


def _no_connection() -> Iterator[Cell]:
    row = NO_CONNECTION
    parted = Fault(on=On.RETRIEVE, do=Do.REWRITE, headers={"connection": "close"})  # content needs a new connection
    unfetched = replace(UNFETCHED, alley="submitted", posts=0)
    looked_up = replace(PASSED, posts=None)
    for name, way in _WAYS.items():
        once, later = (HOME, way, way, HOME), (HOME, HOME, way)
        yield cell(row, Call.POST, f"{name}, lasting", (), UNREACHED, ways=(way,))
        yield cell(row, Call.POST, f"{name}, twice", (), PASSED, ways=once)
        yield cell(row, Call.POLL, f"{name}, lasting", (), _STALLED, ways=(way,), **_POLLING)
        yield cell(row, Call.POLL, f"{name}, twice", (), FETCHED, ways=once[1:], **_POLLING)
        yield cell(row, Call.CONTENT, f"{name}, lasting", parted, unfetched, ways=later, **_FETCHING)
        yield cell(row, Call.CONTENT, f"{name}, twice", parted, FETCHED, ways=(*later, way, HOME), **_FETCHING)
        yield cell(row, Call.LIST, f"{name}, lasting", (), _NOT_LOOKED_UP, ways=(way,), **_LOOKING_UP)
        yield cell(row, Call.LIST, f"{name}, twice", (), looked_up, ways=once[1:], **_LOOKING_UP)


def _no_trust() -> Iterator[Cell]:
    row, fault = NO_CONNECTION, "TLS error"
    there = {"status": 302, "headers": {"location": "https://{secure}/clip.mp4"}}
    yield cell(row, Call.POST, fault, (), UNREACHED, secure=True)
    yield cell(row, Call.POLL, fault, (), _STALLED, secure=True, **_POLLING)
    yield cell(row, Call.LIST, fault, (), _NOT_LOOKED_UP, secure=True, **_LOOKING_UP)
    lasting = befall(Call.CONTENT, Do.STATUS, lasting=True, **there)
    yield cell(row, Call.CONTENT, f"{fault} where it is redirected to, lasting", lasting, UNFETCHED)
    twice = befall(Call.CONTENT, Do.STATUS, **there)
    yield cell(row, Call.CONTENT, f"{fault} where it is redirected to, twice", twice, PASSED)


# --- broken connections


def _broken(call: Call) -> Iterator[Cell]:
    ends = {"reset": Do.RESET, "closed": Do.DROP}
    early: dict[str, Faults] = {}
    late: dict[str, Faults] = {"bytes that are no HTTP": befall(call, Do.GARBAGE, when=Moment.AFTER)}
    for name, do in ends.items():
        early[f"{name} after the head"] = befall(call, do, when=Moment.HEAD)
        early[f"{name} before the work is done"] = befall(call, do, when=Moment.BEFORE)
        late |= {f"{name} {words}": befall(call, do, when=when) for when, words in _LATE.items()}
    yield from each(BROKEN, call, early, UNANSWERED[call] if call is not Call.POST else ABSENT)
    yield from each(BROKEN, call, late, UNANSWERED[call])
    lasting = befall(call, Do.RESET, lasting=True, when=Moment.AFTER)
    yield from each(BROKEN, call, {"reset when the work is done, lasting": lasting}, LASTING[call])


def _silent(call: Call) -> Iterator[Cell]:
    early = {"no answer and no work": befall(call, Do.DELAY, seconds=FOR_EVER)}
    late = {f"silence {words}": befall(call, Do.DELAY, seconds=FOR_EVER, when=when) for when, words in _LATE.items()}
    yield from each(BROKEN, call, early, _SLOWLY[call] if call is not Call.POST else ABSENT)
    yield from each(BROKEN, call, late, _SLOWLY[call])
    if call is Call.POST:
        unread = befall(call, Do.DELAY, seconds=121, when=Moment.HEAD)
        yield cell(BROKEN, call, "write timeout", unread, ABSENT, picture=12_000_000)


def _cancelled() -> Iterator[Cell]:
    row, name = BROKEN, "cancel: SIGINT"
    recorded = Come(code="finish POST", exit=130, beach="submitted", alley="nothing", bills=1, posts=1, takes=(0, 60))
    slow = befall(Call.POST, Do.DELAY, seconds=5, when=Moment.AFTER)
    yield cell(row, Call.POST, name, slow, recorded, interrupt=("create", 1, SIGINT))
    yield cell(row, Call.POST, "cancel: SIGTERM", slow, replace(recorded, exit=143), interrupt=("create", 1, SIGTERM))
    left = replace(recorded, code="U", beach="intent")
    yield cell(row, Call.POST, f"{name} twice", slow, left, interrupt=("create", 1, SIGINT, SIGINT))
    bought = Come(code="C", exit=130, beach="submitted", alley="submitted", posts=2, takes=(0, 60))
    slow = befall(Call.POLL, Do.DELAY, seconds=2, when=Moment.AFTER)
    yield cell(row, Call.POLL, name, slow, bought, pace=_LONG, interrupt=("retrieve", 1, SIGINT))
    slow = befall(Call.CONTENT, Do.DELAY, seconds=5, when=Moment.FIRST)
    fetched = replace(bought, beach="done", alley="done")
    yield cell(row, Call.CONTENT, name, slow, fetched, interrupt=("content", 1, SIGINT))
    slow = befall(Call.LIST, Do.DELAY, seconds=2, nth=2, times=1)
    yield cell(row, Call.LIST, name, (LOST, slow), bought, pace=_LONG, interrupt=("list", 2, SIGINT))


def _cancelled_without_answer() -> Iterator[Cell]:
    row, name = BROKEN, "cancel: SIGINT, and no answer"
    bought = Come(code="C", exit=130, beach="submitted", alley="submitted", posts=2, takes=(0, 30))
    mute = Fault(on=On.RETRIEVE, do=Do.DELAY, seconds=FOR_EVER)
    yield cell(row, Call.POLL, name, mute, bought, pace=_LONG, interrupt=("retrieve", 1, SIGINT))
    mute = Fault(on=On.CONTENT, do=Do.DELAY, seconds=FOR_EVER, when=Moment.HALF)
    unfetched = replace(bought, takes=(25, 60), says=("its download was interrupted",))
    yield cell(row, Call.CONTENT, name, mute, unfetched, interrupt=("content", 1, SIGINT))
    mute = Fault(on=On.LIST, do=Do.DELAY, seconds=FOR_EVER, nth=2)
    unknown = replace(bought, code="nothing", beach="intent", says=("the next run looks again",))
    yield cell(row, Call.LIST, name, (LOST, mute), unknown, pace=_LONG, interrupt=("list", 2, SIGINT))


# --- slow


def _slow(call: Call) -> Iterator[Cell]:
    content = call is Call.CONTENT
    drip = befall(call, Do.DRIP, step=1000 if content else 1, seconds=20)
    yield from each(SLOW, call, {"slow drip": drip}, _SLOWLY[call])
    well: dict[str, Faults] = {
        "1-byte chunks": befall(call, Do.DRIP, step=64 if content else 1),
        "bandwidth 10 KB/s": befall(call, Do.DRIP, step=5000 if content else 100, seconds=0.5 if content else 0.01),
        "slow close": (befall(call, Do.CLOSE), befall(call, Do.DELAY, when=Moment.WRITTEN, seconds=5)),
    }
    yield from each(SLOW, call, well, WELL[call])


# --- the end of a reply is told wrongly


def _ends(call: Call) -> Iterator[Cell]:
    lengths = {
        "short Content-Length": {"content-length": "20"},
        "double Content-Length": {"Content-Length": "20", "content-length": "30"},
        "negative Content-Length": {"content-length": "-1"},
        "Content-Length that is no number": {"content-length": "many"},
    }
    bad: dict[str, Faults] = {name: befall(call, Do.FRAME, headers=headers) for name, headers in lengths.items()}
    bad["chunk truncation"] = (befall(call, Do.SHORT), befall(call, Do.CHUNKS, step=100))
    bad["half of the length"] = befall(call, Do.HALF)
    bad["short, with a length that agrees"] = befall(call, Do.SHORT)
    bad["close-delimited truncation"] = befall(call, Do.CUT)
    yield from each(ENDS, call, bad, UNANSWERED[call])
    whole: dict[str, Faults] = {
        "long Content-Length": befall(call, Do.FRAME, headers={"content-length": "999999"}),
        "the last chunk is missing": befall(call, Do.CHUNKS, step=100),
    }
    if call is Call.POST:
        yield from each(ENDS, call, whole, PASSED, "the id came whole: a job that is known is no question")
    else:
        yield from each(ENDS, call, whole, UNANSWERED[call])
    lasting = befall(call, Do.CUT, lasting=True)
    yield from each(ENDS, call, {"close-delimited truncation, lasting": lasting}, LASTING[call])


# --- toxics


def _toxics(call: Call) -> Iterator[Cell]:
    step = 10_000 if call is Call.CONTENT else 40
    well: dict[str, Faults] = {
        "latency": befall(call, Do.DELAY, seconds=5),
        "bandwidth": befall(call, Do.DRIP, step=step, seconds=0.5),
        "slicer": befall(call, Do.DRIP, step=step // 10, seconds=0.01),
    }
    yield from each(TOXICS, call, well, WELL[call])
    bad: dict[str, Faults] = {
        "timeout": tuple(befall(call, do, when=Moment.AFTER, seconds=20) for do in (Do.DELAY, Do.DROP)),
        "reset_peer": tuple(befall(call, do, when=Moment.HALF, seconds=2) for do in (Do.DELAY, Do.RESET)),
        "limit_data": befall(call, Do.DROP, when=Moment.HALF),
    }
    yield from each(TOXICS, call, bad, UNANSWERED[call])
    closing = (befall(call, Do.CLOSE), befall(call, Do.DELAY, when=Moment.WRITTEN, seconds=FOR_EVER))
    come = PASSED if call is Call.POST else _SLOWLY[call]
    yield from each(TOXICS, call, {"slow_close": closing}, come, "the id came whole" if call is Call.POST else "")
