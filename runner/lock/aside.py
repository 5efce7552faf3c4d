"""Lines that were put aside because they could not be believed, and what can still be read of them.

Such a line may be all that is left of a purchase: nothing that it may be about is bought again by itself.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.disk import Disk, append_durably
from runner.lock.facts import Attempt
from runner.lock.scan import Bad

SUFFIX: Final = ".bad"
_TEXT: Final = rb'"((?:[^"\\]|\\.)*)"'
_SHOT: Final = re.compile(rb'"shot":' + _TEXT)
_MANIFEST: Final = re.compile(rb'"manifest":' + _TEXT)
_FINGERPRINT: Final = re.compile(rb'"fingerprint":"([0-9a-f]{64})"')
_ATTEMPT: Final = re.compile(rb'"attempt":"([0-9a-f]{1,64})"')
_JOBS: Final = re.compile(rb'"job":(\[[^\]]*\]|' + _TEXT + rb")")
_BETWEEN: Final = re.compile(rb'(?<=\})(?=\{"(?:shot|lock)":)')  # two records that stand on one line
_NOTHING_CAME: Final = (b'"state":"unsent"', b'"state":"rejected"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Remnant:
    """What a bad line may be about. Empty where that cannot be read."""

    file: str
    shot: str
    manifest: str
    fingerprint: str
    attempt: str
    jobs: tuple[str, ...]

    def is_about(self, shot: str, fingerprint: str) -> bool:
        """Whether it may tell of a purchase of this shot, by either of its names."""
        return shot == self.shot or fingerprint == self.fingerprint


def put_aside(disk: Disk, path: Path, damaged: Collection[Bad]) -> Path:
    """Keep the bad lines of a file beside it, durably; where they are now. Raises OSError."""
    aside = path.with_name(path.name + SUFFIX)
    text = b"".join(bad.text + b"\n" for bad in damaged)
    append_durably(disk, aside, text)
    disk.sync_folder(aside.parent)
    return aside


def remnants(disk: Disk, path: Path) -> tuple[Remnant, ...]:
    """What can be read of the lines that were put aside from a file. Raises OSError."""
    aside = path.with_name(path.name + SUFFIX)
    if disk.size(aside) is None:
        return ()
    lines = (part for line in disk.read(aside).splitlines() for part in _BETWEEN.split(line))
    found = (_remnant(aside.name, line) for line in lines)
    return tuple(each for each in found if each)


def unexplained(lines: Iterable[Remnant], known: Iterable[Attempt]) -> tuple[Remnant, ...]:
    """Those that tell of no attempt and no job that a believed line tells of, too."""
    attempts = {each.id: each for each in known}
    jobs = {job for each in attempts.values() for job in each.jobs}
    return tuple(each for each in lines if each.attempt not in attempts and jobs.isdisjoint(each.jobs))


def _remnant(file: str, line: bytes) -> Remnant | None:
    jobs = _jobs(line)
    if not jobs and any(state in line for state in _NOTHING_CAME):
        return None
    return Remnant(
        file=file,
        shot=_first(_SHOT, line),
        manifest=_first(_MANIFEST, line),
        fingerprint=_first(_FINGERPRINT, line),
        attempt=_first(_ATTEMPT, line),
        jobs=jobs,
    )


def _jobs(line: bytes) -> tuple[str, ...]:
    match = _JOBS.search(line)
    return tuple(_text(each[1]) for each in re.finditer(_TEXT, match[1])) if match else ()


def _first(pattern: re.Pattern[bytes], line: bytes) -> str:
    match = pattern.search(line)
    return _text(match[1]) if match else ""


def _text(raw: bytes) -> str:
    """A JSON text, as far as it can be read."""
    try:
        return str(json.loads(b'"' + raw + b'"'))
    except ValueError:
        return raw.decode(errors="replace")
