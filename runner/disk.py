"""The door to the disk: small operations that can each fail or be cut, and the durable recipes built of them.

Owner of filelock. Nothing above writes a file but through here, so that tests can lose, tear and refuse writes.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final, Protocol

from filelock import FileLock, Timeout

_CHUNK: Final = 1 << 20
_FICLONE: Final = 0x40049409  # ioctl(2): share the blocks of another file, where the filesystem can


class Lock(Protocol):
    """An OS lock that is held; the kernel frees it when the process dies, however it dies."""

    def release(self) -> None:
        """Let others in."""
        ...


class Disk(Protocol):
    """What the disk can do. Every method may raise OSError; nothing is durable before it is synced."""

    def read(self, path: Path) -> bytes:
        """Whole content of a file; FileNotFoundError where there is none."""
        ...

    def read_at(self, path: Path, offset: int, size: int) -> bytes:
        """At most `size` bytes from an offset."""
        ...

    def size(self, path: Path) -> int | None:
        """Bytes in a regular file, None where there is none."""
        ...

    def identity(self, path: Path) -> tuple[int, int] | None:
        """What tells a file from another that took its name."""
        ...

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        """Size, time of the last change (ns) and inode: the same stamp means the same content. None: no file."""
        ...

    def names(self, folder: Path) -> tuple[str, ...]:
        """Names in a folder, sorted; empty where there is no folder."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make a folder and its parents, durably; fine if it exists."""
        ...

    def write(self, path: Path, data: bytes, *, at: int | None) -> None:
        """Write all of `data`, creating the file, never through a link. An OSError may leave a part.

        `at` is an offset; None is the end, wherever that is by now: another program may have put another file there.
        """
        ...

    def truncate(self, path: Path, size: int) -> None:
        """Cut a file to `size` bytes."""
        ...

    def sync(self, path: Path) -> None:
        """Make a file's content durable."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Make a folder's entries durable."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, replacing what has it."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file; fine if it is gone."""
        ...

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file's bytes into a new file (shared blocks where the filesystem can, never a hard link)."""
        ...

    def digest(self, path: Path) -> str:
        """SHA-256 of a file, in hex."""
        ...

    def lock(self, path: Path) -> AbstractContextManager[None]:
        """Wait for an exclusive OS lock on `path` and hold it."""
        ...

    def try_lock(self, path: Path) -> Lock | None:
        """Take the lock if nobody has it."""
        ...


class SystemDisk:
    """The machine's filesystem."""

    def read(self, path: Path) -> bytes:
        """See `Disk.read`."""
        with _reading(path) as reading:
            return reading.read()

    def read_at(self, path: Path, offset: int, size: int) -> bytes:
        """See `Disk.read_at`."""
        with _reading(path) as reading:
            reading.seek(offset)
            return reading.read(size)

    def size(self, path: Path) -> int | None:
        """See `Disk.size`."""
        return path.stat().st_size if path.is_file() else None

    def identity(self, path: Path) -> tuple[int, int] | None:
        """See `Disk.identity`."""
        try:
            status = path.lstat()  # a link is not what it leads to, and may lead to nothing
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        """See `Disk.stamp`."""
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_size, status.st_mtime_ns, status.st_ino

    def names(self, folder: Path) -> tuple[str, ...]:
        """See `Disk.names`."""
        try:
            return tuple(sorted(os.listdir(folder)))
        except FileNotFoundError:
            return ()

    def make_folder(self, path: Path) -> None:
        """See `Disk.make_folder`."""
        if _in_use(path) or path == path.parent:
            return  # nothing is put into a folder before its own name is durable
        self.make_folder(path.parent)
        path.mkdir(exist_ok=True)
        self.sync_folder(path.parent)

    def write(self, path: Path, data: bytes, *, at: int | None) -> None:
        """See `Disk.write`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_APPEND if at is None else 0)
        with _opened(path, flags) as descriptor:
            if at is not None:
                os.lseek(descriptor, at, os.SEEK_SET)
            rest = memoryview(data)
            while rest:
                # A full disk writes a part and raises nothing; the next call then raises ENOSPC.
                rest = rest[os.write(descriptor, rest) :]

    def truncate(self, path: Path, size: int) -> None:
        """See `Disk.truncate`."""
        with _opened(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as descriptor:
            os.ftruncate(descriptor, size)

    def sync(self, path: Path) -> None:
        """See `Disk.sync`."""
        with _opened(path, os.O_RDONLY | os.O_NONBLOCK) as descriptor:  # a pipe of that name is not waited for
            os.fsync(descriptor)

    def sync_folder(self, path: Path) -> None:
        """See `Disk.sync_folder`."""
        with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            os.fsync(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """See `Disk.rename`."""
        os.replace(old, new)

    def remove(self, path: Path) -> None:
        """See `Disk.remove`."""
        path.unlink(missing_ok=True)

    def copy(self, source: Path, target: Path) -> None:
        """See `Disk.copy`."""
        target.unlink(missing_ok=True)  # it may be a link that leads elsewhere
        with _reading(source) as reading, target.open("xb") as writing:
            try:
                fcntl.ioctl(writing, _FICLONE, reading.fileno())
            except OSError:
                shutil.copyfileobj(reading, writing, _CHUNK)

    def digest(self, path: Path) -> str:
        """See `Disk.digest`."""
        with _reading(path) as reading:
            return hashlib.file_digest(reading, "sha256").hexdigest()

    @contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        """See `Disk.lock`."""
        with FileLock(path, is_singleton=False):
            yield

    def try_lock(self, path: Path) -> Lock | None:
        """See `Disk.try_lock`."""
        lock = FileLock(path, is_singleton=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock


def replace_whole(disk: Disk, path: Path, data: bytes) -> None:
    """Replace a file so that a crash leaves the old or the new content, never a mixture, and never neither."""
    fresh = path.with_name(f".{path.name}.new")
    disk.remove(fresh)
    disk.write(fresh, data, at=0)
    disk.sync(fresh)
    disk.rename(fresh, path)
    disk.sync_folder(path.parent)


def move(disk: Disk, old: Path, new: Path) -> None:
    """Give a synced file another name, durably; where that is on another filesystem, it is copied there first."""
    try:
        disk.rename(old, new)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        fresh = new.with_name(f".{new.name}.new")
        disk.copy(old, fresh)
        disk.sync(fresh)
        disk.rename(fresh, new)
        disk.sync_folder(new.parent)
        disk.remove(old)
    else:
        disk.sync_folder(new.parent)


def append_durably(disk: Disk, path: Path, data: bytes) -> None:
    """Append to a file and sync it; on failure nothing of `data` is left behind.

    Raises:
        OSError: the disk is full or failing. If even cutting back fails, that error is chained.
    """
    identity, end = disk.identity(path), disk.size(path) or 0
    try:
        disk.write(path, data, at=None)
        disk.sync(path)
    except OSError:
        if identity in (None, disk.identity(path)):  # never cut a file that somebody put there meanwhile
            with contextlib.suppress(FileNotFoundError):
                disk.truncate(path, end)
        raise


def _in_use(folder: Path) -> bool:
    """Whether there is something in a folder. An empty one may be that of a run that was killed before it synced it."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False


@contextmanager
def _reading(path: Path) -> Iterator[BufferedReader]:
    """A regular file, open; nothing else is waited for or read without end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "that is no file", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as reading:
            yield reading
    finally:
        os.close(descriptor)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    """A file, open. What fails names it, which a call on an open file does not by itself."""
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(descriptor)
