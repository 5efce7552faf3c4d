"""The table "Network / HTTP": everything that a network and a server can do to a run, with what must come of it.

Each cell is the real command against a real server that misbehaves, and then against one that does not. Two clips are
wanted: the server's ledger tells what was paid, and in the end both are whole.
"""

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.crash.network.cell import Call, Cell
from tests.crash.network.play import Played, playing
from tests.crash.network.table import CELLS, IMPOSSIBLE, ROWS
from tests.crash.side_by_side import asked
from tests.rest import parted


def _kind(cell: Cell) -> object:
    """What sets a cell apart from those that only say the same in other words."""
    come = cell.come
    return cell.row, cell.call, come.code, come.exit, come.beach, come.alley, come.says, come.then, come.posts


_FIRST_OF_ITS_KIND = set({_kind(cell): name for name, cell in reversed(CELLS.items())}.values())
_Played = Mapping[str, Callable[[], Played]]


@pytest.mark.parametrize("name", parted(CELLS, lambda _, name: name in _FIRST_OF_ITS_KIND))
def test_a_fault_of_the_network_or_the_server(name: str, played: _Played) -> None:
    assert played[name]().verdict == ""


@pytest.mark.parametrize("row", ROWS, ids=ROWS)
def test_every_row_has_cells_for_every_call_or_a_reason_why_not(row: str) -> None:
    there = {cell.call for cell in CELLS.values() if cell.row == row}
    impossible = {call for each, call in IMPOSSIBLE if each == row}
    assert there | impossible == set(Call)
    assert not there & impossible


# --- what the table found: each of these once went wrong, and is told here by its name


def ending(*ends: str) -> pytest.MarkDecorator:
    """The cells whose names end so."""
    found = [[name for name in CELLS if name.endswith(end)] for end in ends]
    names = [name for [name] in found]
    return pytest.mark.parametrize("name", names, ids=names)


@ending('id "" in the list, lasting', "id 5 in the list, lasting", 'id "\\n" in the list, lasting')
def test_an_item_of_the_list_that_cannot_be_read_is_no_proof_that_nothing_was_bought(
    name: str, played: _Played
) -> None:
    assert played[name]().verdict == ""


@ending("cut: it says that there is more, and shows nothing", "cut: it says that there is more, and not where")
def test_a_list_that_says_there_is_more_and_shows_it_not_is_no_proof_that_nothing_was_bought(
    name: str, played: _Played
) -> None:
    assert played[name]().verdict == ""


@ending("500 lasting, never billed")
def test_what_got_no_clear_answer_twice_is_not_sent_a_third_time_by_the_same_run(name: str, played: _Played) -> None:
    assert played[name]().verdict == ""


@ending("content GET: 401", "content GET: 402", "content GET: 403")
def test_a_key_that_is_refused_for_a_download_halts_the_batch(name: str, played: _Played) -> None:
    assert played[name]().verdict == ""


@ending("302 to another host that says 403, twice")
def test_another_host_that_refuses_a_clip_says_nothing_of_the_key(name: str, played: _Played) -> None:
    assert played[name]().verdict == ""


@ending("content GET: 302 to a private address", "cloud's secrets", "address, mapped", "address, as one number")
def test_a_clip_is_not_fetched_from_a_private_address(name: str, played: _Played) -> None:
    assert played[name]().verdict == ""


@ending("poll GET: cancel: SIGINT, and no answer", "list GET: cancel: SIGINT, and no answer")
def test_a_run_that_is_asked_to_end_does_not_wait_for_an_answer_that_never_comes(name: str, played: _Played) -> None:
    assert played[name]().verdict == ""


@ending(*(f"{call}: half a character" for call in Call))
def test_half_a_character_in_a_reply_is_no_bug_of_ours(name: str, played: _Played) -> None:
    assert played[name]().verdict == ""


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[_Played]:
    """What comes of the cells that were asked for, a few of them played at a time."""
    with playing(CELLS[name] for name in dict.fromkeys(asked(request, "name"))) as results:
        yield results
