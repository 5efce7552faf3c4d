"""Every disk that a crash may leave, at every operation of a run: none makes the next run buy twice or lose a clip."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from runner.disk import SystemDisk
from tests.crash.images.cuts import choices, contents
from tests.crash.images.explore import Explorer
from tests.crash.images.mutants import MUTANTS, first_violation
from tests.crash.images.stories import Story, killed_twice, new_shots, second_lives
from tests.crash.images.tree import Cut, Inode, Tree, Write
from tests.crash.images.tree_disk import TreeDisk

QUICKLY_FOUND = (
    "intent not synced",
    "intent after the POST",
    "job's id not synced",
    "fold in place",
    "no folder sync after a fold",
    "named before recorded, not stored",
    "stored clip of a killed run believed",
    "torn tails are damage",
    "another lockfile not taken in",
)


def violations(explorer: Explorer, stories: Iterable[Story]) -> list[str]:
    return [each for story in stories for each in explorer.explore(story).violations]


@pytest.mark.timeout(600)
def test_no_crash_of_a_run_of_one_shot_breaks_a_promise() -> None:
    explorer = Explorer()
    tally = explorer.explore(new_shots(1))
    assert tally.violations == []
    assert tally.images > 800
    assert tally.recoveries > 1600


@pytest.mark.parametrize("count", [2, 3])
def test_no_crash_of_a_run_of_more_shots_breaks_a_promise(count: int) -> None:
    assert violations(Explorer(every=11, thin=7), [new_shots(count)]) == []


def test_no_crash_of_a_life_after_another_one_breaks_a_promise() -> None:
    assert violations(Explorer(every=7, thin=6), second_lives(1)) == []


def test_no_crash_of_a_life_after_a_kill_breaks_a_promise() -> None:
    assert violations(Explorer(every=7, thin=11), killed_twice(1)[::5]) == []


@pytest.mark.parametrize("name", QUICKLY_FOUND)
def test_a_recipe_without_this_step_is_caught(name: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    assert first_violation(mutant, every=9)


def killed_at(what: str) -> list[str]:
    """What is wrong after a kill at an operation, a second life, and a power cut at any of its operations."""
    stories = [story for story in killed_twice(1) if what in story.name]
    assert stories, "that is no operation of a run any more"
    return violations(Explorer(every=7), stories)


def test_a_folder_that_a_killed_run_made_is_durable_before_anything_is_put_into_it() -> None:
    assert killed_at("make_folder store") == []
    assert killed_at("make_folder shotlock") == []


def test_a_clip_that_a_killed_run_put_into_the_store_is_durable_there_before_it_is_recorded() -> None:
    assert killed_at("rename a stored clip") == []


@pytest.mark.parametrize("made", ["", "a", "a/b", "a/b/c"])
def test_the_recorded_disk_makes_folders_as_that_of_the_machine_does(tmp_path: Path, made: str) -> None:
    synced: list[Path] = []

    class Watched(SystemDisk):
        def sync_folder(self, path: Path) -> None:
            synced.append(path)
            super().sync_folder(path)

    (tmp_path / made).mkdir(parents=True, exist_ok=True)
    tree = Tree(tmp_path / made)
    told: list[Path] = []
    recorded = TreeDisk(tree, before=lambda what, path: told.append(path) if what == "sync_folder" else None)
    for disk in (Watched(), recorded):
        disk.make_folder(tmp_path / "a/b/c")
    assert (tmp_path / "a/b/c").is_dir()
    assert synced == told


def test_an_append_may_be_cut_anywhere_zeroed_or_reordered() -> None:
    inode = Inode(1, b"one\n", b"one\n")
    inode.put(Write(4, b"two\n"))
    inode.put(Write(8, b"three\n"))
    left = contents(inode)
    assert left[0] == b"one\n"
    assert left[-1] == b"one\ntwo\nthree\n"
    assert {b"one\ntwo\n", b"one\nt", b"one\ntwo", b"one\ntwo\nth", b"one\ntwo\nthree"} <= {*left}
    assert b"one\n\0\0\0\0\0\0\0\0\0\0" in left  # its length without its bytes
    assert b"one\n\0\0\0\0three\n" in left  # the later write without the earlier
    assert len(left) == len({*left})


def test_a_cut_or_a_write_in_place_may_be_durable_or_not() -> None:
    inode = Inode(1, b"one\ntwo\n", b"one\ntwo\n")
    inode.put(Cut(4))
    assert contents(inode) == [b"one\ntwo\n", b"one\n"]
    inode.put(Write(0, b"ONE\n"))
    assert {b"one\ntwo\n", b"one\n", b"ONE\ntwo\n", b"ONE\n"} <= {*contents(inode)}


def test_a_rename_may_be_durable_by_its_new_name_alone_and_never_by_neither() -> None:
    tree = Tree(Path("/a"), Path("/b"))
    disk = TreeDisk(tree)
    disk.write(Path("/a/old"), b"it", at=0)
    disk.sync_folder(Path("/a"))
    disk.rename(Path("/a/old"), Path("/b/new"))
    kept = [{entry.path.name for entry in chosen} for chosen in choices(tree.pending)]
    assert kept == [set(), {"new"}, {"old", "new"}]
    disk.sync_folder(Path("/a"))
    assert {*tree.durable} == {Path("/b/new")}


def test_a_file_is_lost_with_its_folder_however_it_was_synced() -> None:
    tree = Tree(Path("/a"))
    disk = TreeDisk(tree)
    tree.link(Path("/a/b"), True)
    disk.write(Path("/a/b/c"), b"it", at=0)
    disk.sync(Path("/a/b/c"))
    disk.sync_folder(Path("/a/b"))
    assert Path("/a/b") not in tree.durable_folders
    disk.sync_folder(Path("/a"))
    assert Path("/a/b") in tree.durable_folders
