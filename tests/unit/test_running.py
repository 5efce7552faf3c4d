"""The mutex of a manifest, and whether a run is alive."""

import os
from pathlib import Path

import pytest

from runner.commands.running import alone, running
from runner.disk import SystemDisk
from runner.errors import DiskFailed, MutexHeld


def test_a_manifest_is_running_as_long_as_its_mutex_is_held(tmp_path: Path) -> None:
    disk, film = SystemDisk(), tmp_path / "film.yaml"
    assert not running(disk, tmp_path / "state", str(film))
    with alone(disk, tmp_path / "state", film):
        assert running(disk, tmp_path / "state", str(film))
        assert not running(disk, tmp_path / "state", str(tmp_path / "other.yaml"))
    assert not running(disk, tmp_path / "state", str(film))


def test_whoever_comes_second_is_told_who_was_first(tmp_path: Path) -> None:
    disk, film = SystemDisk(), tmp_path / "film.yaml"
    with (
        alone(disk, tmp_path / "state", film),
        pytest.raises(MutexHeld, match=f"another run of film.yaml is going on: process {os.getpid()} on ") as raised,
        alone(disk, tmp_path / "state", film),
    ):
        pass
    assert raised.value.exit_code == 4


def test_looking_makes_no_file(tmp_path: Path) -> None:
    assert not running(SystemDisk(), tmp_path, "/films/film.yaml")
    assert not list(tmp_path.iterdir())


def test_a_state_folder_that_cannot_be_made_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with (
        pytest.raises(DiskFailed, match="cannot be written"),
        alone(SystemDisk(), tmp_path / "state", tmp_path / "film.yaml"),
    ):
        pass
