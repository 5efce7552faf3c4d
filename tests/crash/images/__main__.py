"""`python -m tests.crash.images`: what was tried is counted, what broke is named.

Without a flag: every disk that a crash may leave, of every kind of run. `--nth`: every trouble at every call of the
disk and of the server. `--pairs`: every two of them in a run of one shot. `--mutants`: steps of the recipes are taken
away, and some image must tell.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from tests.crash.images.explore import Explorer, Tally
from tests.crash.images.film import film_of
from tests.crash.images.mutants import MUTANTS, first_violation
from tests.crash.images.nth import Trial, pairs, singles
from tests.crash.images.quick import quickened
from tests.crash.images.stories import killed_twice, new_shots, second_lives

_MOST_TOLD = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.images", description=__doc__)
    parser.add_argument("--shots", default="", help="films of so many shots; 1,2,3 without a flag, 1,2 with --nth")
    parser.add_argument("--every", type=int, default=1, help="only each nth image, trial or pair")
    parser.add_argument("--only", default="", help="kinds of runs, or mutants, with this in their names")
    kinds = parser.add_mutually_exclusive_group()
    for name in ("nth", "pairs", "mutants"):
        kinds.add_argument(f"--{name}", action="store_true")
    asked = parser.parse_args()
    if asked.mutants:
        return _mutants(asked.only)
    if asked.pairs:
        return _told(_tried([1], asked.every, pairs, "pairs of troubles"), "trials")
    if asked.nth:
        return _told(_tried(_counts(asked.shots or "1,2"), asked.every, singles, "troubles"), "trials")
    return _told(_explored(_counts(asked.shots or "1,2,3"), asked.every, asked.only), "moments")


def _counts(text: str) -> list[int]:
    return [int(count) for count in text.split(",")]


def _explored(counts: list[int], every: int, only: str) -> Iterator[Tally]:
    explorer = Explorer(every=every)
    for story in (*map(new_shots, counts), *second_lives(min(counts))):
        if only in story.name:
            yield explorer.explore(story)
    if only in "killed twice":
        yield sum_of("killed twice", (explorer.explore(story) for story in killed_twice(min(counts))))


def _tried(counts: list[int], every: int, trials_of: Callable[..., Iterable[Trial]], name: str) -> Iterator[Tally]:
    for count in counts:
        for lists in (True, False):
            tally = Tally(name=f"{name}, {count} shots, {'a' if lists else 'no'} list")
            begun = time.perf_counter()
            with quickened():
                for trial in islice(trials_of(film_of(count), lists=lists), 0, None, every):
                    tally.operations += 1
                    tally.violations += trial.play()[1]
            tally.seconds = time.perf_counter() - begun
            yield tally


def sum_of(name: str, tallies: Iterable[Tally]) -> Tally:
    """Many tallies as one."""
    whole = Tally(name=name)
    for each in tallies:
        whole.operations += each.operations
        whole.images += each.images
        whole.recoveries += each.recoveries
        whole.seconds += each.seconds
        whole.violations += each.violations
    return whole


def _told(tallies: Iterator[Tally], operations: str) -> int:
    print(f"{'kind of run':42} {operations:>8} {'images':>8} {'ways home':>10} {'violations':>10} {'seconds':>8}")
    seen = []
    for tally in tallies:
        print(tally, *(f"\n    {each}" for each in tally.violations[:_MOST_TOLD]), flush=True)
        seen.append(tally)
    whole = sum_of("all", seen)
    print(whole)
    return 1 if whole.violations else 0


def _mutants(only: str) -> int:
    chosen = [mutant for mutant in MUTANTS if only in mutant.name]
    lived = 0
    for mutant in chosen:
        found = first_violation(mutant, every=9) or first_violation(mutant)
        lived += not found
        print(f"{'killed' if found else 'LIVES':7} {mutant.name:42} {found[:120]}", flush=True)
    print(f"{len(chosen)} mutants, {lived} live")
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())
