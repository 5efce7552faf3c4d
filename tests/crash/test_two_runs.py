"""Runs that meet on one machine, and runs that are asked to end: slots are shared, and nothing is bought twice."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial

import pytest

from runner.lock.facts import State
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import Stage, folder, stage

ABOUT = " once more"
HASTY = ("hasty", 1)  # they look every second whether a slot is free
SLOW = Pace(render_seconds=2)


# --- runs that meet


def a_second_run_of_a_manifest_leaves_and_names_the_first(cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle, pace=SLOW) as it:
        first = it.start("render", "film.yaml")
        _wait_for(lambda: len(it.billed) == 2)
        second = it.run("render", "film.yaml")
        assert (second.code, second.stdout) == (4, "")
        assert f"process {first.pid} on " in second.stderr
        assert it.end(first).code == 0
        assert it.verdict(it.come_home(resumes=1)) == ""


def a_killed_run_keeps_nobody_out(cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle, pace=SLOW) as it:
        first = it.start("render", "film.yaml")
        _wait_for(lambda: len(it.billed) == 2)
        first.kill()
        assert it.end(first).code == -signal.SIGKILL
        assert it.verdict(it.come_home(resumes=1)) == ""


def two_manifests_share_the_slots_of_an_account(about: str, cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle, pace=Pace(render_seconds=0.5)) as it:
        it.write("other", about=about)
        runs = [it.start("render", f"{name}.yaml", fate=HASTY) for name in ("film", "other")]
        assert [it.end(run).code for run in runs] == [0, 0]
        _both_are_home(it, about)


def the_jobs_of_a_killed_run_keep_their_slots_until_they_end(about: str, cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle, pace=SLOW) as it:
        it.write("other", about=about)
        film = it.start("render", "film.yaml")
        _wait_for(lambda: len(it.billed) == 2)
        film.kill()
        other = it.start("render", "other.yaml", fate=HASTY)
        assert it.end(film).code == -signal.SIGKILL
        assert it.end(other).code == 0
        assert len(it.billed) == 6
        assert it.run("render", "film.yaml").code == 0
        _both_are_home(it, about)


def a_run_goes_on_beside_one_that_was_killed_during_its_post(about: str, cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle, pace=Pace(render_seconds=0.5)) as it:
        it.write("other", about=about)
        film = it.start("render", "film.yaml")
        it.sandbox.faults.append(Fault(on=On.CREATE, do=Do.KILL, when=Moment.AFTER, nth=2, pid=film.pid))
        assert it.end(film).code == -signal.SIGKILL
        it.sandbox.faults.clear()
        runs = [it.start("render", f"{name}.yaml", fate=HASTY) for name in ("other", "film")]
        assert [it.end(run).code for run in runs] == [0, 0]
        _both_are_home(it, about)


# --- runs that are asked to end


def a_signal_with_two_jobs_running_buys_no_third(number: int, code: int, cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle, pace=SLOW) as it:
        run = it.start("render", "film.yaml")
        _wait_for(lambda: len(it.billed) == 2)
        run.send_signal(number)
        left = it.end(run)
        assert (left.code, len(it.billed)) == (code, 2)
        assert left.stderr.count("coming to an end") == 1
        assert it.verdict(it.come_home(resumes=1)) == ""


def a_signal_during_a_post_lets_it_end_and_records_its_job(number: int, code: int, cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle, lists=False) as it:
        it.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DELAY, when=Moment.AFTER, seconds=1, nth=2))
        run = it.start("render", "film.yaml")
        _wait_for(lambda: len(it.billed) == 2)
        run.send_signal(number)
        assert it.end(run).code == code
        assert len(it.billed) == 2
        assert all(attempt.state in (State.SUBMITTED, State.DONE) for attempt in it.facts())
        assert it.verdict(it.come_home(resumes=1)) == ""


def a_signal_leaves_a_download_the_time_to_end(cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle) as it:
        it.sandbox.faults.append(Fault(on=On.CONTENT, do=Do.DELAY, when=Moment.FIRST, seconds=1, nth=1))
        run = it.start("render", "film.yaml")
        _wait_for(lambda: it.ledger["requests"]["content"] >= 1)
        run.send_signal(signal.SIGINT)
        assert it.end(run).code == 130
        assert any(attempt.state is State.DONE for attempt in it.facts())
        assert it.verdict(it.come_home(resumes=1)) == ""


def a_second_signal_leaves_at_once_and_the_next_run_finds_the_job(cradle: Cradle) -> None:
    with folder() as root, stage(root, cradle=cradle) as it:
        it.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DELAY, when=Moment.AFTER, seconds=300, nth=2))
        run = it.start("render", "film.yaml")
        _wait_for(lambda: len(it.billed) == 2)
        run.send_signal(signal.SIGINT)
        _wait_for(lambda: "once more" in run.shows("err"))
        run.send_signal(signal.SIGINT)
        assert it.end(run).code == 130  # and not after the 300 seconds of the POST
        assert [attempt.state for attempt in it.facts()].count(State.INTENT) == 1
        assert it.verdict(it.come_home(resumes=1)) == ""


SCENES: Mapping[str, Callable[[Cradle], None]] = {
    "a second run leaves": a_second_run_of_a_manifest_leaves_and_names_the_first,
    "a killed run keeps nobody out": a_killed_run_keeps_nobody_out,
    "two manifests, other clips": partial(two_manifests_share_the_slots_of_an_account, ABOUT),
    "two manifests, same clips": partial(two_manifests_share_the_slots_of_an_account, ""),
    "killed with jobs, other clips": partial(the_jobs_of_a_killed_run_keep_their_slots_until_they_end, ABOUT),
    "killed with jobs, same clips": partial(the_jobs_of_a_killed_run_keep_their_slots_until_they_end, ""),
    "killed in a POST, other clips": partial(a_run_goes_on_beside_one_that_was_killed_during_its_post, ABOUT),
    "killed in a POST, same clips": partial(a_run_goes_on_beside_one_that_was_killed_during_its_post, ""),
    "SIGINT with jobs": partial(a_signal_with_two_jobs_running_buys_no_third, signal.SIGINT, 130),
    "SIGTERM with jobs": partial(a_signal_with_two_jobs_running_buys_no_third, signal.SIGTERM, 143),
    "SIGINT in a POST": partial(a_signal_during_a_post_lets_it_end_and_records_its_job, signal.SIGINT, 130),
    "SIGTERM in a POST": partial(a_signal_during_a_post_lets_it_end_and_records_its_job, signal.SIGTERM, 143),
    "SIGINT in a download": a_signal_leaves_a_download_the_time_to_end,
    "SIGINT twice": a_second_signal_leaves_at_once_and_the_next_run_finds_the_job,
}


@pytest.mark.parametrize("scene", SCENES)
def test_runs_that_meet_or_are_asked_to_end(scene: str, played: Mapping[str, "Future[None]"]) -> None:
    played[scene].result()


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Mapping[str, "Future[None]"]]:
    """The scenes that were asked for, played side by side: most of their time they wait."""
    with side_by_side(asked(request, "scene"), lambda scene, cradle: SCENES[scene](cradle)) as futures:
        yield futures


def _both_are_home(it: Stage, about: str) -> None:
    ledger = it.ledger
    billed = [] if len(ledger["billed"]) == 8 else [f"{len(ledger['billed'])} billed"]
    incomplete = it.incomplete("film") + it.incomplete("other", about=about)
    restless = it.restless("film") + it.restless("other")
    assert it.verdict(billed + incomplete + restless + it.violations(times=1 if about else 2)) == ""


def _wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "never happened"
        time.sleep(0.02)
