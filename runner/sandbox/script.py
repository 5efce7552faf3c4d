"""The faults that are still to come, and how often each has been looked for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from runner.sandbox.calls import Kind
from runner.sandbox.faults import Fault, Moment, On

_EARLY = frozenset({Moment.ACCEPTED, Moment.HEAD})


@dataclass(slots=True)
class _Line:
    fault: Fault
    seen: int = 0


class Script:
    """A list of faults that counts. May be written to from any thread."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lines = [_Line(fault) for fault in faults]

    def __iter__(self) -> Iterator[Fault]:
        return iter([line.fault for line in self._lines])

    def __len__(self) -> int:
        return len(self._lines)

    def append(self, fault: Fault) -> None:
        """Add a fault; its count begins now."""
        self._lines.append(_Line(fault))

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add some."""
        self._lines.extend([_Line(fault) for fault in faults])

    def clear(self) -> None:
        """Behave well from now on."""
        self._lines.clear()

    def on_connection(self) -> tuple[Fault, ...]:
        """What befalls a connection that was just accepted."""
        return self._due(lambda fault: fault.on is On.CONNECTION)

    def on_head(self, kind: Kind) -> tuple[Fault, ...]:
        """What befalls a request of which only the head is read."""
        return self._due(lambda fault: fault.moment is Moment.HEAD and _about(fault, kind))

    def on_request(self, kind: Kind, prompt: Callable[[], str]) -> tuple[Fault, ...]:
        """What befalls a whole request. `prompt` tells that of its job, where somebody wants to know."""
        return self._due(
            lambda fault: (
                fault.moment not in _EARLY and _about(fault, kind) and (not fault.match or fault.match in prompt())
            )
        )

    def _due(self, concerns: Callable[[Fault], bool]) -> tuple[Fault, ...]:
        due = []
        for line in [line for line in self._lines if concerns(line.fault)]:
            line.seen += 1
            if line.fault.due(line.seen):
                due.append(line.fault)
        return tuple(due)


def _about(fault: Fault, kind: Kind) -> bool:
    return fault.on is On.ANY or str(fault.on) == str(kind)
