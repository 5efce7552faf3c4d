"""A process's door to a tree: the operations of `Disk`, each of which can be heard, refused, or be the last."""

import errno
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash.images.tree import Cut, Tree, Write

Told = Callable[[str, Path], None]


def _nothing(what: str, path: Path) -> None:
    pass


class TreeDisk:
    """A process's door to a tree. `before` and `after` hear of every operation, and may raise."""

    def __init__(self, tree: Tree, *, before: Told = _nothing, after: Told = _nothing) -> None:
        self.tree = tree
        self._before = before
        self._after = after

    def read(self, path: Path) -> bytes:
        self._before("read", path)
        return self.tree.get(path).data

    def read_at(self, path: Path, offset: int, size: int) -> bytes:
        self._before("read_at", path)
        return self.tree.get(path).data[offset : offset + size]

    def size(self, path: Path) -> int | None:
        self._before("size", path)
        inode = self.tree.files.get(path)
        return None if inode is None else len(inode.data)

    def identity(self, path: Path) -> tuple[int, int] | None:
        self._before("identity", path)
        inode = self.tree.files.get(path)
        return None if inode is None else (0, inode.number)

    def stamp(self, path: Path) -> tuple[int, int, int] | None:
        self._before("stamp", path)
        inode = self.tree.files.get(path)
        return None if inode is None else (len(inode.data), inode.changed, inode.number)

    def names(self, folder: Path) -> tuple[str, ...]:
        self._before("names", folder)
        return self.tree.names(folder)

    def make_folder(self, path: Path) -> None:
        # The recipe of the machine's own disk, in this disk's operations.
        self._before("look into", path)
        if self.tree.names(path):
            return
        self.make_folder(path.parent)
        if path not in self.tree.folders:
            self._before("make_folder", path)
            self.tree.link(path, True)
            self._after("make_folder", path)
        self.sync_folder(path.parent)

    def write(self, path: Path, data: bytes, *, at: int | None) -> None:
        self._before("write", path)
        inode = self.tree.make(path)
        self.tree.change(inode, Write(len(inode.data) if at is None else at, data))
        self._after("write", path)

    def write_half(self, path: Path, data: bytes, *, at: int | None) -> None:
        """What a full disk, or a kill, makes of a write."""
        inode = self.tree.make(path)
        self.tree.change(inode, Write(len(inode.data) if at is None else at, data[: len(data) // 2]))

    def truncate(self, path: Path, size: int) -> None:
        self._before("truncate", path)
        self.tree.change(self.tree.get(path), Cut(size))
        self._after("truncate", path)

    def sync(self, path: Path) -> None:
        self._before("sync", path)
        self.tree.sync(path)
        self._after("sync", path)

    def sync_folder(self, path: Path) -> None:
        self._before("sync_folder", path)
        self.tree.sync_folder(path)
        self._after("sync_folder", path)

    def rename(self, old: Path, new: Path) -> None:
        self._before("rename", new)
        if self.tree.device(old) != self.tree.device(new):
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(old))
        inode = self.tree.get(old)
        self.tree.need_folder(new.parent)
        self.tree.link(old, None, needs=self.tree.link(new, inode))
        self._after("rename", new)

    def remove(self, path: Path) -> None:
        self._before("remove", path)
        if path in self.tree.files:
            self.tree.link(path, None)
            self._after("remove", path)

    def copy(self, source: Path, target: Path) -> None:
        self._before("copy", target)
        data = self.tree.get(source).data
        if target in self.tree.files:
            self.tree.link(target, None)
        self.tree.change(self.tree.make(target), Write(0, data))
        self._after("copy", target)

    def digest(self, path: Path) -> str:
        self._before("digest", path)
        return hashlib.sha256(self.tree.get(path).data).hexdigest()

    @contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        self._before("lock", path)
        self.tree.make(path)
        yield

    def try_lock(self, path: Path) -> None:
        raise AssertionError("runs are kept apart by who plays them")
