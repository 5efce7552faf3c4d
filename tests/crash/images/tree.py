"""A filesystem in memory that tells what is durable from what is merely written, in the weakest sense that is allowed.

A folder's entries are durable when the folder is synced, a file's bytes when the file is; neither brings the other.
"""

import errno
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that were written at an offset."""

    at: int
    data: bytes

    def on(self, content: bytes) -> bytes:
        return content[: self.at].ljust(self.at, b"\0") + self.data + content[self.at + len(self.data) :]


@dataclass(frozen=True, slots=True)
class Cut:
    """A file was cut to a size."""

    size: int

    def on(self, content: bytes) -> bytes:
        return content[: self.size].ljust(self.size, b"\0")


@dataclass(slots=True, eq=False)
class Inode:
    """A file, whatever it is called."""

    number: int
    data: bytes = b""
    durable: bytes = b""
    unsynced: list[Write | Cut] = field(default_factory=list)
    changed: int = 0  # what a stamp shows of its last change

    def put(self, change: Write | Cut) -> None:
        self.data = change.on(self.data)
        self.unsynced.append(change)

    def sync(self) -> None:
        self.durable = self.data
        self.unsynced.clear()


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A change of a folder that is not durable yet: a name for a file, a new folder (True), or no such name (None).

    A rename is two of them, and its first may be durable alone: a file may have both names, but never neither.
    """

    path: Path
    target: Inode | bool | None
    needs: "Entry | None" = None

    @property
    def folder(self) -> Path:
        return self.path.parent


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as an image has it."""

    number: int
    data: bytes
    changed: int


@dataclass(frozen=True, slots=True)
class Image:
    """Everything on a disk after a crash."""

    files: Mapping[Path, Kept]
    folders: frozenset[Path]
    mounts: frozenset[Path] = frozenset()

    @property
    def key(self) -> int:
        """Equal for equal disks."""
        return hash((frozenset(self.files.items()), self.folders))


class Tree:
    """Files and folders as processes see them, and what of that is not durable yet, in order."""

    def __init__(self, *folders: Path) -> None:
        roots = {parent for folder in folders for parent in (folder, *folder.parents)}
        self.files: dict[Path, Inode] = {}
        self.folders: set[Path] = set(roots)
        self.durable: dict[Path, Inode] = {}
        self.durable_folders: set[Path] = set(roots)
        self.pending: list[Entry] = []
        self.mounts: frozenset[Path] = frozenset()  # folders on filesystems of their own
        self.version = 0  # another one after every change of what is written or durable
        self._names: dict[Path, tuple[str, ...]] = {}
        self._numbers = 0
        self._changes = 0

    @classmethod
    def of(cls, image: Image) -> "Tree":
        """The disk as it is found after a crash: what is there is durable."""
        tree = cls(*image.folders)
        tree.mounts = image.mounts
        for path, kept in image.files.items():
            tree.files[path] = Inode(kept.number, kept.data, kept.data, changed=kept.changed)
        tree.durable = dict(tree.files)
        tree._numbers = max((kept.number for kept in image.files.values()), default=0)
        tree._changes = max((kept.changed for kept in image.files.values()), default=0)
        return tree

    def twin(self) -> "Tree":
        """Another tree that stands as this one does, un-synced changes and all."""
        inodes = {*self.files.values(), *self.durable.values()}
        inodes |= {entry.target for entry in self.pending if isinstance(entry.target, Inode)}
        copies = {each: replace(each, unsynced=[*each.unsynced]) for each in inodes}
        twin = Tree()
        twin.files = {path: copies[each] for path, each in self.files.items()}
        twin.durable = {path: copies[each] for path, each in self.durable.items()}
        twin.folders, twin.durable_folders = {*self.folders}, {*self.durable_folders}
        entries: dict[Entry | None, Entry | None] = {None: None}
        for each in self.pending:
            target = copies[each.target] if isinstance(each.target, Inode) else each.target
            entries[each] = Entry(each.path, target, entries.get(each.needs))
        twin.pending = [entries[each] for each in self.pending]
        twin.mounts = self.mounts
        twin._numbers, twin._changes = self._numbers, self._changes
        return twin

    def get(self, path: Path) -> Inode:
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such file or directory", str(path)) from None

    def make(self, path: Path) -> Inode:
        """The file of that name, new if need be."""
        if (known := self.files.get(path)) is not None:
            return known
        self.need_folder(path.parent)
        self._numbers += 1
        inode = Inode(self._numbers)
        self.link(path, inode)
        return inode

    def names(self, folder: Path) -> tuple[str, ...]:
        """What is in a folder."""
        if folder not in self._names:
            here = (path.name for path in (*self.files, *self.folders) if path.parent == folder)
            self._names[folder] = tuple(sorted(here))
        return self._names[folder]

    def need_folder(self, path: Path) -> None:
        if path not in self.folders:
            raise FileNotFoundError(errno.ENOENT, "no such file or directory", str(path))

    def link(self, path: Path, target: Inode | bool | None, *, needs: Entry | None = None) -> Entry:
        """Change a folder's entry."""
        if target is True:
            self.folders.add(path)
        elif isinstance(target, Inode):
            self.files[path] = target
        else:
            del self.files[path]
        self.pending.append(Entry(path, target, needs))
        self._names.clear()
        self.version += 1
        return self.pending[-1]

    def change(self, inode: Inode, change: Write | Cut) -> None:
        inode.put(change)
        self._changes += 1
        inode.changed = self._changes
        self.version += 1

    def sync(self, path: Path) -> None:
        self.get(path).sync()
        self.version += 1

    def sync_folder(self, folder: Path) -> None:
        self.need_folder(folder)
        here = [entry for entry in self.pending if entry.folder == folder]
        now = {*here, *(entry.needs for entry in here)}
        for entry in self.pending:
            if entry in now:
                apply(entry, self.durable, self.durable_folders)
        self.pending = [entry for entry in self.pending if entry not in now]
        self.version += 1

    @property
    def image(self) -> Image:
        """What a kill leaves: everything that was written."""
        files = {path: Kept(inode.number, inode.data, inode.changed) for path, inode in self.files.items()}
        return Image(files=files, folders=frozenset(self.folders), mounts=self.mounts)

    def device(self, path: Path) -> Path | None:
        """The filesystem that a path is on."""
        return next((parent for parent in path.parents if parent in self.mounts), None)


def apply(entry: Entry, files: dict[Path, Inode], folders: set[Path]) -> None:
    """Make one change of a folder."""
    if entry.target is True:
        folders.add(entry.path)
    elif isinstance(entry.target, Inode):
        files[entry.path] = entry.target
    else:
        files.pop(entry.path, None)


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

    def write(self, path: Path, data: bytes, *, at: int) -> None:
        self._before("write", path)
        inode = self.tree.make(path)
        self.tree.change(inode, Write(at, data))
        self._after("write", path)

    def write_half(self, path: Path, data: bytes, *, at: int) -> None:
        """What a full disk, or a kill, makes of a write."""
        self.tree.change(self.tree.make(path), Write(at, data[: len(data) // 2]))

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
