"""Processes that need not wake up first: forked from one that has imported everything, real in every other way.

A cradle bears any number of lives: whoever connects to it tells what to run, hears the pid, and later the code.
"""

import asyncio
import gc
import importlib
import json
import os
import pkgutil
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Self

import httpx

import runner
from runner.cli import main as shotlock
from runner.execute import decode
from runner.provider.http import HttpVideos
from runner.provider.replies import ReplyError
from tests.crash import mortal

ROOT = Path(__file__).parents[2]
_NOBODY = "http://127.0.0.1:9/v1"  # the port of `discard`, where no server is
_MOST_FILES = 256  # that a cradle has open


class Life:
    """A process that was borne."""

    def __init__(self, told: Mapping[str, Any], door: str) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(door)
        self._line.sendall(json.dumps(told).encode() + b"\n")
        self.pid = int(self._heard())
        self.code: int | None = None

    def end(self, *, within: float | None = None) -> int:
        """Wait until it has ended; its code, negative where a signal killed it. Raises TimeoutError."""
        if self.code is None:
            self._line.settimeout(within)
            self.code = int(self._heard())
            self._line.close()
        return self.code

    def let_go(self) -> None:
        """Let it begin, if it is held: it stops itself first, and must not be let go before that."""
        with suppress(FileNotFoundError, ProcessLookupError):  # killed already, at what an earlier life had asked for
            while Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
                time.sleep(0.001)
        self.send_signal(signal.SIGCONT)

    def send_signal(self, number: int) -> None:
        """Send a signal, if it is still there."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _heard(self) -> str:
        heard = b""
        while not heard.endswith(b"\n"):
            letter = self._line.recv(1)
            assert letter, "the cradle broke"
            heard += letter
        return heard.decode()


class Cradle:
    """The other end: has lives begun. Any number of threads may ask."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cradle-")
        self._door = f"{self._folder.name}/door"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self._door)
            listening.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.cradle", str(listening.fileno())],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                pass_fds=[listening.fileno()],
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        screen: Path,
        held: bool = False,
    ) -> Life:
        """Bear a process that runs `mortal` with these arguments. Its talk goes to `screen`.out and .err.

        One that is `held` does nothing before it is let go.
        """
        told = {"arguments": arguments, "folder": str(folder), "environ": environ, "screen": str(screen), "held": held}
        return Life(told, self._door)


def main(door: int) -> None:
    """Bear what is asked for, until nobody can ask any more."""
    _wake_up()
    lives: dict[int, socket.socket] = {}
    ended, ends = os.pipe()
    os.set_blocking(ends, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(ends)
    with socket.socket(fileno=door) as listening:
        while True:
            ready, _, _ = select.select([sys.stdin, listening, ended], [], [])
            if sys.stdin in ready:
                return
            if listening in ready:
                _bear(listening.accept()[0], lives)
            if ended in ready:
                os.read(ended, 512)
                _tell_the_ends(lives)


def _bear(line: socket.socket, lives: dict[int, socket.socket]) -> None:
    with line.makefile("r") as asking:
        told = json.loads(asking.readline())
    pid = os.fork()
    if pid == 0:
        _live(told)
    lives[pid] = line
    _tell(line, pid)


def _tell_the_ends(lives: dict[int, socket.socket]) -> None:
    while lives:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with lives.pop(pid) as line:
            _tell(line, os.waitstatus_to_exitcode(status))


def _tell(line: socket.socket, number: int) -> None:
    with suppress(OSError):  # who asked may have gone
        line.sendall(f"{number}\n".encode())


def _wake_up() -> None:
    """Import what a life needs, and use what is only imported when it is used."""
    for module in pkgutil.walk_packages(runner.__path__, "runner."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with redirect_stdout(StringIO()):
        shotlock(["check", str(ROOT / "manifests" / "manifest.yaml")])
    trust = httpx.create_ssl_context()  # reading the certificates takes longer than all else that a client needs
    vars(httpx)["create_ssl_context"] = lambda: trust
    if find_spec("sniffio") is None:
        vars(sys)["modules"]["sniffio"] = None  # httpcore looks for it at every request
    asyncio.run(_ask_nobody())
    decode.trouble(Path(__file__))
    gc.collect()
    gc.freeze()  # what is never looked at stays shared


async def _ask_nobody() -> None:
    videos = HttpVideos(_NOBODY, None)
    with suppress(ReplyError):
        await videos.list(None)
    await videos.close()


def _live(told: Mapping[str, Any]) -> None:
    code = 99
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.closerange(3, _MOST_FILES)
        os.setsid()
        if told["held"]:
            os.kill(os.getpid(), signal.SIGSTOP)
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
    main(int(sys.argv[1]))
