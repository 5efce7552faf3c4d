"""Which ends of shots are worth a line the moment they happen, and what it says."""

from typing import Final

from runner.events import Ending, ShotEnded
from runner.report.money import money
from runner.report.wording import near, shown

_HELD: Final = 20  # lines; the counts and the summary tell of all


class Endings:
    """Remembers how much was told, so that a batch with a thousand held shots does not flood the screen."""

    def __init__(self) -> None:
        self.currency = ""
        self._held = 0

    def words(self, event: ShotEnded) -> str | None:
        """What came of a shot, or None where the counts say enough."""
        match event.ending:
            case Ending.DONE:
                cost = money(event.cost, self.currency) if event.cost else ""
                return ", ".join(part for part in (_place(event), cost) if part)
            case Ending.RESTORED:
                return f"{_place(event)}, from the store"
            case Ending.FAILED:
                return shown(event.reason)
            case Ending.HELD:
                self._held += 1
                return shown(event.reason) if self._held <= _HELD else None
            case Ending.KEPT | Ending.PENDING:
                return None


def _place(event: ShotEnded) -> str:
    return near(event.clip) if event.clip else shown(event.reason)
