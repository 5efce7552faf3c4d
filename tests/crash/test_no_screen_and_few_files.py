"""What a process is not given: a screen that takes its words, or as many open files as it likes."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

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


def test_what_is_told_to_a_closed_stream_goes_into_no_other_file(tmp_path: Path) -> None:
    with stage(tmp_path) as it:
        _in_a_shell(it, "render film.yaml <&- >&- 2>&-")
        written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert b"4 clips are there" not in written


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
