"""Rows of the table: good statuses with bodies that are no answer, or packed; clips that change or are gone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Rules
from tests.crash.network.cell import Call, Cell, Come, cell
from tests.crash.network.outcomes import (
    JSON,
    LASTING,
    LOST,
    PASSED,
    PROVES_NOTHING,
    UNANSWERED,
    UNFETCHED,
    WELL,
    Faults,
    befall,
    each,
)

BODIES = "200 HTML / empty / truncated / NaN / duplicate keys / 1 GB / deep JSON / wrong types"
CODINGS = "gzip/deflate/br bomb"
CHANGES = "video changes between resumes (ETag differs)"
EXPIRED = "content expired (404/410) before first download"

_GIGABYTE = 1 << 30
_DAY = 86_400.0
_TEXTS: dict[str, str] = {
    "empty": "",
    "NaN": '{"id": "video_1", "object": "video", "status": "completed", "progress": NaN}',
    "duplicate keys": '{"id": "video_1", "object": "video", "status": "queued", "status": "failed", "id": "video_2"}',
    "deep JSON": "[" * 100_000,
    "a list": "[]",
    "fields of wrong types": '{"id": {"a": 1}, "object": ["video"], "status": 7, "data": {"status": null}}',
    "an error": '{"error": {"message": "something went wrong", "type": "server_error"}}',
    "half a character": '{"id": "\\ud800", "object": "video", "status": "\\udfff"}',
}
_MORE_TEXTS: dict[str, str] = {  # that a POST alone is answered by: they are read as the others are
    "infinity": '{"id": "video_1", "object": "video", "status": "completed", "progress": -Infinity}',
    "deep objects": '{"a":' * 100_000,
    "a text": '"queued"',
    "a number": "5",
    "null": "null",
    "no JSON": "OK",
}
_REFUSED = replace(PASSED, code="refused by verify, C")


def cells() -> Iterator[Cell]:
    """The cells of these rows."""
    for call in Call:
        yield from _bodies(call)
        yield from _codings(call)
    yield from _pages_of_the_web()
    yield from _no_clips()
    yield from _changes()
    yield from _expired()


# --- bodies


def _good(call: Call, text: str, *, headers: dict[str, str] = JSON, **more: Any) -> Fault:
    """A body with 200, when the work is done."""
    return befall(call, Do.STATUS, status=200, body=text, headers=headers, when=Moment.AFTER, **more)


def _bodies(call: Call) -> Iterator[Cell]:
    texts = _TEXTS | _MORE_TEXTS if call is Call.POST else _TEXTS
    faults: dict[str, Faults] = {name: _good(call, text) for name, text in texts.items()}
    faults["1 GB"] = _good(call, '{"id": "', size=_GIGABYTE, times=1)
    faults["truncated"] = befall(call, Do.SHORT)
    if call is not Call.LIST:
        faults["HTML"] = befall(call, Do.HTML, when=Moment.AFTER)
    yield from each(BODIES, call, faults, _REFUSED if call is Call.CONTENT else UNANSWERED[call])
    if call is not Call.POST:
        names = ("NaN",) if call is Call.POLL else ("empty", "NaN", "a list")
        lasting = {f"{name}, lasting": _good(call, _TEXTS[name], lasting=True) for name in names}
        yield from each(BODIES, call, lasting, LASTING[call])


def _pages_of_the_web() -> Iterator[Cell]:
    page = befall(Call.LIST, Do.HTML, lasting=True)
    because = "a web page is no server: nothing is sent to it"
    come = Come(
        code="H(4)",
        exit=4,
        beach="nothing",
        alley="nothing",
        bills=0,
        posts=0,
        says=("the base URL leads to a web page", "does the base URL belong to a videos server"),
    )
    yield cell(BODIES, Call.LIST, "HTML from the first", page, come, because)
    later = {
        "HTML once a job was bought, twice": replace(page, nth=2, times=2),
        "HTML once a job was bought, lasting": replace(page, nth=2, times=1000),
    }
    for (name, fault), come in zip(later.items(), (UNANSWERED[Call.LIST], PROVES_NOTHING), strict=True):
        yield cell(BODIES, Call.LIST, name, (LOST, fault), come)


def _no_clips() -> Iterator[Cell]:
    """What comes as a clip and is none."""
    row, call, video = BODIES, Call.CONTENT, {"content-type": "video/mp4"}
    bad: dict[str, tuple[str, dict[str, Any]]] = {
        "JSON as video/mp4": (_TEXTS["an error"], {}),
        "HTML as video/mp4": ("<!doctype html><html><body>Please wait.</body></html>", {}),
        "nothing as video/mp4": ("", {}),
        "blanks as video/mp4": ("", {"size": 100_000}),
        "only the first box": ("\0\0\0\x10ftypisom\0\0\0\0", {}),
        "boxes without a picture": ("\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov\0\0\0\x08mdat", {}),
        "a picture": ("RIFF", {"headers": {"content-type": "image/webp"}}),
    }
    for name, (text, more) in bad.items():
        told = {"headers": video, **more}
        yield cell(row, call, f"{name}, lasting", _good(call, text, lasting=True, **told), UNFETCHED)
        yield cell(row, call, f"{name}, twice", _good(call, text, **told), _REFUSED)
    huge = befall(call, Do.FRAME, lasting=True, headers={"content-length": str(3 * _GIGABYTE)})
    yield cell(row, call, "3 GB, lasting", huge, UNFETCHED)


# --- codings


def _codings(call: Call) -> Iterator[Cell]:
    packed: dict[str, Faults] = {"gzip": befall(call, Do.GZIP), "deflate": befall(call, Do.DEFLATE)}
    unpacked = (33 if call is Call.LIST else 2) << 20  # bytes: more than a reply of this kind may have
    bad: dict[str, Faults] = {
        "br": (befall(call, Do.GZIP), befall(call, Do.REWRITE, headers={"content-encoding": "br"})),
        "gzip bomb": befall(call, Do.GZIP, size=unpacked),
        "deflate bomb": befall(call, Do.DEFLATE, size=unpacked),
    }
    if call is Call.CONTENT:
        yield from each(CODINGS, call, packed | bad, replace(PASSED, code="refused, C"))
        lasting = {"gzip, lasting": befall(call, Do.GZIP, lasting=True)}
        yield from each(CODINGS, call, lasting, replace(UNFETCHED, code="refused", says=("the clip is compressed",)))
        return
    because = "some gateways pack unasked: what can be read safely is read"
    yield from each(CODINGS, call, packed, WELL[call], because if call is Call.POST else "")
    yield from each(CODINGS, call, bad, UNANSWERED[call])


# --- clips that change or are gone


def _changes() -> Iterator[Cell]:
    half = befall(Call.CONTENT, Do.HALF, nth=1, times=1)
    swap = befall(Call.CONTENT, Do.SWAP, nth=2, times=1)

    def told(**headers: str) -> Fault:
        return befall(
            Call.CONTENT, Do.REWRITE, lasting=True, headers={n.replace("_", "-"): v for n, v in headers.items()}
        )

    faults: dict[str, Faults] = {
        "the ETag differs": (half, swap),
        "it changes twice": (replace(half, times=3), swap, replace(swap, nth=3)),
        "no ETag": (half, swap, told(etag="")),
        "a weak ETag": (half, swap, told(etag='W/"1"')),
        "an empty ETag": (half, swap, told(etag='""')),
        "cut once, and it stays the same": half,
        "cut three times, and it stays the same": replace(half, times=3),
        "a part that begins elsewhere": (half, told(content_range="bytes 5-9/10")),
        "a part of something longer": (half, told(content_range="bytes 80000-999998/999999")),
        "a part that says nothing of itself": (half, told(content_range="")),
        "a part with another ETag": (half, replace(told(etag='"other"'), nth=2)),
        "416 for a part": (half, befall(Call.CONTENT, Do.STATUS, status=416, nth=2, times=1)),
    }
    yield from each(CHANGES, Call.CONTENT, faults, replace(PASSED, code="restart, one file's bytes only"))


def _expired() -> Iterator[Cell]:
    row, known = EXPIRED, {"dies": ("content.before", 1), "later": _DAY + 3600}
    gone = Come(
        code="E, exit 1, re-bought only on demand",
        exit=1,
        beach="expired",
        alley="expired",
        posts=0,
        says=("expired before it was fetched", "shotlock retake film.yaml beach", "a new one costs up to 0.4"),
        then=(("render", 1), ("retake beach alley", 0)),
        at_last=4,
    )
    for status in (404, 410):
        fault = Fault(on=On.CONTENT, do=Do.STATUS, status=status)
        yield cell(row, Call.CONTENT, f"{status}, after its time", fault, gone, **known)
        early = befall(Call.CONTENT, Do.STATUS, status=status, times=1)
        yield cell(row, Call.CONTENT, f"{status} once, before its time", early, PASSED)
    yield cell(row, Call.CONTENT, "the server's own words, after its time", (), gone, **known)
    forgets = Rules(slots=8, forgets=True)
    yield cell(row, Call.POLL, "the job is unknown, after its time", (), gone, rules=forgets, **known)
