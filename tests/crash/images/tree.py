"""A filesystem in memory that tells what is durable from what is merely written, in the weakest sense that is allowed.

A folder's entries are durable when the folder is synced, a file's bytes when the file is; neither brings the other.
"""

import errno
from collections.abc import Mapping
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
