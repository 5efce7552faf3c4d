"""Digests are remembered as long as a file is the same, and never for longer."""

import hashlib
import os
from pathlib import Path

import pytest

from runner.disk import SystemDisk
from runner.lock.seen import Seen
from tests.crash.simulation.disk import SimDisk
from tests.unit.factories import FOLDER, Machine

CACHE, CLIP = FOLDER / "film.seen.json", FOLDER / "beach.mp4"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Counting(SimDisk):
    """Counts the files that are read through."""

    read_through = 0

    def digest(self, path: Path) -> str:
        self.read_through += 1
        return super().digest(path)


def counting(machine: Machine) -> Counting:
    return Counting(machine.fs, machine.operations.append, lambda _: 0)


def test_a_file_is_read_once_and_again_only_when_it_changed() -> None:
    machine = Machine()
    disk = counting(machine)
    seen = Seen(disk, CACHE)
    for data in (b"one", b"one", b"two", b"two", b"another length"):
        machine.put(CLIP, data)
        assert seen.sha256(CLIP) == digest(data)
    assert disk.read_through == 3


def test_what_was_seen_is_known_to_the_next_run() -> None:
    machine = Machine()
    machine.put(CLIP, b"one")
    seen = Seen(machine.disk(), CACHE)
    seen.sha256(CLIP)
    seen.save()
    disk = counting(machine)
    assert Seen(disk, CACHE).sha256(CLIP) == digest(b"one")
    assert disk.read_through == 0


def test_a_file_that_was_just_put_there_need_not_be_read() -> None:
    machine = Machine()
    machine.put(CLIP, b"one")
    disk = counting(machine)
    seen = Seen(disk, CACHE)
    seen.note(CLIP, digest(b"one"))
    assert seen.sha256(CLIP) == digest(b"one")
    assert disk.read_through == 0


def test_where_there_is_no_file_there_is_no_digest() -> None:
    seen = Seen(Machine().disk(), CACHE)
    assert seen.sha256(CLIP) == ""
    seen.note(CLIP, digest(b"one"))
    assert seen.sha256(CLIP) == ""


def test_a_file_that_went_is_not_remembered_as_there() -> None:
    machine = Machine()
    machine.put(CLIP, b"one")
    seen = Seen(machine.disk(), CACHE)
    seen.sha256(CLIP)
    machine.lose(CLIP)
    assert seen.sha256(CLIP) == ""


def test_without_news_nothing_is_written() -> None:
    machine = Machine()
    machine.put(CLIP, b"one")
    seen = Seen(machine.disk(), CACHE)
    seen.save()
    assert machine.disk().size(CACHE) is None
    seen.sha256(CLIP)
    seen.save()
    machine.operations.clear()
    seen.sha256(CLIP)
    seen.save()
    assert machine.operations == []


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b"5", b"\xff\xfe", b'{"/films/beach.mp4": 5}', b'{"/films/beach.mp4": [3]}']
)
def test_a_damaged_cache_is_as_good_as_none(damage: bytes) -> None:
    machine = Machine()
    machine.put(CLIP, b"one")
    machine.put(CACHE, damage)
    seen = Seen(machine.disk(), CACHE)
    assert seen.sha256(CLIP) == digest(b"one")
    seen.save()
    assert Seen(machine.disk(), CACHE).sha256(CLIP) == digest(b"one")


def test_on_a_real_disk_other_bytes_of_the_same_length_are_noticed(tmp_path: Path) -> None:
    clip, cache = tmp_path / "beach.mp4", tmp_path / "seen.json"
    clip.write_bytes(b"one")
    seen = Seen(SystemDisk(), cache)
    assert seen.sha256(clip) == digest(b"one")
    seen.save()
    (tmp_path / "other").write_bytes(b"two")
    os.replace(tmp_path / "other", clip)
    assert Seen(SystemDisk(), cache).sha256(clip) == digest(b"two")
