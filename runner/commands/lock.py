"""`shotlock lock`: mending lockfiles and ledgers that cannot be believed as they stand."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from runner.commands.names import spelled
from runner.commands.running import alone
from runner.disk import Disk, SystemDisk, replace_whole
from runner.errors import LockfileDamaged, MutexHeld, WrongUsage
from runner.lock import lines
from runner.lock.aside import put_aside, remnants, unexplained
from runner.lock.facts import Attempt, join_all
from runner.lock.ledger import Ledger
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
    if not Path(spelled(str(lockfile))).is_file():
        raise WrongUsage(f"there is no lockfile {quoted(str(lockfile))}")
    if lockfile.suffix not in _SUFFIXES:
        hint = "a lockfile has its manifest's name, and ends in `.lock`"
        raise WrongUsage(f"{quoted(lockfile.name)} is no lockfile", hint=hint)
    disk = SystemDisk()
    with ExitStack() as held:
        _hold(held, disk, lockfile, settings)
        _fold(disk, lockfile, settings)


def _hold(held: ExitStack, disk: Disk, path: Path, settings: Settings) -> None:
    """Keep runs away that could be writing the file."""
    if path.suffix == _LEDGER:
        _hold_all(held, disk, path.parent / "mutex")
        held.enter_context(disk.lock(path.with_name("ledger.mutex")))
        return
    for manifest in _manifests(path):
        held.enter_context(alone(disk, settings.state, manifest))


def _manifests(lockfile: Path) -> list[Path]:
    """Those that a lockfile stands beside, by their whole paths."""
    whole = lockfile.parent.resolve() / lockfile.name
    return [manifest for suffix in (".yaml", ".yml") if (manifest := whole.with_suffix(suffix)).is_file()]


def _hold_all(held: ExitStack, disk: Disk, mutexes: Path) -> None:
    """Keep every run of this machine away: they remember how much of the ledger they have read."""
    for name in disk.names(mutexes):
        if not name.endswith(".mutex"):
            continue
        if (lock := disk.try_lock(mutexes / name)) is None:
            raise MutexHeld("a run is going on, and reads this ledger", hint="wait for its end")
        held.callback(lock.release)


def _fold(disk: Disk, path: Path, settings: Settings) -> None:
    data = disk.read(path)
    reading = scan(data.replace(b"\r", b"\n") if _is_of_an_old_mac(data) else data)
    if reading.newer:
        raise LockfileDamaged(f"{path} cannot be read: {reading.newer}", hint="update shotlock")
    if reading.bad and not reading.records and not _is_ours(path, data):
        hint = "other tools' files end in `.lock`, too; of a lockfile that is lost, git has the last one"
        raise WrongUsage(f"{path} is no lockfile of ours: none of its lines is", hint=hint)
    damaged = [bad for bad in reading.bad if not bad.marker]
    if damaged:
        _tell_damage(path, damaged, put_aside(disk, path, damaged))
    records = tuple(join_all(reading.records).values())
    fresh = _ledger(records) if path.suffix == _LEDGER else folded(records)
    if fresh != data:
        replace_whole(disk, path, fresh)
    _tell(path, reading, len(records), changed=fresh != data)
    if damaged:
        _tell_what_is_lost(disk, path, records, settings)


def _is_of_an_old_mac(data: bytes) -> bool:
    """Whether another program has put its own line ends in place of all of ours."""
    return b"\n" not in data and data.startswith(lines.BEGINNING)


def _is_ours(path: Path, data: bytes) -> bool:
    """Whether a file of which no line can be believed is a lockfile or ledger all the same."""
    begun = any(line.startswith(lines.BEGINNING) for line in data.splitlines())
    return path.suffix == _LEDGER or begun or bool(_manifests(path))


def _ledger(records: tuple[Attempt, ...]) -> bytes:
    """A ledger keeps what a lockfile does not: whose each purchase is."""
    return lines.HEADER + b"".join(lines.write(record, crc=True, owner=True) for record in records)


def _tell_damage(path: Path, damaged: list[Bad], aside: Path) -> None:
    for bad in damaged:
        _say(f"{path}:{bad.number}: {bad.why}; the line is now in {aside.name}")


def _tell(path: Path, reading: Scan, count: int, *, changed: bool) -> None:
    markers = sum(bad.marker for bad in reading.bad)
    joined = f"; {counted(markers, 'conflict marker')} taken out, both sides kept" if markers else ""
    what = "folded" if changed else "is folded already"
    _say(f"{path} {what}: {counted(count, 'attempt')}{joined}")


def _tell_what_is_lost(disk: Disk, path: Path, records: tuple[Attempt, ...], settings: Settings) -> None:
    """Whether this machine remembers what the damaged lines told; what it does not is held by the next render."""
    ledger = Ledger(disk, settings.state)
    ledger.look()
    lost = unexplained(remnants(disk, path), join_all(records, ledger.attempts).values())
    if not lost:
        _say("what the damaged lines told is known from others, or from this machine's ledger: nothing is lost")
        return
    if shots := ", ".join(f"`{shot}`" for shot in sorted({each.shot for each in lost if each.shot})):
        _say(f"hint: nothing else tells what they told of {shots}; git's history may. It is not bought again by itself")
    else:
        _say("hint: what they told cannot be read; git's history may have it")


def _say(text: str) -> None:
    click.echo(on_one_line(text), err=True)
