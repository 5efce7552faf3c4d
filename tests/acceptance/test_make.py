"""What `make` does with its goals: after a word of shotlock's own, they are names and nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALL_TESTS = [
    "-m",
    "pytest",
    "--numprocesses",
    "auto",
    "--maxprocesses",
    "4",
    "--dist",
    "loadfile",
    "--no-loadscope-reorder",
]
TESTS = [*ALL_TESTS, "-m", "not rest"]
VERBS = ("render", "check", "plan", "status", "verify", "gallery")
FROM_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "SHOTLOCK_GOALS", "M", "N", "ARGS", "PYTHON")

# Stands in for the environment's interpreter: writes down how it was called.
STAND_IN = """\
#!{python} -IS
import json, os, sys
with open("calls.jsonl", "a") as calls:
    calls.write(json.dumps({{"argv": sys.argv[1:], "goals": os.environ.get("SHOTLOCK_GOALS")}}) + "\\n")
if "runner" in sys.argv:
    print("the clips", flush=True)
    print("error: no slot is free\\nhint: wait", file=sys.stderr)
sys.exit(0 if "-c" in sys.argv else int(os.environ.get("CODE", "0")))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A folder with the Makefile and an environment that is set up."""

    folder: Path

    def make(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if name not in FROM_MAKE}
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=inherited | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[dict[str, object]]:
        written = self.folder / "calls.jsonl"
        return [json.loads(line) for line in written.read_text().splitlines()] if written.exists() else []

    def call(self) -> tuple[list[str], str]:
        (only,) = self.calls
        return only["argv"], only["goals"]  # type: ignore[return-value]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
        os.utime(tmp_path / name, (1, 1))
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STAND_IN.format(python=sys.executable))
    python.chmod(0o755)
    for stamp, second in (("ready", 2), ("ready-dev", 3)):
        (tmp_path / ".venv" / stamp).touch()
        os.utime(tmp_path / ".venv" / stamp, (second, second))
    return Clone(folder=tmp_path)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_runs_that_command_on_the_other_goals(clone: Clone, verb: str) -> None:
    done = clone.make(verb, "manifest.yaml")

    assert clone.call() == (["-m", "runner", verb], "manifest.yaml")
    assert (done.returncode, done.stdout) == (0, "the clips\n")


def test_the_shots_of_a_retake_are_words_of_their_own_and_nothing_more(clone: Clone) -> None:
    clone.make("retake", "film.yaml", "walk", "$(touch pwned)", "*", "`touch pwned`;touch pwned")

    words = ["film.yaml", "walk", "$(touch", "pwned)", "*", "`touch", "pwned`;touch", "pwned"]
    assert clone.call()[0] == ["-m", "runner", "retake", *words]
    assert not (clone.folder / "pwned").exists()


@pytest.mark.parametrize("goal", ["test", "clean", "help", "plan", "FORCE", "Makefile", "pyproject.toml", "src/x.c"])
def test_after_a_verb_the_name_of_a_target_is_a_file_name(clone: Clone, goal: str) -> None:
    clone.make("render", goal)

    assert clone.call() == (["-m", "runner", "render"], goal)


def test_several_names_come_in_their_order(clone: Clone) -> None:
    clone.make("check", "b.yaml", "a.yaml")

    assert clone.call() == (["-m", "runner", "check"], "b.yaml a.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "a$b.yaml",
        "$(shell touch pwned).yaml",
        "$(touch pwned).yaml",
        "`touch pwned`.yaml",
        "a;touch pwned",
        "a&&touch pwned",
        "it's.yaml",
        '"quoted".yaml',
        "a#b.yaml",
        "a:b.yaml",
        "50%.yaml",
        "*.yaml",
        "a\\b.yaml",
        "雨夜.yaml",
    ],
)
@pytest.mark.parametrize("way", ["goal", "variable"])
def test_nothing_in_a_name_is_read_as_shell_or_make(clone: Clone, name: str, way: str) -> None:
    clone.make("render", name if way == "goal" else f"M={name}")

    assert clone.call() == (["-m", "runner", "render"], name)
    assert not (clone.folder / "pwned").exists()


def test_a_name_with_spaces_goes_through_a_variable(clone: Clone) -> None:
    clone.make("render", "M=my  film.yaml")

    assert clone.call()[1] == "my  film.yaml"


def test_a_variable_of_the_environment_names_no_manifest(clone: Clone) -> None:
    clone.make("render", "film.yaml", M="other.yaml", SHOTLOCK_GOALS="other.yaml")

    assert clone.call()[1] == "film.yaml"


def test_more_flags_go_through_a_variable(clone: Clone) -> None:
    clone.make("render", "film.yaml", "ARGS=--max-cost 5 --only 'night *'")

    assert clone.call()[0] == ["-m", "runner", "render", "--max-cost", "5", "--only", "night *"]


@pytest.mark.parametrize("there", ["render", "film.yaml"])
def test_files_of_the_same_name_change_nothing(clone: Clone, there: str) -> None:
    (clone.folder / there).write_text("untouched")

    clone.make("render", "film.yaml")

    assert clone.call() == (["-m", "runner", "render"], "film.yaml")
    assert (clone.folder / there).read_text() == "untouched"


def test_a_failing_command_has_its_own_words_before_those_of_make(clone: Clone) -> None:
    done = clone.make("render", "film.yaml", CODE="4")

    assert done.returncode == 2
    own, _, of_make = done.stderr.partition("make: ")
    assert own == "error: no slot is free\nhint: wait\n"
    assert of_make.count("\n") == 1


def test_a_dry_run_of_make_runs_nothing(clone: Clone) -> None:
    done = clone.make("-n", "render", "film.yaml")

    assert done.returncode == 0
    assert clone.calls == []


@pytest.mark.parametrize(
    ("target", "argv"),
    [
        (["whole"], ALL_TESTS),
        (["test"], TESTS),
        (["test", "ARGS=tests/unit -q"], [*TESTS, "tests/unit", "-q"]),
        (["simulate", "N=7"], ["-m", "tests.crash.simulation", "7"]),
        (["mutants"], ["-m", "tests.crash.mutants"]),
        (["kills", "N=9"], ["-m", "tests.crash.kills", "9"]),
        (["sandbox", "ARGS=--port 0"], ["-m", "runner", "sandbox", "--port", "0"]),
    ],
)
def test_other_goals_are_targets(clone: Clone, target: list[str], argv: list[str]) -> None:
    clone.make(*target)

    assert clone.call()[0] == argv


def test_rendering_sets_up_only_what_rendering_needs(clone: Clone) -> None:
    os.utime(clone.folder / "constraints.txt")

    done = clone.make("render", "film.yaml")

    look, install, render = (call["argv"] for call in clone.calls)
    assert done.stderr.splitlines()[0] == "setting up .venv, about 20 seconds, this once"
    assert isinstance(look, list)
    assert look[0] == "-c"
    assert isinstance(install, list)
    assert install[-2:] == ["--editable", ".[preview]"]
    assert "constraints.txt" in install
    assert render == ["-m", "runner", "render"]


def test_testing_sets_up_the_tools_of_development_too(clone: Clone) -> None:
    (clone.folder / ".venv" / "ready-dev").unlink()

    clone.make("test")

    *_, install, tests = (call["argv"] for call in clone.calls)
    assert isinstance(install, list)
    assert install[-2:] == ["--requirement", ".venv/dev.txt"]
    assert tests == TESTS


def test_a_set_up_that_failed_is_tried_again_and_nothing_runs_before(clone: Clone) -> None:
    os.utime(clone.folder / "pyproject.toml")

    for _ in range(2):
        clone.make("render", "film.yaml", CODE="1")

    installs = [call["argv"] for call in clone.calls if "install" in call["argv"]]  # type: ignore[operator]
    assert len(installs) == 2
    assert not any("runner" in call["argv"] for call in clone.calls)  # type: ignore[operator]


def test_a_machine_without_python_is_told_what_is_missing(clone: Clone) -> None:
    shutil.rmtree(clone.folder / ".venv")

    done = clone.make("render", "film.yaml", "PYTHON=/no/such/python3")

    assert done.returncode == 2
    assert "error: no Python from 3.11 on, with venv and pip, was found\nhint: " in done.stderr
    assert not (clone.folder / ".venv").exists()


def test_help_is_what_a_bare_make_says_and_names_every_target(clone: Clone) -> None:
    said = clone.make().stdout

    targets = re.search(r"^\.PHONY: (help .*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    for each in ("render", "check", "plan", "status", "verify", "retake", *targets[1].split()[1:]):
        assert f"make {each} " in said
    assert said == clone.make("help").stdout
    assert clone.calls == []
