"""Grows a document's tree part by part, under limits: no file, however hostile, costs much."""

from typing import Any, Final, NamedTuple

from runner.manifest.document import Node, Spot
from runner.manifest.problems import Problem
from runner.manifest.wording import quoted

MOST_BYTES: Final = 8 * 1024 * 1024  # of a file, and of characters when aliases are counted as what they stand for
MOST_NODES: Final = 300_000  # keys and values, aliases counted as what they stand for
MOST_COPIED: Final = 100_000  # of these, through aliases: they cost their writer nothing
MOST_LEVELS: Final = 20
_MOST_REPEATS: Final = 200  # of keys, that are told


class Hopeless(Exception):
    """Reading stops here, with one problem."""

    def __init__(self, spot: Spot, message: str, hint: str) -> None:
        super().__init__(message)
        self.problem = _problem(spot, message, hint)


class Tree:
    """The parts so far. Every method may raise `Hopeless`."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._open_anchors = 0
        self._nodes = 0
        self._copied = 0
        self._characters = 0

    def awaits_key(self) -> bool:
        """Whether the next part is a key."""
        if not self._frames:
            return False
        frame = self._frames[-1]
        return frame.mapping and frame.key is None

    def key(self, spot: Spot, text: str) -> None:
        """Take a key; the part that comes next is its value."""
        self._count(spot, 1, len(text))
        frame = self._frames[-1]
        frame.key = (text, spot)
        first = frame.keys.get(text)
        if first is not None and len(self.problems) < _MOST_REPEATS:
            message = f"the key {quoted(text)} is written twice, on lines {first.line} and {spot.line}"
            self.problems.append(_problem(spot, message, "keep one of them"))

    def scalar(self, spot: Spot, text: str, value: Any, *, plain: bool, anchor: str | None) -> None:
        """Take a scalar as a value."""
        self._count(spot, 1, len(text))
        node = Node(value, spot, plain)
        self._put(node)
        if anchor is not None:
            self._anchors[anchor] = _Anchored(node, 1, len(text))

    def open(self, spot: Spot, *, mapping: bool, anchor: str | None) -> None:
        """Begin a mapping or a list."""
        self._count(spot, 1, 0)
        if self.awaits_key():
            raise Hopeless(spot, "a key must be plain text", "write `name: value`")
        if len(self._frames) >= MOST_LEVELS:
            raise Hopeless(spot, f"the file nests deeper than {MOST_LEVELS} levels", "a manifest needs about 5")
        node = Node({}, spot, False, {}, {}) if mapping else Node([], spot, False, parts=[])
        self._put(node)
        self._frames.append(_Frame(node, mapping, anchor, self._nodes - 1, self._characters))
        self._open_anchors += anchor is not None

    def close(self) -> None:
        """End the mapping or list that was begun last."""
        frame = self._frames.pop()
        if frame.anchor is not None:
            self._open_anchors -= 1
            nodes, characters = self._nodes - frame.nodes, self._characters - frame.characters
            self._anchors[frame.anchor] = _Anchored(frame.node, nodes, characters)

    def alias(self, spot: Spot, name: str) -> None:
        """Take what is anchored as `name` once more."""
        if self._open_anchors:
            message = f"the alias {quoted('*' + name)} stands inside an anchored part"
            raise Hopeless(spot, message, "write this part out")
        if self.awaits_key():
            raise Hopeless(spot, "a key must be plain text", "write the key out")
        anchored = self._anchors.get(name)
        if anchored is None:
            hint = "text that begins with `*` needs quotes"
            raise Hopeless(spot, f"nothing is anchored as {quoted('&' + name)}", hint)
        self._copied += anchored.nodes
        if self._copied > MOST_COPIED:
            message = f"aliases stand for more than {MOST_COPIED:,} parts"
            raise Hopeless(spot, message, "use fewer of them")
        self._count(spot, anchored.nodes, anchored.characters)
        self._put(anchored.node._replace(spot=spot))

    def _put(self, node: Node) -> None:
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        if not frame.mapping:
            frame.values.append(node.value)
            frame.parts.append(node)
        elif frame.key is not None:
            key, spot = frame.key
            frame.key = None
            if key not in frame.keys:
                frame.values[key] = node.value
                frame.parts[key] = node
                frame.keys[key] = spot

    def _count(self, spot: Spot, nodes: int, characters: int) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > MOST_NODES:
            raise crowded(spot)
        if self._characters > MOST_BYTES:
            raise Hopeless(spot, "aliases make the file larger than 8 MiB", "use fewer of them")


def crowded(spot: Spot) -> Hopeless:
    """What is said of a file with too many parts."""
    message = f"the file has more than {MOST_NODES:,} parts, aliases counted in full"
    return Hopeless(spot, message, "split it into several manifests")


class _Frame:
    """A mapping or list that is not closed yet."""

    __slots__ = ("anchor", "characters", "key", "keys", "mapping", "node", "nodes", "parts", "values")

    def __init__(self, node: Node, mapping: bool, anchor: str | None, nodes: int, characters: int) -> None:
        self.node = node
        self.values: Any = node.value
        self.parts: Any = node.parts
        self.keys: Any = node.keys
        self.mapping = mapping
        self.key: tuple[str, Spot] | None = None
        self.anchor = anchor
        self.nodes = nodes  # counted before it
        self.characters = characters


class _Anchored(NamedTuple):
    """What an alias stands for, and how much of it there is."""

    node: Node
    nodes: int
    characters: int


def _problem(spot: Spot, message: str, hint: str) -> Problem:
    return Problem(line=spot.line, column=spot.column, length=max(1, spot.length), message=message, hint=hint)
