"""What is wanted: a manifest and the profile it names, or every problem of both at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from runner.manifest import load
from runner.manifest.batch import Batch, ShotId
from runner.manifest.document import Document
from runner.manifest.limits import ANYTHING, Limits
from runner.manifest.problems import Problem, at
from runner.manifest.text import render
from runner.provider import profiles
from runner.provider.profile import Profile
from runner.provider.profiles import ProfileProblems
from runner.report.wording import as_argument, near

_PROFILE: Final = ("profile",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A manifest, believed."""

    name: str  # as a person names it
    path: Path  # absolute
    batch: Batch
    profile: Profile

    @property
    def shots(self) -> tuple[ShotId, ...]:
        """The ids of its shots."""
        return tuple(shot.id for shot in self.batch.shots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defects:
    """All problems of one file."""

    name: str
    lines: Sequence[str]
    problems: tuple[Problem, ...]

    @property
    def text(self) -> str:
        """As a person reads them."""
        return render(self.problems, self.name, self.lines)


class Defective(Exception):
    """A manifest cannot be used; every problem of it and of its profile is told."""

    def __init__(self, defects: tuple[Defects, ...]) -> None:
        super().__init__("the manifest has problems")
        self.defects = defects

    @property
    def text(self) -> str:
        """As a person reads them, file by file."""
        return "\n".join(each.text for each in self.defects)


def wanted(path: Path) -> Wanted:
    """Read a manifest and its profile.

    Raises:
        Defective: there are problems.
    """
    whole = path.parent.resolve() / path.name
    document, problems = load.read(whole)
    if document is None:
        raise Defective((Defects(name=str(path), lines=load.lines_of(whole), problems=tuple(problems)),))
    profile, of_manifest, of_profile = _profile(document, whole)
    limits = profile.limits if profile else _fallback(document, whole)
    batch, found = load.batch_of(document, whole, limits)
    if batch is not None and profile is not None:
        return Wanted(name=as_argument(str(path)), path=whole, batch=batch, profile=profile)
    mine = tuple(sorted({*found, *of_manifest}))
    defects = (Defects(name=str(path), lines=document.lines, problems=mine), *of_profile)
    raise Defective(tuple(each for each in defects if each.problems))


def _profile(document: Document, path: Path) -> tuple[Profile | None, list[Problem], tuple[Defects, ...]]:
    """The profile, or what is wrong with it: in the manifest, and in a file of its own."""
    prices = document.get(("prices",))
    believed = isinstance(prices, Mapping) and not document.problems
    try:
        spec = load.profile_of(document)
        written = spec if isinstance(spec, str) else document.part(_PROFILE)
        return _loaded(written, path, prices if believed else None), [], ()
    except ProfileProblems as error:
        if error.path is not None:
            return None, [], (Defects(name=near(error.path), lines=error.lines, problems=error.problems),)
        if error.placed:
            return None, list(error.problems), ()
        place = document.place_of_value(_PROFILE)
        return None, [at(place, problem.message, problem.hint) for problem in error.problems], ()


def _loaded(spec: str | Document, path: Path, prices: Mapping[str, Any] | None) -> Profile:
    return profiles.load(spec, beside=path.parent, prices=prices)


def _fallback(document: Document, path: Path) -> Limits:
    """The limits to go on with, so that the problems of the shots are told along with those of the profile."""
    usual = _loaded(load.DEFAULT_PROFILE, path, None).limits
    spec = load.profile_of(document)
    if isinstance(spec, str) and "/" not in spec and not spec.endswith((".yaml", ".yml")):
        return usual  # a misspelled name: most likely it is this one
    return replace(usual, models={"*": ANYTHING}, guessed=True)
