"""Where runs live and die: a folder with a manifest, a server with its own ledger, and the runner as real processes.

The server's ledger is the judge. It would let eight jobs run at once, so that a third one is seen, not refused.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from runner.lock.facts import Attempt, State, join_all
from runner.lock.scan import scan
from runner.sandbox import blank
from runner.sandbox.clip import Clip, ClipSpec
from runner.sandbox.embedded import threaded
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox
from tests.canary import leaks
from tests.crash.cradle import ROOT, Cradle, Life

KEY = "sk-canary-7c1e90b3d2"
PROMPTS = {
    "beach": "A dog runs on the beach",
    "alley": "A cat in an alley",
    "cliff": "Waves below a cliff",
    "pier": "A lamp on the pier at night",
}
COMPLETE = "{extends: sora, list: complete, settle: 1, typical_render: 0.5}"
UNLISTED = "{extends: sora, settle: 1, typical_render: 0.5}"
_PADDING = 150_000  # bytes, so that a clip comes in several pieces
_RUNNING = 2
_LIFETIME = 100.0  # seconds after which a run counts as hanging
_JOB = re.compile(r"video_\w+")
_QUOTES = "no clear answer to its POST"
_HUNG = "\nVIOLATION: it did not end by itself\n"

Fate = tuple[str | int, ...]  # a point and which crossing of it, and so on; see `mortal`
Meanwhile = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended, and what it left on the screen."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Running:
    """A process on the stage, and the files that are its screen."""

    process: "Life | subprocess.Popen[bytes]"
    told: Sequence[str]
    screen: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def over(self) -> bool:
        """Whether its end was seen."""
        return (self.process.code if isinstance(self.process, Life) else self.process.returncode) is not None

    def send_signal(self, number: int) -> None:
        self.process.send_signal(number)

    def let_go(self) -> None:
        """Let it begin, where it waits for that: whoever wants to meet it at its first steps must not come too late."""
        if isinstance(self.process, Life):
            self.process.let_go()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def wait(self, within: float | None = None) -> int:
        """Its code. Raises TimeoutError."""
        if isinstance(self.process, Life):
            return self.process.end(within=within)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None

    def shows(self, kind: str) -> str:
        """What stands on its screen now; `kind` is out or err."""
        path = Path(f"{self.screen}.{kind}")
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@dataclass(kw_only=True)
class Stage:
    """One folder, one account, one server."""

    root: Path
    sandbox: Sandbox
    cradle: Cradle | None = None  # where it is given, lives begin warm
    shots: Mapping[str, str] = field(default_factory=lambda: PROMPTS)
    said: list[str] = field(default_factory=list)
    lives: list[str] = field(default_factory=list)
    processes: list[Running] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.root / "project"

    @property
    def state(self) -> Path:
        return self.root / "state" / "shotlock"

    def write(self, name: str = "film", *, profile: str = COMPLETE, about: str = "", size: str = "720x1280") -> None:
        """Write a manifest of the shots; `about` sets their prompts apart from those of another manifest."""
        shots = "".join(f"  - {{id: {shot}, prompt: {prompt}{about}}}\n" for shot, prompt in self.shots.items())
        text = f"version: 1\nprofile: {profile}\ndefaults: {{size: {size}, seconds: 4}}\nshots:\n{shots}"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def start(self, *arguments: str, fate: Fate | None = None, held: bool = False) -> Running:
        """Start a command: warm where there is a cradle, else as a person does. It may have a fate."""
        screen = self.root / f"screen-{len(self.processes)}"
        doomed = [*map(str, fate or ()), "--", *arguments]
        process: Life | subprocess.Popen[bytes]
        if self.cradle is not None:
            process = self.cradle.start(doomed, folder=self.folder, environ=self.environ(), screen=screen, held=held)
        else:
            process = self._cold(["tests.crash.mortal", *doomed] if fate else ["runner", *arguments], screen)
        running = Running(process=process, told=[*map(str, fate or ()), *arguments], screen=screen)
        self.processes.append(running)
        return running

    def end(self, running: Running, *, within: float = _LIFETIME) -> Ended:
        """Wait for a process's own end. One that hangs is killed, and that is a violation."""
        hung = ""
        try:
            code = running.wait(within)
        except TimeoutError:
            hung = _HUNG
            running.kill()
            code = running.wait()
        stdout, stderr = running.shows("out"), running.shows("err") + hung
        self.said += [stdout, stderr]
        self.lives.append(" ".join([*running.told, "->", str(code)]))
        return Ended(code=code, stdout=stdout, stderr=stderr)

    def run(self, *arguments: str, fate: Fate | None = None, meanwhile: Meanwhile | None = None) -> Ended:
        """A command from its start to its end. With a fate it dies, or its disk fails, at that crossing of that point.

        `meanwhile` is called with the pid as soon as there is one.
        """
        running = self.start(*arguments, fate=fate, held=meanwhile is not None)
        if meanwhile:
            meanwhile(running.pid)
            running.let_go()
        return self.end(running)

    def _cold(self, arguments: Sequence[str], screen: Path) -> "subprocess.Popen[bytes]":
        with Path(f"{screen}.out").open("wb") as out, Path(f"{screen}.err").open("wb") as err:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.folder,
                env=self.environ(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def close(self) -> None:
        """End what a failed test left running."""
        for running in self.processes:
            if not running.over:
                running.kill()
                running.wait()

    def knock(self) -> None:
        """Wait until the server has accepted everybody who came before: it takes them in the order of their coming."""
        host, _, port = self.sandbox.base_url.removeprefix("http://").removesuffix("/v1").partition(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            while line.recv(4096):
                pass

    @property
    def ledger(self) -> dict[str, Any]:
        return self.sandbox.ledger()

    @property
    def billed(self) -> list[str]:
        """The jobs that were paid for, by id."""
        return [bill["id"] for bill in self.ledger["billed"]]

    def job_of(self, shot: str) -> str | None:
        """The job that the server has for a shot."""
        return next((bill["id"] for bill in self.ledger["billed"] if bill["prompt"] == self.shots[shot]), None)

    def lock(self, name: str = "film") -> bytes:
        path = self.folder / f"{name}.lock"
        return path.read_bytes() if path.exists() else b""

    def facts(self, name: str = "film") -> tuple[Attempt, ...]:
        """What the lockfile says of each attempt."""
        return tuple(join_all(scan(self.lock(name)).records).values())

    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "XDG_STATE_HOME": str(self.state.parent),
            "OPENAI_BASE_URL": self.sandbox.base_url,
            "OPENAI_API_KEY": KEY,
        }

    # --- judging

    def violations(self, *, times: int = 1) -> list[str]:
        """What is wrong whenever it is looked at, also in the middle of a batch. Every prompt is wanted `times`."""
        found = []
        ledger = self.ledger
        per_wish = Counter(bill["prompt"] for bill in ledger["billed"])
        found += [f"billed {count} times: {prompt}" for prompt, count in per_wish.items() if count > times]
        if ledger["max_running"] > _RUNNING:
            found.append(f"{ledger['max_running']} jobs were running at once")
        found += [f"a traceback: {text}" for text in self.said if "Traceback" in text]
        found += [f"a bug: {text}" for text in self.said if "a bug of shotlock" in text]
        found += [f"a run hung: {text}" for text in self.said if "VIOLATION" in text]
        found += self.leaks(but=(".mp4", ".part", ".restored"))
        found += [f"bad line in {path}: {bad}" for path in self.books() for bad in scan(path.read_bytes()).bad]
        return found + self._forgotten()

    def incomplete(self, name: str = "film", *, about: str = "") -> list[str]:
        """What is missing from a batch that should be whole: every clip, recorded, the bytes of the server."""
        found = []
        facts = {attempt.intent.shot: attempt for attempt in self.facts(name) if attempt.state is State.DONE}
        jobs = {job.id: job for job in self.sandbox.jobs}
        for shot, prompt in self.shots.items():
            path = self.folder / "renders" / name / f"{shot}.mp4"
            attempt = facts.get(shot)
            if attempt is None or not path.exists():
                found.append(f"no clip of {shot}" if attempt else f"no record of the clip of {shot}")
                continue
            job = jobs[attempt.job or ""]
            if job.order.prompt != prompt + about:
                found.append(f"{shot} has the job of {job.order.prompt}")
            if not isinstance(job.result, Clip) or path.read_bytes() != job.result.path.read_bytes():
                found.append(f"the clip of {shot} is not what the server made")
        return found

    def restless(self, name: str = "film") -> list[str]:
        """What a run of a batch that is whole does, though there is nothing to do."""
        lock, connections = self.lock(name), self.ledger["connections"]
        again = self.run("render", f"{name}.yaml")
        checks = {
            f"the run with nothing to do ended with {again.code}": again.code != 0,
            "the run with nothing to do asked the server": self.ledger["connections"] != connections,
            f"the run with nothing to do changed the lockfile, which was {lock.decode()}": self.lock(name) != lock,
        }
        return [complaint for complaint, broken in checks.items() if broken]

    def come_home(self, name: str = "film", *, about: str = "", resumes: int = 2) -> list[str]:
        """Say the plain command until all is done, and tell what is wrong then."""
        for _ in range(resumes):
            if self.run("render", f"{name}.yaml").code == 0:
                break
        else:
            return [f"it is not done after {resumes} resumes", *self.violations()]
        return self.incomplete(name, about=about) + self.restless(name) + self.violations() + self.leaks()

    def verdict(self, complaints: Iterable[str]) -> str:
        """Nothing where nothing is wrong, else the complaints and everything that may tell why."""
        found = list(complaints)
        return "\n".join(["", *found, self._account()]) if found else ""

    def _account(self) -> str:
        parts = {"lives": "\n".join(self.lives)}
        parts |= {str(path.relative_to(self.root)): path.read_text(errors="replace") for path in self.books()}
        parts |= {path.name: path.read_text() for path in _files(self.state / "crashes")}
        parts["the server's ledger"] = json.dumps(self.ledger, indent=1)
        parts["files"] = "\n".join(str(path.relative_to(self.root)) for path in sorted(self.root.rglob("*")))
        parts["said"] = "\n-----\n".join(text for text in self.said if text)
        return "\n".join(f"=== {title}\n{text}" for title, text in parts.items())

    def books(self) -> list[Path]:
        """Every lockfile and ledger."""
        return [path for folder in (self.folder, self.state) for path in _files(folder, ".lock", ".jsonl")]

    def leaks(self, *, but: Sequence[str] = ()) -> list[str]:
        """Where the key is in any file, screens among them; what the server sends is looked at in the end only."""
        return leaks(self.root, (), KEY, but=_files(self.root, *but) if but else ())

    def _forgotten(self) -> list[str]:
        """Jobs that were told on a screen must be in the machine's ledger, however the process died after that.

        What is quoted of an answer that broke off is no job yet.
        """
        lines = [line for text in self.said for line in text.splitlines() if _QUOTES not in line]
        told = {job for line in lines for job in _JOB.findall(line)}
        known = {job for path in self.books() for job in _JOB.findall(path.read_text(errors="replace"))}
        return [f"job {job} was told and is in no file" for job in (told - known).intersection(self.billed)]


@contextmanager
def stage(
    root: Path, *, pace: Pace | None = None, lists: bool = True, profile: str = COMPLETE, cradle: Cradle | None = None
) -> Iterator[Stage]:
    """A stage with one manifest of four shots, `film.yaml`."""
    rules = Rules(key=KEY, slots=8, lists=lists)
    sandbox = Sandbox(rules=rules, pace=pace or Pace(render_seconds=0.2), renderer=_clip_in_pieces)
    with staged(Stage(root=root, sandbox=sandbox, cradle=cradle)) as it:
        it.write(profile=profile)
        yield it


@contextmanager
def staged(it: Stage) -> Iterator[Stage]:
    """A stage whose server is there, and of which nothing goes on running afterwards."""
    with threaded(it.sandbox):
        try:
            yield it
        finally:
            it.close()


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder that goes away afterwards: a thousand stages would fill a disk."""
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _clip_in_pieces(spec: ClipSpec, target: Path) -> None:
    blank.render(spec, target)
    with target.open("ab") as file:
        file.write((_PADDING + 8).to_bytes(4, "big") + b"free" + bytes(_PADDING))


def _files(folder: Path, *suffixes: str) -> list[Path]:
    found = partial(filter, Path.is_file)
    return [path for path in found(sorted(folder.rglob("*"))) if not suffixes or path.suffix in suffixes]
