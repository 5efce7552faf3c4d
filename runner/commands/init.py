"""`shotlock init`: make a folder ready for manifests, without touching what is there."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from runner.disk import SystemDisk, replace_whole
from runner.report.wording import near

_SUFFIXES: Final = (".yaml", ".yml")
_MANIFEST: Final = """\
# `shotlock render manifest.yaml` makes free previews of these shots.
# `shotlock plan manifest.yaml` shows what the real clips would cost.

version: 1
profile: sora # what the server can do: its models, sizes, lengths and prices
budget: 2.00 # never spend more than this, however often it is said again

defaults:
  size: 1280x720
  seconds: 4

vars:
  hero: a golden retriever

shots:
  - id: beach
    prompt: A close-up shot of ${hero} running on the beach at sunset

  - id: window
    prompt: ${hero} looks out of a rainy window, slow dolly in
    size: 720x1280
"""
_SPECIAL: Final = re.compile(r"[\\*?\[\]!#]")
_PLAIN: Final = re.compile(r"[^\s\"\x00-\x1f\x7f]+")
_IGNORED: Final = ("renders/", "*.preview.lock")


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Make a folder ready: a first manifest, and what git should know.

    What is there stays as it is; missing lines are added.
    """
    disk = SystemDisk()
    disk.make_folder(folder)
    if not _manifests(folder):
        replace_whole(disk, folder / "manifest.yaml", _MANIFEST.encode())
        click.echo(f"wrote {near(folder / 'manifest.yaml')}: a first manifest with two shots", err=True)
    _add(folder / ".gitignore", _IGNORED, "the clips stay out of git")
    kept = (f"{_pattern(f'{path.stem}.lock')} merge=union text eol=lf" for path in _manifests(folder))
    _add(folder / ".gitattributes", kept, "lockfiles of two branches are joined")


def _manifests(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    return [path for path in found if _is_manifest(path)]


def _is_manifest(path: Path) -> bool:
    """Whether a YAML file looks like a manifest: any folder may hold others."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.startswith("shots:") for line in lines)


def _pattern(name: str) -> str:
    """A file's name as git's patterns have it: exact, and quoted where it needs that."""
    exact = _SPECIAL.sub(r"\\\g<0>", name)
    return exact if _PLAIN.fullmatch(name) else json.dumps(exact, ensure_ascii=False)


def _add(path: Path, wanted: Iterable[str], why: str) -> None:
    there = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    known = {line.strip() for line in there.splitlines()}
    missing = [line for line in wanted if line not in known]
    if not missing:
        click.echo(f"{near(path)} says all that is needed", err=True)
        return
    begun = there if not there or there.endswith("\n") else there + "\n"
    text = begun + "".join(f"{line}\n" for line in missing)
    replace_whole(SystemDisk(), path, text.encode("utf-8", errors="surrogateescape"))
    verb = "added to" if there else "wrote"
    click.echo(f"{verb} {near(path)}: {why}", err=True)
