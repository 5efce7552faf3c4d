"""What becomes of a prompt before it is sent: variables in, named parts made one sentence.

Both rules are kept for ever: another sentence would be another clip.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from runner.manifest.problems import MOST

ORDER: Final = ("shot", "subject", "action", "scene", "lighting", "camera")
_CLAUSE: Final = ("subject", "action")  # a space joins them, where a comma joins all others
_ENDS: Final = " \t\r\n.,;。，；、"  # what parts lose at their ends
_USE: Final = re.compile(r"\$\$\{|\$\{([^{}\r\n]*)\}|\$\{")
_ESCAPED: Final = "$${"


class Strange(NamedTuple):
    """A use of a variable that cannot be resolved."""

    use: str  # as it is written
    name: str | None  # None: it is never closed
    ordinal: int  # which of all uses and escapes in the text it is, from 0


class Filled(NamedTuple):
    """A text with its variables in. It is put together only when asked for: it may be absurdly long."""

    pieces: Sequence[str]
    strange: Sequence[Strange]  # the first of them

    @property
    def length(self) -> int:
        """In characters."""
        return sum(map(len, self.pieces))

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


def filled(text: str, variables: Mapping[str, str]) -> Filled:
    """The text with every `${name}` replaced and every `$${` unescaped, and what could not be."""
    pieces: list[str] = []
    strange: list[Strange] = []
    end = 0
    for ordinal, use in enumerate(_USE.finditer(text)):
        pieces.append(text[end : use.start()])
        end = use.end()
        if use.group() == _ESCAPED:
            pieces.append("${")
        elif use.group(1) in variables:
            pieces.append(variables[use.group(1)])
        elif len(strange) < MOST:
            strange.append(Strange(use.group(), use.group(1), ordinal))
    return Filled((*pieces, text[end:]), strange)


def uses(text: str, begin: int) -> Iterator[tuple[int, str]]:
    """Where variables are used or escaped in a text, from a place in it on, and how it is written."""
    for use in _USE.finditer(text, begin):
        yield use.start(), use.group()


def sentence(parts: Mapping[str, str]) -> str:
    """Named parts as one sentence: `wide shot, a cat rides a motorcycle, a night alley`."""
    texts = {name: " ".join(text.split()).strip(_ENDS) for name, text in parts.items()}
    clause = " ".join(texts[name] for name in _CLAUSE if texts.get(name))
    named = {**texts, _CLAUSE[0]: clause}
    rest = [name for name in texts if name not in ORDER]
    order = [name for name in (*ORDER, *rest) if name != _CLAUSE[1]]
    return ", ".join(named[name] for name in order if named.get(name))
