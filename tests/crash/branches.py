"""Somebody who edits a manifest, renders it, and merges it with another's branch by git: real facts, made by luck."""

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterable
from contextlib import redirect_stderr
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

from runner.cli import main as shotlock
from runner.commands.place import Place
from runner.disk import SystemDisk
from runner.lock.facts import Acceptance, Attempt, AttemptId, End, Ruling, State
from runner.lock.memory import Memory, Where
from runner.lock.scan import scan
from runner.manifest.batch import Shot, ShotId
from runner.plan.steps import Plan, Step, make
from runner.plan.table import Action
from tests.unit.factories import BORN, make_clip, make_intent, make_shot, make_situation

DISK = SystemDisk()
SPARE_NAMES = ("dune", "eyot", "fjord", "glen", "heath", "islet")  # few, so that both branches take the same


@dataclass(kw_only=True)
class Person:
    """Somebody with a working copy, a machine of their own, and luck."""

    name: str
    folder: Path
    luck: random.Random
    shots: dict[str, str]
    now: float = BORN
    done: Counter[str] = field(default_factory=Counter)  # what this person did, for the account

    @property
    def lockfile(self) -> Path:
        return self.folder / "film.lock"

    @property
    def state(self) -> Path:
        return self.folder.with_name(f"{self.name}-state") / "shotlock"

    @property
    def place(self) -> Place:
        hidden = self.folder / ".shotlock"
        return Place(
            manifest=self.folder / "film.yaml",
            lockfile=self.lockfile,
            renders=self.folder / "renders",
            hidden=hidden,
            store=hidden / "store",
            state=self.state,
        )

    def opened(self) -> Memory:
        where = Where(lockfile=self.lockfile, manifest=self.place.manifest, state=self.state, key=self.name)
        return Memory.open(DISK, where, {shot.request.fingerprint for shot in self.wanted})

    @property
    def wanted(self) -> list[Shot]:
        return [make_shot(name, prompt) for name, prompt in self.shots.items()]

    def plan(self, memory: Memory, **fields: object) -> Plan:
        return make(self.wanted, make_situation(*memory.attempts.values(), **fields))

    def work(self, rounds: int) -> None:
        """Edit the manifest and render it, again and again."""
        for _ in range(rounds):
            what = self.luck.choice(("add", "add", "rename", "edit", "retake", "go on"))
            self.done[what] += 1
            self._edit(what)
            again = {ShotId(self.luck.choice([*self.shots]))} if what == "retake" else set()
            self._render(again)

    def _edit(self, what: str) -> None:
        free = [name for name in SPARE_NAMES if name not in self.shots]
        name = self.luck.choice([*self.shots])
        match what:
            case "add" if free:
                new = self.luck.choice(free)
                self.shots[new] = self.luck.choice((f"a {new}", "twins"))
            case "rename" if free:
                new = self.luck.choice(free)
                self.shots = {new if each == name else each: prompt for each, prompt in self.shots.items()}
            case "edit":
                self.shots[name] += self.luck.choice((" at night", " by day"))
            case _:
                pass

    def _render(self, retake: set[ShotId]) -> None:
        """What a run does to the facts, up to its end or to a kill."""
        memory = self.opened()
        plan = self.plan(memory, retake=retake)
        for claim in plan.claims:
            memory.record(claim)
        for step in plan.steps:
            self.now += self.luck.randint(1, 90)
            match step.action:
                case Action.SUBMIT:
                    self._buy(memory, step)
                case Action.AWAIT if step.attempt and self.luck.random() < 0.5:
                    self._end(memory, memory.attempts[step.attempt.id])
                case Action.RESOLVE if step.attempt and self.luck.random() < 0.5:
                    self._resolve(memory, memory.attempts[step.attempt.id])
                case _:
                    pass
        if self.luck.random() < 0.7:
            memory.fold()

    def _buy(self, memory: Memory, step: Step) -> None:
        assert step.wanted is not None
        intent = make_intent(shot=step.shot, take=step.take, request=step.wanted.request, at=self.now)
        attempt = Attempt(id=AttemptId(f"{round(self.now * 1000):012x}{self.luck.getrandbits(32):08x}"), intent=intent)
        assert memory.reserve(attempt, calibrated=True, admit=lambda: "") == ""
        match self.luck.choice(("sent", "sent", "sent", "lost", "refused", "unsent")):
            case "sent":
                self._accepted(memory, memory.attempts[attempt.id])
            case "refused":
                memory.record(replace(attempt, ruling=Ruling(state=State.REJECTED, why="no", at=self.now)))
            case "unsent":
                memory.record(replace(attempt, ruling=Ruling(state=State.UNSENT, why="no slot", at=self.now)))
            case _:
                pass

    def _accepted(self, memory: Memory, attempt: Attempt) -> None:
        job = f"video_{self.luck.getrandbits(64):016x}"
        memory.record(replace(attempt, acceptance=Acceptance(jobs=(job,), at=self.now, created_at=self.now)))
        if self.luck.random() < 0.6:
            self._end(memory, memory.attempts[attempt.id])

    def _end(self, memory: Memory, attempt: Attempt) -> None:
        self.now += 30
        if self.luck.random() < 0.8:
            clip = make_clip(sha256=f"{self.luck.getrandbits(256):064x}", at=self.now)
            memory.record(replace(attempt, clip=clip))
        else:
            state = self.luck.choice((State.FAILED, State.EXPIRED))
            memory.record(replace(attempt, end=End(state=state, code="", message="it broke", at=self.now)))

    def _resolve(self, memory: Memory, attempt: Attempt) -> None:
        if self.luck.random() < 0.5:
            self._accepted(memory, attempt)
            return
        ruling = Ruling(state=State.ABANDONED, why="a person", at=self.now, resubmit=self.luck.random() < 0.5)
        memory.record(replace(attempt, ruling=ruling))

    # -- git

    def git(self, *arguments: str, fine: Iterable[int] = (0,)) -> int:
        command = ["git", "-c", f"user.name={self.name}", "-c", "user.email=a@example.org", *arguments]
        ended = subprocess.run(command, check=False, cwd=self.folder, capture_output=True, text=True)
        assert ended.returncode in fine, (arguments, ended.stdout, ended.stderr)
        return ended.returncode

    def commit(self) -> None:
        self.git("add", ".")
        self.git("commit", "-qm", self.name, "--allow-empty")

    def merge(self, other: "Person", style: str) -> None:
        """Merge the other's branch; conflicts are left as git leaves them, then folded."""
        self.git("fetch", "-q", str(other.folder), "main")
        conflicts = self.git(
            "-c", f"merge.conflictStyle={style}", "merge", "-q", "--no-edit", "FETCH_HEAD", fine=(0, 1)
        )
        if conflicts:
            self.done["conflicts"] += 1
            assert not (self.folder / ".gitattributes").exists(), "the driver joins both sides"
            assert any(bad.marker for bad in scan(self.lockfile.read_bytes()).bad)
            os.environ["XDG_STATE_HOME"] = str(self.state.parent)
            with redirect_stderr(StringIO()) as said:
                assert shotlock(["lock", "fold", str(self.lockfile)]) == 0, said.getvalue()


def make_ready(folder: Path) -> None:
    """What `shotlock init` says to git."""
    (folder / "film.yaml").write_text("version: 1\nshots: []\n", encoding="utf-8")
    with redirect_stderr(StringIO()):
        assert shotlock(["init", str(folder)]) == 0
    assert "film.lock merge=union" in (folder / ".gitattributes").read_text()
