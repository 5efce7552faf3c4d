"""Hands events to a thread that tells them: the executor never waits for a slow terminal or a full pipe."""

from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from runner.events import Event


class Teller(Protocol):
    """Tells events, each in its own way. Everything is called on one thread."""

    patience: float  # seconds after which `show` is called though nothing happened

    def hear(self, event: Event) -> None:
        """Take note of one event."""
        ...

    def show(self) -> None:
        """Bring out what was heard, or that time goes by."""
        ...

    def close(self) -> None:
        """Nothing more will be heard."""
        ...


class Relay:
    """A listener that only puts events into a queue. A bug of a teller ends the telling, never the run."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        self._thread = Thread(target=self._tell, name="report", daemon=True)
        self._thread.start()

    def __call__(self, event: Event, /) -> None:
        """Take note of one event."""
        self._queue.put(event)

    def close(self) -> None:
        """Wait until everything is told."""
        self._queue.put(None)
        self._thread.join()

    def _tell(self) -> None:
        while self._tell_some():
            self._teller.show()
        self._teller.close()

    def _tell_some(self) -> bool:
        """Hear all that is waiting, so that it is shown at once; False after the last event."""
        try:
            event = self._queue.get(timeout=self._teller.patience)
            while event is not None:
                self._teller.hear(event)
                event = self._queue.get_nowait()
        except Empty:
            return True
        return False
