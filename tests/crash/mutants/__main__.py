"""`make mutants`: every step of the protocol is broken once, and the simulation must notice. One that lives fails."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.crash.mutants.mutant import first_violation
from tests.crash.mutants.table import MUTANTS


def hunt(number: int, seeds: int) -> tuple[int, str] | None:
    """The first seed that kills a mutant of the table."""
    return first_violation(MUTANTS[number], range(seeds))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.mutants")
    parser.add_argument("--seeds", type=int, default=20_000, help="after so many seeds a mutant is said to live")
    parser.add_argument("--only", nargs="+", default=[""], help="mutants whose names have one of these")
    asked = parser.parse_args()
    begun, chosen = (
        time.monotonic(),
        [number for number, each in enumerate(MUTANTS) if any(word in each.name for word in asked.only)],
    )
    lived = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        hunts = {number: pool.submit(hunt, number, asked.seeds) for number in chosen}
        for number, hunted in hunts.items():
            found = hunted.result()
            lived += found is None
            verdict = "LIVES" if found is None else f"killed at seed {found[0]}"
            print(f"{verdict:22} {MUTANTS[number].name:55} {found[1][:100] if found else ''}".rstrip(), flush=True)
    print(f"{len(chosen)} mutants, {lived} live")
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())
