"""A run is killed at every point of the purchase protocol, and at everything that the server can see of it.

Then the plain command is said again. Four clips are wanted: four jobs are billed, four clips are whole, and never do
three run.
"""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.lock.facts import State
from tests.crash.cradle import Cradle
from tests.crash.deaths import POINTS, SEEN, TWICE, UNANSWERED, die
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import PROMPTS, UNLISTED, Ended, Stage, folder, stage


@dataclass(frozen=True, slots=True)
class Case:
    """Where a run dies, life after life, and on which kind of server."""

    deaths: tuple[tuple[str, int], ...]
    lists: bool = True

    def __str__(self) -> str:
        return ("" if self.lists else "unlisted-") + "-then-".join(f"{name}:{nth}" for name, nth in self.deaths)


LISTED_CASES = [
    *(Case(((point, nth),)) for points in (POINTS, SEEN) for point, nths in points.items() for nth in nths),
    *(Case(deaths) for deaths in TWICE),
]
UNLISTED_CASES = [Case((death,), lists=False) for death in UNANSWERED]


@pytest.mark.parametrize("case", LISTED_CASES, ids=str)
def test_a_killed_run_is_resumed_without_a_second_bill(case: Case, verdicts: Mapping[Case, "Future[str]"]) -> None:
    assert verdicts[case].result() == ""


@pytest.mark.parametrize("case", UNLISTED_CASES, ids=str)
def test_where_no_list_tells_a_killed_purchase_waits_for_a_person(
    case: Case, verdicts: Mapping[Case, "Future[str]"]
) -> None:
    assert verdicts[case].result() == ""


def test_a_life_that_is_killed_before_it_begins_ends_as_any_other() -> None:
    """The server may still meet what an earlier life asked for, when it has been told whom to kill."""
    with Cradle() as cradle, _scene(Case(()), cradle) as it:
        assert it.run("render", "film.yaml", meanwhile=_killed).code == -signal.SIGKILL
        assert it.come_home() == []


def _killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.001)


def test_every_point_that_a_run_crosses_is_in_the_table() -> None:
    with _scene(Case(())) as it:
        assert it.run("render", "film.yaml", fate=("count", "../counts.json")).code == 0
        crossed = _counts(it.root / "counts.json")
    met = {point.rpartition(".")[0] for point in crossed}
    named = {point.rpartition(".")[0] for point in POINTS}
    assert {point for point in met if not point.startswith("disk.")} == named


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> Iterator[Mapping[Case, "Future[str]"]]:
    """The verdict on each case that was asked for: empty where nothing is wrong, else everything that is known."""
    with side_by_side(asked(request, "case"), _verdict) as futures:
        yield futures


def _verdict(case: Case, cradle: Cradle) -> str:
    with _scene(case, cradle) as it:
        return it.verdict(_listed(case, it) if case.lists else _unlisted(case, it))


@contextmanager
def _scene(case: Case, cradle: Cradle | None = None) -> Iterator[Stage]:
    kind: dict[str, Any] = {} if case.lists else {"profile": UNLISTED, "lists": False}
    with folder() as root, stage(root, cradle=cradle, **kind) as it:
        yield it


def _listed(case: Case, it: Stage) -> list[str]:
    complaints = [complaint for death in case.deaths for complaint in _dies(it, *death)]
    return complaints + it.come_home()


def _unlisted(case: Case, it: Stage) -> list[str]:
    complaints = _dies(it, *case.deaths[0])
    held = it.run("render", "film.yaml")
    open_ = [attempt.intent.shot for attempt in it.facts() if attempt.state is State.INTENT]
    if held.code != 1 or len(open_) != 1 or len(it.billed) > len(PROMPTS):
        return [*complaints, f"it ended with {held.code}, {len(open_)} held, {len(it.billed)} billed", *it.violations()]
    return complaints + _decided(it, open_[0], held) + it.come_home() + it.violations()


def _decided(it: Stage, shot: str, held: Ended) -> list[str]:
    """What a person finds on the screen, and then says."""
    told = f"shotlock resolve film.yaml {shot} --adopt JOB_ID | --resubmit | --abandon"
    complaints = [] if told in held.stderr else [f"not told: {told}"]
    job = it.job_of(shot)
    ended = it.run("resolve", "film.yaml", shot, *(["--adopt", job] if job else ["--resubmit"]))
    return complaints + ([] if ended.code == 0 else [f"`resolve` ended with {ended.code}"])


def _dies(it: Stage, name: str, nth: int) -> list[str]:
    """One life, to its foretold end."""
    ended = die(it, name, nth)
    alive = [] if ended.code == -signal.SIGKILL else [f"it ended with {ended.code} instead of dying at {name}:{nth}"]
    return alive + it.violations()


def _counts(path: Path) -> Mapping[str, int]:
    counts: Mapping[str, int] = json.loads(path.read_text())
    return counts
