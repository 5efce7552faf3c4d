"""The runs that are recorded: what lay on the disk before, what the server knew, and what a person wants now."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from runner.lock.lines import HEADER
from runner.manifest.batch import ShotId
from tests.crash.images.film import (
    LOCKFILE,
    RENDERS,
    STATE,
    Film,
    bills,
    empty_tree,
    film_of,
)
from tests.crash.images.recording import Moment, Recording
from tests.crash.images.theirs import JOB_OF_THEIRS, line_of_theirs
from tests.crash.images.tree import Cut, Tree
from tests.crash.images.tree_disk import TreeDisk

Which = Callable[[Path], bool]


@dataclass(frozen=True, kw_only=True)
class Story:
    """One kind of run."""

    name: str
    begin: Callable[[], Recording]  # a life that is yet to be played
    home: Film  # what the lives after a crash are to make


def new_shots(count: int) -> Story:
    """A film that nobody has worked at."""
    film = film_of(count)
    return _told(f"{count} new shots", film, lambda: Recording(film=film, tree=empty_tree()))


def second_lives(count: int) -> tuple[Story, ...]:
    """Lives that find what another one left, or meet with something."""
    film = film_of(count)
    return (*_after_kills(film), *_mishaps(film), *_changes(film), *_losses(film))


def killed_twice(count: int) -> tuple[Story, ...]:
    """A life killed at every one of its operations, and a second one on what that left, un-synced as it is."""
    film = film_of(count)
    first = Recording(film=film, tree=empty_tree(), quiet=True)
    first.play()
    return tuple(
        _told(f"killed at {moment.number}, {moment.what}", film, partial(_after, moment, film))
        for moment in first.moments
    )


def _after_kills(film: Film) -> tuple[Story, ...]:
    edited = _edited(film)
    after = lambda what, now=film: _after(_killed(film, what), now)  # noqa: E731
    return (
        _told("POST unanswered, billed", film, lambda: after("billed")),
        _told("POST unanswered, lost", film, lambda: after("headers sent")),
        _told("POST unanswered, no list", film, lambda: replace(after("billed"), lists=False)),
        _told("killed while polling", film, lambda: after("poll")),
        _told("killed while downloading", film, lambda: after("half the content")),
        _told("fold of a tail", film, lambda: after("rename s0.mp4")),
        _told("shot edited in flight", edited, lambda: after("poll", edited)),
        _told("torn lockfile", film, lambda: _torn(film, ".lock", 20)),
        _told("torn ledger", film, lambda: _torn(film, ".jsonl", 20)),
        _told("lockfile without its last byte", film, lambda: _torn(film, ".lock", 1)),
        _told("ledger without its last byte", film, lambda: _torn(film, ".jsonl", 1)),
    )


def _mishaps(film: Film) -> tuple[Story, ...]:
    retrying, rolled = replace(film, retries=1), replace(film, rolled_back=True)
    play = lambda film, rate: Recording(film=film, tree=empty_tree(), mishaps={0: rate})  # noqa: E731
    return (
        _told("answer lost", film, lambda: play(film, "lose_after")),
        _told("POST lost, bought again", film, lambda: play(film, "lose_before")),
        _told("server error, billed", film, lambda: play(film, "error_after")),
        _told("job failed, bought again", retrying, lambda: play(retrying, "fails")),
        _told("another lockfile put there", rolled, lambda: replace(play(rolled, ""), meddle=_check_out)),
    )


def _changes(film: Film) -> tuple[Story, ...]:
    edited = _edited(film)
    renamed = replace(film, prompts={f"{shot}-x": prompt for shot, prompt in film.prompts.items()})
    retaken = replace(film, most=film.most + bills("scene 0"))
    ordered = replace(retaken, retake=frozenset({ShotId("s0")}))
    displacing = replace(film, strange=b"a film of their own")
    return (
        _told("shot renamed", renamed, lambda: _rerun(film, renamed)),
        _told("shot edited", edited, lambda: _rerun(film, edited)),
        _told("retake", retaken, lambda: _rerun(film, ordered)),
        _told("a strange file in the way", displacing, lambda: _in_the_way(displacing)),
        _told("clips on another disk", displacing, lambda: _in_the_way(displacing, mounts=frozenset({RENDERS}))),
    )


def _losses(film: Film) -> tuple[Story, ...]:
    bare = replace(film, bare=True)
    is_lockfile: Which = lambda path: path == LOCKFILE  # noqa: E731
    is_ledger: Which = lambda path: path.parent == STATE  # noqa: E731
    is_clip: Which = lambda path: path.suffix == ".mp4"  # noqa: E731
    is_in_place: Which = lambda path: path.parent == RENDERS  # noqa: E731
    flying = lambda gone: _without(_after(_killed(film, "poll"), film), gone)  # noqa: E731
    return (
        _told("clips gone, in the store", film, lambda: _without(_rerun(film, film), is_in_place)),
        _told("clips gone, in no store", bare, lambda: _without(_rerun(film, bare), is_clip)),
        _told("lockfile gone", film, lambda: _without(_rerun(film, film), is_lockfile)),
        _told("lockfile gone, in flight", film, lambda: flying(is_lockfile)),
        _told("a new machine", film, lambda: _without(_rerun(film, film), is_ledger)),
        _told("a new machine, in flight", film, lambda: flying(is_ledger)),
    )


def _told(name: str, home: Film, begin: Callable[[], Recording]) -> Story:
    return Story(name=name, begin=begin, home=home)


def _edited(film: Film) -> Film:
    prompts = {**film.prompts, "s0": "another scene"}
    return replace(film, prompts=prompts, least=bills(*prompts.values()), most=film.most + bills("another scene"))


def _killed(film: Film, what: str, nth: int = 0) -> Moment:
    """A moment, by what happened then, of a life that is killed there."""
    first = Recording(film=film, tree=empty_tree(), quiet=True)
    first.play()
    return [moment for moment in first.moments if moment.what.startswith(what)][nth]


def _after(moment: Moment, film: Film) -> Recording:
    """The life after a kill."""
    assert moment.tree is not None
    promise = replace(moment.promise, there=frozenset())
    return Recording(film=film, tree=moment.tree, books=moment.books, promise=promise, at=moment.at + 1.0, number=2)


def _rerun(first: Film, now: Film) -> Recording:
    """The life after one that ended well, whose files are durable by now."""
    before = Recording(film=first, tree=empty_tree(), quiet=True)
    before.play()
    promise = replace(before.promise, there=frozenset())
    tree = Tree.of(before.tree.image)
    return Recording(film=now, tree=tree, books=before.books, promise=promise, at=before.at + 60.0, number=2)


def _without(recording: Recording, gone: Which) -> Recording:
    """Somebody removed files, and that is durable."""
    disk = TreeDisk(recording.tree)
    for path in [path for path in recording.tree.files if gone(path)]:
        disk.remove(path)
        disk.sync_folder(path.parent)
    return recording


def _torn(film: Film, suffix: str, lost: int) -> Recording:
    """A power cut took the end of the last fact."""
    killed = _killed(film, f"write {'film.lock' if suffix == '.lock' else 'videos.test'}", -1)
    recording = _after(killed, film)
    tree = recording.tree
    for path, inode in tree.files.items():
        if path.suffix == suffix:
            tree.change(inode, Cut(len(inode.data) - lost))
    recording.tree = Tree.of(tree.image)
    return recording


def _in_the_way(film: Film, *, mounts: frozenset[Path] = frozenset()) -> Recording:
    recording = Recording(film=film, tree=empty_tree())
    disk, place = TreeDisk(recording.tree), film.clip("s0")
    disk.make_folder(place.parent)
    disk.write(place, film.strange, at=0)
    recording.tree = Tree.of(recording.tree.image)
    recording.tree.mounts = mounts
    return recording


def _check_out(what: str, recording: Recording) -> None:
    """Git puts a colleague's lockfile into the place of ours while a POST is on its way."""
    if what == "billed":
        disk = TreeDisk(recording.tree)
        disk.remove(LOCKFILE)
        disk.write(LOCKFILE, HEADER + line_of_theirs(), at=0)
        disk.sync(LOCKFILE)
        disk.sync_folder(LOCKFILE.parent)
        recording.brought.add(JOB_OF_THEIRS)
