"""Rows of the table: jobs that come late, and lists that do not show all, or not all at once."""

from collections.abc import Iterator
from dataclasses import replace

from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Rules
from tests.crash.network.cell import PARTIAL, SHOTS, Call, Cell, Come, cell
from tests.crash.network.outcomes import (
    ABSENT,
    ADOPTED,
    FOUND_LATER,
    LOST,
    PASSED,
    PROVES_NOTHING,
    UNSUPPORTED,
    Faults,
    befall,
    each,
)

LATE = "late creation 0-300 s after our timeout; listing lag 0-60 s"
LISTS = "list without prompts / with foreign equal tasks / paginated / cut / reordered / duplicates"

_UNSURE = replace(
    PROVES_NOTHING,
    code="hold",
    says=("it may be video_", "shotlock resolve film.yaml beach --adopt video_"),
    takes=(0, 60),
)
_LISTED = replace(ADOPTED, code="two lists", takes=(0, 600))
_ADOPT = (("render", 1), ("resolve beach --adopt {job}", 0), ("render", 0))
_RESUBMIT = (("render", 1), ("resolve beach --resubmit", 0), ("render", 0))


def cells() -> Iterator[Cell]:
    """The cells of these rows."""
    yield from _late()
    yield from _in_other_words()
    yield from _foreign()
    yield from _in_other_ways()
    yield from _not_all()


def _late() -> Iterator[Cell]:
    row, answer = LATE, "the answer is lost, the job comes"
    for seconds in (0, 1, 30, 120, 299):
        late = befall(Call.POST, Do.LATE, seconds=seconds)
        come = replace(_LISTED, code="U, settle covers", takes=(seconds, seconds + 120))
        yield cell(row, Call.POST, f"{answer} {seconds} s later", late, come)
    for seconds in (301, 450):
        late = befall(Call.POST, Do.DELAY, seconds=seconds)
        yield cell(row, Call.POST, f"no answer for 300 s, the job comes after {seconds} s", late, FOUND_LATER)
    for seconds in (1, 10, 60):
        lag = Fault(on=On.LIST, do=Do.LAG, seconds=seconds)
        yield cell(row, Call.LIST, f"listing lag {seconds} s", (LOST, lag), _LISTED)
    late, lag = befall(Call.POST, Do.LATE, seconds=299), Fault(on=On.LIST, do=Do.LAG, seconds=60)
    yield cell(row, Call.LIST, "the job comes 299 s later, listing lag 60 s", (late, lag), _LISTED)
    killed = {"dies": ("post.after", 1), "earlier": (late,)}
    yield cell(row, Call.LIST, "the same, and the run was killed", lag, replace(PASSED, posts=1), **killed)


def _in_other_words() -> Iterator[Cell]:
    words: dict[str, dict[str, object]] = {
        "without prompts": {"prompt": None},
        "with prompts in other spelling": {"prompt": "  A DOG  runs on the BEACH\n"},
        "with another name of the model": {"model": "sora-2-2025-12-08"},
        "without models": {"model": None},
        "without sizes": {"size": None},
    }
    faults = {name: befall(Call.LIST, Do.REWRITE, lasting=True, body=body) for name, body in words.items()}
    yield from each(LISTS, Call.LIST, faults, _UNSURE)


def _foreign() -> Iterator[Cell]:
    row, call, beach = LISTS, Call.LIST, SHOTS["beach"]
    unknown = Come(
        code="hold",
        exit=1,
        beach="nothing",
        bills=1,
        posts=1,
        takes=(0, 300),
        says=("the server has a job for this very request that nobody here remembers",),
        then=(("resolve beach --resubmit", 0), ("render", 0)),
    )
    because = "an equal job that no fact explains, seen before the purchase: a person decides"
    yield cell(row, call, "with a foreign equal task", (), unknown, because, foreign=(beach,))
    yield cell(row, call, "with two foreign equal tasks", (), unknown, because, foreign=(beach, beach))
    hidden = Fault(on=On.LIST, do=Do.EMPTY, nth=1)
    more = replace(_UNSURE, code="hold if more than intents", then=_ADOPT)
    name = "with a foreign equal task that shows itself when an answer is lost"
    yield cell(row, call, name, (LOST, hidden), more, foreign=(beach,))


def _in_other_ways() -> Iterator[Cell]:
    nothing_told = {"has_more": None, "last_id": None, "first_id": None, "object": None}
    fine: dict[str, Faults] = {
        "paginated, one a page": befall(Call.LIST, Do.PAGES, lasting=True, step=1),
        "paginated, two a page": befall(Call.LIST, Do.PAGES, lasting=True, step=2),
        "reordered": befall(Call.LIST, Do.REVERSE, lasting=True),
        "duplicates": befall(Call.LIST, Do.DOUBLE, lasting=True),
        "without a word about its end": befall(Call.LIST, Do.ENVELOPE, lasting=True, body=nothing_told),
        "without what nobody needs": befall(Call.LIST, Do.REWRITE, lasting=True, body={"object": None, "error": None}),
    }
    others = ("An owl", "A whale", "A fox")
    yield from each(LISTS, Call.LIST, fine, replace(ADOPTED, code="followed, tolerated"), foreign=others)


def _not_all() -> Iterator[Cell]:
    row, call = LISTS, Call.LIST
    unsent = befall(Call.POST, Do.DROP, when=Moment.BEFORE)
    yield cell(row, call, "complete, and nothing was bought", unsent, replace(ABSENT, code="two lists: unsent"))
    page = {"object": "list", "data": [], "has_more": True, "last_id": "video_1"}
    cut = {
        "cut: it says that there is more, and shows nothing": page,
        "cut: it says that there is more, and not where": {**page, "last_id": None},
    }
    faults = {name: befall(call, Do.STATUS, status=200, body=body, nth=2, times=1000) for name, body in cut.items()}
    yield from each(row, call, faults, PROVES_NOTHING)
    partial = "that is not declared complete"
    empty = befall(call, Do.EMPTY, lasting=True)
    yield cell(row, call, f"{partial}, without the job", (LOST, empty), PROVES_NOTHING, profile=PARTIAL)
    yield cell(row, call, f"{partial}, with the job", LOST, ADOPTED, profile=PARTIAL)
    held = replace(PROVES_NOTHING, code="hold", bills=1, then=_RESUBMIT)
    yield cell(row, call, f"{partial}, and nothing was bought", unsent, held, profile=PARTIAL)
    none = replace(UNSUPPORTED, then=_ADOPT)
    yield cell(row, call, "no list at all", LOST, none, rules=Rules(slots=8, lists=False))
