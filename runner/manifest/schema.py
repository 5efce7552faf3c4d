"""The only owner of jsonschema: a document against a schema, every defect as a located problem."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runner.manifest.document import Document
from runner.manifest.problems import MOST, Problem
from runner.manifest.schema_words import Defect, problems_from

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_PACKAGE: Final = Path(__file__).parents[1]
_SUFFIX: Final = ".schema.json"
_OF_EACH: Final = {  # keywords that look at every part of a whole, and what bounds their number
    "items": "maxItems",
    "uniqueItems": "maxItems",
    "properties": "maxProperties",
    "propertyNames": "maxProperties",
    "additionalProperties": "maxProperties",
}


def problems_of(document: Document, schema_name: str) -> list[Problem]:
    """Everything that a schema (`manifest.schema.json`) has against a document, in the order of its lines."""
    errors = _validator(schema_name.removesuffix(_SUFFIX)).iter_errors(document.value)
    told = (problem for error in errors for problem in problems_from(document, _defect(error)))
    return sorted(set(islice(told, MOST)))


def schema_folder(package: Path = _PACKAGE) -> Path:
    """Where the schemas are: inside an installed package, beside it in a checkout."""
    inside = package / "_schemas"
    return inside if inside.is_dir() else package.parent / "schemas"


@cache
def _validator(name: str) -> "Draft202012Validator":
    # jsonschema takes longer to import than everything else of this room.
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    path = schema_folder() / f"{name}{_SUFFIX}"
    own = {"pattern": _pattern} | {
        keyword: partial(_unless_too_long, Draft202012Validator.VALIDATORS[keyword], most)
        for keyword, most in _OF_EACH.items()
    }
    strict: type[Draft202012Validator] = extend(Draft202012Validator, own)  # type: ignore[no-untyped-call]
    return strict(json.loads(path.read_text(encoding="utf-8")))


def _unless_too_long(
    check: Callable[..., Iterator["ValidationError"]], most: str, validator: object, value: object, whole: Any,
    schema: Mapping[str, Any],
) -> Iterator["ValidationError"]:  # fmt: skip
    """What is wrong with the parts of a whole; where they are too many, that is enough to say."""
    if most in schema and isinstance(whole, list | dict) and len(whole) > schema[most]:
        return
    yield from check(validator, value, whole, schema)


def _pattern(_: object, pattern: str, instance: object, __: object) -> Iterator["ValidationError"]:
    from jsonschema.exceptions import ValidationError

    # In Python `$` also matches before a last line break, which JSON Schema's does not.
    to_the_end = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(to_the_end, instance):
        yield ValidationError("not of the form")


def _defect(error: "ValidationError") -> Defect:
    of_key = "propertyNames" in error.absolute_schema_path
    steps = tuple(error.absolute_path)
    return Defect(
        keyword=str(error.validator),
        expected=error.validator_value,
        found=error.instance,
        steps=(*steps, str(error.instance)) if of_key else steps,
        of_key=of_key,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        branches=_branches(error),
    )


def _branches(error: "ValidationError") -> tuple[tuple[Defect, ...], ...]:
    branches: dict[int, list[Defect]] = {}
    for below in error.context or ():
        branches.setdefault(int(below.schema_path[0]), []).append(_defect(below))
    return tuple(tuple(defects) for defects in branches.values())
