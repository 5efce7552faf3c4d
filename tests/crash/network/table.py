"""The table "Network / HTTP" of the fault matrix, as data: every cell is a test."""

from collections import Counter

from tests.crash.network import bodies, jobs, lists, statuses, wire
from tests.crash.network.cell import Call, Cell

ROWS = (
    wire.NO_CONNECTION,
    wire.BROKEN,
    statuses.SERVER_ERRORS,
    statuses.TOO_MANY,
    statuses.BAD_REQUEST,
    statuses.NO_KEY,
    statuses.NO_ROUTE,
    statuses.REDIRECTS,
    bodies.BODIES,
    jobs.IDS,
    jobs.WORDS,
    jobs.DATES,
    wire.SLOW,
    bodies.CODINGS,
    wire.ENDS,
    bodies.CHANGES,
    bodies.EXPIRED,
    lists.LATE,
    lists.LISTS,
    statuses.OTHERS,
    wire.TOXICS,
)
IMPOSSIBLE = {  # what the matrix has a dash for, and why it has none elsewhere
    (jobs.IDS, Call.POLL): "the id that was asked for stays",
    (jobs.IDS, Call.CONTENT): "content has no id",
    (jobs.WORDS, Call.POST): "a reply to an order with an id is a job, whatever it says of its state",
    (jobs.WORDS, Call.CONTENT): "content has no status",
    **{(bodies.CHANGES, call): "only content can be gone on with" for call in (Call.POST, Call.POLL, Call.LIST)},
    **{(bodies.EXPIRED, call): "a list or an order has no content" for call in (Call.POST, Call.LIST)},
    **{(lists.LATE, call): "who has an id has the job" for call in (Call.POLL, Call.CONTENT)},
    **{(lists.LISTS, call): "only a list is one" for call in (Call.POST, Call.POLL, Call.CONTENT)},
    **{(statuses.OTHERS, call): "looking takes no slot" for call in (Call.POLL, Call.CONTENT, Call.LIST)},
}


def _in_order() -> tuple[Cell, ...]:
    rooms = (wire, statuses, bodies, jobs, lists)
    cells = [cell for room in rooms for cell in room.cells()]
    calls = list(Call)
    return tuple(sorted(cells, key=lambda cell: (ROWS.index(cell.row), calls.index(cell.call))))


TABLE = _in_order()
CELLS = {cell.title: cell for cell in TABLE}

assert len(CELLS) == len(TABLE), f"named twice: {Counter(cell.title for cell in TABLE).most_common(1)}"
