"""Attempts by id, and what every purchase asks of them kept at hand: a long batch is not read again for each shot."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Final

from runner.lock.costs import Costs, payment_of
from runner.lock.facts import Attempt, AttemptId, State

_OPEN: Final = frozenset([State.INTENT, State.SUBMITTED, State.ABANDONED])


class Known(Mapping[AttemptId, Attempt]):
    """Joined records. What was known of an attempt may be replaced by more, never taken away."""

    def __init__(self, attempts: Iterable[Attempt] = ()) -> None:
        self._all: dict[AttemptId, Attempt] = {}
        self._open: dict[AttemptId, Attempt] = {}
        self._jobs: set[tuple[str, str]] = set()
        self._clips: set[str] = set()
        self._newest = AttemptId("")
        self.costs = Costs()  # of those that may have cost something
        for attempt in attempts:
            self[attempt.id] = attempt

    def __setitem__(self, id_: AttemptId, attempt: Attempt) -> None:
        before = self._all.get(id_)
        if before is attempt:
            return
        self._all[id_] = attempt
        if attempt.state in _OPEN:
            self._open[id_] = attempt
        else:
            self._open.pop(id_, None)
        self._jobs.update((attempt.intent.origin, job) for job in attempt.jobs)
        if attempt.clip:
            self._clips.add(attempt.clip.sha256)
        self._newest = max(self._newest, id_)
        if before:
            self.costs.drop(payment_of(before))
        if attempt.may_have_cost:
            self.costs.put(payment_of(attempt), attempt.intent.price, attempt.intent.currency)

    def __getitem__(self, id_: AttemptId) -> Attempt:
        return self._all[id_]

    def __iter__(self) -> Iterator[AttemptId]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._all

    def keys(self) -> KeysView[AttemptId]:
        """The ids, in the order in which they came to be known."""
        return self._all.keys()

    def values(self) -> ValuesView[Attempt]:
        """The attempts, in that order."""
        return self._all.values()

    def items(self) -> ItemsView[AttemptId, Attempt]:
        """Both, in that order."""
        return self._all.items()

    @property
    def newest(self) -> AttemptId:
        """The highest id; empty where there is none."""
        return self._newest

    @property
    def clips(self) -> frozenset[str]:
        """The SHA-256 of every clip that was ever recorded."""
        return frozenset(self._clips)

    def open_at(self, origin: str) -> list[Attempt]:
        """Those at an origin of which a job may be running: neither refused, nor ended, nor brought home."""
        return [each for each in self._open.values() if each.intent.origin == origin]

    def has_job(self, job: str, origin: str) -> bool:
        """Whether a job of an origin is some attempt's."""
        return (origin, job) in self._jobs
