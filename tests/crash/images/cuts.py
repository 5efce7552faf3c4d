"""What a power cut may leave of a tree: which un-synced entries of folders, and which bytes of un-synced files.

The rule, so that the number of images stays finite:

- An entry is there or not. Up to `ALL_ENTRIES` pending entries: every subset. More: none, all, each alone, all but
  each, every prefix in the order in which they were made, and every folder with all of its own and no other's.
- A file has one of the `contents` below. As long as the product over all un-synced files is at most `ALL_CONTENTS`,
  every combination; else all files at their least and at their most, and each content of each file with the others at
  their least, and at their most.
- Both together, if that gives at most `ALL_IMAGES`; else every choice of entries with all files at their least and at
  their most, and every choice of contents with no entries and with all.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod

from tests.crash.images.tree import Entry, Image, Inode, Kept, Tree, apply

ALL_ENTRIES = 5
ALL_CONTENTS = 60
ALL_IMAGES = 400
BLOCK = 512  # bytes that a disk writes at once or not at all

Entries = tuple[Entry, ...]
Fates = dict[int, bytes]  # what is left of each un-synced file, by its number


def power_cuts(tree: Tree) -> Iterator[Image]:
    """Every disk that a power cut may leave now. Some may be equal."""
    entries = list(choices(tree.pending))
    fates = list(mixtures([inode for inode in _reachable(tree) if inode.unsynced]))
    if len(entries) * len(fates) <= ALL_IMAGES:
        pairs: Iterable[tuple[Entries, Fates]] = product(entries, fates)
    else:
        extremes = [entries[0], entries[-1]], [fates[0], fates[-1]]
        pairs = [*product(entries, extremes[1]), *product(extremes[0], fates)]
    for kept, contents_of in pairs:
        yield _left(tree, kept, contents_of)


def choices(pending: Sequence[Entry]) -> Iterator[Entries]:
    """Which entries may be durable: none first, all last."""
    whole = range(2 ** len(pending))
    masks = whole if len(pending) <= ALL_ENTRIES else sorted(_masks(pending))
    chosen = (tuple(entry for number, entry in enumerate(pending) if mask >> number & 1) for mask in masks)
    yield from (some for some in chosen if all(_is_possible(entry, some, pending) for entry in some))


def _is_possible(entry: Entry, chosen: Entries, pending: Sequence[Entry]) -> bool:
    return entry.needs is None or entry.needs in chosen or entry.needs not in pending


def _masks(pending: Sequence[Entry]) -> set[int]:
    everything = 2 ** len(pending) - 1
    singles = {1 << number for number in range(len(pending))}
    prefixes = {(1 << number) - 1 for number in range(len(pending))}
    folders = {entry.folder for entry in pending}
    whole_folders = {
        sum(1 << number for number, entry in enumerate(pending) if entry.folder == folder) for folder in folders
    }
    return {0, everything, *singles, *(everything - single for single in singles), *prefixes, *whole_folders}


def mixtures(inodes: Sequence[Inode]) -> Iterator[Fates]:
    """Which bytes of each file may be durable: the least of all first, the most of all last."""
    each = [contents(inode) for inode in inodes]
    numbers = [inode.number for inode in inodes]
    if prod(map(len, each)) <= ALL_CONTENTS:
        yield from (dict(zip(numbers, chosen, strict=True)) for chosen in product(*each))
        return
    least, most = ({number: some[end] for number, some in zip(numbers, each, strict=True)} for end in (0, -1))
    yield least
    for number, some in zip(numbers, each, strict=True):
        for content in some:
            yield least | {number: content}
            yield most | {number: content}
    yield most


def contents(inode: Inode) -> list[bytes]:
    """What may be left of a file: what was synced first, all of it last."""
    old, new = inode.durable, inode.data
    found = [old, *_of_changes(inode)]
    if new.startswith(old):
        found += _of_appended(old, new)
    elif old.startswith(new):  # it was cut, durably or not
        found += []
    else:
        found += _of_overwritten(old, new)
    return [*dict.fromkeys(each for each in found if each != new), new]


def _of_changes(inode: Inode) -> Iterator[bytes]:
    """Every prefix of the writes, each left out, and each alone: a later write may survive an earlier one."""
    changes = inode.unsynced
    chosen = [changes[:number] for number in range(1, len(changes))]
    chosen += [[*changes[:number], *changes[number + 1 :]] for number in range(len(changes))]
    chosen += [[change] for change in changes]
    for some in chosen:
        content = inode.durable
        for change in some:
            content = change.on(content)
        yield content


def _of_appended(old: bytes, new: bytes) -> Iterator[bytes]:
    """Any prefix at the places that matter, the same with the file's full length, and blocks out of order."""
    for cut in _places(old, new):
        yield new[:cut]
        yield new[:cut].ljust(len(new), b"\0")
    for start in range(len(old) // BLOCK * BLOCK, len(new), BLOCK):
        first, last = max(start, len(old)), min(start + BLOCK, len(new))
        yield new[:first] + bytes(last - first) + new[last:]
        yield old + bytes(first - len(old)) + new[first:last] + bytes(len(new) - last)


def _places(old: bytes, new: bytes) -> list[int]:
    """Where a file may be cut: nothing new, in the first byte, at and within every line, and before the last byte."""
    places = {len(old), len(old) + 1, len(new) - 1}
    start = len(old)
    while (end := new.find(b"\n", start)) >= 0 and len(places) < 64:
        places |= {(start + end) // 2, end, end + 1}
        start = end + 1
    places.add((start + len(new)) // 2)
    return sorted(place for place in places if len(old) <= place < len(new))


def _of_overwritten(old: bytes, new: bytes) -> Iterator[bytes]:
    """Old and new mixed by blocks and at the middle, as a write in place can leave them."""
    middle = len(new) // 2
    yield new[:middle] + old[middle:]
    yield old[:middle] + new[middle:]
    for start in range(0, len(new), BLOCK):
        yield new[:start] + old[start : start + BLOCK] + new[start + BLOCK :]


def _reachable(tree: Tree) -> list[Inode]:
    """The files that may have a name afterwards."""
    inodes = {inode.number: inode for inode in tree.durable.values()}
    inodes |= {entry.target.number: entry.target for entry in tree.pending if isinstance(entry.target, Inode)}
    return [inodes[number] for number in sorted(inodes)]


def _left(tree: Tree, kept: Entries, fates: Fates) -> Image:
    files, folders = dict(tree.durable), set(tree.durable_folders)
    for entry in kept:
        apply(entry, files, folders)
    there = {folder for folder in folders if all(parent in folders for parent in folder.parents)}
    return Image(
        files={
            path: Kept(inode.number, fates.get(inode.number, inode.data), inode.changed)
            for path, inode in files.items()
            if path.parent in there
        },
        folders=frozenset(there),
        mounts=tree.mounts,
    )
