"""`python -m tests.crash.network`: play the whole table and print it, with what came of each cell.

Cells may be picked by words of their rows and names: `python -m tests.crash.network 'content GET' redirect`.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from textwrap import indent

from tests.crash.network.cell import Cell
from tests.crash.network.play import Played, playing
from tests.crash.network.table import CELLS
from tests.crash.side_by_side import AT_ONCE

_Result = tuple[Cell, Played | None]


def main() -> int:
    """Play what was picked, in the table's order."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.network")
    parser.add_argument("words", nargs="*", help="that the row or the name of a cell has")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--list", action="store_true", help="print the table, play nothing")
    asked = parser.parse_args()
    picked = [cell for name, cell in CELLS.items() if all(word in name for word in asked.words)]
    begun = time.monotonic()
    failed = _tell(((cell, None) for cell in picked) if asked.list else _played(picked, asked.at_once))
    if not asked.list:
        seconds = time.monotonic() - begun
        print(f"\n{len(picked)} cells, {len(picked) - failed} as they must be, {failed} not, {seconds:.0f} s")
    return 1 if failed else 0


def _played(cells: list[Cell], at_once: int) -> Iterator[_Result]:
    with playing(cells, at_once) as played:
        for cell in cells:
            yield cell, played[cell.title]()


def _tell(results: Iterable[_Result]) -> int:
    """Print the table row by row; how many cells are not as they must be."""
    failed = 0
    for row, members in groupby(results, key=lambda result: result[0].row):
        print(f"\n{row}")
        for cell, played in members:
            bad = bool(played and played.verdict)
            failed += bad
            verdict = "" if played is None else f"{'BAD ' if bad else 'ok  '}{played.seconds:5.2f} s  "
            print(f"  {verdict}{cell}", flush=True)
            if played and bad:
                print(indent(played.verdict, "      "))
    return failed


if __name__ == "__main__":
    sys.exit(main())
