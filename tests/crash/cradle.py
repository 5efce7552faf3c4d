"""Processes that need not wake up first: forked from one that has imported everything, real in every other way.

A cradle bears one process at a time: it is told what to run, tells the pid, waits for the end and tells the code.
"""

import importlib
import json
import os
import pkgutil
import random
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Self

import runner
from runner.cli import main as shotlock
from tests.crash import mortal

ROOT = Path(__file__).parents[2]


class Cradle:
    """The other end: starts processes and hears of their end."""

    def __init__(self) -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.cradle"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def start(self, arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], screen: Path) -> int:
        """Bear a process that runs `mortal` with these arguments; its pid. Its talk goes to `screen`.out and .err."""
        told = {"arguments": arguments, "folder": str(folder), "environ": environ, "screen": str(screen)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return int(self._heard())

    def end(self) -> int:
        """Wait until the process has ended; its code, negative where a signal killed it."""
        return int(self._heard())

    def _heard(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the cradle broke"
        return line


def main() -> None:
    """Bear what is asked for, until nobody asks any more."""
    _wake_up()
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(told)
        _tell(pid)
        _tell(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _wake_up() -> None:
    """Import what a life needs, and use what is only imported when it is used."""
    for module in pkgutil.walk_packages(runner.__path__, "runner."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with redirect_stdout(StringIO()):
        shotlock(["check", str(ROOT / "manifests" / "manifest.yaml")])


def _tell(number: int) -> None:
    print(number, flush=True)


def _live(told: Mapping[str, Any]) -> None:
    code = 99
    try:
        os.setsid()
        os.chdir(told["folder"])
        os.environ.clear()
        os.environ.update(told["environ"])
        random.seed()
        _see(told["screen"])
        code = mortal.main(told["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # the parent's loop must never go on in a child
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _see(screen: str) -> None:
    """A screen of its own for standard output and error, as a fresh interpreter would set it up."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name, mode in ((0, os.devnull, os.O_RDONLY), (1, f"{screen}.out", None), (2, f"{screen}.err", None)):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC if mode is None else mode
        file = os.open(name, flags, 0o644)
        os.dup2(file, number)
        os.close(file)
    opened: Callable[..., Any] = open
    sys.stdin = opened(0, encoding="utf-8", closefd=False)
    sys.stdout = opened(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = opened(2, "w", encoding="utf-8", closefd=False, buffering=1)


if __name__ == "__main__":
    main()
