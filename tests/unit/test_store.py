"""Where clips lie: nothing of ours is lost, nothing of others is overwritten, and no wrong bytes are handed out."""

import contextlib
import errno
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from runner.disk import SystemDisk
from runner.lock.facts import Clip
from runner.lock.seen import Seen
from runner.lock.store import Shelf
from tests.crash.simulation.disk import Crash, SimDisk
from tests.unit.factories import FOLDER, Machine, make_clip

NEW, OLD, THEIRS = b"the new clip", b"the older clip of ours", b"what somebody else put there"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def clip_of(data: bytes) -> Clip:
    return make_clip(sha256=digest(data), bytes=len(data))


def shelf_on(disk: SimDisk | SystemDisk, folder: Path = FOLDER) -> Shelf:
    hidden = folder / ".shotlock"
    return Shelf(
        disk=disk,
        folder=folder,
        renders=folder / "renders" / "film",
        hidden=hidden,
        store=hidden / "store",
        seen=Seen(disk, hidden / "seen.json"),
    )


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def shelf(machine: Machine) -> Shelf:
    return shelf_on(machine.disk())


def downloaded(machine: Machine, shelf: Shelf, data: bytes) -> Path:
    """A part that was downloaded and verified."""
    part = shelf.part("video_1")
    machine.put(part, data)
    return part


def kept(machine: Machine, shelf: Shelf, data: bytes) -> None:
    shelf.keep(downloaded(machine, shelf, data), digest(data))


def test_places_are_beside_the_manifest(shelf: Shelf) -> None:
    assert shelf.place("beach") == FOLDER / "renders" / "film" / "beach.mp4"
    assert shelf.name_of("beach") == "renders/film/beach.mp4"


@pytest.mark.parametrize("job", ["../../etc/passwd", "/x", "a/b", "", ".", "x" * 9999, "视频", "\0"])
def test_a_servers_id_never_becomes_a_name(shelf: Shelf, job: str) -> None:
    part = shelf.part(job)
    assert part.parent == FOLDER / ".shotlock" / "parts"
    assert part.suffix == ".part"
    assert len(part.name) == 24 + len(".part")
    assert part != shelf.part(job + "x")


def test_a_kept_clip_outlives_a_power_cut(machine: Machine, shelf: Shelf) -> None:
    kept(machine, shelf, NEW)
    machine.fs.power_cut()
    assert machine.disk().read(shelf.kept(digest(NEW))) == NEW
    assert shelf.stored(clip_of(NEW))


def test_keeping_leaves_the_part_where_it_is(machine: Machine, shelf: Shelf) -> None:
    kept(machine, shelf, NEW)
    assert machine.disk().read(shelf.part("video_1")) == NEW


def test_a_clip_is_kept_once(machine: Machine, shelf: Shelf) -> None:
    kept(machine, shelf, NEW)
    machine.operations.clear()
    shelf.keep(shelf.part("video_1"), digest(NEW))
    assert "copy" not in machine.operations


@pytest.mark.parametrize("damaged", [NEW[:-1], NEW[:-1] + b"?", b""])
def test_a_damaged_clip_in_the_store_is_replaced_by_a_good_one(machine: Machine, shelf: Shelf, damaged: bytes) -> None:
    machine.put(shelf.kept(digest(NEW)), damaged)
    kept(machine, shelf, NEW)
    assert machine.disk().read(shelf.kept(digest(NEW))) == NEW


def test_a_kill_while_keeping_leaves_no_half_clip_under_the_name(machine: Machine) -> None:
    for stop_after in range(10):
        machine = Machine()
        calm = shelf_on(machine.disk())
        part = downloaded(machine, calm, NEW)
        with contextlib.suppress(Crash):
            shelf_on(machine.dying_disk(stop_after)).keep(part, digest(NEW))
        machine.fs.power_cut()
        kept = machine.fs.files.get(str(calm.kept(digest(NEW))))
        assert kept is None or kept.data == NEW


def test_a_clip_takes_its_place_durably(machine: Machine, shelf: Shelf) -> None:
    part = downloaded(machine, shelf, NEW)
    machine.disk().sync(part)
    assert shelf.put(part, "beach", digest(NEW), frozenset({digest(NEW)})) is None
    assert machine.disk().size(part) is None
    machine.fs.power_cut()
    assert machine.disk().read(shelf.place("beach")) == NEW
    assert shelf.here("beach", clip_of(NEW))


def test_an_older_clip_of_ours_goes_to_the_store(machine: Machine, shelf: Shelf) -> None:
    machine.put(shelf.place("beach"), OLD)
    moved = shelf.put(downloaded(machine, shelf, NEW), "beach", digest(NEW), frozenset({digest(OLD), digest(NEW)}))
    assert moved is None
    assert machine.disk().read(shelf.place("beach")) == NEW
    assert machine.disk().read(shelf.kept(digest(OLD))) == OLD
    assert machine.disk().names(shelf.hidden / "displaced") == ()


def test_a_file_that_is_not_ours_is_moved_aside_and_named(machine: Machine, shelf: Shelf) -> None:
    machine.put(shelf.place("beach"), THEIRS)
    moved = shelf.put(downloaded(machine, shelf, NEW), "beach", digest(NEW), frozenset({digest(NEW)}))
    assert moved == shelf.hidden / "displaced" / "beach.mp4"
    assert machine.disk().read(moved) == THEIRS
    assert machine.disk().read(shelf.place("beach")) == NEW


def test_many_files_that_are_not_ours_are_all_kept(machine: Machine, shelf: Shelf) -> None:
    moved = []
    for number in range(3):
        machine.put(shelf.place("beach"), THEIRS + bytes([number]))
        moved.append(shelf.put(downloaded(machine, shelf, NEW), "beach", digest(NEW), frozenset()))
    assert [path.name for path in moved if path] == ["beach.mp4", "beach-2.mp4", "beach-3.mp4"]
    assert [machine.disk().read(path)[-1] for path in moved if path] == [0, 1, 2]


def test_a_restored_clip_is_a_copy(machine: Machine, shelf: Shelf) -> None:
    kept(machine, shelf, NEW)
    assert shelf.restore("beach", clip_of(NEW), frozenset({digest(NEW)}))
    assert machine.disk().read(shelf.place("beach")) == NEW
    machine.disk().write(shelf.place("beach"), b"X", at=0)
    assert machine.disk().read(shelf.kept(digest(NEW))) == NEW


def test_restoring_moves_aside_what_is_not_ours(machine: Machine, shelf: Shelf) -> None:
    kept(machine, shelf, NEW)
    machine.put(shelf.place("beach"), THEIRS)
    assert shelf.restore("beach", clip_of(NEW), frozenset({digest(NEW)}))
    assert machine.disk().read(shelf.hidden / "displaced" / "beach.mp4") == THEIRS


def test_a_damaged_clip_is_not_restored_and_not_offered_again(machine: Machine, shelf: Shelf) -> None:
    damaged = NEW[:-1] + b"?"
    machine.put(shelf.kept(digest(NEW)), damaged)
    machine.put(shelf.place("beach"), THEIRS)
    assert shelf.stored(clip_of(NEW))
    assert not shelf.restore("beach", clip_of(NEW), frozenset({digest(NEW)}))
    assert machine.disk().read(shelf.place("beach")) == THEIRS
    assert not shelf.stored(clip_of(NEW))


def test_a_clip_of_another_length_is_neither_here_nor_stored(machine: Machine, shelf: Shelf) -> None:
    machine.put(shelf.place("beach"), NEW[:-1])
    machine.put(shelf.kept(digest(NEW)), NEW[:-1])
    assert not shelf.here("beach", clip_of(NEW))
    assert not shelf.stored(clip_of(NEW))
    assert not shelf.here("walk", clip_of(NEW))


def test_a_full_disk_costs_no_clip(machine: Machine, shelf: Shelf) -> None:
    machine.put(shelf.place("beach"), OLD)
    part = downloaded(machine, shelf, NEW)
    machine.failing = lambda what: errno.EIO if what == "sync" else 0
    with pytest.raises(OSError, match="input/output"):
        shelf.put(part, "beach", digest(NEW), frozenset({digest(OLD)}))
    assert machine.disk().read(shelf.place("beach")) == OLD
    assert machine.disk().read(part) == NEW


def test_the_hidden_folder_ignores_itself_in_git(tmp_path: Path) -> None:
    shelf = shelf_on(SystemDisk(), tmp_path)
    shelf.make_ready()
    assert (tmp_path / ".shotlock" / ".gitignore").read_bytes() == b"*\n"
    assert sorted(path.name for path in (tmp_path / ".shotlock").iterdir()) == [".gitignore", "parts", "store"]
    (tmp_path / ".shotlock" / ".gitignore").write_bytes(b"mine\n")
    shelf.make_ready()
    assert (tmp_path / ".shotlock" / ".gitignore").read_bytes() == b"mine\n"


def test_all_of_it_works_on_a_real_disk(tmp_path: Path) -> None:
    shelf = shelf_on(SystemDisk(), tmp_path)
    shelf.make_ready()
    shelf.place("beach").write_bytes(THEIRS)
    shelf.part("video_1").write_bytes(NEW)
    shelf.keep(shelf.part("video_1"), digest(NEW))
    ours = frozenset({digest(NEW)})
    assert (
        shelf.put(shelf.part("video_1"), "beach", digest(NEW), ours)
        == tmp_path / ".shotlock" / "displaced" / "beach.mp4"
    )
    shelf.place("beach").unlink()
    assert shelf.restore("beach", clip_of(NEW), ours)
    assert shelf.place("beach").read_bytes() == NEW
    assert shelf.place("beach").stat().st_ino != shelf.kept(digest(NEW)).stat().st_ino
    assert list((tmp_path / ".shotlock" / "parts").iterdir()) == []


class Shared(SystemDisk):
    """A disk on which another run keeps the same clip in the middle of our keeping it."""

    def __init__(self, meanwhile: list[tuple[Shelf, Path]]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def copy(self, source: Path, target: Path) -> None:
        super().copy(source, target)
        for other, part in self.meanwhile:
            other.keep(part, digest(NEW))


def test_two_runs_keep_the_same_clip_in_a_shared_store_at_once(tmp_path: Path) -> None:
    def shelf(name: str, disk: SystemDisk) -> tuple[Shelf, Path]:
        mine = replace(shelf_on(disk, tmp_path / name), store=tmp_path / "store")
        mine.make_ready()
        part = mine.part("0199")
        part.write_bytes(NEW)
        return mine, part

    theirs = shelf("theirs", SystemDisk())
    ours, part = shelf("ours", Shared([theirs]))
    ours.keep(part, digest(NEW))
    assert ours.kept(digest(NEW)).read_bytes() == NEW
    assert [path.name for path in ours.store.iterdir()] == [f"{digest(NEW)}.mp4"]
