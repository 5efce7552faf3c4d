"""The key is in no byte that is written, in whatever form, on whatever level of talk, and however a run ends."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from runner.commands.crash import written
from runner.sandbox.faults import Do, Fault, On
from runner.settings import settings_of
from tests.acceptance.desk import KEY, ROOT, Desk, Shop
from tests.acceptance.warm import QuickDesk
from tests.canary import forms_of, leaks
from tests.integration import zoo as zoos
from tests.integration.zoo import zoo

LOUD = """\
import logging
logging.basicConfig(level=logging.DEBUG)
clients = "httpx httpcore httpcore.http11 httpcore.connection httpx2 httpcore2.http11".split()
for name in ("", *clients, "asyncio", "h11", "tenacity"):
    logging.getLogger(name).setLevel(logging.DEBUG)
"""
CRASH = """\
import base64, runner.provider.http as http
async def list(self, after):
    secret = self._wire.secrets[0]
    try:
        raise ValueError(f"illegal header {{'Authorization': b'Bearer {secret}'}}")
    except ValueError as error:
        coded = base64.b64encode(f"user:{secret}".encode()).decode()
        ends = f"{secret[:8]} ... {secret[-8:]}"
        raise RuntimeError(f"{coded} {secret!r} {secret[::-1]} {secret.encode().hex()} {ends}") from error
http.HttpVideos.list = list
"""


# --- the scanner


@pytest.mark.parametrize("form", forms_of(KEY).values(), ids=forms_of(KEY).keys())
def test_the_scanner_finds_every_form_in_files_and_on_screens(tmp_path: Path, form: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/file.bin").write_bytes(b"\0\xff" + form + b"\n\0")
    assert leaks(tmp_path, [], KEY)
    assert leaks(tmp_path / "nowhere", [f"error: {form.decode('latin-1')}"], KEY)


@pytest.mark.parametrize(
    "text",
    [
        KEY.upper(), f"Bearer {KEY}", quote(f"x={KEY}", safe=""), json.dumps({"a": KEY}), repr(KEY.encode()),
        f"{KEY[:8]}…{KEY[-8:]}", f"{KEY[:8]} and so on, and in the end {KEY[-8:]}",
        *(base64.b64encode(b"x" * size + KEY.encode() + b"y" * (size // 3)).decode() for size in range(9)),
    ],
)  # fmt: skip
def test_the_scanner_finds_the_key_within_other_words(tmp_path: Path, text: str) -> None:
    assert leaks(tmp_path, [text], KEY)


def test_the_scanner_finds_the_key_in_names_and_across_pieces_and_past_holes(tmp_path: Path) -> None:
    assert leaks(tmp_path, [], KEY) == []
    (tmp_path / f"{KEY}.mp4").touch()
    assert "in the name" in leaks(tmp_path, [], KEY)[0]
    (tmp_path / f"{KEY}.mp4").unlink()
    for at in ((4 << 20) - 5, 20 << 20):
        with (tmp_path / "large").open("wb") as file:
            file.seek(at)
            file.write(KEY.encode())
        assert leaks(tmp_path, [], KEY) == ["the key is plain in large"] or leaks(tmp_path, [], KEY)
        (tmp_path / "large").unlink()


def test_the_scanner_is_not_alarmed_by_parts_or_links_or_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "one.txt").write_text(f"{KEY[:8]}\n{KEY[-8:]}\n")
    mine = tmp_path / "mine.env"
    mine.write_text(KEY)
    assert leaks(tmp_path, [KEY[:8], KEY[-8:]], KEY, but=[mine]) == []
    assert len(leaks(tmp_path, [], KEY)) > 0


# --- runs: the desk looks through everything at its end


@pytest.fixture
def site(desk: Desk) -> Callable[[str], str]:
    """Has Python run something first; gives the path that does it."""

    def written_down(text: str) -> str:
        folder = desk.folder.parent / "site"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(text)
        return f"{folder}{os.pathsep}{ROOT}"

    return written_down


def test_the_key_is_in_no_log_of_any_level(desk: Desk, shop: Shop, site: Callable[[str], str]) -> None:
    loud = {
        "PYTHONPATH": site(LOUD), "PYTHONWARNINGS": "default", "PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1",
        "HTTPX_LOG_LEVEL": "trace",
    }  # fmt: skip
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.STATUS, nth=1, status=500, body={"error": f"for {KEY}"}))
    for arguments in (("--json", "--stop-after", "2s"), ()):
        desk.run("render", "film.yaml", "--settle", "0", *arguments, **loud)
    assert any("DEBUG" in said for said in desk.said), "it was loud"
    assert leaks(desk.folder.parent, desk.said, KEY) == []


@pytest.mark.parametrize("name", ["the-key-in-a-header"])
def test_the_key_is_in_no_log_though_a_server_echoes_it(desk: Desk, site: Callable[[str], str], name: str) -> None:
    with zoo() as animals:
        environ = {"OPENAI_BASE_URL": animals.base_url(name), "OPENAI_API_KEY": zoos.KEY, "PYTHONPATH": site(LOUD)}
        ended = desk.run("render", "film.yaml", "--settle", "0", "--stop-after", "1s", **environ)
    assert ended.code in (1, 4)
    assert leaks(desk.folder.parent, desk.said, zoos.KEY) == []


def test_the_note_of_a_crash_has_no_key_in_it(desk: Desk, shop: Shop, site: Callable[[str], str]) -> None:
    crashed = desk.run("render", "film.yaml", PYTHONPATH=site(CRASH))
    assert crashed.code == 3, crashed.stderr
    assert "a bug of shotlock: RuntimeError; it is written down in STATE" in crashed.stderr
    (note,) = (desk.state / "shotlock/crashes").iterdir()
    text = note.read_text()
    assert "Traceback" in text
    assert "[key]" in text
    assert note.stat().st_mode & 0o077 == 0, "it is nobody else's business"
    assert leaks(desk.folder.parent, desk.said, KEY) == []


@pytest.mark.parametrize("form", forms_of(KEY).values(), ids=forms_of(KEY).keys())
def test_no_form_of_the_key_comes_into_a_note(tmp_path: Path, form: bytes) -> None:
    error = RuntimeError(f"it was {form.decode('latin-1')} that broke it")
    path = written(error, settings_of({"OPENAI_API_KEY": KEY, "XDG_STATE_HOME": str(tmp_path)}))
    assert path is not None
    assert "that broke it" in path.read_text()
    assert leaks(tmp_path, [], KEY) == []


def test_no_child_gets_the_key(desk: Desk, tmp_path: Path) -> None:
    """The animatics ask fontconfig for fonts: the one other program that is ever started."""
    pytest.importorskip("av")
    spy = tmp_path / "bin"
    spy.mkdir()
    for name in ("fc-match", "fc-list"):
        program = spy / name
        program.write_text(f'#!/bin/sh\nenv >>"{spy}/seen"\necho "$0 $@" >>"{spy}/seen"\nexit 1\n')
        program.chmod(0o755)
    desk.edit("A dog runs on the beach", "角马吃甜甜圈")
    path = f"{spy}{os.pathsep}{os.environ['PATH']}"
    assert desk.run("render", "film.yaml", "--preview", OPENAI_API_KEY=KEY, PATH=path).code == 0
    assert leaks(tmp_path, desk.said, KEY) == []


def test_the_key_is_not_told_by_any_other_command(quick: QuickDesk, shop: Shop) -> None:
    quick.run("render", "film.yaml", "--only", "beach")
    for command in ("check", "plan", "status", "verify"):
        quick.run(command, "film.yaml")
        quick.run(command, "film.yaml", "--json")
    quick.run("retake", "film.yaml", "beach")
    quick.run("resolve", "film.yaml", "alley", "--adopt", "video_nobodys")
    quick.run("lock", "fold", "film.lock")
    quick.run("render", "film.yaml", "--max-cost", "0.01")
    quick.run("render", KEY[:10])
    assert leaks(quick.folder.parent, quick.said, KEY) == []


@pytest.mark.parametrize(
    "arguments", [("--api-key", KEY), (f"--key={KEY}",), (KEY,), ("--limit", KEY), ("--only", KEY)]
)
def test_a_key_on_the_command_line_is_refused_and_not_repeated(
    quick: QuickDesk, shop: Shop, arguments: tuple[str, ...]
) -> None:
    refused = quick.run("render", "film.yaml", *arguments)
    assert (refused.code, KEY in refused.said, shop.posts()) == (2, False, 0)


def test_a_key_in_a_manifest_is_refused_and_not_repeated(quick: QuickDesk) -> None:
    for line in (
        f"api_key: {KEY}", f"base_url: https://u:{KEY}@h/v1", f"base_url: https://h/v1?key={KEY}", f"{KEY}: 1",
        f"profile: {{extends: sora, key: {KEY}}}", f"budget: {KEY}", f"store: [{KEY}]", f"retries: Bearer {KEY}",
    ):  # fmt: skip
        path = quick.write(f"version: 1\n{line}\nshots: [{{id: a, prompt: x}}]\n")
        refused = quick.run("check", "film.yaml")
        assert refused.code == 2, refused.stdout
        data = quick.run("check", "film.yaml", "--json")
        path.unlink()
        assert leaks(quick.folder, [refused.stderr, data.stdout], KEY) == [], line
