"""What a process is not given: a screen that takes its words, or as many open files as it likes."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

from runner.sandbox.rules import Pace
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import Stage, folder, stage

DEAF = (">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "--json >/dev/full", "--json >&-", "2>&1 | true")
FILES = range(3, 15)  # from too few to begin with to more than enough
_OF_THE_INTERPRETER = re.compile(
    r"Exception ignored in: <function BaseEventLoop.__del__.*|.*coroutine 'perform' was never awaited.*", re.DOTALL
)


@pytest.mark.parametrize("screen", DEAF)
def test_a_screen_that_takes_no_words_does_not_stop_a_run(screen: str, played: "Played") -> None:
    assert played[screen].result() == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_no_file_is_opened_in_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    with stage(tmp_path, pace=Pace(render_seconds=2)) as it:
        line = f"exec {sys.executable} -m runner render film.yaml <&- >&- 2>&-"
        with subprocess.Popen(["bash", "-c", line], cwd=it.folder, env=it.environ()) as process:
            _wait_for(lambda: len(it.billed) > 0)
            links = [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)]
            assert process.wait(100) == 0
        assert links == ["/dev/null"] * 3


@pytest.mark.parametrize("command", ["status film.yaml", "plan film.yaml"])
def test_data_that_the_screen_does_not_take_is_an_error_with_a_code_of_ours(command: str, tmp_path: Path) -> None:
    with stage(tmp_path) as it:
        assert _in_a_shell(it, f"{command} >/dev/full 2>../talk") == 4
        assert "error: no space left on device" in (tmp_path / "talk").read_text()
        assert "Exception ignored" not in (tmp_path / "talk").read_text()
        assert _in_a_shell(it, f"{command} | true") in (0, 1)


@pytest.mark.parametrize("number", FILES)
def test_with_too_few_files_a_run_stops_in_order_and_the_next_one_goes_on(number: int, played: "Played") -> None:
    assert played[number].result()[1] == ""


@pytest.mark.parametrize("number", [10, 11])
def test_what_is_only_loaded_when_it_is_needed_is_no_bug_where_no_file_is_left(number: int) -> None:
    with folder() as root, stage(root) as it:
        assert it.verdict(_few_files(it, number)[1]) == ""


def test_the_numbers_of_files_reach_from_too_few_to_enough(played: "Played") -> None:
    codes = [played[number].result()[0] for number in FILES if number in played]
    assert len(codes) < len(FILES) or (4 in codes and codes[-1] in (0, 1))


Played = Mapping[int | str, "Future[tuple[int, str]]"]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    """How a run with so many files, or on such a screen, ended, and what is wrong."""
    with side_by_side([*asked(request, "number"), *asked(request, "screen")], _play) as futures:
        yield futures


def _play(case: int | str, cradle: Cradle) -> tuple[int, str]:
    with folder() as root, stage(root, cradle=cradle) as it:
        code, complaints = _few_files(it, case) if isinstance(case, int) else _deaf(it, case)
        return code, it.verdict(complaints)


def _few_files(it: Stage, number: int) -> tuple[int, list[str]]:
    ended = it.run("render", "film.yaml", "--stop-after", "8s", fate=("files", number))
    it.said = [_OF_THE_INTERPRETER.sub("", text) for text in it.said]
    checks = {
        f"it ended with {ended.code}": ended.code not in (0, 1, 4) and not (ended.code == 2 and not it.billed),
        "it does not say what to do": ended.code in (2, 4) and "hint: " not in ended.stderr,
    }
    return ended.code, [complaint for complaint, broken in checks.items() if broken] + it.come_home(resumes=1)


def _deaf(it: Stage, screen: str) -> tuple[int, list[str]]:
    code = _in_a_shell(it, f"render film.yaml {screen}")
    return code, it.incomplete() + it.restless() + it.violations() + it.leaks()


def _in_a_shell(it: Stage, command: str) -> int:
    """The exit code of our command, whatever stands behind its pipe."""
    line = f"{sys.executable} -m runner {command}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=it.folder, env=it.environ(), capture_output=True, timeout=100, check=False
    )
    it.said += [done.stdout.decode(), done.stderr.decode()]
    return done.returncode


def _wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "never happened"
        time.sleep(0.02)
