"""Cells that are played together: each fault befalls a shot of its own, in one batch that must go well as a whole.

That saves lives. Where a crowd does not go well, each of its cells is played alone, which tells whose fault it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from tests.crash.network.cell import ALLEY, DOG, Call, Cell, Given

_SIZE = 8

Crowd = tuple[Cell, ...]


def gathered(cells: Iterable[Cell]) -> Iterator[Crowd]:
    """All cells: those that can be played together in crowds, the others alone."""
    for (_, sociable, *_), members in groupby(sorted(cells, key=_place), key=_place):
        mine, size = tuple(members), _SIZE if sociable else 1
        yield from (mine[start : start + size] for start in range(0, len(mine), size))


def together(crowd: Sequence[Cell]) -> Cell:
    """One cell that has the faults of all, each of them for a shot of its own."""
    shots = {f"beach-{number}": f"A {DOG}-{number} runs on the beach" for number in range(len(crowd))}
    aimed = [replace(fault, match=f"{DOG}-{number}") for number, cell in enumerate(crowd) for fault in cell.faults]
    said = [
        words.replace("`beach`", f"`beach-{number}`") for number, cell in enumerate(crowd) for words in cell.come.says
    ]
    posts = [cell.come.posts for cell in crowd]
    come = replace(
        crowd[0].come,
        bills=len(crowd) + 1,
        posts=None if None in posts else sum(each - 1 for each in posts if each) + 1,
        says=tuple(said),
        takes=(max(cell.come.takes[0] for cell in crowd), sum(cell.come.takes[1] for cell in crowd)),
        at_last=len(crowd) + 1,
    )
    names = "; ".join(f"{cell.row} | {cell.fault}" for cell in crowd)
    return replace(
        crowd[0], fault=names, faults=tuple(aimed), come=come, given=Given(shots={**shots, **ALLEY}), because=""
    )


def _place(cell: Cell) -> tuple[str, bool, int, str]:
    return cell.call, _is_sociable(cell), cell.come.exit, cell.come.beach


def _is_sociable(cell: Cell) -> bool:
    """Whether its faults are about one shot alone, nothing is special, and no other shot is kept waiting for ever."""
    come = cell.come
    ends = come.exit == 0 or (come.exit == 1 and come.beach == "submitted" and cell.call is Call.CONTENT)
    well = ends and come.heard == 0 and come.then == (("render", 0),)
    aimed = bool(cell.faults) and all(fault.match == DOG for fault in cell.faults)
    return well and aimed and cell.given == Given()
