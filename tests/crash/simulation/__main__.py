"""`make simulate N=`: many seeds; a failing one is named, and `--seed` plays it again exactly."""

import argparse
import sys
import time
import traceback

from tests.crash.simulation.quick import remembered_lines
from tests.crash.simulation.world import World


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--most", type=int, default=5, help="violations until it stops")
    arguments = parser.parse_args()
    seeds = (
        [arguments.seed] if arguments.seed is not None else range(arguments.first, arguments.first + arguments.count)
    )
    begun, violations, played = time.perf_counter(), 0, 0
    for seed in seeds:
        played += 1
        try:
            with remembered_lines():
                World(seed).play()
        except Exception as error:
            violations += 1
            print(f"seed {seed}: {type(error).__name__}: {error}")
            if arguments.seed is not None:
                traceback.print_exc()
            if violations >= arguments.most:
                break
    took = time.perf_counter() - begun
    print(f"{played} seeds, {violations} violations, {took:.1f} s, {played / took:.0f} seeds/s")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
