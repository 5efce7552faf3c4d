"""Where runs live and die: a folder with a manifest, a server with its own ledger, and the runner as real processes.

The server's ledger is the judge. It would let eight jobs run at once, so that a third one is seen, not refused.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from tests.crash.cradle import ROOT, Cradle

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
_LIFETIME = 60.0  # seconds after which a run counts as hanging
_HUNG = "\nVIOLATION: it did not end by itself\n"

Fate = tuple[str, int | str]  # a point and which crossing of it; see `mortal`
Meanwhile = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended, and what it left on the screen."""

    code: int
    stdout: str
    stderr: str


@dataclass(kw_only=True)
class Stage:
    """One folder, one account, one server."""

    root: Path
    sandbox: Sandbox
    cradle: Cradle | None = None  # where it is given, lives begin warm
    said: list[str] = field(default_factory=list)
    lives: list[str] = field(default_factory=list)
    processes: "dict[subprocess.Popen[str], list[str]]" = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.root / "project"

    @property
    def state(self) -> Path:
        return self.root / "state" / "shotlock"

    def write(self, name: str = "film", *, profile: str = COMPLETE, about: str = "") -> None:
        """Write a manifest of four shots; `about` sets their prompts apart from those of another manifest."""
        shots = "".join(f"  - {{id: {shot}, prompt: {prompt}{about}}}\n" for shot, prompt in PROMPTS.items())
        text = f"version: 1\nprofile: {profile}\ndefaults: {{size: 720x1280, seconds: 4}}\nshots:\n{shots}"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def start(self, *arguments: str, fate: Fate | None = None) -> "subprocess.Popen[str]":
        """Start a command as a person does; or one with a fate."""
        doomed = ["tests.crash.mortal", *map(str, fate or ()), "--"]
        return self._cold(["-m", *(doomed if fate else ["runner"]), *arguments])

    def end(self, process: "subprocess.Popen[str]", *, within: float = _LIFETIME) -> Ended:
        """Wait for a process's own end. One that hangs is killed, and that is a violation."""
        try:
            stdout, stderr = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            stderr += _HUNG
        return self._ended(self.processes[process], process.returncode, stdout, stderr)

    def run(self, *arguments: str, fate: Fate | None = None, meanwhile: Meanwhile | None = None) -> Ended:
        """A command from its start to its end. With a fate it dies, or its disk fails, at that crossing of that point.

        `meanwhile` is called with the pid as soon as there is one.
        """
        if self.cradle is not None:
            return self._warm(self.cradle, [*map(str, fate or ("none", 0)), "--", *arguments], meanwhile)
        process = self.start(*arguments, fate=fate)
        if meanwhile:
            meanwhile(process.pid)
        return self.end(process)

    def _cold(self, arguments: Sequence[str]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.processes[process] = [*arguments[1:]]
        return process

    def close(self) -> None:
        """End what a failed test left running."""
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                process.communicate()

    def _warm(self, cradle: Cradle, arguments: Sequence[str], meanwhile: Meanwhile | None) -> Ended:
        screen = self.root / f"screen-{len(self.lives)}"
        for kind in ("out", "err"):
            Path(f"{screen}.{kind}").touch()  # it may die before it opens them
        pid = cradle.start(arguments, folder=self.folder, environ=self._environ(), screen=screen)
        patience = threading.Timer(_LIFETIME, os.kill, (pid, signal.SIGALRM))
        patience.start()
        if meanwhile:
            meanwhile(pid)
        code = cradle.end()
        patience.cancel()
        stdout, stderr = (Path(f"{screen}.{kind}").read_text(encoding="utf-8") for kind in ("out", "err"))
        return self._ended(arguments, code, stdout, stderr + (_HUNG if code == -signal.SIGALRM else ""))

    def _ended(self, arguments: Sequence[str], code: int, stdout: str, stderr: str) -> Ended:
        self.said += [stdout, stderr]
        self.lives.append(" ".join([*arguments, "->", str(code)]))
        return Ended(code=code, stdout=stdout, stderr=stderr)

    @property
    def ledger(self) -> dict[str, Any]:
        return self.sandbox.ledger()

    @property
    def billed(self) -> list[str]:
        """The jobs that were paid for, by id."""
        return [bill["id"] for bill in self.ledger["billed"]]

    def job_of(self, shot: str) -> str | None:
        """The job that the server has for a shot."""
        return next((bill["id"] for bill in self.ledger["billed"] if bill["prompt"] == PROMPTS[shot]), None)

    def lock(self, name: str = "film") -> bytes:
        path = self.folder / f"{name}.lock"
        return path.read_bytes() if path.exists() else b""

    def facts(self, name: str = "film") -> tuple[Attempt, ...]:
        """What the lockfile says of each attempt."""
        return tuple(join_all(scan(self.lock(name)).records).values())

    def _environ(self) -> dict[str, str]:
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
        found += self._leaks()
        found += [f"bad line in {path}: {bad}" for path in self._books() for bad in scan(path.read_bytes()).bad]
        return found + self._forgotten()

    def incomplete(self, name: str = "film", *, about: str = "") -> list[str]:
        """What is missing from a batch that should be whole: every clip, recorded, the bytes of the server."""
        found = []
        facts = {attempt.intent.shot: attempt for attempt in self.facts(name) if attempt.state is State.DONE}
        jobs = {job.id: job for job in self.sandbox.jobs}
        for shot, prompt in PROMPTS.items():
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
        return self.incomplete(name, about=about) + self.restless(name) + self.violations()

    def verdict(self, complaints: Iterable[str]) -> str:
        """Nothing where nothing is wrong, else the complaints and everything that may tell why."""
        found = list(complaints)
        return "\n".join(["", *found, self._account()]) if found else ""

    def _account(self) -> str:
        parts = {"lives": "\n".join(self.lives)}
        parts |= {str(path.relative_to(self.root)): path.read_text(errors="replace") for path in self._books()}
        parts |= {path.name: path.read_text() for path in _files(self.state / "crashes")}
        parts["the server's ledger"] = json.dumps(self.ledger, indent=1)
        parts["files"] = "\n".join(str(path.relative_to(self.root)) for path in sorted(self.root.rglob("*")))
        parts["said"] = "\n-----\n".join(text for text in self.said if text)
        return "\n".join(f"=== {title}\n{text}" for title, text in parts.items())

    def _books(self) -> list[Path]:
        return [path for folder in (self.folder, self.state) for path in _files(folder, ".lock", ".jsonl")]

    def _leaks(self) -> list[str]:
        found = [f"the key is in {path}" for path in _files(self.root) if KEY.encode() in path.read_bytes()]
        return found + [f"the key is on the screen: {text}" for text in self.said if KEY in text]

    def _forgotten(self) -> list[str]:
        """Jobs that were told on a screen must be in the machine's ledger, however the process died after that."""
        told = {word.rstrip(",;.") for text in self.said for word in text.split() if word.startswith("video_")}
        books = "".join(path.read_text(errors="replace") for path in self._books())
        return [f"job {job} was told and is in no file" for job in told if job in self.billed and job not in books]


@contextmanager
def stage(
    root: Path, *, pace: Pace | None = None, lists: bool = True, profile: str = COMPLETE, cradle: Cradle | None = None
) -> Iterator[Stage]:
    """A stage with one manifest of four shots, `film.yaml`."""
    rules = Rules(key=KEY, slots=8, lists=lists)
    sandbox = Sandbox(rules=rules, pace=pace or Pace(render_seconds=0.2), renderer=_clip_in_pieces)
    with threaded(sandbox):
        running = Stage(root=root, sandbox=sandbox, cradle=cradle)
        running.write(profile=profile)
        try:
            yield running
        finally:
            running.close()


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
