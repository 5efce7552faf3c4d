"""The contract: every dialect against every fault of a purchase, with the server's own books as the judge.

A cell says how many jobs are billed and how many of two clips come home. Where a dialect has no list that proves
anything, a purchase whose answer is lost waits for a person; where a clip costs nothing, it is simply made again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import pytest

from runner.sandbox.dialects import DIALECTS
from runner.sandbox.embedded import threaded
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from runner.sandbox.server import Sandbox
from tests.acceptance.borne import BorneDesk
from tests.acceptance.desk import KEY, Desk, Result, Shop
from tests.canary import leaks
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import folder
from tests.rest import parted

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


@dataclass(kw_only=True)
class Scene:
    """A desk before a server of a dialect, with the profile for it."""

    desk: Desk
    dialect: str
    opened: ExitStack

    def run(self, *arguments: str, **environ: str) -> Result:
        return self.desk.run(*arguments, **environ)

    def shop(self, *, seconds: float = 0.2, faults: Sequence[Fault] = (), **rules: object) -> Shop:
        spoken = DIALECTS[self.dialect]()
        told = replace(spoken.rules(), **{"key": KEY, **rules})  # type: ignore[arg-type]
        sandbox = Sandbox(dialect=spoken, rules=told, pace=Pace(render_seconds=seconds))
        sandbox.faults.extend(faults)
        shop = Shop(self.opened.enter_context(threaded(sandbox)))
        self.desk.write(MANIFEST.format(profile=self.dialect))
        self.desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
        return shop


def a_cell_of_the_contract(it: Scene, *, fault: str) -> None:
    scripted, cells = FAULTS[fault]
    cell, shop = cells[it.dialect], it.shop(faults=scripted)
    first = it.run("render", "film.yaml")
    assert (shop.billed, len(it.desk.clips())) == (cell.bills, cell.clips), first.stderr
    assert first.code == (0 if cell.clips == 2 else 1), first.stderr
    assert cell.says in first.stderr
    again = it.run("render", "film.yaml")
    assert again.code == first.code
    assert (shop.billed, len(it.desk.clips())) == (cell.bills, cell.clips), "a rerun buys nothing"


def where_all_slots_are_taken_it_waits_for_one(it: Scene) -> None:
    shop = it.shop(slots=1)
    done = it.run("render", "film.yaml")
    assert (done.code, shop.billed, len(it.desk.clips())) == (0, 2, 2), done.stderr


def a_run_that_stops_is_gone_on_with(it: Scene) -> None:
    shop = it.shop(seconds=2.0)
    stopped = it.run("render", "film.yaml", "--stop-after", "0.5s")
    assert stopped.code == 1
    assert it.run("render", "film.yaml").code == 0
    assert (shop.billed, len(it.desk.clips())) == (2, 2)


def what_the_server_refuses_is_told_in_its_words(it: Scene) -> None:
    shop = it.shop(sizes=("64x64",))
    refused = it.run("render", "film.yaml")
    assert (refused.code, shop.billed) == (1, 0)
    assert "the server refused it: 400: " in refused.stderr
    assert "no words" not in refused.stderr


def a_key_that_is_refused_stops_before_anything_is_bought(it: Scene) -> None:
    shop = it.shop()
    refused = it.run("render", "film.yaml", OPENAI_API_KEY="sk-canary-wrong-one")
    assert (refused.code, shop.billed) == (4, 0)
    assert "is `OPENAI_API_KEY` the key of this server?" in refused.stderr


def the_doctor_knows_it_by_its_answers(it: Scene) -> None:
    shop = it.shop()
    seen = it.run("doctor", "film.yaml")
    assert seen.code == 0, seen.stdout
    looks = "openai" if it.dialect == "sora" else it.dialect  # it is the same server
    assert f"it looks like `{looks}`: " in seen.stdout
    assert shop.billed == 0


SCENES: dict[str, Callable[[Scene], None]] = {
    **{fault: partial(a_cell_of_the_contract, fault=fault) for fault in FAULTS},
    "all slots are taken": where_all_slots_are_taken_it_waits_for_one,
    "stopped": a_run_that_stops_is_gone_on_with,
    "refused": what_the_server_refuses_is_told_in_its_words,
    "a wrong key": a_key_that_is_refused_stops_before_anything_is_bought,
    "the doctor": the_doctor_knows_it_by_its_answers,
}
CASES = [
    (scene, dialect)
    for scene in SCENES
    for dialect in DIALECTS
    if (scene, dialect) not in product(["a wrong key"], FREE)
]


# The number of dialects is odd: every other case is of every dialect, and of every scene.
@pytest.mark.parametrize("case", parted(CASES, lambda place, _: place % 2 == 0, "-".join))
def test_a_scene_in_a_dialect(case: tuple[str, str], played: "Played") -> None:
    played[case].result()


Played = Mapping[tuple[str, str], "Future[None]"]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    with side_by_side(asked(request, "case"), _played) as results:
        yield results


def _played(case: tuple[str, str], cradle: Cradle) -> None:
    scene, dialect = case
    with folder() as root, ExitStack() as opened:
        (root / "project").mkdir()
        desk = BorneDesk(folder=root / "project", state=root / "state", cradle=cradle)
        SCENES[scene](Scene(desk=desk, dialect=dialect, opened=opened))
        assert leaks(root, desk.said, KEY) == []
