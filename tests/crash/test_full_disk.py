"""The disk is full, or fails, at every place where the runner writes: it stops, and nothing that was bought is lost."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

from runner.lock.facts import State
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import Ended, Fate, Stage, folder, stage

FULL = [
    # from there on there is no room at all
    ("full:ledger.write.before", 1),
    ("full:ledger.write.before", 2),
    ("full:ledger.write.before", 3),
    ("full:lockfile.write.before", 1),
    ("full:lockfile.write.before", 2),
    ("full:fold.write.before", 1),
    ("full:fold.write.before", 2),
    ("full:ignore.write.before", 1),
    ("full:part.write.before", 2),
    ("full:store.copy.before", 1),
    # there is room again right after
    ("once:ledger.write.before", 2),
    ("once:ledger.write.before", 3),
    ("once:lockfile.write.before", 1),
    ("once:lockfile.write.before", 2),
    ("once:part.write.before", 3),
    # nothing can be made durable any more
    ("bad:ledger.sync.before", 2),
    ("bad:ledger.sync.before", 3),
    ("bad:lockfile.sync.before", 1),
    ("bad:part.sync.before", 1),
    ("bad:store.sync.before", 2),
    ("bad:clip.sync_folder.before", 1),
    # the kernel itself takes a part of a write and refuses the rest
    ("limit", 400),
    ("limit", 1_200),
    ("limit", 2_000),
    ("limit", 100_000),
]


@pytest.mark.parametrize("fate", FULL, ids=lambda fate: f"{fate[0]}:{fate[1]}")
def test_a_full_disk_stops_the_run_and_with_room_the_next_one_goes_on(
    fate: Fate, verdicts: Mapping[Fate, "Future[str]"]
) -> None:
    assert verdicts[fate].result() == ""


def test_a_job_that_the_ledger_would_not_take_is_kept_in_the_rescue_file(tmp_path: Path, cradle: Cradle) -> None:
    with stage(tmp_path, cradle=cradle, lists=False) as it:
        stopped = it.run("render", "film.yaml", fate=("once:ledger.write.before", 3))
        assert stopped.code == 4
        job = it.job_of("beach")
        assert f"shot `beach` is job {job}, it is kept in the state folder's rescue file" in stopped.stderr
        assert it.verdict(it.come_home(resumes=1)) == ""


def test_a_job_that_no_file_would_take_is_told_on_the_screen(tmp_path: Path, cradle: Cradle) -> None:
    with stage(tmp_path, cradle=cradle, lists=False) as it:
        stopped = it.run("render", "film.yaml", fate=("full:ledger.write.before", 3))
        assert stopped.code == 4
        job = it.job_of("beach")
        assert f"shot `beach` is job {job}, no file would take it" in stopped.stderr
        assert job is not None
        assert it.run("resolve", "film.yaml", "beach", "--adopt", job).code == 0
        assert it.verdict(it.come_home(resumes=1)) == ""


def test_what_is_running_is_brought_home_though_nothing_more_can_be_bought(tmp_path: Path, cradle: Cradle) -> None:
    with stage(tmp_path, cradle=cradle, pace=Pace(render_seconds=1)) as it:
        stopped = it.run("render", "film.yaml", fate=("once:lockfile.write.before", 3))
        assert stopped.code == 4
        assert _done(it) == ["beach"]
        assert it.verdict(it.come_home(resumes=1)) == ""


@pytest.fixture(scope="module")
def cradle() -> Iterator[Cradle]:
    with Cradle() as cradle:
        yield cradle


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> Iterator[Mapping[Fate, "Future[str]"]]:
    """The verdict on each fate that was asked for: empty where nothing is wrong."""
    with side_by_side(asked(request, "fate"), _verdict) as futures:
        yield futures


def _verdict(fate: Fate, cradle: Cradle) -> str:
    with folder() as root, stage(root, cradle=cradle) as it:
        return it.verdict([*_not_stopped(it.run("render", "film.yaml", fate=fate)), *it.come_home(resumes=1)])


def _not_stopped(ended: Ended) -> list[str]:
    """What is wrong with the way in which a run gave up."""
    checks = {
        f"it ended with {ended.code}": ended.code != 4,
        "it does not say what is wrong": "error: " not in ended.stderr,
        "it does not say what to do": "hint: " not in ended.stderr,
        "it is no bug of ours": "Traceback" in ended.stderr or "a bug of" in ended.stderr,
    }
    return [complaint for complaint, broken in checks.items() if broken]


def _done(it: Stage) -> list[str]:
    return [attempt.intent.shot for attempt in it.facts() if attempt.state is State.DONE]


def test_a_job_that_no_file_takes_is_named_though_another_failure_came_first(tmp_path: Path, cradle: Cradle) -> None:
    with stage(tmp_path, cradle=cradle, lists=False) as it:
        it.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DELAY, when=Moment.AFTER, seconds=2, nth=3))
        end = it.run("render", "film.yaml", fate=("full:post.sent", 3))  # its clips come before its answer
        assert it.job_of("cliff") in end.stderr
