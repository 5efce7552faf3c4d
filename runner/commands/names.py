"""Names that a person typed: manifests, and shots of one. What is not found is a usage error with a suggestion."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import click

from runner.errors import WrongUsage
from runner.manifest.batch import ShotId
from runner.manifest.wording import quoted, suggestion
from runner.report.wording import near
from runner.settings import Settings

_FOLDER: Final = Path("manifests")
_SUFFIXES: Final = (".yaml", ".yml")


def manifests_of(names: Sequence[str], settings: Settings) -> tuple[Path, ...]:
    """The manifests that were named, or that make names through the environment.

    Raises:
        WrongUsage: none was named, or one is not there.
    """
    asked = tuple(names) or _goals(settings.goals)
    if not asked:
        raise WrongUsage("no manifest was named", hint="name one: `manifest.yaml`")
    return tuple(_found(spelled(name)) for name in asked)


def manifest_of(name: str | None, settings: Settings) -> Path:
    """The one manifest that was named. Raises WrongUsage, also where several were."""
    found = manifests_of((name,) if name else (), settings)
    if len(found) > 1:
        raise WrongUsage(f"{len(found)} manifests were named, and this takes one at a time", hint="name one of them")
    return found[0]


def shots_of(names: Sequence[str], known: Collection[str]) -> frozenset[ShotId]:
    """The shots that were named. Raises WrongUsage where one is not known."""
    for name in names:
        if name not in known:
            raise WrongUsage(f"there is no shot {quoted(name)}", hint=suggestion(name, sorted(known)))
    return frozenset(ShotId(name) for name in names)


def _goals(goals: str) -> tuple[str, ...]:
    """One name, even with spaces in it, where that is a file; else a name for each word."""
    if not goals:
        return ()
    whole = any(map(os.path.isfile, (Path(goals), _FOLDER / goals)))  # pathlib raises where that is too long
    return (goals,) if whole else tuple(goals.split())


def spelled(name: str) -> str:
    """The name itself, if a file of ours can hold it."""
    path = Path(name)
    try:
        f"{path.absolute()}{path.parent.resolve()}".encode()  # a link may lead to a folder of another spelling
    except UnicodeEncodeError:
        raise WrongUsage(f"the path of {quoted(name)} is no UTF-8", hint="rename the manifest or its folder") from None
    return name


def _found(name: str) -> Path:
    path = Path(name)
    if os.path.lexists(path):
        return path
    other = _FOLDER / name
    if not path.is_absolute() and os.path.isfile(other):
        click.echo(f"reading {near(other)}", err=True)
        return other
    where = "" if path.is_absolute() or path.parent != Path() else f", here or in `{_FOLDER}/`"
    raise WrongUsage(f"there is no manifest {quoted(name)}{where}", hint=_near(path))


def _near(path: Path) -> str:
    folders = (path.parent,) if path.is_absolute() else (path.parent, _FOLDER / path.parent)
    there = [str(each) for folder in folders for each in _manifests_in(folder)]
    named = {Path(each).name: each for each in reversed(there)}
    near = suggestion(path.name, list(named))
    name = near.removeprefix("did you mean `").removesuffix("`?")
    return f"did you mean `{named[name]}`?" if near else "`shotlock init` writes a first one"


def _manifests_in(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.suffix in _SUFFIXES)
    except OSError:
        return []
