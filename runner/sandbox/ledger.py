"""The server's own account of what it was asked and what it billed: the witness that tests call."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.sandbox.calls import Kind
from runner.sandbox.job import Job
from runner.sandbox.jobs import Jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A job that was let in, whatever became of it and whatever the customer heard of it."""

    job: Job
    billed_at: float

    def as_json(self, now: float) -> dict[str, Any]:
        """The bill, and how the job stands at `now`."""
        order = self.job.order
        picture = order.reference
        return {
            "id": self.job.id,
            "prompt": order.prompt,
            "model": order.model,
            "size": order.size,
            "seconds": order.seconds,
            "shot": order.shot or None,
            "remixed_from_video_id": order.remix_of,
            "sent_as": order.sent_as,
            "reference": picture and {"media_type": picture.media_type, "sha256": picture.sha256},
            "billed_at": self.billed_at,
            "created_at": self.job.created_at,
            "status": self.job.state(now).status,
        }


class Ledger:
    """Counts and bills. Where a path is given, every bill is also a line of JSON there as soon as it is made."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._bills: list[Bill] = []
        self._requests: Counter[Kind] = Counter()
        self._connections = 0
        self._too_many = 0
        self._max_running = 0

    def note_connection(self) -> None:
        """Somebody connected."""
        self._connections += 1

    def note_request(self, kind: Kind) -> None:
        """A request was read as far as its head."""
        self._requests[kind] += 1

    def note_too_many(self) -> None:
        """An order was refused for want of a slot."""
        self._too_many += 1

    def bill(self, job: Job, *, running: int, now: float) -> None:
        """A job was let in; with it, `running` of them occupy slots."""
        self._max_running = max(self._max_running, running)
        bill = Bill(job=job, billed_at=now)
        self._bills.append(bill)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(bill.as_json(now), ensure_ascii=False) + "\n")

    def as_json(self, jobs: Jobs, now: float) -> dict[str, Any]:
        """Everything, as plain values."""
        return {
            "billed": [bill.as_json(now) for bill in self._bills],
            "running": jobs.running(),
            "max_running": self._max_running,
            "too_many": self._too_many,
            "connections": self._connections,
            "requests": {str(kind): self._requests[kind] for kind in Kind if kind is not Kind.CONTROL},
            "now": now,
        }
