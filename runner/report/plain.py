"""Progress in plain lines, for logs and pipes: one for each change worth a line, and a sign of life in between."""

from typing import Final, assert_never

from runner.clock import Clock
from runner.events import Bought, Event, RunEnded, RunStarted, Said, ShotEnded, ShotMoved
from runner.report.board import Board
from runner.report.endings import Endings
from runner.report.money import money
from runner.report.outlet import Outlet
from runner.report.wording import shown, span

_SILENCE: Final = 30.0  # seconds after which a sign of life is due
_PARTS: Final = 4  # running shots that it names


class Plain:
    """Tells a run in lines."""

    def __init__(self, out: Outlet, clock: Clock) -> None:
        self.patience = 1.0
        self._out = out
        self._clock = clock
        self._board = Board(clock)
        self._endings = Endings()
        self._told = clock.monotonic()

    def hear(self, event: Event) -> None:
        """Print the event, if it is worth a line."""
        took = self._board.took(event.shot) if isinstance(event, ShotEnded) else None
        self._board.hear(event)
        match event:
            case RunStarted():
                self._endings.currency = event.currency
            case Bought():
                self._line(f"{shown(event.shot)}: submitted as job {shown(event.job)}{self._price(event)}")
            case Said():
                self._line(shown(event.text, 600))
            case ShotEnded():
                self._ended(event, took)
            case ShotMoved() | RunEnded():
                pass
            case never:
                assert_never(never)

    def show(self) -> None:
        """Print a sign of life, if it is time for one."""
        if self._board.started and self._clock.monotonic() - self._told >= _SILENCE:
            self._line(self._sign_of_life())

    def close(self) -> None:
        """Every line is printed already."""

    def _ended(self, event: ShotEnded, took: float | None) -> None:
        words = self._endings.words(event)
        if words is not None:
            after = "" if took is None else f" after {span(took)}"
            self._line(f"{shown(event.shot)}: {event.ending}{after}: {words}")

    def _price(self, event: Bought) -> str:
        known = event.cost is None or event.cost > 0
        return f", {money(event.cost, self._endings.currency)}" if known else ""

    def _sign_of_life(self) -> str:
        parts = list(self._board.parts())
        more = ["..."] if len(parts) > _PARTS else []
        running = f" ({', '.join(parts[:_PARTS] + more)})" if parts else ""
        price = self._board.price()
        return f"{span(self._board.elapsed)}: {self._board.counts()}{running}{price and '; '}{price}"

    def _line(self, text: str) -> None:
        self._told = self._clock.monotonic()
        self._out.line(text)
