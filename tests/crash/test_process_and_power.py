"""What can befall a process, in every column of a purchase: signals, a stop, a bug, a second run, a wrong clock.

The columns: before the intent (P); the intent is durable (I0), the POST is sent (I1), its answer is there (I2); polling
(S); downloading (Dl); the clip is recorded, not yet named (D0); all is done, and the lockfile is being folded (Z).
"""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest

from runner.lock.facts import State
from tests.crash.cradle import Cradle
from tests.crash.person import unconfirmed
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import Fate, Running, Stage, folder, stage
from tests.rest import parted

COLUMNS: Mapping[str, tuple[str, int]] = {
    "P": ("list.before", 1),
    "I0": ("post.before", 2),
    "I1": ("post.sent", 2),
    "I2": ("post.after", 2),
    "S": ("retrieve.before", 2),
    "Dl": ("part.write.after", 1),
    "D0": ("clip.rename.before", 2),
    "Z": ("fold.write.before", 2),
}
# Once the POST on its way has ended. After an answer the next one may be on its way before the signal is heard, if a
# slot has just become free.
BOUGHT = {"P": (0,), "I0": (2,), "I1": (2,), "I2": (2, 3)}
CODES = {"int": 130, "term": 143}
DAY = 86_400
WRONG = {"a day ahead": DAY, "a day behind": -DAY, "ten years behind": -3650 * DAY}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A column, and what befalls the run there."""

    column: str
    befalls: str
    play: Callable[[Stage, str, str], list[str]] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.befalls}-{self.column}"


# --- signals


def _asked_once(it: Stage, column: str, name: str) -> list[str]:
    """No more is bought, what is on its way is recorded; a download has the time to end."""
    ended = it.run("render", "film.yaml", fate=_at(column, name))
    billed, left = len(it.billed), unconfirmed(it)
    done = [each for each in it.facts() if each.state is State.DONE]
    return _wrong(
        {
            f"it ended with {ended.code}": ended.code not in ((0, CODES[name]) if column == "Z" else (CODES[name],)),
            f"{billed} were bought": billed not in BOUGHT.get(column, (billed,)),
            f"unconfirmed: {left}": bool(left),
            "no clip came home": column in ("Dl", "D0", "Z") and not done,
            "it does not say so": column != "Z" and ended.stderr.count("coming to an end") != 1,
        }
    ) + it.come_home(resumes=1)


def _asked_twice(it: Stage, column: str, name: str) -> list[str]:
    """It leaves at once, without a summary; the intent on disk covers what was on its way."""
    ended = it.run("render", "film.yaml", fate=_at(column, f"{name}2"))
    left = unconfirmed(it)
    return _wrong(
        {
            f"it ended with {ended.code}": ended.code not in ((0, CODES[name]) if column == "Z" else (CODES[name],)),
            f"unconfirmed: {left}": len(left) > (0 if column in ("P", "Z") else 1),
            "it did not leave at once": column != "Z" and "clips are there" in ended.stderr,
        }
    ) + it.come_home(resumes=1)


# --- bugs


def _struck(it: Stage, column: str, name: str) -> list[str]:
    """Exit 3, a note of the crash, and nothing that was bought is lost."""
    ended = it.run("render", "film.yaml", fate=_at(column, name))
    told = {"raise": "RuntimeError", "memory": "MemoryError"}[name]
    left = unconfirmed(it)
    complaints = _wrong(
        {
            f"it ended with {ended.code}": ended.code != 3,
            "it does not call it a bug": f"a bug of shotlock: {told}" not in ended.stderr,
            "a traceback is on the screen": "Traceback" in ended.stderr,
            "no note of the crash is there": not list((it.state / "crashes").glob("*")),
            f"unconfirmed: {left}": len(left) > (0 if column in ("P", "Z") else 1),
        }
    )
    it.said.remove(ended.stderr)  # a bug was ordered here
    return complaints + it.come_home(resumes=1)


# --- a stop, and a second run meanwhile


def _stopped(it: Stage, column: str, name: str) -> list[str]:
    """Nobody else gets in while it sleeps, looking is allowed, and then it goes on as if nothing had been."""
    first = it.start("render", "film.yaml", fate=_at(column, "stop"))
    _wait_for_stop(first)
    it.knock()
    before = _books(it), it.ledger["connections"]
    second, look = it.run("render", "film.yaml"), it.run("status", "film.yaml")
    after = _books(it), it.ledger["connections"]
    first.send_signal(signal.SIGCONT)
    ended = it.end(first)
    return _wrong(
        {
            f"the second run ended with {second.code}": second.code != 4,
            "the second run does not name the first": f"process {first.pid} on " not in second.stderr,
            "the second run wrote or asked something": before != after,
            f"`status` ended with {look.code}": look.code not in (0, 1),
            f"the first ended with {ended.code}": ended.code != 0,
        }
    ) + it.come_home(resumes=1)


# --- clocks


def _clock_jumps(it: Stage, column: str, name: str) -> list[str]:
    """The machine's clock jumps during a life: it goes on."""
    point, nth = COLUMNS[column]
    ended = it.run("render", "film.yaml", fate=(f"{WRONG[name]:+}:{point}", nth))
    return _wrong({f"it ended with {ended.code}": ended.code != 0}) + it.come_home(resumes=1)


def _clock_jumped(it: Stage, column: str, name: str) -> list[str]:
    """It jumped between two lives: nothing is held for its age, given up, or bought again."""
    killed = it.run("render", "film.yaml", fate=COLUMNS[column])
    ended = it.run("render", "film.yaml", fate=("clock", WRONG[name]))
    return _wrong(
        {
            f"it was not killed, but ended with {killed.code}": killed.code != -signal.SIGKILL,
            f"the life after that ended with {ended.code}": ended.code != 0,
        }
    ) + it.come_home(resumes=1)


SCENES = [
    Scene(column=column, befalls=befalls, play=play)
    for play, all_of_them in (
        (_asked_once, ("int", "term")),
        (_asked_twice, ("int", "term")),
        (_struck, ("raise", "memory")),
        (_stopped, ("stopped",)),
        (_clock_jumps, tuple(WRONG)),
        (_clock_jumped, tuple(WRONG)),
    )
    for befalls in all_of_them
    for column in COLUMNS
]


def _of(play: Callable[[Stage, str, str], list[str]]) -> pytest.MarkDecorator:
    """Its scenes: whatever befalls a run, and every column, but not each with each."""
    mine = [scene for scene in SCENES if scene.play is play]
    kinds = len(mine) // len(COLUMNS)

    def kept(place: int, _: Scene) -> bool:
        return sum(divmod(place, len(COLUMNS))) % kinds == 0

    return pytest.mark.parametrize("scene", parted(mine, kept))


@_of(_asked_once)
def test_a_run_that_is_asked_to_end_buys_no_more_and_loses_nothing(scene: Scene, verdicts: "Verdicts") -> None:
    assert verdicts[scene].result() == ""


@_of(_asked_twice)
def test_a_run_that_is_asked_twice_leaves_at_once_and_the_next_one_goes_on(scene: Scene, verdicts: "Verdicts") -> None:
    assert verdicts[scene].result() == ""


@_of(_struck)
def test_a_bug_ends_a_run_with_3_and_loses_nothing(scene: Scene, verdicts: "Verdicts") -> None:
    assert verdicts[scene].result() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@_of(_stopped)
def test_a_stopped_run_keeps_a_second_one_out_and_then_goes_on(scene: Scene, verdicts: "Verdicts") -> None:
    assert verdicts[scene].result() == ""


@_of(_clock_jumps)
def test_a_clock_that_jumps_during_a_run_changes_nothing(scene: Scene, verdicts: "Verdicts") -> None:
    assert verdicts[scene].result() == ""


@_of(_clock_jumped)
def test_a_clock_that_jumped_between_two_runs_changes_nothing(scene: Scene, verdicts: "Verdicts") -> None:
    assert verdicts[scene].result() == ""


Verdicts = Mapping[Scene, "Future[str]"]


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> Iterator[Verdicts]:
    """The verdict on each scene that was asked for: empty where nothing is wrong."""
    with side_by_side(asked(request, "scene"), _verdict) as futures:
        yield futures


def _verdict(scene: Scene, cradle: Cradle) -> str:
    with folder() as root, stage(root, cradle=cradle) as it:
        return it.verdict(scene.play(it, scene.column, scene.befalls))


def _at(column: str, act: str) -> Fate:
    point, nth = COLUMNS[column]
    return f"{act}:{point}", nth


def _wrong(checks: Mapping[str, bool]) -> list[str]:
    return [complaint for complaint, broken in checks.items() if broken]


def _books(it: Stage) -> list[bytes]:
    return [path.read_bytes() for path in it.books()]


def _wait_for_stop(running: Running, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while _state(running) != "T":
        assert time.monotonic() < until, "it never stopped"
        time.sleep(0.01)


def _state(running: Running) -> str:
    with open(f"/proc/{running.pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]
