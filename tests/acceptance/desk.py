"""A folder with a manifest, a server on loopback, and the command as a person runs it."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from runner.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
KEY = "sk-canary-4f9d2c71aa"

TWO_SHOTS = """\
version: 1
profile: {extends: sora, typical_render: 0.3}
defaults: {size: 1280x720, seconds: 4}
shots:
  - id: beach
    prompt: A dog runs on the beach
  - id: alley
    prompt: A cat in an alley
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """What a command left on the screen, with what differs from run to run made equal."""

    code: int
    stdout: str
    stderr: str

    def __eq__(self, other: object) -> bool:
        """What it cost is no part of it."""
        return isinstance(other, Result) and astuple(self)[:3] == astuple(other)[:3]

    __hash__ = None


@dataclass(kw_only=True)
class Desk:
    """Where a person sits: a folder and an environment."""

    folder: Path
    state: Path
    environ: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)  # everything that its processes wrote, looked through for the key

    def write(self, text: str, name: str = "film.yaml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def edit(self, old: str, new: str, name: str = "film.yaml") -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(text.replace(old, new), name)

    def run(self, *arguments: str, **environ: str) -> Result:
        process = self.start(*arguments, **environ)
        stdout, stderr = process.communicate(timeout=60)
        assert KEY not in stdout + stderr, "the key is on the screen"
        assert "Traceback" not in stdout + stderr, stderr
        return Result(code=process.returncode, stdout=self._even(stdout), stderr=self._even(stderr))

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        process = Overheard(
            [sys.executable, "-m", "runner", *arguments],
            cwd=self.folder,
            env=self.whole_environ(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        process.said = self.said
        return process

    def clips(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.glob("renders/**/*.mp4")}

    def lock(self, name: str = "film.lock") -> bytes:
        return (self.folder / name).read_bytes()

    def whole_environ(self, more: dict[str, str]) -> dict[str, str]:
        plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        fixed = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(self.state), "LC_ALL": "C.UTF-8"}
        return {**plain, **fixed, **self.environ, **more}

    def _even(self, text: str) -> str:
        text = text.replace(str(self.folder), "FOLDER").replace(str(self.state), "STATE")
        for pattern, word in _DIFFERENT:
            text = pattern.sub(word, text)
        return text


class Overheard(subprocess.Popen[str]):
    """A process whose words are kept."""

    said: list[str]

    def communicate(  # the shape is that of subprocess
        self,
        input: str | None = None,  # noqa: A002
        timeout: float | None = None,
    ) -> tuple[str, str]:
        stdout, stderr = super().communicate(input, timeout)
        self.said += [stdout, stderr]
        return stdout, stderr


_DIFFERENT = (
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"video_[0-9a-f]{8,}"), "JOB"),
    (re.compile(r"(?<=after )\d+:\d\d"), "M:SS"),
    (re.compile(r"process \d+ on \S+, since \S+"), "process PID on MACHINE, since THEN"),
)


class Shop:
    """A server that speaks the API and sells blank clips."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.base_url = sandbox.base_url

    @property
    def billed(self) -> int:
        """Jobs that were paid for."""
        return len(self.ledger["billed"])

    @property
    def ledger(self) -> dict[str, Any]:
        return self.sandbox.ledger()

    def posts(self) -> int:
        return int(self.ledger["requests"].get("create", 0))

    def order(self, prompt: str, *, size: str = "1280x720", seconds: str = "4") -> str:
        """Buy as another client of the same account would; the job's id."""
        wish = {"model": "sora-2", "prompt": prompt, "size": size, "seconds": seconds}
        request = Request(
            f"{self.base_url}/videos",
            data=json.dumps(wish).encode(),
            headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        )
        with urlopen(request, timeout=20) as reply:
            return str(json.load(reply)["id"])


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait until something has happened. Fails after a while."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"never happened: {what}"
        time.sleep(0.02)


def interrupt(process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> tuple[int, str]:
    """Send a signal, and give what the process leaves: its code and its talk."""
    process.send_signal(number)
    _, stderr = process.communicate(timeout=40)
    return process.returncode, stderr


def leave_in_flight(desk: Desk, shop: Shop, *words: str) -> None:
    """A render that is asked to end as soon as it has bought a clip: a time that it is given may end before that."""
    process = desk.start("render", "film.yaml", *words)
    wait_for(lambda: shop.billed > 0, "a job")
    interrupt(process)


def on_terminal(desk: Desk, typed: str, *arguments: str) -> tuple[str, int]:
    """Run a command on a terminal, typing something; what stands on the screen, and the exit code."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "runner", *arguments]
    environ = {**desk.whole_environ({}), "TERM": "dumb"}
    with subprocess.Popen(
        command, cwd=desk.folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        try:
            screen = b"".join(_typed_out(ours))
        except BaseException:
            process.kill()  # a test that is out of time waits for nobody
            raise
    os.close(ours)
    desk.said.append(screen.decode())
    return screen.decode(), process.returncode


def _typed_out(terminal: int) -> Iterator[bytes]:
    """What comes out of a terminal until nobody has it any more, which Linux tells as an error."""
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            yield piece
