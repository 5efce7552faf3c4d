"""`make soak N=`: one manifest of so many shots, killed at random moments over the whole run, and then to the end.

The server's ledger judges that each shot was billed once; what the living run tells of itself at each clip judges that
it stays flat: files, memory, syncs and bytes for a shot, time for a shot. The quarters of the run are compared; in each
the median over stretches of one life counts, so that starts and reconciliations are no part of it.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

from runner.sandbox import blank
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox
from tests.crash.cradle import Cradle
from tests.crash.stage import KEY, Running, Stage, folder, staged

SIZE = "64x64"
PROFILE = (
    "{extends: sora, list: complete, settle: 1, typical_render: 0.5, longest_render: 2, "
    f"defaults: {{size: {SIZE}, seconds: 4}}, models: {{sora-2: {{sizes: ['{SIZE}'], seconds: [4]}}}}}}"
)
FLAT = 1.5  # of the last quarter to the first
REMEMBERED = 1.6  # memory: what is known of every shot is in it
ROUGHLY_FLAT = 2.0  # the time of the clock, which other processes disturb
MORE_FILES = 5  # than in the first quarter
FIRST_REQUEST = 5.0  # seconds of CPU from the start of a process, at ten thousand shots
COSTS = ("syncs", "kilobytes", "cpu", "wall")  # for a shot; times in milliseconds
DURABLE = {"syncs": FLAT, "kilobytes": FLAT, "memory": REMEMBERED}  # what no other process can disturb
JUDGED = {**DURABLE, "cpu": FLAT, "wall": ROUGHLY_FLAT}
_QUARTERS = 4
_STRETCH = 5  # clips
_TICK = os.sysconf("SC_CLK_TCK")

Toll = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How long a life took until it asked the server for the first time, with so many facts known."""

    facts: int
    wall: float  # seconds
    cpu: float  # seconds

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} s CPU) with {self.facts} facts"


class Soak:
    """One long batch, life after life."""

    def __init__(self, it: Stage, kills: Collection[int], draw: random.Random) -> None:
        self._it = it
        self._kills = sorted(kills)  # numbers of bills after which one falls
        self._draw = draw
        self.killed = 0
        self.starts: list[Start] = []
        self.lives: list[list[Toll]] = []

    def work(self) -> list[str]:
        """Live and die until all is done; what went wrong."""
        while True:
            toll = self._it.root / f"toll-{len(self.starts)}"
            toll.touch()
            connections, begun = self._connections, time.monotonic()
            running = self._it.start("render", "film.yaml", fate=("toll", str(toll)))
            self.starts += self._heard(running, begun, connections)
            self._kill_in_time(running)
            ended = self._it.end(running)
            self.lives.append([json.loads(line) for line in toll.read_text().splitlines()])
            if ended.code != -signal.SIGKILL:
                return [] if ended.code == 0 else [f"a life ended with {ended.code}: {ended.stderr[-2000:]}"]

    def _heard(self, running: Running, begun: float, connections: int) -> list[Start]:
        """Wait until it asks the server, or ends."""
        facts = self._billed
        while self._connections == connections:
            if _over(running, 0.002):
                return []
        return [Start(facts=facts, wall=time.monotonic() - begun, cpu=_cpu(running.pid))]

    def _kill_in_time(self, running: Running) -> None:
        while self._kills and self._billed < self._kills[0]:
            if _over(running, 0.02):
                return
        if self._kills and not _over(running, self._draw.uniform(0.001, 0.3)):
            self._kills.pop(0)
            self.killed += 1
            running.kill()

    @property
    def _billed(self) -> int:
        return len(self._it.sandbox.jobs)

    @property
    def _connections(self) -> int:
        return self._it.sandbox._ledger._connections


def _over(running: Running, seconds: float) -> bool:
    """Whether a process ends within so many seconds."""
    try:
        running.wait(seconds)
    except TimeoutError:
        return False
    return True


def _cpu(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / _TICK


def quarters(lives: Sequence[Sequence[Toll]], shots: int) -> list[Toll]:
    """What a shot cost in each quarter of the run, and the most files and memory; of quarters that can be told."""
    found: list[list[Toll]] = [[] for _ in range(_QUARTERS)]
    clips = 0
    for life in lives:
        for number, cost in enumerate(_stretches(life)):
            found[min((clips + number * _STRETCH) * _QUARTERS // shots, _QUARTERS - 1)].append(cost)
        clips += len(life)
    return [_quarter(costs) for costs in found if costs]


def _stretches(life: Sequence[Toll]) -> Iterator[Toll]:
    """The cost of a shot in one life, a few clips at a time."""
    for early, late in zip(life[::_STRETCH], life[_STRETCH::_STRETCH], strict=False):
        yield {**late, **{name: (late[name] - early[name]) / _STRETCH for name in COSTS}}


def _quarter(costs: Sequence[Toll]) -> Toll:
    typical = {name: median(cost[name] for cost in costs) for name in COSTS}
    return {**typical, **{name: max(cost[name] for cost in costs) for name in ("files", "memory")}}


def unevenness(found: Sequence[Toll], judged: Mapping[str, float]) -> list[str]:
    """What grew from the first quarter to the last by more than it may."""
    first, last = found[0], found[-1]
    grown = [name for name, most in judged.items() if last[name] > first[name] * most]
    grown += ["files"] if last["files"] > first["files"] + MORE_FILES else []
    return [f"{name} went from {first[name]:.1f} to {last[name]:.1f}" for name in grown]


def soak(
    shots: int, kills: int, *, judged: Mapping[str, float], seed: int = 0, cradle: Cradle | None = None
) -> tuple[list[str], str]:
    """Play it all: what is wrong, and what there is to tell."""
    draw = random.Random(seed)
    with folder() as root, staged(Stage(root=root, sandbox=_server(), cradle=cradle, shots=_shots(shots))) as it:
        it.write(profile=PROFILE, size=SIZE)
        soaking, begun = Soak(it, draw.sample(range(1, shots - shots // 10), kills), draw), time.monotonic()
        if complaints := soaking.work():
            return complaints, it.verdict(complaints)
        took = time.monotonic() - begun
        billed, missing = len(it.billed), it.incomplete()
        complaints = [*missing, *it.restless(), *it.violations(), *it.leaks()]
        complaints += [] if billed == shots else [f"{billed} jobs billed, {shots} wanted"]
        complaints += [] if soaking.killed == kills else [f"{soaking.killed} kills of {kills}"]
        found = quarters(soaking.lives, shots)
        last = _last_start(it)
        complaints += unevenness(found, judged)
        complaints += [] if last.cpu <= FIRST_REQUEST else [f"the first request came after {last}"]
        head = f"{shots} shots, {kills} kills, {billed} jobs billed, {shots - len(missing)} clips whole, {took:.0f} s"
        return complaints, "\n".join([head, *_table(found), *_starts(soaking.starts, last)])


def _last_start(it: Stage) -> Start:
    """The start of a process that finds all done but one clip, which it is to fetch again."""
    shot = next(iter(it.shots))
    clip = next(each.clip for each in it.facts() if each.intent.shot == shot and each.clip)
    (it.folder / "renders" / "film" / f"{shot}.mp4").unlink()
    (it.folder / ".shotlock" / "store" / f"{clip.sha256}.mp4").unlink()
    again = Soak(it, (), random.Random(0))
    again.work()
    return again.starts[0]


def _table(found: Sequence[Toll]) -> Iterator[str]:
    yield "for a shot, quarter by quarter of the run; then the most open files and MB of memory"
    for number, cost in enumerate(found, 1):
        durable = f"{cost['syncs']:.1f} syncs, {cost['kilobytes']:.1f} KB"
        times = f"{cost['cpu']:.1f} ms CPU, {cost['wall']:.1f} ms"
        yield f"  {number}: {durable}, {times}; {cost['files']:.0f} files, {cost['memory']:.0f} MB"


def _starts(starts: Sequence[Start], last: Start) -> Iterator[str]:
    yield "first requests after the start of a process:"
    yield from (f"  {start}" for start in [*starts, last])


def _shots(number: int) -> Mapping[str, str]:
    return {f"shot-{each:05}": f"Scene {each} of a long film" for each in range(number)}


def _server() -> Sandbox:
    """A server whose clips are small and there at once, and whose own work does not grow with its jobs."""
    rules = Rules(key=KEY, slots=8, sizes=(SIZE,), seconds=("4",))
    sandbox = Sandbox(rules=rules, pace=Pace(), renderer=blank.render)
    jobs = sandbox.jobs

    def running() -> int:
        """As of `Jobs`: but jobs that render no time, and were followed by fifty others, have ended."""
        now = sandbox.clock.now()
        return sum(job.state(now).running for job in islice(reversed(jobs._jobs.values()), 50))

    vars(jobs)["running"] = running
    return sandbox


def main() -> int:
    """Soak, tell and judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.soak")
    parser.add_argument("shots", type=int, nargs="?", default=10_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    complaints, told = soak(asked.shots, asked.kills, seed=asked.seed, judged=JUDGED)
    print(told)
    for complaint in complaints:
        print(f"VIOLATION: {complaint}")
    print(f"{asked.shots} shots, {asked.kills} kills, {len(complaints)} violations")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
