"""The command and a server that answers wrongly to everything: it ends by itself, and buys nothing twice."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.execute import decode
from runner.lock.scan import scan
from runner.sandbox.faults import Do, Fault, Moment, On
from tests.acceptance.desk import KEY, Desk, Shop
from tests.acceptance.test_hostile_manifests import assert_harmless
from tests.acceptance.warm import QuickDesk
from tests.canary import leaks
from tests.integration import zoo as zoos
from tests.integration.zoo import Zoo, zoo

ONE_SHOT = """\
version: 1
profile: {extends: sora, list: complete, settle: 0, typical_render: 0.1}
shots:
- {id: beach, prompt: A dog runs on the beach}
"""
SOME = (
    "nan", "html", "an-odd-id", "the-key-as-id", "the-key", "escapes", "bad-chunks", "the-key-in-a-header",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a run ended on one answer."""

    name: str
    code: int
    said: str
    posts: int
    desk: Desk


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Ended]]:
    """A run on every answer, side by side: they mostly wait."""
    with zoo() as animals:
        runs = [(name, *_started(animals, name, tmp_path_factory)) for name in SOME]
        yield [_end(animals, name, desk, process) for name, desk, process in runs]


def _started(animals: Zoo, name: str, folders: pytest.TempPathFactory) -> "tuple[Desk, subprocess.Popen[str]]":
    root = folders.mktemp(name)
    (root / "project").mkdir()
    desk = Desk(folder=root / "project", state=root / "state")
    desk.write(ONE_SHOT)
    environ = {"OPENAI_BASE_URL": animals.base_url(name), "OPENAI_API_KEY": zoos.KEY}
    return desk, desk.start("render", "film.yaml", "--stop-after", "30s", **environ)


def _end(animals: Zoo, name: str, desk: Desk, process: "subprocess.Popen[str]") -> Ended:
    stdout, stderr = process.communicate(timeout=100)
    return Ended(name, process.returncode, stdout + stderr, animals.asked[f"{name} POST"], desk)


def test_a_run_ends_by_itself_without_a_bug(ended: list[Ended]) -> None:
    assert {each.name: each.code for each in ended if each.code not in (1, 4)} == {}
    assert [each.said for each in ended if "Traceback" in each.said or "a bug of" in each.said] == []


def test_a_run_posts_once_at_most(ended: list[Ended]) -> None:
    assert {each.name: each.posts for each in ended if each.posts > 1} == {}
    assert any(each.posts for each in ended)


def test_nothing_that_a_server_says_is_obeyed_by_the_terminal(ended: list[Ended]) -> None:
    for each in ended:
        assert_harmless(each.said)
        assert len(each.said) < 8000, each.name


def test_a_server_that_echoes_the_key_does_not_get_it_written_down(ended: list[Ended]) -> None:
    found = [leak for each in ended for leak in leaks(each.desk.folder.parent, [each.said], zoos.KEY)]
    assert found == []


def test_what_is_recorded_of_it_can_be_read_again(ended: list[Ended]) -> None:
    for each in ended:
        lockfile = each.desk.folder / "film.lock"
        if lockfile.exists():
            assert scan(lockfile.read_bytes()).bad == (), each.name


JOB = {"id": "video_odd", "object": "video", "status": "queued"}


@pytest.mark.parametrize(
    "odd",
    [
        {"created_at": "0001-01-01T00:00:00+23:59"},
        {"created_at": "9999-12-31T23:59:59-23:59", "expires_at": "9999-12-31T23:59:59-23:59"},
        {"created_at": 253402300799.9999, "completed_at": -1, "expires_at": 1e308},
        {"id": "x; rm -rf ~"},
        {"status": "\x1b[31mred\u202e", "progress": -5},
        {"status": KEY, "error": {"code": KEY, "message": "\u200b".join(KEY)}},
        {"model": ["x"], "size": 5, "seconds": {"x": 1}, "prompt": None},
    ],
)
def test_a_job_that_says_odd_things_of_itself_is_one_purchase(
    quick: QuickDesk, shop: Shop, odd: dict[str, object]
) -> None:
    job = {**JOB, **odd}
    over = {"error": {"code": "oops", "message": "it broke"}, **job, "status": "failed"}
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.STATUS, when=Moment.AFTER, nth=1, status=200, body=job))
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, nth=1, status=200, body=job))
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=200, body=over))
    first = quick.run("render", "film.yaml", "--only", "beach")
    assert (first.code, shop.posts()) == (1, 1), first.stderr
    assert_harmless(first.said)
    (attempt,) = scan(quick.lock()).records
    assert attempt.jobs == (job["id"],)
    again = quick.run("render", "film.yaml", "--only", "beach")
    assert (again.code, shop.posts()) == (1, 1), again.stderr
    assert_harmless(quick.run("status", "film.yaml").said)


def test_an_id_with_the_key_in_it_is_no_id(quick: QuickDesk, shop: Shop) -> None:
    """The job is not lost: the shot is held, and a person can find it on the account's page."""
    job = {**JOB, "id": f"video_{KEY}"}
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.STATUS, when=Moment.AFTER, nth=1, status=200, body=job))
    shop.sandbox.faults.append(Fault(on=On.LIST, do=Do.NO_ROUTE, status=404))
    held = quick.run("render", "film.yaml", "--only", "beach")
    assert (held.code, shop.posts()) == (1, 1)
    assert "no id that can be used" in held.stderr
    assert KEY not in held.said


def test_what_a_person_is_told_to_type_is_safe_to_paste(quick: QuickDesk, shop: Shop) -> None:
    evil = {"id": "x; rm -rf ~ #", "object": "video", "status": "completed", "model": "sora-2", "size": "1280x720",
            "seconds": "4", "prompt": "A dog runs on the beach", "created_at": 1}  # fmt: skip
    page = {"object": "list", "data": [evil], "has_more": False}
    shop.sandbox.faults.append(Fault(on=On.LIST, do=Do.STATUS, status=200, body=page))
    held = quick.run("render", "film.yaml", "--only", "beach")
    assert (held.code, shop.posts()) == (1, 0), held.stderr
    assert "--adopt 'x; rm -rf ~ #' |" in held.stderr


def test_a_clip_of_absurd_size_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "large.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        frame = av.VideoFrame(320, 240, "yuv420p")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    assert decode.trouble(path) == ""
    monkeypatch.setattr(decode, "_MOST_PIXELS", 320 * 240 - 1)
    assert decode.trouble(path) == "its picture is absurdly large: 320x240"
