"""What the YAML parser's complaints mean to a person."""

from collections.abc import Sequence
from typing import Final

from runner.manifest.document import Spot
from runner.manifest.tree import Hopeless
from runner.manifest.wording import quoted

_RESERVED: Final = frozenset("@`%*&!|>?")
_MEANINGS: Final = (
    # what the parser says, what it means, and how it is mended
    ("mapping values are not allowed", "a `:` stands where no key can be", "text with `: ` in it needs quotes"),
    ("could not find expected ':'", "a key has no `:`", "write `key: value`, or indent the text below its key"),
    ("expected ',' or ']'", "a list that begins with `[` is not closed", "close it with `]`"),
    ("expected ',' or '}'", "a mapping that begins with `{` is not closed", "close it with `}`"),
    ("unexpected end of stream", "a quote is not closed", "close it, or remove it"),
    ("unexpected document indicator", "a quote is not closed", "close it, or remove it"),
    ("block sequence entries", "a list item cannot begin here", "put `- ` on a line of its own, below its key"),
    ("'-' indicator", "this line does not fit into the list", "align the items of a list: each begins with `- `"),
    ("expected key", "this line does not fit where it stands", "align the keys of a mapping; quote text with `: `"),
    ("invalid Unicode character escape", "an escape stands for no character", "write the character itself"),
    ("unknown escape character", "an unknown escape", "use single quotes, or double the backslash"),
)


def explained(problem: str, context: str, began: Spot | None, broke: Spot | None, lines: Sequence[str]) -> Hopeless:
    """The parser's complaint as one problem, at the place that a person has to mend."""
    spot = broke or began or Spot(1, 1, 1)
    before, letter = _around(spot, lines)
    if letter == "\t":
        return Hopeless(spot, "a tab cannot indent", "use spaces")
    if "expected key" in problem and before.endswith(("'", '"')):
        return Hopeless(spot, "text goes on after its closing quote", "inside single quotes, double each `'`")
    if "',' or '" in problem and (before + letter).endswith("${"):
        return Hopeless(spot, "`${` inside `{ }` or `[ ]` is read as YAML", "put the text in quotes")
    for words, message, hint in _MEANINGS:
        if words in problem:
            opening = message.endswith("not closed") and began is not None
            return Hopeless(began if opening and began else spot, message, hint)
    if letter in _RESERVED:
        return Hopeless(spot, f"text cannot begin with {quoted(letter)}", "put it in quotes")
    words = ", ".join(part for part in (context, problem) if part)
    return Hopeless(spot, f"not YAML: {words[:200]}", "mend the line, or put its text in quotes")


def _around(spot: Spot, lines: Sequence[str]) -> tuple[str, str]:
    line = lines[spot.line - 1] if spot.line <= len(lines) else ""
    return line[: spot.column - 1].rstrip(), line[spot.column - 1 : spot.column]
