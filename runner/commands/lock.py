"""`shotlock lock`: mending lockfiles and ledgers that cannot be believed as they stand."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from runner.commands.running import alone
from runner.disk import Disk, SystemDisk, append_durably, replace_whole
from runner.errors import LockfileDamaged, WrongUsage
from runner.lock import lines
from runner.lock.facts import Attempt, join_all
from runner.lock.lockfile import folded
from runner.lock.scan import Bad, Scan, scan
from runner.manifest.wording import quoted
from runner.report.wording import command as on_one_line
from runner.report.wording import counted
from runner.settings import Settings

_LEDGER: Final = ".jsonl"
_SUFFIXES: Final = (".lock", _LEDGER)


@click.group("lock")
def command() -> None:
    """Mend lockfiles."""


@command.command("fold")
@click.argument("lockfile", type=click.Path(path_type=Path))
@click.pass_obj
def fold(settings: Settings, lockfile: Path) -> None:
    """Join both sides of a conflict, and leave one line for each purchase.

    Lines that cannot be believed are moved to LOCKFILE.bad, never guessed at.
    """
    if not lockfile.is_file():
        raise WrongUsage(f"there is no lockfile {quoted(str(lockfile))}")
    if lockfile.suffix not in _SUFFIXES:
        hint = "a lockfile has its manifest's name, and ends in `.lock`"
        raise WrongUsage(f"{quoted(lockfile.name)} is no lockfile", hint=hint)
    disk = SystemDisk()
    with ExitStack() as held:
        _hold(held, disk, lockfile, settings)
        _fold(disk, lockfile)


def _hold(held: ExitStack, disk: Disk, path: Path, settings: Settings) -> None:
    """Keep runs away that could be writing the file."""
    if path.suffix == _LEDGER:
        held.enter_context(disk.lock(path.with_name("ledger.mutex")))
        return
    whole = path.parent.resolve() / path.name
    for suffix in (".yaml", ".yml"):
        if (manifest := whole.with_suffix(suffix)).is_file():
            held.enter_context(alone(disk, settings.state, manifest))


def _fold(disk: Disk, path: Path) -> None:
    data = disk.read(path)
    reading = scan(data)
    if reading.newer:
        raise LockfileDamaged(f"{path} cannot be read: {reading.newer}", hint="update shotlock")
    damaged = [bad for bad in reading.bad if not bad.marker]
    if damaged:
        _put_aside(disk, path, damaged)
    records = tuple(join_all(reading.records).values())
    fresh = _ledger(records) if path.suffix == _LEDGER else folded(records)
    if fresh != data:
        replace_whole(disk, path, fresh)
    _tell(path, reading, damaged, len(records), changed=fresh != data)


def _ledger(records: tuple[Attempt, ...]) -> bytes:
    """A ledger keeps what a lockfile does not: whose each purchase is."""
    return lines.HEADER + b"".join(lines.write(record, crc=True, owner=True) for record in records)


def _put_aside(disk: Disk, path: Path, damaged: list[Bad]) -> None:
    aside = path.with_name(f"{path.name}.bad")
    text = b"".join(bad.text + b"\n" for bad in damaged)
    append_durably(disk, aside, text, at=disk.size(aside) or 0)
    disk.sync_folder(aside.parent)
    for bad in damaged:
        click.echo(on_one_line(f"{path}:{bad.number}: {bad.why}; the line is now in {aside.name}"), err=True)


def _tell(path: Path, reading: Scan, damaged: list[Bad], count: int, *, changed: bool) -> None:
    markers = len(reading.bad) - len(damaged)
    joined = f"; {counted(markers, 'conflict marker')} taken out, both sides kept" if markers else ""
    what = "folded" if changed else "is folded already"
    click.echo(on_one_line(f"{path} {what}: {counted(count, 'attempt')}{joined}"), err=True)
    if damaged:
        click.echo("hint: what the lines said may be in git's history, or in this machine's ledger", err=True)
