"""What of a profile cannot hold at the same time: two fields of one name, two meanings of one word."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runner.manifest.document import Steps
from runner.manifest.wording import quoted

_OWN: Final = ("model", "prompt", "size", "seconds", "input_reference")
_RESERVED: Final = frozenset(
    {"accept", "connection", "cookie", "host", "if-range", "range", "te", "upgrade", "user-agent"}
)
_FAMILIES: Final = ("accept-", "content-", "transfer-")

Defect = tuple[Steps, str, str]  # where, message, hint


def clashes(tree: Mapping[str, Any]) -> Iterator[Defect]:
    """Every clash of a merged profile."""
    yield from _fields(tree)
    yield from _words(tree.get("states", {}))
    auth = tree.get("auth")
    header = auth["header"] if isinstance(auth, Mapping) else ""
    if header.lower() in _RESERVED or header.lower().startswith(_FAMILIES):
        yield ("auth", "header"), f"the header {quoted(header)} has a meaning of its own", "name another one"
    if tree.get("image_as") == "data_uri" and tree.get("body") == "form":
        yield ("image_as",), "`image_as` is `data_uri`, and `body` is `form`, which has files", "leave one of them out"


def _fields(tree: Mapping[str, Any]) -> Iterator[Defect]:
    """Fields of a request that would be sent under one name: one of them would be lost."""
    names = tree.get("names", {})
    taken: dict[str, str] = {}
    for own in _OWN:
        name = names.get(own, own)
        if name in taken:
            at = own if own in names else taken[name]
            message = f"{quoted(own)} and {quoted(taken[name])} are both sent as {quoted(name)}"
            yield ("names", at), message, "rename one"
        taken.setdefault(name, own)
    for field in tree.get("fields", {}):
        if field in taken:
            yield ("fields", field), f"{quoted(field)} is what {quoted(taken[field])} is sent as", "name another field"
    others = {name: own for name, own in taken.items() if own != "size"}
    yield from _within_others([(("names", own), name) for name, own in taken.items()] + _more_fields(tree))
    for size, fields in tree.get("size_as", {}).items():
        for field in fields:
            if field in others or field in tree.get("fields", {}):
                own = quoted(others[field]) if field in others else "a further field"
                message = f"{quoted(field)} is what {own} is sent as"
                yield ("size_as", size, field), message, "name another field"


def _more_fields(tree: Mapping[str, Any]) -> list[tuple[Steps, str]]:
    """Further fields and those that stand for a size, with their places."""
    sizes = tree.get("size_as", {}).items()
    return [(("fields", name), name) for name in tree.get("fields", {})] + [
        (("size_as", size, name), name) for size, fields in sizes for name in fields
    ]


def _within_others(fields: Sequence[tuple[Steps, str]]) -> Iterator[Defect]:
    """Fields that would have to be a value and an object at the same time."""
    names = {name for _, name in fields}
    for steps, name in fields:
        parts = name.split(".")
        for above in (".".join(parts[:depth]) for depth in range(1, len(parts))):
            if above in names:
                yield steps, f"{quoted(name)} lies within {quoted(above)}, which is a field itself", "rename one"


def _words(states: Mapping[str, Any]) -> Iterator[Defect]:
    """Words that are given two meanings."""
    meant: dict[str, str] = {}
    for state, words in states.items():
        for number, word in enumerate(words):
            known = meant.setdefault(word.strip().lower(), state)
            if known != state:
                yield ("states", state, number), f"the word {quoted(word)} stands for `{known}`, too", "leave one out"
