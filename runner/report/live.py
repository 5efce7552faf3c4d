"""Progress as a live table on a terminal. Shots that ended scroll away above it, so that any batch stays readable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Final, assert_never, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from runner.clock import Clock
from runner.events import Bought, Ending, Event, RunEnded, RunStarted, Said, ShotEnded, ShotMoved
from runner.report import columns
from runner.report.board import Board, Row, words
from runner.report.endings import Endings
from runner.report.outlet import Outlet
from runner.report.wording import shown, span

_STYLES: Final = {Ending.DONE: "green", Ending.RESTORED: "green", Ending.FAILED: "red", Ending.HELD: "yellow"}
_RUNNING: Final = 12  # rows
_WAITING: Final = 3  # rows
_LONGEST_ID: Final = 28  # columns
_LONGEST_BAR: Final = 32
_SHORTEST_BAR: Final = 8
_STATE: Final = 11  # columns: the longest phase
_PERCENT: Final = 5
_TIME: Final = 7
_NARROW: Final = 52  # columns below which a row tells no more than it must
_FIXED: Final = _STATE + _PERCENT + 2 * _TIME + 5 * 2  # columns of all but the shot and the bar, gaps included
_AROUND: Final = 6  # lines of the frame that are no rows of shots


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """What one row shows."""

    shot: str
    state: str = "waiting"
    progress: int | None = None  # percent
    took: str = ""
    left: str = ""

    @property
    def percent(self) -> str:
        return "" if self.progress is None else f"{self.progress} %"


class LiveTable:
    """Draws the board anew whenever it looks different."""

    def __init__(self, out: Outlet, environ: Mapping[str, str], clock: Clock) -> None:
        self.patience = 0.25
        self._clock = clock
        self._board = Board(clock)
        self._endings = Endings()
        self._console = Console(
            file=cast("IO[str]", out),
            force_terminal=True,
            no_color=bool(environ.get("NO_COLOR")),
            highlight=False,
            _environ=environ,
        )
        self._live = Live(console=self._console, auto_refresh=False, transient=True,
                          redirect_stdout=False, redirect_stderr=False)  # fmt: skip
        self._above: list[Text] = []
        self._scrolled = False  # whether there is anything above the table
        self._drawn: object = None
        self._longest_id = 0  # columns

    def hear(self, event: Event) -> None:
        """Take note of one event; `show` brings it to the screen."""
        took = self._board.took(event.shot) if isinstance(event, ShotEnded) else None
        self._board.hear(event)
        match event:
            case RunStarted():
                self._endings.currency = event.currency
                self._longest_id = max((columns.width(shot) for shot in event.shots), default=0)
            case Said():
                self._above.append(Text(shown(event.text, 600)))
            case ShotEnded():
                self._ended(event, took)
            case ShotMoved() | Bought() | RunEnded():
                pass
            case never:
                assert_never(never)

    def show(self) -> None:
        """Bring the screen up to date."""
        if self._board.started is None:
            self._print_above()
            return
        rows, footer = self._rows(), self._footer()
        looks = (rows, footer, self._console.size)
        if looks == self._drawn and not self._above:
            return
        self._drawn = looks
        with self._console:  # everything goes out in one write
            self._start()
            self._print_above()
            self._live.update(self._frame(rows, footer), refresh=True)

    def close(self) -> None:
        """Take the table away; what scrolled above it stays."""
        self._print_above()
        self._live.stop()
        if self._scrolled and self._board.started:
            self._console.print()  # the summary stands apart

    def _start(self) -> None:
        if not self._live.is_started:
            self._live.start()
            self._console.show_cursor(True)  # a killed run must not leave a terminal without one

    def _print_above(self) -> None:
        if self._above:
            self._console.print(Text("\n").join(self._above), soft_wrap=True)
            self._above.clear()
            self._scrolled = True

    def _ended(self, event: ShotEnded, took: float | None) -> None:
        text = self._endings.words(event)
        if text is not None:
            time = "" if took is None else span(took)
            shot = columns.pad(columns.cut(shown(event.shot), self._id_width), self._id_width)
            word = (f"{event.ending:<8}", _STYLES[event.ending])
            self._above.append(Text.assemble(word, f"  {shot}  {time:>{_TIME}}  {text}"))

    @property
    def _id_width(self) -> int:
        """Columns of the shots' ids: the same for the whole run, so that nothing jumps."""
        return max(4, min(self._longest_id, _LONGEST_ID, self._console.width // 3))

    def _rows(self) -> tuple[_Cells, ...]:
        """The shots at work and those that come next, as many as the terminal has lines for."""
        room = max(1, self._console.height - _AROUND)
        running = list(islice(self._board.running.values(), min(_RUNNING, room)))
        waiting = islice(self._board.waiting, min(_WAITING, room - len(running)))
        now = self._clock.monotonic()
        return (*(_running(row, now) for row in running), *(_Cells(shot=shown(shot)) for shot in waiting))

    def _footer(self) -> tuple[str, ...]:
        """The time, the counts and the money, in as few lines as they fit into."""
        lines: list[str] = []
        for part in (span(self._board.elapsed), self._board.counts(), self._board.price()):
            joined = f"{lines[-1]}    {part}" if lines else part
            if not part:
                continue
            if lines and columns.width(joined) < self._console.width:
                lines[-1] = joined
            else:
                lines.append(part)
        return tuple(lines)

    def _frame(self, rows: tuple[_Cells, ...], footer: tuple[str, ...]) -> RenderableType:
        parts: list[RenderableType] = [""]
        if rows:
            parts += [_table(rows, self._id_width, self._console.width), ""]
        return Group(*parts, Text("\n".join(footer)))


def _running(row: Row, now: float) -> _Cells:
    left = row.left(now)
    return _Cells(
        shot=shown(row.shot),
        state=words(row.phase),
        progress=row.progress,
        took=span(now - row.since),
        left="" if left is None else span(left),
    )


def _table(rows: Sequence[_Cells], id_width: int, width: int) -> Table:
    """The rows of shots, with as much of each as the terminal is wide enough for."""
    narrow = width < _NARROW
    bar = min(_LONGEST_BAR, width - id_width - _FIXED - 2)
    with_bar = not narrow and bar >= _SHORTEST_BAR
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", show_edge=False)
    table.add_column("shot", width=id_width, no_wrap=True)
    table.add_column("state", width=_STATE, no_wrap=True)
    if with_bar:
        table.add_column("", width=bar)
    table.add_column("", width=_PERCENT, justify="right", no_wrap=True)
    table.add_column("time", width=_TIME, justify="right", no_wrap=True)
    if not narrow:
        table.add_column("left", width=_TIME, justify="right", no_wrap=True)
    for row in rows:
        cells = [row.shot, row.state, *([_bar(row)] if with_bar else []), row.percent, row.took, row.left]
        table.add_row(*cells[: len(table.columns)], style="" if row.took else "dim")
    return table


def _bar(row: _Cells) -> RenderableType:
    if row.progress is None:
        return ""
    return ProgressBar(
        total=100, completed=row.progress, complete_style="cyan", finished_style="cyan", style="bright_black"
    )
