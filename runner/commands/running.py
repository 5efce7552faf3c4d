"""Which runs are alive: one mutex for each manifest, which the kernel frees however its holder dies."""

import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runner.disk import Disk, Lock
from runner.errors import DiskFailed, MutexHeld

_PATIENCE: Final = 1.0  # seconds: whoever asks whether a run is alive holds the mutex for a moment
_STEP: Final = 0.05


@contextmanager
def alone(disk: Disk, state: Path, manifest: Path) -> Iterator[None]:
    """Keep other runs of a manifest away.

    Raises:
        MutexHeld: another run is going on; says whose.
        DiskFailed: the state folder cannot be written.
    """
    mutex = _mutex(state, str(manifest))
    try:
        disk.make_folder(mutex.parent)
        lock = _taken(disk, mutex)
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise DiskFailed(f"{mutex.parent} cannot be written: {words}", hint="mend it, or set XDG_STATE_HOME") from error
    if lock is None:
        raise MutexHeld(f"another run of {manifest.name} is going on{_holder(mutex)}", hint="wait for its end")
    try:
        _sign(mutex, manifest)
        yield
    finally:
        lock.release()


def running(disk: Disk, state: Path, manifest: str) -> bool:
    """Whether a run of the manifest at an absolute path is alive on this machine."""
    mutex = _mutex(state, manifest)
    if not mutex.exists():
        return False
    lock = disk.try_lock(mutex)
    if lock is None:
        return True
    lock.release()
    return False


def _taken(disk: Disk, mutex: Path) -> Lock | None:
    until = time.monotonic() + _PATIENCE
    while (lock := disk.try_lock(mutex)) is None and time.monotonic() < until:
        time.sleep(_STEP)
    return lock


def _mutex(state: Path, manifest: str) -> Path:
    return state / "mutex" / f"{hashlib.sha256(manifest.encode()).hexdigest()[:32]}.mutex"


def _sign(mutex: Path, manifest: Path) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "manifest": str(manifest)}
    with suppress(OSError):  # it only helps to tell who it is
        holder = mutex.with_suffix(".holder")
        holder.unlink(missing_ok=True)  # it may be a link that leads elsewhere
        holder.write_text(json.dumps(about), encoding="utf-8")


def _holder(mutex: Path) -> str:
    """Who has it, as far as that was written."""
    try:
        about = json.loads(mutex.with_suffix(".holder").read_text(encoding="utf-8"))
        return f": process {about['pid']} on {about['host']}, since {about['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
