"""Nothing is remembered, or only a part of it: what was bought is not bought again unless a person says so.

Every way to lose memory meets every kind of list and every age of the jobs. Whatever is held tells the shot, why, and
the command that goes on; that command is run, and the batch comes home. `python -m tests.crash.no_memory` plays all.
"""

import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from threading import Event
from typing import Any

from runner.lock.facts import State
from runner.sandbox.dialect import Dialect
from runner.sandbox.faults import Do, Fault, On
from runner.sandbox.rules import Pace, Rules
from tests.acceptance.desk import wait_for
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import side_by_side
from tests.crash.stage import Ended, Stage, folder, stage

SHOTS = {"beach": "A dog runs on the beach", "alley": "A cat in an alley", "cliff": "Waves below a cliff"}
FIRST, *LATER = SHOTS  # the first one was bought before the others, and is in the older lockfile
RENDER, DAYS = 30.0, 2 * 86_400.0  # seconds of the server's clock


# -- what is lost


def lockfile(it: Stage) -> None:
    (it.folder / "film.lock").unlink()


def ledger(it: Stage) -> None:
    shutil.rmtree(it.state)


def clips(it: Stage) -> None:
    shutil.rmtree(it.folder / "renders")


def store(it: Stage) -> None:
    shutil.rmtree(it.folder / ".shotlock")


def newest_facts(it: Stage) -> None:
    """An older lockfile is checked out."""
    (it.folder / "film.lock").write_bytes((it.root / "older.lock").read_bytes())


Loss = Callable[[Stage], None]
LOSSES: Mapping[str, tuple[Loss, ...]] = {
    "lockfile": (lockfile,),
    "ledger": (ledger,),
    "lockfile and ledger": (lockfile, ledger),
    "older lockfile": (newest_facts,),
    "older lockfile and no ledger": (newest_facts, ledger),
    "clips": (clips,),
    "clips and store": (clips, store),
    "lockfile and clips": (lockfile, clips),
    "lockfile, ledger and store": (lockfile, ledger, store),  # what lies there could be anybody's
    "new machine": (ledger, clips, store),
    "everything": (lockfile, ledger, clips, store),
}
LISTS = ("full", "empty", "partial", "absent")
JOBS = ("running", "finished", "expired")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One way to lose memory, one kind of list, one age of the jobs; and by which of its commands a person goes on."""

    lost: str
    listed: str
    jobs: str
    buys: bool  # a person orders a new purchase where there is a choice, instead of keeping what was bought

    @property
    def name(self) -> str:
        return f"{self.lost}, list {self.listed}, {self.jobs}{', bought again' if self.buys else ''}"

    def forgets(self, loss: Loss) -> bool:
        return loss in LOSSES[self.lost]


CELLS = {
    cell.name: cell
    for number, (lost, listed, jobs) in enumerate(product(LOSSES, LISTS, JOBS))
    for cell in [Cell(lost=lost, listed=listed, jobs=jobs, buys=number % 2 == 1)]
}


# -- what should come of it


def remembered(cell: Cell) -> set[str]:
    """The shots of which some fact tells."""
    if not cell.forgets(ledger):
        return {*SHOTS}
    if cell.forgets(lockfile):
        return set()
    return {FIRST} if cell.forgets(newest_facts) else {*SHOTS}


def fate(cell: Cell, shot: str) -> str:
    """What the first run does about a shot, by what is left of it."""
    there = shot == FIRST or cell.jobs != "running"  # its clip had come home before anything was lost
    here, stored = there and not cell.forgets(clips), there and not cell.forgets(store)
    if shot in remembered(cell):
        return "home" if here or stored or not there or cell.jobs != "expired" else "held: it was bought"
    if here and stored:
        return "held: maybe bought before"
    shown = {"full": SHOTS, "partial": LATER[:1]}.get(cell.listed, ())
    return "held: the server has a job" if shot in shown else "bought"


# -- playing it


@dataclass(kw_only=True)
class Play:
    """A cell on its stage, and what a person ordered so far."""

    cell: Cell
    it: Stage
    ordered: int = 0
    complaints: list[str] = field(default_factory=list)

    def check(self, what: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.complaints.append(f"{what}: {found}, and not {wanted}")

    def bought(self) -> int:
        """Jobs beyond one for each shot, by the server's account."""
        return len(self.it.billed) - len(SHOTS)

    def render(self, *command: str) -> Ended:
        """A run; jobs that it asks for end as soon as it has asked once."""
        if self.cell.jobs != "running":
            return self.it.run(*(command or ("render", "film.yaml")))
        begun, over = self._retrieved(), Event()
        with ThreadPoolExecutor(1) as aside:
            aside.submit(self._let_time_pass, begun, over)
            try:
                return self.it.run(*(command or ("render", "film.yaml")))
            finally:
                over.set()

    def _let_time_pass(self, begun: int, over: Event) -> None:
        while not over.wait(0.05):
            if self._retrieved() > begun:
                self.it.sandbox.clock.advance(2 * RENDER)
                return

    def _retrieved(self) -> int:
        return int(self.it.ledger["requests"].get("retrieve", 0))


def play(name: str, cradle: Cradle) -> str:
    cell = CELLS[name]
    with ready(cell, cradle) as it:
        playing = Play(cell=cell, it=it)
        fates = {shot: fate(cell, shot) for shot in SHOTS}
        _first_run(playing, fates)
        _go_on(playing)
        playing.check("billed beyond what was ordered", playing.bought() - playing.ordered, 0)
        whole = it.incomplete() + it.restless()
        return it.verdict(
            [*playing.complaints, *whole, *(f"a traceback: {said}" for said in it.said if "Traceback" in said)]
        )


def _first_run(playing: Play, fates: Mapping[str, str]) -> None:
    orders = [shot for shot, fate in fates.items() if fate == "bought"]
    ended = playing.render()
    first_line = next(line for line in ended.stderr.splitlines() if "profile sora" in line)
    if orders:
        # Where really nothing remembers, a first order is what was asked for: it is said how much that is.
        count = len(orders) + sum(fate.startswith("held: the server") for fate in fates.values())
        words = f"{count} clip{'s' if count > 1 else ''}, {4 * count} s, at most ${0.4 * count:.2f}"
        playing.check("the first line", first_line.partition("adapted: ")[2], words)
    for shot in orders:
        lay_there = (shot == FIRST or playing.cell.jobs != "running") and not playing.cell.forgets(clips)
        said = f"what is not ours lay in the place of `{shot}`" in ended.stderr
        playing.check(f"that a file was moved away for {shot} is said", said, lay_there)
    playing.ordered += len(orders)
    playing.check("bought by the first run", playing.bought(), len(orders))
    held = {shot: fate for shot, fate in fates.items() if fate.startswith("held")}
    playing.check("the exit code", ended.code, 1 if held else 0)
    told = held_on(ended.stderr)
    playing.check("held", {*told}, {*held})
    for shot, (why, hint) in told.items():
        playing.check(f"why {shot} is held", f"held: {why}".startswith(held.get(shot, "?")), True)
        playing.check(f"the hint for {shot}", bool(re.search(rf"shotlock \w+ film.yaml {shot}\b", hint)), True)


def _go_on(playing: Play) -> None:
    """Run what the screen says, until all is there."""
    for _ in range(4):
        ended = playing.render()
        if ended.code == 0:
            return
        for shot, (why, hint) in held_on(ended.stderr).items():
            before = playing.bought()
            ordered = _decide(playing, shot, why, hint)
            playing.check(f"bought by deciding about {shot}", playing.bought() in (before, before + ordered), True)
            playing.ordered += ordered
            if "back from git" in why and not ordered:
                break  # that told of the others, too
    playing.complaints.append("it never comes home")


def _decide(playing: Play, shot: str, why: str, hint: str) -> int:
    """Do what the hint says about a held shot; how many purchases that orders."""
    if "--adopt" in hint and not hint.startswith("shotlock retake"):
        command = ["--resubmit"] if playing.cell.buys else re.search(r"(--adopt) (\S+)", hint).groups()
        playing.check(f"resolving {shot}", playing.it.run("resolve", "film.yaml", shot, *command).code, 0)
        return int(playing.cell.buys)
    if "back from git" in why and not playing.cell.buys:
        (playing.it.folder / "film.lock").write_bytes((playing.it.root / "newest.lock").read_bytes())
        return 0
    playing.render("retake", "film.yaml", shot)
    return 1


def held_on(screen: str) -> dict[str, tuple[str, str]]:
    """The shots that the summary calls held, why, and the hint below."""
    return {
        shot: (why, hint) for shot, why, hint in re.findall(r"^held +(\w+): (.*)\n +hint: (.*)$", screen, re.MULTILINE)
    }


@contextmanager
def ready(cell: Cell, cradle: Cradle) -> Iterator[Stage]:
    """A stage on which everything was bought, and then memory was lost."""
    profile = "{extends: sora, settle: 1, typical_render: 0.5}"
    with folder() as root, stage(root, pace=Pace(render_seconds=0.05), profile=profile, cradle=cradle) as it:
        it.shots = SHOTS
        it.write(profile=profile)
        assert it.run("render", "film.yaml", "--only", FIRST).code == 0
        (root / "older.lock").write_bytes(it.lock())
        _buy_the_rest(it, running=cell.jobs == "running")
        (root / "newest.lock").write_bytes(it.lock())
        if cell.jobs == "expired":
            it.sandbox.clock.advance(DAYS)
        for loss in LOSSES[cell.lost]:
            loss(it)
        it.sandbox.faults.extend(_faults(it, cell.listed))
        yield it


def _buy_the_rest(it: Stage, *, running: bool) -> None:
    if not running:
        assert it.run("render", "film.yaml").code == 0
        return
    object.__setattr__(it.sandbox._api, "pace", Pace(render_seconds=RENDER))
    run = it.start("render", "film.yaml")
    wait_for(lambda: sum(each.state is State.SUBMITTED for each in it.facts()) == len(LATER), "two jobs are running")
    run.kill()
    it.end(run)


def _faults(it: Stage, listed: str) -> list[Fault]:
    match listed:
        case "absent":
            return [Fault(on=On.LIST, do=Do.NO_ROUTE, status=404)]
        case "empty":
            return [Fault(on=On.LIST, do=Do.EMPTY)]
        case "partial":
            now, rules = it.sandbox.clock.now(), Rules()
            jobs = [job for job in it.sandbox.jobs if job.order.prompt == SHOTS[LATER[0]]]
            shown = [Dialect().shown(job, job.state(now), rules) for job in jobs]
            return [
                Fault(on=On.LIST, do=Do.STATUS, status=200, body={"object": "list", "data": shown, "has_more": False})
            ]
        case _:
            return []


def main() -> int:
    """Play every cell; the exit code says whether one went wrong."""
    with side_by_side([*CELLS], play) as results:
        wrong = {name: complaint for name, result in results.items() if (complaint := result.result())}
    for name, complaint in wrong.items():
        print(f"--- {name}{complaint}")
    fates = Counter(fate(cell, shot).partition(":")[0] for cell in CELLS.values() for shot in SHOTS)
    told = f"{fates['home']} came home, {fates['held']} were held, {fates['bought']} were a first order"
    print(f"{len(CELLS)} cells of {len(SHOTS)} shots: {told}; {len(wrong)} cells went wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
