"""From a path to a batch: everything a manifest does wrong is found at once, and a batch comes only of a clean one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from runner.manifest.batch import Batch
from runner.manifest.content import NoFile, content_of
from runner.manifest.document import Document
from runner.manifest.limits import Limits
from runner.manifest.manifest_rules import problems_of_base_url, problems_of_name
from runner.manifest.problems import Problem
from runner.manifest.schema import problems_of
from runner.manifest.shots import shots_of
from runner.manifest.tree import MOST_BYTES
from runner.manifest.yaml_source import parse, source_lines

SCHEMA: Final = "manifest.schema.json"
DEFAULT_PROFILE: Final = "sora"


def read(path: Path) -> tuple[Document | None, list[Problem]]:
    """Read a manifest and hold it against the schema.

    A document comes along with its problems (it keeps them too) as long as its parts can be told apart, so that
    `batch_of` can add what else is wrong; None where there is nothing to go on with.
    """
    data = _content(path)
    if isinstance(data, Problem):
        return None, [data]
    document, problems = parse(data)
    if document is None:
        return None, problems
    problems = _sorted([*problems, *problems_of(document, SCHEMA)])
    if not isinstance(document.value, Mapping):
        return None, problems
    return replace(document, problems=tuple(problems)), problems


def lines_of(path: Path) -> Sequence[str]:
    """The lines of a file, for showing problems of one that gave no document; none where it cannot be read."""
    data = _content(path)
    return () if isinstance(data, Problem) else source_lines(data)


def profile_of(document: Document) -> str | Mapping[str, Any]:
    """What a manifest says of its profile; the default where it says nothing that could be meant."""
    match document.get(("profile",)):
        case str(name) if name:
            return name
        case dict() as adapted if isinstance(adapted.get("extends"), str):
            return adapted
        case _:
            return DEFAULT_PROFILE


def batch_of(document: Document, path: Path, limits: Limits) -> tuple[Batch | None, list[Problem]]:
    """The batch of a document that `read` gave, or all its problems, those that `read` told included."""
    shots, found = shots_of(document, path.parent, limits)
    problems = _sorted([*document.problems, *problems_of_name(path), *problems_of_base_url(document), *found])
    if problems:
        return None, problems
    value = document.value
    store = value.get("store")
    batch = Batch(
        path=path,
        profile=profile_of(document),
        base_url=value.get("base_url"),
        budget=_decimal(value.get("budget")),
        prices=value.get("prices"),
        store=None if store is None else path.parent / Path(store).expanduser(),
        retries=value.get("retries", 0),
        shots=shots,
    )
    return batch, []


def _content(path: Path) -> bytes | Problem:
    try:
        return content_of(path, MOST_BYTES + 1)
    except NoFile:
        return Problem(line=1, column=1, message="this is no file", hint="name a YAML file")
    except OSError as error:
        reason = (error.strerror or "error").lower()
        return Problem(
            line=1, column=1, message=f"the file cannot be read: {reason}", hint="check its name and its permissions"
        )


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(set(problems))


def _decimal(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)
