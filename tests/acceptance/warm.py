"""The command in a process of its own that need not wake up first, with what it took of time and memory.

One helper process imports everything once, then forks for each command; so memory is measured for each by itself.
"""

import asyncio
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from runner.cli import main as shotlock
from tests.acceptance.desk import ROOT, Desk, Result

_PATIENCE = 60  # seconds until a command counts as hanging


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How a command ended, and what it took."""

    code: int  # negative: killed by that signal
    stdout: str
    stderr: str
    rss: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured(Result):
    """What a command left on the screen, and what it took."""

    rss: int  # bytes at most, the imports included
    seconds: float  # of a core

    @property
    def said(self) -> str:
        """All of it."""
        return self.stdout + self.stderr


@dataclass(kw_only=True)
class QuickDesk(Desk):
    """A desk whose commands start at once."""

    warm: "Warm"

    def run(self, *arguments: str, **environ: str) -> Measured:
        took = self.warm.run(arguments, folder=self.folder, environ=self.whole_environ(environ))
        self.said += [took.stdout, took.stderr]
        assert "Traceback" not in took.stdout + took.stderr, took.stderr
        return Measured(
            code=took.code,
            stdout=self._even(took.stdout),
            stderr=self._even(took.stderr),
            rss=took.rss,
            seconds=took.seconds,
        )

    def cold(self, *arguments: str, **environ: str) -> Result:
        """Run a command in an interpreter of its own, where the environment speaks to that."""
        return super().run(*arguments, **environ)


def at_once(desk: Desk, warm: "Warm") -> QuickDesk:
    """The desk, with commands that start at once; those that are interfered with are processes of their own."""
    return QuickDesk(folder=desk.folder, state=desk.state, environ=desk.environ, said=desk.said, warm=warm)


class Warm:
    """Runs commands one after another."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.warm"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def run(self, arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], most: int = 0) -> Took:
        """Run a command to its end. `most`: bytes of address space beyond what the imports take; 0 is no limit."""
        told = {"arguments": arguments, "folder": str(folder), "environ": environ, "most": most}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        heard = json.loads(self._process.stdout.readline())
        return Took(**heard)


def main() -> None:
    """Bear what is asked for, until nobody can ask any more."""
    _wake_up()
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        os.write(answers, json.dumps(_borne(json.loads(line))).encode() + b"\n")


def _borne(told: Mapping[str, Any]) -> dict[str, Any]:
    screens = [os.memfd_create(name) for name in ("out", "err")]
    pid = os.fork()
    if pid == 0:
        _live(told, screens)
    _, status, usage = os.wait4(pid, 0)
    took = usage.ru_utime + usage.ru_stime
    texts = [_text(screen) for screen in screens]
    return {
        "code": os.waitstatus_to_exitcode(status),
        "stdout": texts[0],
        "stderr": texts[1],
        "rss": usage.ru_maxrss * 1024,
        "seconds": took,
    }


def _text(screen: int) -> str:
    with os.fdopen(screen, "rb") as reading:
        reading.seek(0)
        return reading.read().decode("utf-8", "surrogateescape")


def _live(told: Mapping[str, Any], screens: Sequence[int]) -> None:
    code = 99
    try:
        signal.alarm(_PATIENCE)
        _see(screens)
        os.chdir(told["folder"])
        os.environ.clear()
        os.environ.update(told["environ"])
        if told["most"]:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + told["most"]
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        code = shotlock(told["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _see(screens: Sequence[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, *screens)):
        os.dup2(file, number)
    os.closerange(3, 256)
    opened: Callable[..., Any] = open
    sys.stdin = opened(0, encoding="utf-8", closefd=False)
    sys.stdout = opened(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = opened(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)


def _wake_up() -> None:
    """Import what most commands need; not what only few do, since it would count as their memory."""
    import jsonschema
    import PIL.Image
    import PIL.JpegImagePlugin
    import PIL.PngImagePlugin
    import PIL.WebPImagePlugin
    import rich.console

    import runner.commands.check
    import runner.commands.init
    import runner.commands.lock
    import runner.commands.plan
    import runner.commands.render
    import runner.commands.resolve
    import runner.commands.retake
    import runner.commands.status
    import runner.commands.verify
    import runner.execute.decode
    import runner.manifest.images
    import runner.provider.wire

    trust = runner.provider.wire.httpx.create_ssl_context()  # reading the certificates takes longer than all else
    vars(runner.provider.wire.httpx)["create_ssl_context"] = lambda: trust
    asyncio.run(asyncio.sleep(0))
    runner.execute.decode.load()
    del jsonschema, PIL, rich
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main()
