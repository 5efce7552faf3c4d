"""The only owner of yaml: bytes become a document with positions, or problems."""

import codecs
import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

import yaml

from runner.manifest.document import TO_LINE_END, Document, Spot
from runner.manifest.lines import Lines, even
from runner.manifest.problems import Problem
from runner.manifest.scalars import OutOfRange, meaning
from runner.manifest.tree import MOST_BYTES, MOST_LEVELS, MOST_NODES, Hopeless, Tree, crowded
from runner.manifest.wording import quoted
from runner.manifest.yaml_errors import explained

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_ENCODING: Final = "utf-8-sig"
_HANDLE: Final = re.compile("^%TAG", re.MULTILINE)
_MOST_HANDLES: Final = 20  # the parser compares each with all others


def parse(data: bytes) -> tuple[Document | None, list[Problem]]:
    """Read one YAML document. Repeated keys leave a document (the first one counts), all else leaves none."""
    try:
        document = _built(_text(data))
    except Hopeless as hopeless:
        return None, [hopeless.problem]
    return document, list(document.problems)


def source_lines(data: bytes) -> Sequence[str]:
    """The lines of a file as places count them, even of one that is no good YAML."""
    return Lines(data[:MOST_BYTES].decode(_ENCODING, errors="replace"))


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise Hopeless(Spot(1, 1, 1), "the file is larger than 8 MiB", "split it into several manifests")
    try:
        text = data.decode(_ENCODING)
    except UnicodeDecodeError as error:
        before = data.removeprefix(codecs.BOM_UTF8)[: error.start].decode(errors="replace")
        raise Hopeless(_spot_after(before), "the file is not UTF-8", "save it as UTF-8") from None
    if illegal := _ILLEGAL.search(text):
        message = f"the control character U+{ord(illegal.group()):04X} is not allowed"
        raise Hopeless(_spot_after(text[: illegal.start()]), message, "remove it")
    if handle := next(islice(_HANDLE.finditer(text), _MOST_HANDLES, None), None):
        raise Hopeless(_spot_after(text[: handle.start()]), "tags are not allowed", "take the `%TAG` lines out")
    return text


def _built(text: str) -> Document:
    lines = Lines(text)
    reader = _Reader()
    try:
        _refuse_crowd(text)
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        began = _spot(error.context_mark) if error.context_mark else None
        broke = _spot(error.problem_mark) if error.problem_mark else None
        raise explained(error.problem or "", error.context or "", began, broke, lines) from None
    tree = reader.tree
    if tree.root is None:
        raise Hopeless(Spot(1, 1, 1), "the file is empty", "begin with `version: 1`")
    return Document(root=tree.root, lines=lines, problems=tuple(tree.problems))


def _refuse_crowd(text: str) -> None:
    if len(text) < 2 * MOST_NODES:  # a part takes two characters at least
        return
    nodes = levels = documents = 0
    # Counting is several times faster than building, and a hostile file has no claim to more.
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        nodes += isinstance(event, yaml.NodeEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if nodes > MOST_NODES:
            raise crowded(_spot(event.start_mark))
        if levels > MOST_LEVELS or documents > 1:
            return  # the tree will say so


class _Reader:
    """Takes the parser's events in order, believes what is allowed, and grows the tree."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._takers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: yaml.Event) -> None:
        """Go on by one event."""
        taker = self._takers.get(type(event))
        if taker is not None:
            taker(event)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        if self.tree.root is not None:
            raise Hopeless(_spot(event.start_mark, 3), "a second document begins here", "one file is one manifest")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        _refuse_tag(event)
        spot = _scalar_spot(event)
        plain = not event.style
        if not plain and _CONTROLS.search(event.value):
            raise Hopeless(spot, "text cannot have control characters in it", "take the escape out")
        if self.tree.awaits_key():
            _refuse_merge(event, spot)
            self.tree.key(spot, event.value)
            return
        value = _meaning(event.value, spot) if plain else event.value
        self.tree.scalar(spot, event.value, value, plain=plain, anchor=event.anchor)

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        _refuse_tag(event)
        mapping = isinstance(event, yaml.MappingStartEvent)
        self.tree.open(_spot(event.start_mark), mapping=mapping, anchor=event.anchor)

    def _end(self, _: yaml.Event) -> None:
        self.tree.close()

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = str(event.anchor)
        self.tree.alias(_spot(event.start_mark, len(name) + 1), name)


def _meaning(text: str, spot: Spot) -> Any:
    try:
        return meaning(text)
    except OutOfRange:
        hint = "write a plain number, or text in quotes"
        raise Hopeless(spot, f"{quoted(text)} is no number that can be used", hint) from None


def _refuse_tag(event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
    if event.tag is not None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        hint = "text that begins with `!` needs quotes"
        raise Hopeless(_spot(event.start_mark), f"the tag {quoted(tag)} is not allowed", hint)


def _refuse_merge(event: yaml.ScalarEvent, spot: Spot) -> None:
    if event.value == "<<" and not event.style:
        raise Hopeless(spot, "merge keys (`<<`) are not read", "write the keys out, or put them under `defaults`")


def _scalar_spot(event: yaml.ScalarEvent) -> Spot:
    start: Any = event.start_mark
    end: Any = event.end_mark
    if start.line == end.line:
        return _spot(start, max(1, end.column - start.column))
    return _spot(start, 1 if event.style in {"|", ">"} else TO_LINE_END)


def _spot(mark: Any, length: int = 1) -> Spot:
    return Spot(mark.line + 1, mark.column + 1, length)


def _spot_after(before: str) -> Spot:
    before = even(before)
    return Spot(before.count("\n") + 1, len(before) - before.rfind("\n"), 1)
