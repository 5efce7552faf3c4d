"""A disk that keeps what is durable apart from what is merely written, and can be cut off at any operation."""

import errno
import hashlib
import itertools
import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

_BLOCK = 64  # bytes: small, so that a line can lose its middle
_numbers = itertools.count(1)


class Crash(BaseException):
    """The process is dead; nothing of it runs on."""


class File:
    __slots__ = ("data", "durable", "number")

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.durable = b""
        self.number = next(_numbers)


class Filesystem:
    """Files by path, as processes see them and as a power cut would leave them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.files: dict[str, File] = {}
        self._durable: dict[str, File] = {}
        self._pending: list[tuple[str, str, File | None]] = []  # folder, path, file or None for removal
        self._names: dict[str, tuple[str, ...]] = {}

    def get(self, path: Path) -> File:
        try:
            return self.files[str(path)]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path)) from None

    def link(self, path: str, file: File | None) -> None:
        if file is None:
            self.files.pop(path, None)
        else:
            self.files[path] = file
        folder = path.rpartition("/")[0]
        self._names.pop(folder, None)
        self._pending.append((folder, path, file))

    def names(self, folder: Path) -> tuple[str, ...]:
        key = str(folder)
        found = self._names.get(key)
        if found is None:
            split = (path.rpartition("/") for path in self.files)
            found = self._names[key] = tuple(sorted(name for parent, _, name in split if parent == key))
        return found

    def sync_folder(self, folder: str) -> None:
        if self._pending:
            for entry in self._pending:
                if entry[0] == folder:
                    self._apply(entry)
            self._pending = [entry for entry in self._pending if entry[0] != folder]

    def put(self, path: Path, data: bytes | None) -> None:
        """What another program does, git for instance: the file is this one now, or gone, and that is durable."""
        file = None if data is None else File(data)
        if file:
            file.durable = file.data
        self.link(str(path), file)
        self.sync_folder(str(path.parent))

    def power_cut(self) -> None:
        """Keep what is durable, and of the rest whatever chance leaves: names, prefixes, zeros, holes."""
        for entry in self._pending:
            if self._rng.random() < 0.5:
                self._apply(entry)
        self._pending = []
        self._names = {}
        self.files = dict(self._durable)
        for file in dict.fromkeys(self.files.values()):
            if file.data != file.durable:
                file.data = file.durable = self._torn(file)

    def _apply(self, entry: tuple[str, str, File | None]) -> None:
        _, path, file = entry
        if file is None:
            self._durable.pop(path, None)
        else:
            self._durable[path] = file

    def _torn(self, file: File) -> bytes:
        whole, kept = file.data, file.durable
        shorter = min(whole, kept, key=len)  # what was appended or cut off lies after it
        common = len(shorter) if whole.startswith(shorter) and kept.startswith(shorter) else 0
        match self._rng.randrange(5):
            case 0:
                return kept
            case 1:
                return whole[: self._rng.randint(common, len(whole))]
            case 2:
                cut = self._rng.randint(common, len(whole))
                return whole[:cut] + b"\0" * (len(whole) - cut)
            case 3:
                return self._holed(whole, common)
            case _:
                return whole

    def _holed(self, whole: bytes, common: int) -> bytes:
        """Some blocks were written and others not yet, in no order."""
        holed = bytearray(whole)
        for start in range(common, len(whole), _BLOCK):
            if self._rng.random() < 0.5:
                end = min(start + _BLOCK, len(whole))
                holed[start:end] = bytes(end - start)
        return bytes(holed)


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
        file = self._fs.files.get(str(path))
        return None if file is None else len(file.data)

    def identity(self, path: Path) -> tuple[int, int] | None:
        file = self._fs.files.get(str(path))
        return None if file is None else (0, file.number)

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        file = self._fs.files.get(str(path))
        return None if file is None else (len(file.data), hash(file.data), 0)

    def names(self, folder: Path) -> tuple[str, ...]:
        return self._fs.names(folder)

    def make_folder(self, path: Path) -> None:
        pass

    def write(self, path: Path, data: bytes, *, at: int | None) -> None:
        self._tick("write")
        file = self._fs.files.get(str(path))
        if file is None:
            file = File()
            self._fs.link(str(path), file)
        code = self._fails("write")
        kept = data[: len(data) // 2] if code else data
        old = file.data
        file.data = (
            old + kept if at is None or at == len(old) else old[:at].ljust(at, b"\0") + kept + old[at + len(kept) :]
        )
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
        if code := self._fails("sync"):
            raise OSError(code, "input/output error", str(path))
        self._fs.sync_folder(str(path))

    def rename(self, old: Path, new: Path) -> None:
        self._tick("rename")
        file = self._fs.get(old)
        self._fs.link(str(old), None)
        self._fs.link(str(new), file)
        self._tick("renamed")

    def remove(self, path: Path) -> None:
        self._tick("remove")
        if str(path) in self._fs.files:
            self._fs.link(str(path), None)

    def copy(self, source: Path, target: Path) -> None:
        self._tick("copy")
        if code := self._fails("write"):
            raise OSError(code, "no space left on device", str(target))
        self._fs.link(str(target), File(self._fs.get(source).data))

    def digest(self, path: Path) -> str:
        return hashlib.sha256(self._fs.get(path).data).hexdigest()

    def lock(self, path: Path) -> AbstractContextManager[None]:
        return _OPEN

    def try_lock(self, path: Path) -> None:
        raise AssertionError("processes are kept apart by the world")


_OPEN: AbstractContextManager[Any] = nullcontext()
