"""What no schema can say about the ids of shots: they are names of files, on every system, and bare YAML words."""

from collections.abc import Iterator
from typing import Any, Final

from runner.manifest.document import Document, name_of
from runner.manifest.problems import Problem, at
from runner.manifest.scalars import read_otherwise
from runner.manifest.wording import quoted

_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
)


def problems_of_ids(document: Document) -> Iterator[Problem]:
    """Ids that are the same but for capitals, that Windows keeps for devices, or that need quotes."""
    shots = document.get(("shots",))
    first: dict[str, int] = {}
    for index, shot in enumerate(shots if isinstance(shots, list) else ()):
        name = shot.get("id") if isinstance(shot, dict) else None
        if isinstance(name, str) and name:
            yield from _alone(document, index, name)
            yield from _repeated(document, index, first.setdefault(name.casefold(), index))


def _alone(document: Document, index: int, name: str) -> Iterator[Problem]:
    steps = ("shots", index, "id")
    place = document.place_of_value(steps)
    if document.is_plain(steps) and read_otherwise(name):
        message = f"{name_of(document, steps)} is {quoted(name)}, which some YAML readers do not read as text"
        yield at(place, message, f'write it in quotes: "{name}"')
    if name.partition(".")[0].casefold() in _DEVICES:
        message = f"{name_of(document, steps)} is {quoted(name)}, a name that Windows keeps for a device"
        yield at(place, message, f"say more: `shot-{name}`")


def _repeated(document: Document, index: int, first: int) -> Iterator[Problem]:
    if index == first:
        return
    here, there = _id(document, index), _id(document, first)
    line = document.place_of_value(("shots", first, "id")).line
    if here == there:
        message, hint = (
            f"the id {quoted(here)} is taken by the shot on line {line}",
            "every shot needs an id of its own",
        )
    else:
        message = f"the id {quoted(here)} is taken by {quoted(there)} on line {line}"
        hint = "ids that differ in capitals alone are one file on some systems"
    yield at(document.place_of_value(("shots", index, "id")), message, hint)


def _id(document: Document, index: int) -> Any:
    return document.get(("shots", index, "id"))
