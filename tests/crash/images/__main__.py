"""`python -m tests.crash.images`: every image of every kind of run; what was tried is counted, what broke is named."""

import argparse
import sys
from collections.abc import Iterable, Iterator

from tests.crash.images.explore import Explorer, Tally
from tests.crash.images.stories import killed_twice, new_shots, second_lives


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.images")
    parser.add_argument("--shots", default="1,2,3", help="films of so many shots")
    parser.add_argument("--every", type=int, default=1, help="only each nth image")
    parser.add_argument("--only", default="", help="kinds of runs with this in their names")
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.shots.split(",")]
    return _told(_tallies(counts, arguments.every, arguments.only))


def _tallies(counts: list[int], every: int, only: str) -> Iterator[Tally]:
    explorer = Explorer(every=every)
    for story in (*map(new_shots, counts), *second_lives(min(counts))):
        if only in story.name:
            yield explorer.explore(story)
    if only in "killed twice":
        yield sum_of("killed twice", (explorer.explore(story) for story in killed_twice(min(counts))))


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


def _told(tallies: Iterator[Tally]) -> int:
    print(f"{'kind of run':34} {'moments':>8} {'images':>8} {'ways home':>10} {'violations':>10} {'seconds':>8}")
    seen = []
    for tally in tallies:
        print(tally, *(f"\n    {each}" for each in tally.violations[:20]), flush=True)
        seen.append(tally)
    whole = sum_of("all", seen)
    print(whole)
    return 1 if whole.violations else 0


if __name__ == "__main__":
    sys.exit(main())
