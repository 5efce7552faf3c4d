"""A disk that keeps what is durable apart from what is merely written, and can be cut off at any operation."""

import errno
import hashlib
import random
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Crash(BaseException):
    """The process is dead; nothing of it runs on."""


class File:
    __slots__ = ("data", "durable")

    def __init__(self) -> None:
        self.data = b""
        self.durable = b""


class Filesystem:
    """Files by path, as processes see them and as a power cut would leave them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.files: dict[Path, File] = {}
        self._durable: dict[Path, File] = {}
        self._pending: list[tuple[Path, Path, File | None]] = []  # folder, name, file or None for removal

    def get(self, path: Path) -> File:
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path)) from None

    def link(self, path: Path, file: File | None) -> None:
        if file is None:
            self.files.pop(path, None)
        else:
            self.files[path] = file
        self._pending.append((path.parent, path, file))

    def sync_folder(self, folder: Path) -> None:
        rest = []
        for entry in self._pending:
            if entry[0] == folder:
                self._apply(entry)
            else:
                rest.append(entry)
        self._pending = rest

    def power_cut(self) -> None:
        """Keep what is durable, and of the rest whatever chance leaves: names, prefixes, zeros."""
        for entry in self._pending:
            if self._rng.random() < 0.5:
                self._apply(entry)
        self._pending = []
        self.files = dict(self._durable)
        for file in set(self.files.values()):
            if file.data != file.durable:
                file.data = file.durable = self._torn(file)

    def _apply(self, entry: tuple[Path, Path, File | None]) -> None:
        _, path, file = entry
        if file is None:
            self._durable.pop(path, None)
        else:
            self._durable[path] = file

    def _torn(self, file: File) -> bytes:
        whole, kept = file.data, file.durable
        common = len(kept) if whole.startswith(kept) else 0
        match self._rng.randrange(4):
            case 0:
                return kept
            case 1:
                return whole[: self._rng.randint(common, len(whole))]
            case 2:
                cut = self._rng.randint(common, len(whole))
                return whole[:cut] + b"\0" * (len(whole) - cut)
            case _:
                return whole


class SimDisk:
    """One process's door to the filesystem; `tick` is asked before every operation and may raise Crash."""

    def __init__(self, fs: Filesystem, tick: Callable[[str], None], fails: Callable[[str], int]) -> None:
        self._fs = fs
        self._tick = tick
        self._fails = fails

    def read(self, path: Path) -> bytes:
        return self._fs.get(path).data

    def read_at(self, path: Path, offset: int, size: int) -> bytes:
        return self._fs.get(path).data[offset : offset + size]

    def size(self, path: Path) -> int | None:
        file = self._fs.files.get(path)
        return None if file is None else len(file.data)

    def identity(self, path: Path) -> tuple[int, int] | None:
        file = self._fs.files.get(path)
        return None if file is None else (0, id(file))

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        file = self._fs.files.get(path)
        return None if file is None else (len(file.data), zlib.crc32(file.data), 0)

    def names(self, folder: Path) -> tuple[str, ...]:
        return tuple(sorted(path.name for path in self._fs.files if path.parent == folder))

    def make_folder(self, path: Path) -> None:
        pass

    def write(self, path: Path, data: bytes, *, at: int) -> None:
        self._tick("write")
        file = self._fs.files.get(path)
        if file is None:
            file = File()
            self._fs.link(path, file)
        code = self._fails("write")
        kept = data[: len(data) // 2] if code else data
        file.data = file.data[:at].ljust(at, b"\0") + kept + file.data[at + len(kept) :]
        if code:
            raise OSError(code, "no space left on device", str(path))
        self._tick("written")

    def truncate(self, path: Path, size: int) -> None:
        self._tick("truncate")
        file = self._fs.get(path)
        file.data = file.data[:size]

    def sync(self, path: Path) -> None:
        self._tick("sync")
        file = self._fs.get(path)
        if code := self._fails("sync"):
            raise OSError(code, "input/output error", str(path))
        file.durable = file.data
        self._tick("synced")

    def sync_folder(self, path: Path) -> None:
        self._tick("sync_folder")
        self._fs.sync_folder(path)

    def rename(self, old: Path, new: Path) -> None:
        self._tick("rename")
        file = self._fs.get(old)
        self._fs.link(old, None)
        self._fs.link(new, file)
        self._tick("renamed")

    def remove(self, path: Path) -> None:
        self._tick("remove")
        if path in self._fs.files:
            self._fs.link(path, None)

    def copy(self, source: Path, target: Path) -> None:
        self._tick("copy")
        file = File()
        file.data = self._fs.get(source).data
        self._fs.link(target, file)

    def digest(self, path: Path) -> str:
        return hashlib.sha256(self._fs.get(path).data).hexdigest()

    @contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        yield

    def try_lock(self, path: Path) -> None:
        raise AssertionError("processes are kept apart by the world")
