"""A stage whose server keeps time together with the lives that it serves, and whose name leads where a cell wants."""

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from runner.lock.facts import Attempt, State
from runner.sandbox import blank
from runner.sandbox.clip import Clip, ClipSpec
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox
from tests.crash.cradle import Cradle
from tests.crash.network.cell import SHOTS
from tests.crash.network.leap import HOST, Told
from tests.crash.network.listening import CERTIFICATE, Ports, listening
from tests.crash.stage import KEY, Stage

ELSEWHERE = "elsewhere"  # what another client of the account calls its shots
_PADDING = 60_000  # bytes, so that a clip comes in several pieces
_JOB = re.compile(r"video_\w+")
_MAY_BE = re.compile(r"it may be |nobody here remembers|--adopt ")


@dataclass(kw_only=True)
class Wired(Stage):
    """One folder, one account, one server, and the wire between them."""

    ports: Ports
    told: Told
    secure: bool = False
    heard: list[str]  # heads of the requests that the depot got

    def environ(self) -> dict[str, str]:
        """See `Stage.environ`. A life's clock begins where the server's is."""
        told = replace(self.told, ahead=self.sandbox.clock.now() - time.time())
        return {**super().environ(), "OPENAI_BASE_URL": self.base_url, "LEAP": str(told)}

    def job_of(self, shot: str) -> str | None:
        """See `Stage.job_of`; of several, the last one that we bought ourselves."""
        mine = (bill for bill in self.ledger["billed"] if bill["shot"] != ELSEWHERE)
        return next((bill["id"] for bill in reversed([*mine]) if bill["prompt"] == self.shots.get(shot)), None)

    def violations(self, *, times: int = 1) -> list[str]:
        """See `Stage.violations`; a job that is only named as one that may be ours is in no file yet."""
        asked = {
            job
            for text in self.said
            for line in text.splitlines()
            if _MAY_BE.search(line)
            for job in _JOB.findall(line)
        }
        found = super().violations(times=times)
        return [
            each
            for each in found
            if not (each.endswith("was told and is in no file") and set(_JOB.findall(each)) <= asked)
        ]

    def incomplete(self, name: str = "film", *, about: str = "") -> list[str]:
        """See `Stage.incomplete`; a job may be known by another id than the server's own."""
        facts = {each.intent.shot: each for each in self.facts(name) if each.state is State.DONE}
        return [complaint for shot in self.shots if (complaint := self._lacking(name, shot, facts.get(shot)))]

    def _lacking(self, name: str, shot: str, attempt: Attempt | None) -> str:
        path = self.folder / "renders" / name / f"{shot}.mp4"
        if attempt is None or not path.exists():
            return f"no clip of {shot}" if attempt else f"no record of the clip of {shot}"
        job = self.sandbox.jobs.get(attempt.job or "")
        if job is None or job.order.prompt != self.shots[shot]:
            return f"{shot} has the job of {job.order.prompt if job else 'nobody'}"
        whole = isinstance(job.result, Clip) and path.read_bytes() == job.result.path.read_bytes()
        return "" if whole else f"the clip of {shot} is not what the server made"

    @property
    def base_url(self) -> str:
        scheme, port = ("https", self.ports.secure) if self.secure else ("http", self.ports.sandbox)
        return f"{scheme}://{HOST}:{port}/v1"


@contextmanager
def wired(
    root: Path,
    *,
    cradle: Cradle | None = None,
    profile: str,
    shots: Mapping[str, str] = SHOTS,
    rules: Rules | None = None,
    pace: Pace | None = None,
    secure: bool = False,
) -> Iterator[Wired]:
    """A stage with one manifest, `film.yaml`."""
    rules = replace(rules or Rules(slots=8), key=KEY)
    sandbox = Sandbox(rules=rules, pace=pace or Pace(render_seconds=0.5), renderer=_clip)
    heard: list[str] = []
    with listening(sandbox, heard) as ports:
        told = Told(keeper=ports.keeper, trust=str(CERTIFICATE) if secure else "")
        it = Wired(
            root=root, sandbox=sandbox, cradle=cradle, shots=shots, ports=ports, told=told, secure=secure, heard=heard
        )
        it.write(profile=profile)
        try:
            yield it
        finally:
            it.close()


@cache
def _blank(width: int, height: int, seconds: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        blank.render(ClipSpec(prompt="", width=width, height=height, seconds=seconds), Path(folder) / "blank.mp4")
        return (Path(folder) / "blank.mp4").read_bytes()


def _clip(spec: ClipSpec, target: Path) -> None:
    """A clip at once; no two of them are equal."""
    note = target.name.encode().ljust(_PADDING, b".")
    target.write_bytes(
        _blank(spec.width, spec.height, spec.seconds) + (len(note) + 8).to_bytes(4, "big") + b"free" + note
    )
