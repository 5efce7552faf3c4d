"""From a document to shots: defaults filled in, variables substituted, references looked at, requests made."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from runner.manifest.batch import Reference, Shot, ShotId
from runner.manifest.document import Document
from runner.manifest.ids import problems_of_ids
from runner.manifest.limits import Limits
from runner.manifest.problems import MOST, Problem
from runner.manifest.prompt_source import prompt_of, variables_of
from runner.manifest.reference_source import References
from runner.manifest.request import ReferenceImage, Request
from runner.manifest.rules import fits, problems_of_shot, size_of
from runner.manifest.wish import EXACT, Wish, fit_of, mode_of, seconds_of, wish_of


def shots_of(document: Document, folder: Path, limits: Limits) -> tuple[tuple[Shot, ...], list[Problem]]:
    """All shots, and everything that is wrong with them. Not all shots are there where anything is wrong."""
    variables, problems = variables_of(document)
    problems.extend(islice(problems_of_ids(document), MOST))
    references = References(folder, limits)
    written = document.get(("shots",))
    shots: list[Shot] = []
    for index in range(len(written) if isinstance(written, list) else 0):
        wish = wish_of(document, index, limits)
        if wish is not None:
            shot, found = _shot_of(wish, variables, references, limits)
            problems.extend(found)
            shots.extend([shot] if shot else [])
        if len(problems) >= MOST:
            break
    return tuple(shots), problems


def _shot_of(
    wish: Wish, variables: Mapping[str, str], references: References, limits: Limits
) -> tuple[Shot | None, list[Problem]]:
    prompt, problems = prompt_of(wish, variables, limits)
    reference, of_reference = references.of(wish)
    problems += [*of_reference, *problems_of_shot(wish, reference, limits)]
    if problems or prompt is None or wish.document.problems:
        return None, problems
    shot = Shot(
        id=ShotId(wish.raw["id"]),
        request=_request(wish, prompt, reference, limits),
        reference=reference,
        place=wish.document.place_of_value(wish.steps),
    )
    return shot, []


def _request(wish: Wish, prompt: str, reference: Reference | None, limits: Limits) -> Request:
    size = size_of(wish, reference) or ""
    return Request(
        model=wish.model.value,
        prompt=prompt,
        size=size,
        seconds=str(seconds_of(wish.seconds.value)),
        reference=None if reference is None else _as_sent(wish, reference, size),
        extra={
            name: limits.fields[name].value_of(setting.value)
            for name, setting in wish.extra.items()
            if name in limits.fields
        },
    )


def _as_sent(wish: Wish, reference: Reference, size: str) -> ReferenceImage:
    untouched = mode_of(wish.fit.value) == EXACT or fits(reference, size)
    return ReferenceImage(sha256=reference.sha256, fit=None if untouched else fit_of(wish.fit.value))
