"""Every disk that a crash may leave, at every operation of a run: none makes the next run buy twice or lose a clip."""

from pathlib import Path

import pytest

from runner.disk import SystemDisk
from tests.crash.images.explore import Explorer
from tests.crash.images.stories import killed_twice
from tests.crash.images.tree import Tree, TreeDisk


def killed_at(what: str) -> list[str]:
    """What is wrong after a kill at an operation, a second life, and a power cut at any of its operations."""
    stories = [story for story in killed_twice(1) if what in story.name]
    assert stories, "that is no operation of a run any more"
    explorer = Explorer(every=7)
    return [each for story in stories for each in explorer.explore(story).violations]


def test_a_folder_that_a_killed_run_made_is_durable_before_anything_is_put_into_it() -> None:
    assert killed_at("make_folder store") == []
    assert killed_at("make_folder shotlock") == []


def test_a_clip_that_a_killed_run_put_into_the_store_is_durable_there_before_it_is_recorded() -> None:
    assert killed_at("rename d0edc066") == []


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
