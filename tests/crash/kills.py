"""`make kills N=`: kill real runs at random moments, on a server that fails at random, and let its ledger judge.

A batch of four clips is killed up to three times, then said again until it is done. A batch that fails is named with
its seed, which draws the same kills and faults again; the moments at which they fall are the machine's.
"""

import argparse
import itertools
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, suppress
from dataclasses import dataclass

from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import AT_ONCE, warm_pool
from tests.crash.stage import PROMPTS, Stage, folder, stage

LIFE = 1.0  # seconds in which a kill falls: about what an undisturbed run takes
LONG_LIFE = 3.5  # and one that settles what its predecessors left
SETTLE = "{extends: sora, list: complete, settle: 2, typical_render: 0.5}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of one batch."""

    seed: int
    kills: int  # that fell before the run had ended
    billed: int
    verdict: str  # empty where nothing is wrong


def play(seed: int, cradle: Cradle) -> Batch:
    """One batch: lives that are cut short under faults, then lives that are not."""
    draw = random.Random(seed)
    pace = Pace(render_seconds=draw.choice([0.0, 0.1, 0.3, 0.6]))
    with folder() as root, stage(root, pace=pace, profile=SETTLE, cradle=cradle) as it:
        kills = sum(_killed(it, draw) for _ in range(draw.randint(1, 3)))
        it.sandbox.faults.clear()
        complaints = it.come_home(resumes=2)
        return Batch(seed=seed, kills=kills, billed=len(it.billed), verdict=it.verdict(complaints))


def _killed(it: Stage, draw: random.Random) -> bool:
    """One life; whether the kill met it alive."""
    it.sandbox.faults.clear()
    it.sandbox.faults.extend(_faults(draw))
    it.lives.append(f"faults: {[fault.as_json() for fault in it.sandbox.faults]}")
    after = draw.uniform(0.0, draw.choice([LIFE, LIFE, LIFE, LONG_LIFE]))
    timers: list[threading.Timer] = []

    def doom(pid: int) -> None:
        timers.append(threading.Timer(after, _kill, (pid,)))
        timers[0].start()

    ended = it.run("render", "film.yaml", meanwhile=doom)
    timers[0].cancel()
    return ended.code == -signal.SIGKILL


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _faults(draw: random.Random) -> Iterator[Fault]:
    """Up to three of the things that servers do; none of them makes it right to buy twice."""
    for _ in range(draw.choice([0, 0, 1, 2, 3])):
        nth = draw.randint(1, 4)
        yield draw.choice(
            [
                Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=nth),
                Fault(on=On.CREATE, do=Do.RESET, when=draw.choice([Moment.HEAD, Moment.BEFORE, Moment.AFTER]), nth=nth),
                Fault(on=On.CREATE, do=Do.STATUS, when=Moment.AFTER, status=draw.choice([500, 502, 504]), nth=nth),
                Fault(on=On.CREATE, do=Do.STATUS, when=Moment.BEFORE, status=draw.choice([503, 429]), nth=nth),
                Fault(on=On.CREATE, do=Do.HTML, when=Moment.AFTER, nth=nth),
                Fault(on=On.CREATE, do=Do.HALF, nth=nth),
                Fault(on=On.CREATE, do=Do.LATE, seconds=draw.uniform(0.1, 1.0), nth=nth),
                Fault(on=On.CREATE, do=Do.DELAY, when=Moment.BEFORE, seconds=draw.uniform(0.1, 0.8), nth=nth),
                Fault(on=On.CREATE, do=Do.DELAY, when=Moment.AFTER, seconds=draw.uniform(0.1, 0.8), nth=nth),
                Fault(on=On.RETRIEVE, do=Do.STATUS, status=draw.choice([500, 502, 404, 429]), nth=nth),
                Fault(on=On.RETRIEVE, do=Do.GARBAGE, nth=nth),
                Fault(on=On.CONTENT, do=draw.choice([Do.HALF, Do.SHORT, Do.CUT, Do.HTML, Do.GZIP]), nth=nth),
                Fault(on=On.CONTENT, do=Do.STATUS, status=draw.choice([404, 502]), nth=nth),
                Fault(on=On.LIST, do=Do.STATUS, status=draw.choice([500, 503]), nth=1),
                Fault(on=On.LIST, do=Do.LAG, seconds=draw.uniform(0.1, 1.0), times=2),
                Fault(on=On.CONNECTION, do=draw.choice([Do.DROP, Do.RESET]), nth=nth),
            ]
        )


def _played(first: int, at_once: int) -> Generator[Batch, None, None]:
    """Batches without end, in the order in which they are done."""
    with warm_pool(at_once) as submit:
        running: set[Future[Batch]] = set()
        for seed in itertools.count(first):
            running.add(submit(play, seed))
            if len(running) > at_once:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)


def _tell(batch: Batch) -> None:
    print(f"seed {batch.seed}: {batch.verdict}", flush=True)


def main() -> int:
    """Play batches until so many kills have met a living run."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.kills")
    parser.add_argument("kills", type=int, nargs="?", default=100)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = parser.parse_args()
    begun, kills, batches, billed, violations = time.monotonic(), 0, 0, 0, 0
    with closing(_played(asked.first, asked.at_once)) as played, suppress(KeyboardInterrupt):
        for batch in played:
            kills, batches, billed = kills + batch.kills, batches + 1, billed + batch.billed
            if batch.verdict:
                violations += 1
                _tell(batch)
            if kills >= asked.kills or violations >= 5:
                break
    wanted = batches * len(PROMPTS)
    print(f"{kills} kills, {billed} jobs billed of {wanted} wanted, {violations} violations")
    print(f"{batches} batches, {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
