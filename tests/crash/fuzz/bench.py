"""Trying many cases of one kind, and taking note of the slowest, the largest and the wrong ones."""

import random
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

Case = Callable[[random.Random, Path], str]  # tries one; says what came of it in a word, or raises

SECONDS: Final = 5.0  # of a core that a case may take: a case that takes longer goes on for ever
MEMORY: Final = 400 << 20  # bytes, the imports included
_PATIENCE: Final = 60  # seconds until a case counts as hanging, however busy the machine is


class Violation(AssertionError):
    """What must not happen has happened."""


@dataclass(slots=True)
class Findings:
    """What came of all cases of one kind."""

    kind: str
    ends: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, -1)  # seconds of a core, and the case
    memory: tuple[int, int] = (0, -1)  # bytes at most, and the case that first took so much
    wrong: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """As a row of the table."""
        cases = sum(self.ends.values()) + len(self.wrong)
        (slow, slowest), (most, largest) = self.slowest, self.memory
        ends = ", ".join(f"{count:,} {end}" for end, count in sorted(self.ends.items()))
        return (
            f"{self.kind:<10} {cases:>8,} cases  slowest {slow * 1000:>6.0f} ms (#{slowest})  "
            f"memory {most / 2**20:>4.0f} MB (#{largest})  {len(self.wrong)} wrong; {ends}"
        )


def tried(kind: str, case: Case, numbers: range, folder: Path, *, most: int = 5) -> Findings:
    """Try the cases of these numbers, up to so many wrong ones."""
    findings = Findings(kind)
    before = signal.signal(signal.SIGALRM, _hung)
    try:
        for number in numbers:
            _try(case, number, folder, findings)
            if len(findings.wrong) >= most:
                break
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return findings


def _try(case: Case, number: int, folder: Path, findings: Findings) -> None:
    rng = random.Random(f"{findings.kind} {number}")
    begun = time.process_time()
    signal.alarm(_PATIENCE)
    try:
        end = case(rng, folder)
    except Exception:
        findings.wrong.append(f"{findings.kind} #{number}\n{traceback.format_exc()}")
        return
    took = time.process_time() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    findings.slowest = max(findings.slowest, (took, number))
    if memory > findings.memory[0]:
        findings.memory = (memory, number)
        if memory > MEMORY:
            findings.wrong.append(f"{findings.kind} #{number} took {memory >> 20} MB")
    if took > SECONDS:
        findings.wrong.append(f"{findings.kind} #{number} took {took:.1f} s of a core")
    findings.ends[end] += 1


def _hung(_: int, __: FrameType | None) -> None:
    raise Violation(f"a case hung for {_PATIENCE} s")
