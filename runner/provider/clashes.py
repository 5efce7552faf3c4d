"""What of a profile cannot hold at the same time: two fields of one name, two meanings of one word."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runner.manifest.document import Steps
from runner.manifest.wording import quoted

_OWN: Final = ("model", "prompt", "size", "seconds", "input_reference")
_RESERVED: Final = frozenset(
    {"accept", "accept-encoding", "range", "if-range", "user-agent", "cookie", "te", "upgrade"}
)

Clash = tuple[Steps, str, str]  # where, message, hint


def clashes(tree: Mapping[str, Any]) -> Iterator[Clash]:
    """Every clash of a merged profile."""
    yield from _fields(tree)
    yield from _words(tree.get("states", {}))
    auth = tree.get("auth")
    if isinstance(auth, Mapping) and auth["header"].lower() in _RESERVED:
        yield ("auth", "header"), f"the header {quoted(auth['header'])} has a meaning of its own", "name another one"
    if tree.get("image_as") == "data_uri" and tree.get("body") == "form":
        yield ("image_as",), "`image_as` is `data_uri`, and `body` is `form`, which has files", "leave one of them out"


def _fields(tree: Mapping[str, Any]) -> Iterator[Clash]:
    """Fields of a request that would be sent under one name: one of them would be lost."""
    names = tree.get("names", {})
    taken: dict[str, str] = {}
    for own in _OWN:
        name = names.get(own, own)
        if name in taken:
            at = own if own in names else taken[name]
            yield (
                ("names", at),
                f"{quoted(own)} and {quoted(taken[name])} are both sent as {quoted(name)}",
                "rename one",
            )
        taken.setdefault(name, own)
    for field in tree.get("fields", {}):
        if field in taken:
            yield ("fields", field), f"{quoted(field)} is what {quoted(taken[field])} is sent as", "name another field"
    lost = {name: own for name, own in taken.items() if own != "size"}
    for size, fields in tree.get("size_as", {}).items():
        for field in fields:
            if field in lost:
                message = f"{quoted(field)} is what {quoted(lost[field])} is sent as"
                yield ("size_as", size, field), message, "name another field"


def _words(states: Mapping[str, Any]) -> Iterator[Clash]:
    """Words that are given two meanings."""
    meant: dict[str, str] = {}
    for state, words in states.items():
        for number, word in enumerate(words):
            known = meant.setdefault(word.strip().lower(), state)
            if known != state:
                yield ("states", state, number), f"the word {quoted(word)} stands for `{known}`, too", "leave one out"
