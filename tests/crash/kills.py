"""`make kills N=`: kill real runs, at random moments, at random points and at what the server sees; its ledger judges.

A batch of four clips is killed up to eight times, under faults of the server, on servers with a list and without one;
then the plain command is said again until it is done. A batch that fails is named with its seed, which draws the same
kills and faults again (the moments at which they fall are the machine's), and its account is kept in a file.
"""

import argparse
import itertools
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.crash.cradle import Cradle
from tests.crash.deaths import POINTS, SEEN, die
from tests.crash.person import come_home, decide
from tests.crash.side_by_side import warm_pool
from tests.crash.stage import PROMPTS, Ended, Stage, folder, stage

AT_ONCE = 12  # most of the time they wait
MOST_LIVES = 8  # that are cut short in one batch
LIVES = (0.1, 0.3, 0.6, 0.6, 1.0, 3.0)  # seconds in which a kill falls: a start, a run, one that settles what was left
LISTED = "{extends: sora, list: complete, settle: 2, typical_render: 0.5, longest_render: 2}"
UNLISTED = "{extends: sora, settle: 1, typical_render: 0.5, longest_render: 2}"
KINDS = ("time", "point", "server")
_WENT_WRONG = (2, 3)  # no life may end so


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of one batch."""

    seed: int
    kills: Mapping[str, int]  # by kind; only those that met a living run
    billed: int
    clips: int
    verdict: str  # empty where nothing is wrong


def play(seed: int, cradle: Cradle) -> Batch:
    """One batch: lives that are cut short under faults, then lives that are not."""
    draw = random.Random(seed)
    pace = Pace(render_seconds=draw.choice([0.0, 0.0, 0.1, 0.3]))
    lists = draw.random() < 0.75
    with (
        folder() as root,
        stage(root, pace=pace, lists=lists, profile=LISTED if lists else UNLISTED, cradle=cradle) as it,
    ):
        kills: Counter[str] = Counter()
        complaints: list[str] = []
        for _ in range(draw.randint(1, MOST_LIVES)):
            kind = draw.choice(KINDS)
            ended = _cut_short(it, kind, draw)
            kills[kind] += ended.code == -signal.SIGKILL
            complaints += [f"a life ended with {ended.code}"] if ended.code in _WENT_WRONG else []
            complaints += it.violations()
            if ended.code == 0 or complaints:
                break
            it.sandbox.faults.clear()
            if not lists:
                complaints += decide(it, patient=draw.random() < 0.5)
        it.sandbox.faults.clear()
        complaints += it.come_home(resumes=3) if lists else come_home(it)
        verdict = it.verdict(complaints)
        clips = len(PROMPTS) - len(it.incomplete())
        return Batch(seed=seed, kills=kills, billed=len(it.billed), clips=clips, verdict=verdict)


def _cut_short(it: Stage, kind: str, draw: random.Random) -> Ended:
    """One life, which a kill may meet."""
    it.sandbox.faults.clear()
    it.sandbox.faults.extend(_faults(draw))
    it.lives.append(f"faults: {[fault.as_json() for fault in it.sandbox.faults]}")
    match kind:
        case "point":
            return die(it, *_point(draw))
        case "server":
            seen = draw.choice(list(SEEN))
            return die(it, seen, draw.choice([1, 1, 1, 2, 3, 4]))
        case _:
            return _dies_after(it, draw.uniform(0.0, draw.choice(LIVES)))


def _point(draw: random.Random) -> tuple[str, int]:
    """Any point of the table, before, in the middle of or after what happens there; the first crossing or a later."""
    what, _, when = draw.choice(list(POINTS)).rpartition(".")
    moments = ("before", "half", "after") if what.endswith(("write", "any")) else ("before", "after")
    most = 100 if what == "any" else max(max(nths) for point, nths in POINTS.items() if point.startswith(f"{what}."))
    return f"{what}.{draw.choice([when, *moments])}", draw.choice([1, draw.randint(1, most)])


def _dies_after(it: Stage, seconds: float) -> Ended:
    running = it.start("render", "film.yaml")
    timer = threading.Timer(seconds, running.kill)
    timer.start()
    ended = it.end(running)
    timer.cancel()
    it.lives[-1] += f", to be killed after {seconds:.3f} s"
    return ended


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


def batches(first: int, at_once: int) -> Generator[Batch, None, None]:
    """Batches without end, in the order in which they are done."""
    with warm_pool(at_once) as submit:
        running: set[Future[Batch]] = set()
        for seed in itertools.count(first):
            running.add(submit(play, seed))
            if len(running) > at_once:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)


class Tally:
    """What all batches come to."""

    def __init__(self) -> None:
        self.kills: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
        self.batches = self.billed = self.clips = self.violations = 0
        self._accounts: Path | None = None

    def add(self, batch: Batch) -> None:
        self.kills.update(batch.kills)
        self.batches += 1
        self.billed += batch.billed
        self.clips += batch.clips
        if batch.verdict:
            self.violations += 1
            print(f"seed {batch.seed}: {batch.verdict}", flush=True)
            print(f"seed {batch.seed}: its account is kept in {self._kept(batch)}", flush=True)

    def _kept(self, batch: Batch) -> Path:
        self._accounts = self._accounts or Path(tempfile.mkdtemp(prefix="shotlock-kills-"))
        path = self._accounts / f"seed-{batch.seed}.txt"
        path.write_text(batch.verdict, encoding="utf-8")
        return path

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} by {kind}" for kind, count in self.kills.items())
        wanted = self.batches * len(PROMPTS)
        made = f"{self.billed} jobs billed and {self.clips} clips whole of {wanted} wanted"
        return f"{self.kills.total()} kills ({kinds}), {made}, {self.violations} violations"


def main() -> int:
    """Play batches until so many kills have met a living run."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.kills")
    parser.add_argument("kills", type=int, nargs="?", default=100)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = parser.parse_args()
    begun, tally = time.monotonic(), Tally()
    with closing(batches(asked.first, asked.at_once)) as played, suppress(KeyboardInterrupt):
        for batch in played:
            tally.add(batch)
            if tally.kills.total() >= asked.kills or tally.violations >= 5:
                break
    print(tally)
    took = time.monotonic() - begun
    print(f"{tally.batches} batches, {took:.0f} s, {tally.kills.total() / took:.1f} kills a second", file=sys.stderr)
    return 1 if tally.violations else 0


if __name__ == "__main__":
    sys.exit(main())
