"""The fault matrix's table "Disk", with the real command on real disks: read-only, too small, gone, put back by git.

Its other cells: a full or failing disk at every write, and a kernel that takes a part of it, with real processes:
`tests/crash/test_full_disk.py`; too few open files and screens that take no words:
`tests/crash/test_no_screen_and_few_files.py`; every call of the disk: `tests/crash/test_nth_call.py`; lockfiles that
are cut, flipped, newer or in conflict: `tests/unit/test_scan.py`, `tests/unit/test_lock_lines.py`, `tests/crash/fuzz`.
"""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from fnmatch import fnmatch
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from runner.cli import main
from runner.disk import SystemDisk
from runner.lock.facts import State
from runner.lock.scan import scan
from runner.sandbox.faults import Do, Fault, Moment, On
from tests.acceptance.desk import Desk, Result, Shop, wait_for
from tests.acceptance.warm import at_once

desk = pytest.fixture(at_once)

THEIRS = b"a film of their own"
_KEPT_BACK = 100.0  # seconds of the server's time
READ_ONLY = "mount --bind {0} {0} && mount -o remount,ro,bind {0}"


def states(desk: Desk) -> dict[str, State]:
    return {each.intent.shot: each.state for each in scan(desk.lock()).records}


# --- a disk that refuses one kind of operation on some files

REFUSALS = [
    ("ENOSPC", "write", "*.jsonl"),
    ("EDQUOT", "write", "*.jsonl"),
    ("EDQUOT", "write", "film.lock"),
    ("EROFS", "write", ".film.lock.new"),
    ("EACCES", "write", "film.lock"),  # a lockfile that is read-only
    ("EACCES", "rename", "film.lock"),
    ("EIO", "sync", "*.jsonl"),
    ("EIO", "sync", "film.lock"),
    ("EIO", "sync_folder", "shotlock"),
    ("EMFILE", "write", "film.lock"),
    ("EINTR", "lock", "ledger.mutex"),
    ("EACCES", "names", "shotlock"),
]


@pytest.mark.parametrize(("code", "operation", "files"), REFUSALS)
def test_a_disk_that_takes_no_fact_lets_nothing_be_bought(
    code: str, operation: str, files: str, desk: Desk, shop: Shop, here: Callable[..., Result], refuse: "Refuse"
) -> None:
    with refuse(code, operation, files):
        stopped = here("render", "film.yaml")
    assert stopped.code == 4
    assert os.strerror(getattr(errno, code)).lower() in stopped.stderr
    assert "hint: " in stopped.stderr
    assert shop.posts() == 0
    assert here("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_only_a_full_disk_is_to_be_emptied(
    desk: Desk, shop: Shop, here: Callable[..., Result], refuse: "Refuse"
) -> None:
    with refuse("ENOSPC", "write", "film.lock"):
        assert "hint: make room" in here("render", "film.yaml").stderr
    with refuse("EROFS", "write", "film.lock"):
        assert "make room" not in here("render", "film.yaml").stderr


def test_a_fold_that_fails_leaves_the_old_lockfile_as_it_was(
    desk: Desk, shop: Shop, here: Callable[..., Result], refuse: "Refuse", healthy: "Healthy"
) -> None:
    assert here("render", "film.yaml", "--limit", "1").code == 1
    desk.edit("id: beach", "id: coast")
    before = desk.lock()
    for code, operation in (("ENOSPC", "write"), ("EIO", "sync"), ("EROFS", "rename")):
        with refuse(code, operation, "film.lock" if operation == "rename" else ".film.lock.new"):
            assert here("render", "film.yaml", "--frozen").code == 4
        assert desk.lock().startswith(before)  # the claim of the new name may stand after it
    desk.edit("id: coast", "id: beach")
    healthy()


# --- folders and mounts


@pytest.mark.parametrize("folder", ["renders/film", ".shotlock/parts", ".shotlock/store"])
def test_where_no_clip_could_be_put_none_is_bought(
    folder: str, desk: Desk, shop: Shop, mounts: "Mounts", healthy: "Healthy"
) -> None:
    (desk.folder / folder).mkdir(parents=True)
    (desk.folder / folder / "a file").touch()
    stopped = mounts(READ_ONLY.format(folder))
    assert stopped.code == 4
    assert f"{folder} cannot be written" in stopped.stderr
    assert shop.posts() == 0
    healthy()


@pytest.mark.parametrize("folder", [".", "../state"])
def test_where_no_fact_could_be_put_nothing_is_bought(
    folder: str, desk: Desk, shop: Shop, mounts: "Mounts", healthy: "Healthy"
) -> None:
    desk.state.mkdir()
    stopped = mounts(READ_ONLY.format((desk.folder / folder).resolve()))
    assert stopped.code == 4
    assert "cannot be written: read-only file system" in stopped.stderr
    assert shop.posts() == 0
    healthy()


def test_a_whole_batch_may_lie_on_a_disk_that_is_read_only(
    desk: Desk, shop: Shop, mounts: "Mounts", healthy: "Healthy"
) -> None:
    healthy()
    assert mounts(READ_ONLY.format(desk.folder)).code == 0


def test_clips_may_lie_on_another_disk(desk: Desk, shop: Shop, mounts: "Mounts", healthy: "Healthy") -> None:
    (desk.folder / "renders/film").mkdir(parents=True)
    (desk.folder / "renders/film/beach.mp4").write_bytes(THEIRS)
    assert mounts("mount --bind renders renders").code == 0
    assert (desk.folder / ".shotlock/displaced/beach.mp4").read_bytes() == THEIRS
    assert sorted(path.name for path in (desk.folder / "renders/film").iterdir()) == ["alley.mp4", "beach.mp4"]
    assert list((desk.folder / ".shotlock/parts").iterdir()) == []
    (desk.folder / "renders/film/beach.mp4").unlink()
    assert "restored" in mounts("mount --bind renders renders").stderr
    healthy()


@pytest.mark.skipif(os.sysconf("SC_PAGE_SIZE") != 4096, reason="the sizes are those of pages of 4096 bytes")
@pytest.mark.parametrize("size", ["16k", "40k", "56k"])
def test_on_a_disk_that_is_too_small_a_run_stops_and_on_a_larger_one_goes_on(
    size: str, desk: Desk, shop: Shop, mounts: "Mounts"
) -> None:
    desk.state.mkdir()
    room = desk.folder
    setup = f"cp film.yaml .. && mount -t tmpfs -o size={size} small {room} && cp ../film.yaml {room}"
    setup += f" && mkdir {room}/state && mount --bind {room}/state {desk.state}"
    command = f"{sys.executable} -m runner render film.yaml; echo ended $?"
    ended = mounts(setup, "; ".join([command, f"mount -o remount,size=4m {room}", command]))
    codes = [line for line in ended.stdout.splitlines() if line.startswith("ended ")]
    assert codes == ["ended 4", "ended 0"], ended.stderr
    assert "no space left on device" in ended.stderr
    assert "2 clips are there" in ended.stderr
    assert shop.billed == 2


@pytest.mark.skipif(os.sysconf("SC_PAGE_SIZE") != 4096, reason="the size is that of a page of 4096 bytes")
def test_the_full_disk_is_named(desk: Desk, shop: Shop, mounts: "Mounts", healthy: "Healthy") -> None:
    desk.state.mkdir()
    stopped = mounts(f"mount -t tmpfs -o size=4k small {desk.state}")
    assert stopped.code == 4
    assert f"error: {desk.state}/shotlock/127.0.0.1-" in stopped.stderr
    assert ".jsonl cannot be written: no space left on device" in stopped.stderr
    assert "hint: make room" in stopped.stderr


def test_a_folder_of_clips_that_leads_out_of_the_tree_is_refused(desk: Desk, shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (desk.folder / "renders").symlink_to(tmp_path / "elsewhere")
    refused = desk.run("render", "film.yaml")
    assert refused.code == 2
    assert "is a link that leads out of" in refused.stderr
    assert shop.posts() == 0
    assert list((tmp_path / "elsewhere").iterdir()) == []


# --- what somebody else does meanwhile


def test_a_folder_that_is_gone_meanwhile_is_made_again(desk: Desk, shop: Shop, healthy: "Healthy") -> None:
    _meanwhile(desk, shop, (desk.folder / "renders/film").rmdir)
    healthy()


def test_a_lockfile_that_is_deleted_meanwhile_forgets_nothing(desk: Desk, shop: Shop, healthy: "Healthy") -> None:
    assert _meanwhile(desk, shop, (desk.folder / "film.lock").unlink) == 0
    assert states(desk) == {"alley": State.DONE, "beach": State.DONE}
    healthy()


def test_a_lockfile_that_git_rolls_back_meanwhile_forgets_nothing(desk: Desk, shop: Shop, healthy: "Healthy") -> None:
    desk.run("render", "film.yaml", "--only", "beach")
    for command in ("init -q", "add film.yaml film.lock", "-c user.name=a -c user.email=b commit -qm one"):
        _git(desk, command)
    assert _meanwhile(desk, shop, lambda: _git(desk, "checkout -q -- film.lock")) == 0
    assert states(desk) == {"alley": State.DONE, "beach": State.DONE}
    healthy()


def test_a_lockfile_that_git_puts_in_conflict_meanwhile_stops_the_run_and_loses_nothing(
    desk: Desk, shop: Shop, healthy: "Healthy"
) -> None:
    lockfile = desk.folder / "film.lock"

    def conflict() -> None:
        lockfile.write_bytes(b"<<<<<<< ours\n" + lockfile.read_bytes() + b"=======\n>>>>>>> theirs\n")

    assert _meanwhile(desk, shop, conflict) == 4
    assert desk.run("render", "film.yaml").code == 4
    assert desk.run("lock", "fold", "film.lock").code == 0
    healthy()


# --- what lies in the place of a clip


def test_a_file_that_is_not_ours_is_moved_aside_and_said(desk: Desk, shop: Shop, healthy: "Healthy") -> None:
    place = desk.folder / "renders/film/beach.mp4"
    place.parent.mkdir(parents=True)
    place.write_bytes(THEIRS)
    done = desk.run("render", "film.yaml")
    assert done.code == 0
    assert "what is not ours lay in the place of `beach`" in done.stderr
    assert (desk.folder / ".shotlock/displaced/beach.mp4").read_bytes() == THEIRS
    healthy()


def test_a_folder_in_the_place_of_a_clip_is_moved_aside_and_said(desk: Desk, shop: Shop, healthy: "Healthy") -> None:
    (desk.folder / "renders/film/beach.mp4/within").mkdir(parents=True)
    done = desk.run("render", "film.yaml")
    assert done.code == 0
    assert "what is not ours lay in the place of `beach`" in done.stderr
    assert (desk.folder / ".shotlock/displaced/beach.mp4/within").is_dir()
    healthy()


def test_a_link_to_nothing_in_the_place_of_a_clip_is_moved_aside_and_said(
    desk: Desk, shop: Shop, healthy: "Healthy"
) -> None:
    (desk.folder / "renders/film").mkdir(parents=True)
    (desk.folder / "renders/film/beach.mp4").symlink_to("nowhere.mp4")
    done = desk.run("render", "film.yaml")
    assert done.code == 0
    assert "what is not ours lay in the place of `beach`" in done.stderr
    assert (desk.folder / ".shotlock/displaced/beach.mp4").is_symlink()
    healthy()


def test_a_clip_that_is_nowhere_and_past_its_time_is_held_and_never_bought_again(
    desk: Desk, shop: Shop, healthy: "Healthy"
) -> None:
    healthy()
    for path in [*desk.folder.glob("renders/**/*.mp4"), *desk.folder.glob(".shotlock/store/*")]:
        path.unlink()
    shop.sandbox.advance(3 * 86_400)
    for _ in range(2):
        held = desk.run("render", "film.yaml")
        assert held.code == 1
        assert "expired" in held.stderr
        assert "shotlock retake film.yaml beach" in held.stderr
        assert shop.posts() == 2


# --- pieces


Mounts = Callable[..., Result]
Healthy = Callable[[], None]
Refuse = Callable[[str, str, str], AbstractContextManager[Any]]


@pytest.fixture
def here(desk: Desk, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command in this process: it begins at once, and its disk can be told to refuse."""
    monkeypatch.chdir(desk.folder)

    def run(*arguments: str) -> Result:
        for name, value in desk.whole_environ({}).items():
            monkeypatch.setenv(name, value)
        code = main(arguments)
        screen = capfd.readouterr()
        desk.said += [screen.out, screen.err]
        assert "a bug of" not in screen.err
        return Result(code=code, stdout=screen.out, stderr=screen.err)

    return run


@pytest.fixture
def healthy(desk: Desk, shop: Shop, here: Callable[..., Result]) -> Healthy:
    """The same again, now that nothing is wrong: both clips are there, and each was paid for once."""

    def home() -> None:
        assert here("render", "film.yaml").code == 0
        assert states(desk) == {"alley": State.DONE, "beach": State.DONE}
        assert {"renders/film/alley.mp4", "renders/film/beach.mp4"} <= {*desk.clips()}
        assert shop.billed == 2

    return home


@pytest.fixture
def refuse() -> Refuse:
    """Makes the machine's disk refuse an operation on some files."""

    def refusing(code: str, operation: str, files: str) -> AbstractContextManager[Any]:
        real, number = getattr(SystemDisk, operation), getattr(errno, code)

        @wraps(real)
        def refused(self: SystemDisk, path: Path, *arguments: Any, **named: Any) -> Any:
            if fnmatch((arguments[0] if operation == "rename" else path).name, files):
                raise OSError(number, os.strerror(number), str(path))
            return real(self, path, *arguments, **named)

        return patch.object(SystemDisk, operation, refused)

    return refusing


@pytest.fixture
def mounts(desk: Desk) -> Mounts:
    """Runs the command, or a whole script, where mounts can be made that nobody else sees."""
    able = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    if shutil.which("unshare") is None or subprocess.run(able, capture_output=True, check=False).returncode:
        pytest.skip("mounts need root, and a machine that lets it have a namespace of its own")

    def mounted(setup: str, script: str = f"exec {sys.executable} -m runner render film.yaml") -> Result:
        ended = subprocess.run(
            ["unshare", "--mount", "sh", "-c", f"{setup} && cd {desk.folder} && {script}"],
            cwd=desk.folder,
            env=desk.whole_environ({}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        desk.said += [ended.stdout, ended.stderr]
        assert "Traceback" not in ended.stderr
        return Result(code=ended.returncode, stdout=ended.stdout, stderr=ended.stderr)

    return mounted


def _meanwhile(desk: Desk, shop: Shop, happens: Callable[[], object]) -> int:
    """Let something happen while an answer to a POST is kept back; the exit code of that run."""
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DELAY, when=Moment.AFTER, seconds=_KEPT_BACK, nth=1))
    process = desk.start("render", "film.yaml")
    wait_for(lambda: bool(shop.sandbox.kept_waiting()), "an answer that is kept back")
    happens()
    shop.sandbox.advance(_KEPT_BACK)
    _, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr
    return process.returncode


def _git(desk: Desk, command: str) -> None:
    subprocess.run(["git", *command.split()], cwd=desk.folder, check=True)
