"""The counting behind the progress: which shots run, which wait, how the others ended, what it cost. Prints nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final, assert_never

from runner.clock import Clock
from runner.events import Bought, Ending, Event, Phase, RunEnded, RunStarted, Said, ShotEnded, ShotMoved
from runner.report.money import money
from runner.report.wording import shown

_THERE: Final = (Ending.DONE, Ending.RESTORED)


@dataclass(slots=True, kw_only=True)
class Row:
    """A shot on its way. Times are monotonic seconds."""

    shot: str
    phase: Phase
    since: float  # it left the queue
    heard: float  # it was last heard of
    progress: int | None = None  # percent
    eta: float | None = None  # seconds from `heard` on

    def left(self, now: float) -> float | None:
        """Seconds until the clip is expected, which never go below zero."""
        return None if self.eta is None else max(0.0, self.eta - (now - self.heard))


class Board:
    """Where every shot of a run is, as far as the events told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[str, Row] = {}
        self._waiting: dict[str, None] = {}  # an ordered set
        self._ended: Counter[Ending] = Counter()
        self._spent: Decimal | None = Decimal(0)
        self._since = clock.monotonic()
        self.started: RunStarted | None = None

    @property
    def running(self) -> Mapping[str, Row]:
        """The shots that are at work, in the order they began."""
        return MappingProxyType(self._running)

    @property
    def waiting(self) -> Mapping[str, None]:
        """The shots that wait for a slot, in the order of the manifest."""
        return MappingProxyType(self._waiting)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock.monotonic() - self._since

    def hear(self, event: Event) -> None:
        """Take note of one event."""
        match event:
            case RunStarted():
                self.started = event
                self._since = self._clock.monotonic()
                self._waiting = dict.fromkeys(event.shots)
            case ShotMoved():
                self._move(event)
            case Bought():
                self._spent = event.total
            case ShotEnded():
                self._end(event)
            case Said() | RunEnded():
                pass
            case never:
                assert_never(never)

    def took(self, shot: str) -> float | None:
        """Seconds that a shot has been at work."""
        row = self._running.get(shot)
        return None if row is None else self._clock.monotonic() - row.since

    def counts(self) -> str:
        """How many are where: `3 done, 1 held, 2 running, 35 waiting`."""
        there = sum(self._ended[ending] for ending in _THERE)
        numbers = {
            "done": there,
            "failed": self._ended[Ending.FAILED],
            "held": self._ended[Ending.HELD],
            "not there yet": self._ended[Ending.PENDING],
            "running": len(self._running),
            "waiting": len(self._waiting),
        }
        return ", ".join(f"{number:,} {word}" for word, number in numbers.items() if number or word == "done")

    def price(self) -> str:
        """What was spent in this run against the most it can cost; empty where nothing is bought for money."""
        run = self.started
        if run is None or run.most_cost == 0:
            return ""
        spent = money(self._spent, run.currency)
        return spent if run.most_cost is None else f"{spent} of {money(run.most_cost, run.currency)} at most"

    def parts(self) -> Iterator[str]:
        """Each running shot with where it is: `harbour 62 %`."""
        for row in self._running.values():
            where = words(row.phase) if row.progress is None else f"{row.progress} %"
            yield f"{shown(row.shot, 40)} {where}"

    def _move(self, event: ShotMoved) -> None:
        now = self._clock.monotonic()
        if event.phase is Phase.WAITING:
            self._running.pop(event.shot, None)
            self._waiting[event.shot] = None
            return
        self._waiting.pop(event.shot, None)
        row = self._running.get(event.shot)
        since = now if row is None else row.since
        self._running[event.shot] = Row(
            shot=event.shot, phase=event.phase, since=since, heard=now, progress=event.progress, eta=event.eta
        )

    def _end(self, event: ShotEnded) -> None:
        self._ended[event.ending] += 1
        self._running.pop(event.shot, None)
        self._waiting.pop(event.shot, None)


def words(phase: Phase) -> str:
    """A phase as a person reads it."""
    return phase.value.replace("_", " ")
