"""A document: a YAML file parsed, not yet believed, that knows where each of its parts stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from runner.manifest.problems import Place, Problem

Steps = tuple[str | int, ...]
"""The way from the top to a part of a document: keys and, in lists, positions from 0."""

TO_LINE_END: Final = 0  # a spot's length where it goes on to the end of its line


class Spot(NamedTuple):
    """A place as the parser told it."""

    line: int  # from 1
    column: int  # from 1, in characters
    length: int


class Node(NamedTuple):
    """One value of a document and its parts. An alias shares the parts of its anchor, not its spot."""

    value: Any  # dict, list, str, int, Decimal, bool or None
    spot: Spot
    plain: bool  # a scalar written without quotes
    keys: Mapping[str, Spot] = MappingProxyType({})
    parts: "Mapping[str, Node] | Sequence[Node]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The value tree of a file, the places of its parts, and the problems found so far."""

    root: Node
    lines: Sequence[str]
    problems: tuple[Problem, ...] = ()

    @property
    def value(self) -> Any:
        """Plain dicts, lists and scalars; numbers that are no integers are `Decimal`, exact as written."""
        return self.root.value

    def get(self, steps: Steps) -> Any:
        """The value at `steps`, or None where nothing is."""
        node, rest = self._walk(steps)
        return None if rest else node.value

    def part(self, steps: Steps) -> "Document":
        """The document below `steps`, with the same lines; KeyError where nothing is."""
        node, rest = self._walk(steps)
        if rest:
            raise KeyError(steps)
        return Document(root=node, lines=self.lines)

    def is_plain(self, steps: Steps) -> bool:
        """Whether the value at `steps` is a scalar written without quotes."""
        node, rest = self._walk(steps)
        return not rest and node.plain

    def source(self, steps: Steps) -> str:
        """The value at `steps` as its line shows it."""
        place = self.place_of_value(steps)
        return self._line(place.line)[place.column - 1 : place.column - 1 + place.length]

    def place_of_value(self, steps: Steps) -> Place:
        """Where a value stands; where it is absent, the nearest part above it that is there."""
        node, _ = self._walk(steps)
        first = next(iter(node.keys.values()), node.spot)
        begins_with_key = (first.line, first.column) == (node.spot.line, node.spot.column)
        return self._place(first if begins_with_key else node.spot)

    def place_of_key(self, steps: Steps) -> Place:
        """Where the key of a value stands; the value's place where it has none."""
        above, rest = self._walk(steps[:-1])
        spot = above.keys.get(str(steps[-1])) if steps and not rest else None
        return self.place_of_value(steps) if spot is None else self._place(spot)

    def _walk(self, steps: Steps) -> tuple[Node, Steps]:
        node = self.root
        for done, step in enumerate(steps):
            below = _below(node, step)
            if below is None:
                return node, steps[done:]
            node = below
        return node, ()

    def _place(self, spot: Spot) -> Place:
        length = spot.length
        if length == TO_LINE_END:
            length = len(self._line(spot.line).rstrip()) - spot.column + 1
        return Place(line=spot.line, column=spot.column, length=max(1, length))

    def _line(self, number: int) -> str:
        return self.lines[number - 1] if number <= len(self.lines) else ""


def name_of(document: Document, steps: Steps) -> str:
    """What a message calls the part at `steps`: ``shot `walk`: `seconds` ``, `` `vars.hero` ``, `the file`."""
    match steps:
        case ("shots", int(index)):
            return shot_name(document, index)
        case ("shots", int(index), *rest):
            return f"{shot_name(document, index)}: `{dotted(tuple(rest))}`"
        case ():
            return "the file"
        case _:
            return f"`{dotted(steps)}`"


def shot_name(document: Document, index: int) -> str:
    """What a message calls a shot: by its id, or by its number from 1 where it has none that can be shown."""
    shot = document.get(("shots", index))
    name = shot.get("id") if isinstance(shot, Mapping) else None
    if isinstance(name, str) and name.isprintable() and 0 < len(name) <= _SHOWN:
        return f"shot `{name}`"
    return f"shot {index + 1}"


def dotted(steps: Steps) -> str:
    """Steps as one word: `fit.focus[0]`."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return words.removeprefix(".")


_SHOWN: Final = 100  # characters; what an id may have


def _below(node: Node, step: str | int) -> Node | None:
    if isinstance(node.parts, Mapping):
        return node.parts.get(str(step))
    inside = isinstance(step, int) and 0 <= step < len(node.parts)
    return node.parts[int(step)] if inside else None
