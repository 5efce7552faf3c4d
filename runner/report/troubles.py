"""The shots that came to no clip: why, and what to do about each. Those with one reason share an entry."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from shlex import quote
from typing import Final

from runner.events import Ending, ShotEnded
from runner.report.wording import command, shown

THERE: Final = (Ending.DONE, Ending.RESTORED, Ending.KEPT)
"""The endings that leave a clip in its place."""

_ORDER: Final = (Ending.FAILED, Ending.HELD, Ending.PENDING)
_TOGETHER: Final = 4  # shots of one reason, from which on they share an entry
_NAMED: Final = 3  # shots that such an entry names
_LISTED: Final = 20  # entries
_UNCONFIRMED: Final = "JOB_ID"  # stands in the hint where a person may know a job that nobody else does
_MARGIN: Final = " " * 9


def troubles(outcomes: Iterable[ShotEnded], *, manifest: str) -> list[str]:
    """The lines about all shots without a clip, the worst first; bounded, however many there are."""
    entries = list(_entries(outcomes))
    lines = [line for entry in entries[:_LISTED] for line in _told(entry)]
    rest = sum(len(entry) for entry in entries[_LISTED:])
    if rest:
        lines.append(f"{_MARGIN}and {rest:,} more")
    if sum(_UNCONFIRMED in outcome.hint for entry in entries for outcome in entry) > 1:
        all_of_them = f"shotlock resolve {command(quote(manifest))} --all --resubmit | --abandon"
        lines.append(f"{_MARGIN}all unconfirmed ones: {all_of_them}")
    return lines


def _entries(outcomes: Iterable[ShotEnded]) -> Iterator[Sequence[ShotEnded]]:
    groups: dict[tuple[Ending, str], list[ShotEnded]] = {}
    for outcome in outcomes:
        if outcome.ending not in THERE:
            groups.setdefault((outcome.ending, outcome.reason), []).append(outcome)
    for key in sorted(groups, key=lambda key: _ORDER.index(key[0])):
        group = groups[key]
        yield from [group] if len(group) >= _TOGETHER else [[outcome] for outcome in group]


def _told(entry: Sequence[ShotEnded]) -> Iterator[str]:
    first = entry[0]
    names = ", ".join(shown(outcome.shot) for outcome in islice(entry, _NAMED))
    more = f" and {len(entry) - _NAMED:,} more" if len(entry) > _NAMED else ""
    yield f"{first.ending:<7}  {names}{more}: {shown(first.reason)}"
    if first.hint:
        yield f"{_MARGIN}hint: {command(_hint(entry))}"


def _hint(entry: Sequence[ShotEnded]) -> str:
    """What to do about an entry: a command that ends with the shot takes all of them, where they are not too many."""
    stems = {outcome.hint.removesuffix(f" {outcome.shot}") for outcome in entry}
    if len(entry) > _LISTED or len(stems) > 1 or not entry[0].hint.endswith(f" {entry[0].shot}"):
        return entry[0].hint
    return " ".join([entry[0].hint, *(outcome.shot for outcome in entry[1:])])
