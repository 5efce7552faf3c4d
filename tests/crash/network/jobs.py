"""Rows of the table: what a server says of its jobs: strange ids, words and dates."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.crash.network.cell import Call, Cell, Come, cell
from tests.crash.network.outcomes import ADOPTED, LOST, PASSED, PROVES_NOTHING, WELL, befall, each

IDS = 'id = "", null, 5, "../x", "a/b", "%2e%2e", 10 KB, "\\n", control chars, another shot\'s id'
WORDS = 'status unknown / "succeeded" / progress -1, 1e9 / goes backwards / completed->queued'
DATES = "created_at, expires_at missing/strings/ms/negative"

_UNUSABLE: dict[str, object] = {
    '""': "",
    "null": None,
    "5": 5,
    "true": True,
    "an object": {"video": 1},
    "10 KB": "x" * 10_240,
    '"\\n"': "\n",
    "a new line within": "video\nX-Evil: 1",
    "control characters": "video\u0007\u001b[31m",
    '"."': ".",
    '".."': "..",
    "blanks": "   ",
}
_STRANGE = {
    '"../x"': "../x",
    '"a/b"': "a/b",
    '"%2e%2e"': "%2e%2e",
    '"?x=1#y"': "?x=1#y",
    "one that looks like a path": "/v1/videos/1",
    "one with spaces, quotes and signs": "a b'\"`$(x);&|<>\\é你",
    "500 letters": "x" * 500,
    "one with two dots": "..a",
    "one like a flag": "--all",
}
_DATES: dict[str, object] = {
    "missing": None,
    "a number as text": "1760627077",
    "an ISO date": "2026-11-25T12:00:00Z",
    "text": "yesterday",
    "milliseconds": 1_760_627_077_000,
    "negative": -5,
    "0": 0,
    "a fraction": 1760627077.25,
    "beyond the year 10,000": 10**15,
    "a list": [1],
}
_UNSURE = replace(
    PROVES_NOTHING,
    code="hold",
    says=("it may be video_", "shotlock resolve film.yaml beach --adopt video_"),
    takes=(0, 60),
)


def cells() -> Iterator[Cell]:
    """The cells of these rows."""
    yield from _unusable_ids()
    yield from _strange_ids()
    yield from _words()
    yield from _words_that_never_end()
    yield from _listed_words()
    yield from _dates()
    yield from _listed_dates()


def _told(call: Call, body: dict[str, Any], **more: Any) -> Fault:
    """What the server says of beach's job is changed."""
    return befall(call, Do.REWRITE, body=body, **more)


# --- ids


def _unusable_ids() -> Iterator[Cell]:
    because = "what cannot be read may be the job: that the list does not show it is not believed"
    for name, value in _UNUSABLE.items():
        reply = {"id": value, "object": "video", "status": "queued", "model": "sora-2"}
        once = befall(Call.POST, Do.STATUS, status=200, body=reply, when=Moment.AFTER)
        yield cell(IDS, Call.POST, f"id {name}, told by the POST only", once, ADOPTED)
    for name in ('""', "5", "10 KB", '"\\n"'):
        shown = _told(Call.LIST, {"id": _UNUSABLE[name]}, lasting=True)
        yield cell(IDS, Call.LIST, f"id {name} in the list, lasting", (LOST, shown), PROVES_NOTHING, because)
        passing = replace(shown, times=4)
        come = replace(ADOPTED, code="item ignored")
        yield cell(IDS, Call.LIST, f"id {name} in the list, four times", (LOST, passing), come)
    theirs = Fault(on=On.CREATE, do=Do.REWRITE, body={"id": "{beach}"}, nth=1)
    come = replace(PASSED, code="U", posts=1, says=("which is another purchase's",), takes=(480, 1500))
    yield cell(IDS, Call.POST, "another shot's id", theirs, come, dies=("post.before", 2))


def _strange_ids() -> Iterator[Cell]:
    because = "a server may name its jobs so: an id is asked for as a whole, percent-encoded, and is no part of a path"
    for name, value in _STRANGE.items():
        faults = (
            befall(Call.POST, Do.ALIAS, lasting=True, code=value),
            *(_told(call, {"id": value}, lasting=True) for call in (Call.POST, Call.POLL)),
        )
        yield cell(IDS, Call.POST, f"id {name}, and the server knows it by that", faults, PASSED, because)


# --- words


def _words() -> Iterator[Cell]:
    row, call = WORDS, Call.POLL
    unknown = _told(call, {"status": "rendering_audio"}, times=4)
    said = replace(PASSED, says=("a word not known here; it is polled on",))
    yield cell(row, call, 'status "rendering_audio", four times', unknown, said)
    strange: dict[str, dict[str, Any]] = {
        'status ""': {"status": ""},
        "status of 10 KB": {"status": "x" * 10_240},
        "status 7": {"status": 7},
        "progress -1": {"progress": -1},
        "progress 1e9": {"progress": 1_000_000_000},
        'progress "abc"': {"progress": "abc"},
        "progress of 1000 digits": {"progress": 10**999},
        "no progress": {"progress": None},
    }
    faults = {f"{name}, three times": _told(call, body, times=3) for name, body in strange.items()}
    words = {word: {"completed": word, "in_progress": "PROCESSING"} for word in ("succeeded", "SUCCESS", "Completed")}
    faults |= {f'status "{name}"': befall(call, Do.WORDS, lasting=True, body=body) for name, body in words.items()}
    yield from each(row, call, faults, PASSED)
    numbers = enumerate((90, 50, 10, 99), start=1)
    back = tuple(_told(call, {"progress": n, "status": "in_progress"}, nth=nth, times=1) for nth, n in numbers)
    yield cell(row, call, "progress goes backwards", back, PASSED)
    early = _told(call, {"status": "completed", "progress": 100}, nth=1, times=1)
    yield cell(row, call, "completed->queued: said too early", early, PASSED, pace=Pace(render_seconds=3))
    again = (_told(call, {"status": "in_progress"}, times=1), _told(call, {"status": "queued", "progress": 0}, nth=2))
    yield cell(row, call, "in_progress->queued", again, PASSED)


def _words_that_never_end() -> Iterator[Cell]:
    never = _told(Call.POLL, {"status": "rendering_audio"}, lasting=True)
    come = Come(
        code="C",
        exit=1,
        beach="submitted",
        says=("has not ended after 60 min", "the next run goes on"),
        takes=(3600, 4200),
    )
    yield cell(WORDS, Call.POLL, "an unknown status, lasting", never, come)


def _listed_words() -> Iterator[Cell]:
    listed: dict[str, dict[str, Any]] = {
        'status "rendering_audio"': {"status": "rendering_audio"},
        'status "succeeded"': {"status": "succeeded"},
        "status 7": {"status": 7},
        "no status": {"status": None},
        "progress -1": {"progress": -1},
        "progress 1e9": {"progress": 1_000_000_000},
    }
    faults = {name: _told(Call.LIST, body, lasting=True) for name, body in listed.items()}
    yield from each(WORDS, Call.LIST, faults, WELL[Call.LIST])


# --- dates


def _dates() -> Iterator[Cell]:
    for name, value in _DATES.items():
        body = {"created_at": value, "expires_at": value, "completed_at": value}
        for call in (Call.POST, Call.POLL):
            yield cell(DATES, call, f"dates: {name}", _told(call, body, lasting=True), PASSED)
    late = befall(Call.CONTENT, Do.STATUS, status=404)
    for name in ("missing", "text", "a number as text", "milliseconds", "negative", "0"):
        shown = _told(Call.POLL, {"expires_at": _DATES[name], "created_at": _DATES[name]}, lasting=True)
        yield cell(DATES, Call.CONTENT, f"dates: {name}, and a clip that comes late", (shown, late), PASSED)


def _listed_dates() -> Iterator[Cell]:
    row, call = DATES, Call.LIST

    def shown(value: object) -> Fault:
        return _told(call, {"created_at": value}, lasting=True)

    undated = ("missing", "text", "negative", "0", "beyond the year 10,000", "a list")
    faults = {f"created_at: {name}": shown(_DATES[name]) for name in undated}
    because = "an equal job without a date may be the lost one: it is neither adopted nor ignored"
    yield from each(row, call, faults, _UNSURE, because)
    faults = {
        "created_at: an ISO date of long ago": shown("2020-01-01T00:00:00Z"),
        "created_at: milliseconds of long ago": shown(1_500_000_000_000),
    }
    yield from each(row, call, faults, _UNSURE, "an equal job that nobody remembers, of another time: a person decides")
    good = {"a number as text": "{now}", "milliseconds": "{ms}", "an ISO date": "{iso}"}
    faults = {f"created_at: {name}": shown(value) for name, value in good.items()}
    yield from each(row, call, faults, WELL[call])
