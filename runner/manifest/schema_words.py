"""What a schema's complaints mean to a person: found against allowed, and a hint."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from runner.manifest.document import Document, Steps, name_of
from runner.manifest.problems import MOST, Problem, at
from runner.manifest.wording import CONFIDENTIAL, found, listing, nearest, quoted, suggestion

_KINDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "null": "nothing",
}
_WRITTEN: Final = {
    "string": "put text after the colon",
    "integer": "write digits alone, without quotes or a unit",
    "number": "write digits alone, without quotes or a currency",
    "object": "write `key: value` lines below it",
    "array": "begin each item with `- `",
    "boolean": "write true or false, without quotes",
}
_SECRET: Final = re.compile(rf"(?i)(?:.*{CONFIDENTIAL}.*|key)")
_A_CHOICE: Final = 3  # examples that are enough to suggest one of them
_LONGEST: Final = 300  # characters of a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One complaint of a schema, as the validator told it."""

    keyword: str
    expected: Any
    found: Any
    steps: Steps
    of_key: bool  # it concerns the key at `steps`, not the value
    schema: Mapping[str, Any]
    branches: tuple[tuple["Defect", ...], ...] = ()  # of anyOf and oneOf: what each has against the value

    @property
    def is_reserved(self) -> bool:
        """Whether the schema knows this form and refuses it for now: it says so by `"not": {}`."""
        return self.keyword == "not" and self.expected == {}


def problems_from(document: Document, defect: Defect) -> Iterator[Problem]:
    """The problems that one complaint stands for: several where it speaks of several keys."""
    match defect.keyword:
        case "additionalProperties":
            yield from _unknown_keys(document, defect)
        case "required":
            yield from _missing_keys(document, defect)
        case "anyOf" | "oneOf" if defect.branches:
            yield from _of_branches(document, defect)
        case _:
            yield _of_value(document, defect)


def _unknown_keys(document: Document, defect: Defect) -> Iterator[Problem]:
    properties = defect.schema.get("properties", {})
    allowed = [name for name, schema in properties.items() if schema.get("not") != {}]
    for key in islice((key for key in defect.found if key not in properties), MOST):
        message = f"{_within(document, defect.steps)}unknown key {quoted(key)}"
        if _SECRET.fullmatch(key[:_LONGEST]):
            hint = "a secret never goes into a file: the key is read from OPENAI_API_KEY in the environment"
        else:
            hint = suggestion(key, allowed, f"known here: {listing(allowed)}")
        yield at(document.place_of_key((*defect.steps, key)), message, hint)


def _missing_keys(document: Document, defect: Defect) -> Iterator[Problem]:
    properties = defect.schema.get("properties", {})
    unknown = [key for key in islice(defect.found, MOST) if properties and key not in properties]
    for key in defect.expected:
        if key in defect.found or any(nearest(other, list(properties)) == key for other in unknown):
            continue  # a misspelt key is one problem, not two
        example = next(iter(properties.get(key, {}).get("examples", ())), None)
        shown = f"`{key}: {example}`" if isinstance(example, str | int) else f"`{key}`"
        message = f"{_within(document, defect.steps)}`{key}` is missing"
        yield at(document.place_of_value(defect.steps), message, f"add {shown}")


def _of_branches(document: Document, defect: Defect) -> Iterator[Problem]:
    """Speak of the branch that was meant: of the right type, and with the least against the value."""
    meant = [branch for branch in defect.branches if not any(_mistyped(below, defect) for below in branch)]
    if not meant:
        kinds = [kind for branch in defect.branches for below in branch for kind in _kinds(below, defect)]
        yield _wrong_type(document, defect, kinds)
        return
    branch = min(meant, key=lambda branch: (not all(below.is_reserved for below in branch), len(branch)))
    reserved = [below for below in branch if below.is_reserved]
    for below in reserved or branch:
        yield from problems_from(document, below)


def _mistyped(below: Defect, above: Defect) -> bool:
    return below.keyword == "type" and below.steps == above.steps


def _kinds(below: Defect, above: Defect) -> Sequence[str]:
    if not _mistyped(below, above) or "not" in below.schema:
        return ()
    return [below.expected] if isinstance(below.expected, str) else below.expected


def _of_value(document: Document, defect: Defect) -> Problem:
    if defect.is_reserved:
        return _reserved(document, defect)
    if defect.keyword == "type":
        return _wrong_type(document, defect, defect.expected)
    tell = _TELLERS.get(defect.keyword, _otherwise)
    says, hint = tell(defect)
    if defect.of_key:
        message = f"{_within(document, defect.steps[:-1])}the name {says}"
        return at(document.place_of_key(defect.steps), message[:_LONGEST], hint)
    return at(document.place_of_value(defect.steps), f"{name_of(document, defect.steps)} {says}"[:_LONGEST], hint)


def _reserved(document: Document, defect: Defect) -> Problem:
    form = defect.schema.get("title", "")
    name = name_of(document, defect.steps)
    subject = f"{name} as {form[:1].lower()}{form[1:]}" if "type" in defect.schema else name
    hint = defect.schema.get("$comment", "leave it out for now")
    return at(document.place_of_key(defect.steps), f"{subject} is not there yet", hint)


def _wrong_type(document: Document, defect: Defect, expected: str | Sequence[str]) -> Problem:
    kinds = [expected] if isinstance(expected, str) else list(dict.fromkeys(expected))
    wanted = " or ".join(_KINDS[kind] for kind in kinds)
    message = f"{name_of(document, defect.steps)} must be {wanted}, found {found(defect.found)}"
    return at(document.place_of_value(defect.steps), message, _how_to_write(document, defect, kinds))


def _how_to_write(document: Document, defect: Defect, kinds: Sequence[str]) -> str:
    if defect.found is None:
        return "give it a value, or leave the key out"
    if kinds != ["string"] or isinstance(defect.found, dict | list):
        return _WRITTEN.get(kinds[0], "")
    source = document.source(defect.steps)[:_LONGEST]
    if re.search(defect.schema.get("pattern", ""), source):
        return f'write it in quotes: "{source}"'
    return f"such as {listing(defect.schema.get('examples', ()))}"


def _within(document: Document, steps: Steps) -> str:
    return f"{name_of(document, steps)}: " if steps else ""


Said = tuple[str, str]  # what is said of the value after its name, and the hint


def _not_listed(defect: Defect) -> Said:
    allowed = [str(word) for word in defect.expected]
    hint = suggestion(str(defect.found)[:_LONGEST], allowed, "write one of these")
    return f"is {quoted(defect.found)}, allowed are {listing(allowed)}", hint


def _not_constant(defect: Defect) -> Said:
    return f"is {quoted(defect.found)}, allowed is {defect.expected}", f"write `{defect.steps[-1]}: {defect.expected}`"


def _not_of_form(defect: Defect) -> Said:
    examples = [str(example) for example in defect.schema.get("examples", ())]
    wanted = defect.schema.get("patternErrorMessage", f"must be of the form `{defect.expected}`")
    such_as = f"such as {listing(examples)}" if examples else ""
    hint = suggestion(defect.found, examples, such_as) if len(examples) >= _A_CHOICE else such_as
    return f"is {quoted(defect.found)}, {wanted}", hint


def _too_short(defect: Defect) -> Said:
    if defect.found == "":
        return "is empty", "give it a value, or leave the key out"
    if not defect.found:
        return "is empty", "write at least one item"
    return f"is too short: it has {len(defect.found)}, at least {defect.expected} are needed", "write more"


def _too_long(defect: Defect) -> Said:
    return f"is too long: it has {len(defect.found):,}, at most {defect.expected:,} are allowed", "write less"


def _too_long_text(defect: Defect) -> Said:
    return f"has {len(defect.found):,} characters, at most {defect.expected:,} are allowed", "shorten it"


def _too_small(defect: Defect) -> Said:
    return f"is {quoted(defect.found)}, at least {defect.expected} is allowed", "write a larger number"


def _too_large(defect: Defect) -> Said:
    return f"is {quoted(defect.found)}, at most {defect.expected} is allowed", "write a smaller number"


def _repeats(_: Defect) -> Said:
    return "has the same item twice", "keep one of them"


def _otherwise(defect: Defect) -> Said:
    return f"does not keep to `{defect.keyword}` of the schema", "see the schema's description"


_TELLERS: Final[dict[str, Callable[[Defect], Said]]] = {
    "enum": _not_listed,
    "const": _not_constant,
    "pattern": _not_of_form,
    "minLength": _too_short,
    "minItems": _too_short,
    "minProperties": _too_short,
    "maxLength": _too_long_text,
    "maxItems": _too_long,
    "maxProperties": _too_long,
    "minimum": _too_small,
    "maximum": _too_large,
    "uniqueItems": _repeats,
}
