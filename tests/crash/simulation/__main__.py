"""`make simulate N=`: that many seeds on all cores; a failing one is named, and `--seed` plays it again exactly."""

import argparse
import gc
import os
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.crash.simulation.quick import quickened
from tests.crash.simulation.world import World

_AT_A_TIME = 250  # seeds that one process plays before it tells
_LITTER = 50  # seeds between two collections


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of some seeds."""

    seeds: int
    violations: tuple[str, ...]
    cpu: float  # seconds
    posts: int
    kills: int
    billed: int


def play(seeds: range) -> Played:
    """Play seeds; nothing that goes wrong in one stops the others."""
    begun, violations, posts, kills, billed = time.process_time(), [], 0, 0, 0
    with quickened():
        for number, seed in enumerate(seeds):
            world = World(seed)
            try:
                world.play()
            except Exception as error:
                violations.append(f"seed {seed}: {type(error).__name__}: {error}")
            posts, kills = posts + world.machine.server.posts, kills + world.kills
            billed += sum(not job.foreign for job in world.machine.server.books)
            if number % _LITTER == 0:
                gc.collect(1)  # what is remembered across seeds is not looked through again
    gc.collect()
    cpu = time.process_time() - begun
    return Played(seeds=len(seeds), violations=tuple(violations), cpu=cpu, posts=posts, kills=kills, billed=billed)


def again(seed: int) -> int:
    """Play one seed with its traceback."""
    with quickened():
        try:
            World(seed).play()
        except Exception:
            traceback.print_exc()
            return 1
    print(f"seed {seed}: no violation")
    return 0


@contextmanager
def _players(workers: int) -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(workers, initializer=gc.freeze) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.simulation")
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="play this one only, with its traceback")
    parser.add_argument("--most", type=int, default=5, help="violations until it stops")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    return again(asked.seed) if asked.seed is not None else _many(asked)


def _many(asked: argparse.Namespace) -> int:
    begun, violations, told = time.monotonic(), 0, []
    starts = range(asked.first, asked.first + asked.count, _AT_A_TIME)
    chunks = [range(start, min(start + _AT_A_TIME, asked.first + asked.count)) for start in starts]
    with _players(min(asked.workers, len(chunks))) as pool:
        for played in pool.map(play, chunks):
            told.append(played)
            violations += len(played.violations)
            print(*played.violations, sep="\n", end="\n" if played.violations else "", flush=True)
            if violations >= asked.most:
                break
    seeds, cpu = sum(each.seeds for each in told), sum(each.cpu for each in told)
    posts, kills, billed = (sum(getattr(each, name) for each in told) for name in ("posts", "kills", "billed"))
    print(f"{seeds} seeds, {kills} kills, {posts} purchases sent, {billed} billed, {violations} violations")
    print(f"{time.monotonic() - begun:.0f} s, {seeds / cpu:.0f} seeds for each second of a core", file=sys.stderr)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
