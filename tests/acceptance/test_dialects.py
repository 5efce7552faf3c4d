"""The contract: every dialect against every fault of a purchase, with the server's own books as the judge.

A cell says how many jobs are billed and how many of two clips come home. Where a dialect has no list that proves
anything, a purchase whose answer is lost waits for a person; where a clip costs nothing, it is simply made again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from runner.sandbox.dialects import DIALECTS
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.acceptance.desk import KEY, Desk, Shop
from tests.acceptance.warm import QuickDesk, Warm

MANIFEST = """\
version: 1
profile: {{extends: {profile}, typical_render: 0.3, settle: 0.5, longest_render: 5}}
defaults: {{model: sora-2, size: 1280x720, seconds: 4}}
shots:
  - id: beach
    prompt: A dog runs on the beach
  - id: alley
    prompt: A cat in an alley
"""
LISTED = ("sora", "openai", "azure")  # a list that shows prompts finds what was lost
UNLISTED = ("new-api", "litellm")  # no list, or one that wants to be told more
FREE = ("vllm-omni", "sglang")  # the one's list shows prompts, the other's does not


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What comes of a fault: bills, and clips that are there at the end."""

    bills: int
    clips: int
    says: str = ""


HOME = Cell(bills=2, clips=2)
HELD = Cell(bills=2, clips=1, says="shotlock resolve film.yaml beach --adopt")
AGAIN = Cell(bills=3, clips=2)


def lost(when: Moment, do: Do = Do.DROP, status: int | None = None) -> Fault:
    return Fault(on=On.CREATE, do=do, when=when, nth=1, status=status)


TAKEN = {**dict.fromkeys(LISTED, HOME), **dict.fromkeys(UNLISTED, HELD), "vllm-omni": HOME, "sglang": AGAIN}
NOT_TAKEN = {**dict.fromkeys((*LISTED, *UNLISTED), replace(HELD, bills=1)), **dict.fromkeys(FREE, HOME)}


EVERYWHERE = dict.fromkeys(DIALECTS, HOME)
FAULTS: dict[str, tuple[tuple[Fault, ...], dict[str, Cell]]] = {
    "nothing": ((), EVERYWHERE),
    "the answer is lost": ((lost(Moment.AFTER),), TAKEN),
    "a reset after it was taken": ((lost(Moment.AFTER, Do.RESET),), TAKEN),
    "a 500 after it was taken": ((lost(Moment.AFTER, Do.STATUS, 500),), TAKEN),
    "a 504 after it was taken": ((lost(Moment.AFTER, Do.STATUS, 504),), TAKEN),
    "a 409 after it was taken": ((lost(Moment.AFTER, Do.STATUS, 409),), TAKEN),
    "a 502 web page after it was taken": ((lost(Moment.AFTER, Do.HTML, 502),), TAKEN),
    "a good web page after it was taken": ((lost(Moment.AFTER, Do.HTML, 200),), TAKEN),
    "what is no HTTP after it was taken": ((lost(Moment.AFTER, Do.GARBAGE),), TAKEN),
    "half an answer": ((Fault(on=On.CREATE, do=Do.HALF, nth=1),), TAKEN),
    "an answer without an id": (
        (Fault(on=On.CREATE, do=Do.REWRITE, nth=1, body={"id": None, "task_id": None}),),
        TAKEN,
    ),
    "the answer is lost and the list is empty": (
        (lost(Moment.AFTER), Fault(on=On.LIST, do=Do.EMPTY)),
        {**dict.fromkeys((*LISTED, *UNLISTED), HELD), **dict.fromkeys(FREE, AGAIN)},
    ),
    "the answer is lost and the list fails": (
        (lost(Moment.AFTER), Fault(on=On.LIST, do=Do.STATUS, status=500)),
        {**dict.fromkeys((*LISTED, *UNLISTED), HELD), **dict.fromkeys(FREE, AGAIN)},
    ),
    "it never arrives": ((lost(Moment.BEFORE),), NOT_TAKEN),
    "a 503 before it was taken": ((lost(Moment.BEFORE, Do.STATUS, 503),), NOT_TAKEN),
    "a job fails": (
        (Fault(on=On.CREATE, do=Do.FAIL, nth=1, code="moderation_blocked", message="It was blocked."),),
        dict.fromkeys(DIALECTS, Cell(bills=2, clips=1, says="the job failed: It was blocked.")),
    ),
    "the state is not told for a while": (
        (Fault(on=On.RETRIEVE, do=Do.STATUS, status=502, nth=1, times=3),),
        EVERYWHERE,
    ),
    "half a clip": ((Fault(on=On.CONTENT, do=Do.HALF, nth=1),), EVERYWHERE),
    "half a clip that looks whole": ((Fault(on=On.CONTENT, do=Do.CUT, nth=1),), EVERYWHERE),
    "a web page in place of a clip": ((Fault(on=On.CONTENT, do=Do.HTML, nth=1),), EVERYWHERE),
    "a 500 in place of a clip": ((Fault(on=On.CONTENT, do=Do.STATUS, status=500, nth=1),), EVERYWHERE),
}


@pytest.fixture
def desk(desk: Desk, warm: Warm) -> QuickDesk:
    return QuickDesk(folder=desk.folder, state=desk.state, environ=desk.environ, said=desk.said, warm=warm)


@pytest.fixture
def at(desk: Desk, open_shop: Callable[..., Shop]) -> Callable[..., Shop]:
    """A server of a dialect, and a manifest with the profile for it."""

    def opened(dialect: str, *, seconds: float = 0.2, **rules: object) -> Shop:
        spoken = DIALECTS[dialect]()
        shop: Shop = open_shop(
            dialect=spoken,
            rules=replace(spoken.rules(), **{"key": KEY, **rules}),  # type: ignore[arg-type]
            pace=Pace(render_seconds=seconds),
        )
        desk.write(MANIFEST.format(profile=dialect))
        desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
        return shop

    return opened


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_cell_of_the_contract(desk: Desk, at: Callable[..., Shop], dialect: str, fault: str) -> None:
    scripted, cells = FAULTS[fault]
    cell, shop = cells[dialect], at(dialect)
    for each in scripted:
        shop.sandbox.faults.append(each)
    first = desk.run("render", "film.yaml")
    assert (shop.billed, len(desk.clips())) == (cell.bills, cell.clips), first.stderr
    assert first.code == (0 if cell.clips == 2 else 1), first.stderr
    assert cell.says in first.stderr
    again = desk.run("render", "film.yaml")
    assert again.code == first.code
    assert (shop.billed, len(desk.clips())) == (cell.bills, cell.clips), "a rerun buys nothing"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_where_all_slots_are_taken_it_waits_for_one(desk: Desk, at: Callable[..., Shop], dialect: str) -> None:
    shop = at(dialect, slots=1)
    done = desk.run("render", "film.yaml")
    assert (done.code, shop.billed, len(desk.clips())) == (0, 2, 2), done.stderr


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_run_that_stops_is_gone_on_with(desk: Desk, at: Callable[..., Shop], dialect: str) -> None:
    shop = at(dialect, seconds=2.0)
    stopped = desk.run("render", "film.yaml", "--stop-after", "0.5s")
    assert stopped.code == 1
    assert desk.run("render", "film.yaml").code == 0
    assert (shop.billed, len(desk.clips())) == (2, 2)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_the_server_refuses_is_told_in_its_words(desk: Desk, at: Callable[..., Shop], dialect: str) -> None:
    shop = at(dialect, sizes=("64x64",))
    refused = desk.run("render", "film.yaml")
    assert (refused.code, shop.billed) == (1, 0)
    assert "the server refused it: 400: " in refused.stderr
    assert "no words" not in refused.stderr


@pytest.mark.parametrize("dialect", [*LISTED, *UNLISTED])
def test_a_key_that_is_refused_stops_before_anything_is_bought(
    desk: Desk, at: Callable[..., Shop], dialect: str
) -> None:
    shop = at(dialect)
    refused = desk.run("render", "film.yaml", OPENAI_API_KEY="sk-canary-wrong-one")
    assert (refused.code, shop.billed) == (4, 0)
    assert "is `OPENAI_API_KEY` the key of this server?" in refused.stderr


@pytest.mark.parametrize(
    ("dialect", "looks"), [(each, each) for each in DIALECTS if each != "sora"] + [("sora", "openai")]
)
def test_the_doctor_knows_each_by_its_answers(desk: Desk, at: Callable[..., Shop], dialect: str, looks: str) -> None:
    shop = at(dialect)
    seen = desk.run("doctor", "film.yaml")
    assert seen.code == 0, seen.stdout
    assert f"it looks like `{looks}`: " in seen.stdout
    assert shop.billed == 0
