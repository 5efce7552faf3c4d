"""A run is killed at every point of the purchase protocol, and at everything that the server can see of it.

Then the plain command is said again. Four clips are wanted: four jobs are billed, four clips are whole, and never do
three run.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.lock.facts import State
from runner.sandbox.faults import Do, Fault, Moment, On
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import PROMPTS, UNLISTED, Ended, Stage, folder, stage

POINTS = {
    # what is said to the server
    "list.before": (1,),
    "list.after": (1,),
    "post.before": (1, 2, 4),
    "post.after": (1, 2, 4),
    "retrieve.before": (1, 3),
    "retrieve.after": (1, 2, 4),
    "content.before": (1, 4),
    "content.after": (1, 2, 4),
    # the ledger: its header, then intent, job and clip of each shot
    "ledger.write.before": (2, 3),
    "ledger.write.half": (1, 2, 3, 13),
    "ledger.write.after": (1, 3, 13),
    "ledger.sync.after": (2, 3, 8),
    "state.sync_folder.after": (2,),
    # the lockfile: the same facts, after the ledger has them
    "lockfile.write.before": (1, 12),
    "lockfile.write.half": (1, 2, 3, 12),
    "lockfile.write.after": (2, 3),
    "lockfile.sync.after": (1, 12),
    # folding it: at the beginning, and at the end
    "fold.remove.after": (2,),
    "fold.write.before": (2,),
    "fold.write.half": (1, 2),
    "fold.sync.after": (1,),
    "lockfile.rename.before": (1, 2),
    "lockfile.rename.after": (1, 2),
    "folder.sync_folder.after": (1, 5),
    "ignore.write.half": (1,),
    # the cache of digests
    "seen.remove.after": (1,),
    "seen.write.half": (1,),
    "seen.sync.before": (1,),
    "seen.rename.before": (1,),
    "seen.rename.after": (1,),
    # bringing a clip home: part, store, record, name
    "part.remove.after": (1, 4),
    "part.write.before": (2,),
    "part.write.half": (1, 7),
    "part.write.after": (3,),
    "part.sync.after": (1, 4),
    "store.copy.before": (2,),
    "store.copy.after": (1,),
    "store.sync.after": (1,),
    "store.rename.before": (1,),
    "store.rename.after": (1, 4),
    "store.sync_folder.after": (1, 4),
    "clip.rename.before": (1, 2, 4),
    "clip.rename.after": (1, 2, 4),
    "clip.sync_folder.after": (1, 4),
    # anywhere
    "any.before": (17, 33, 49, 65, 80),
}

SEEN = {
    "connection accepted": (1, 2, 3),
    "create head": (2,),
    "create before": (1, 2, 4),
    "create after": (1, 2, 4),
    "create first": (3,),
    "create half": (1, 2, 4),
    "create written": (1, 2, 4),
    "list before": (1,),
    "list half": (1,),
    "list written": (1,),
    "retrieve before": (1, 3),
    "retrieve after": (2,),
    "retrieve written": (1, 4),
    "content before": (1,),
    "content first": (1, 4),
    "content half": (1, 4),
    "content written": (1, 4),
}

TWICE = [
    # the first life leaves a purchase without an answer; the second dies over what it left
    (("post.after", 2), ("fold.write.half", 1)),
    (("post.after", 2), ("lockfile.rename.after", 1)),
    (("post.after", 2), ("list.after", 1)),
    (("post.after", 2), ("ledger.write.half", 1)),
    (("post.after", 2), ("lockfile.write.half", 1)),
    (("post.before", 2), ("list.after", 2)),
    (("post.before", 2), ("ledger.write.after", 1)),
    (("post.before", 1), ("post.before", 1)),
    (("post.after", 1), ("post.after", 1)),
    (("ledger.sync.after", 3), ("folder.sync_folder.after", 1)),
    (("ledger.write.half", 3), ("ledger.sync.after", 1)),
    (("lockfile.write.half", 2), ("fold.write.before", 1)),
    (("store.rename.after", 1), ("clip.rename.after", 1)),
    (("clip.rename.before", 1), ("clip.rename.before", 1)),
]

UNANSWERED = [
    ("post.before", 1),
    ("post.before", 4),
    ("post.after", 1),
    ("post.after", 2),
    ("post.after", 4),
    ("ledger.sync.after", 2),
    ("lockfile.write.half", 1),
    ("ledger.write.half", 3),
    ("create head", 1),
    ("create before", 2),
    ("create after", 1),
    ("create after", 4),
    ("create half", 2),
]


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
    complaints = [complaint for death in case.deaths for complaint in _die(it, *death)]
    return complaints + it.come_home()


def _unlisted(case: Case, it: Stage) -> list[str]:
    complaints = _die(it, *case.deaths[0])
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


def _die(it: Stage, name: str, nth: int) -> list[str]:
    """One life, to its foretold end."""
    if " " in name:
        on, moment = name.split()

        def threaten(pid: int) -> None:
            it.sandbox.faults.append(Fault(on=On(on), do=Do.KILL, when=Moment(moment), nth=nth, pid=pid))

        ended = it.run("render", "film.yaml", meanwhile=threaten)
        it.sandbox.faults.clear()
        it.lives[-1] += f" by the server, {name}:{nth}"
    else:
        ended = it.run("render", "film.yaml", fate=(name, nth))
    return (
        [] if ended.code == -9 else [f"it ended with {ended.code} instead of dying at {name}:{nth}"]
    ) + it.violations()


def _counts(path: Path) -> Mapping[str, int]:
    counts: Mapping[str, int] = json.loads(path.read_text())
    return counts
