"""Finding manifests, beginning a project, and using the command wrongly."""

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from runner import __version__
from tests.acceptance.desk import KEY, ROOT, TWO_SHOTS, Desk, Result, Shop
from tests.acceptance.warm import QuickDesk, at_once

desk = pytest.fixture(at_once)


def test_version_and_help_import_no_heavy_library() -> None:
    heavy = "yaml jsonschema httpx PIL rich tenacity platformdirs filelock asyncio"
    probe = (
        "import sys\nfrom runner.cli import main\n"
        "assert main(['--version']) == 0 and main(['--help']) == 0\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"shotlock {__version__}\n")
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (("rendr",), "no such command `rendr`", "did you mean `render`?"),
        (("render", "--prevew"), "no such option `--prevew`", "did you mean `--preview`?"),
        (("plan", "fim.yaml"), "there is no manifest `fim.yaml`, here or in `manifests/`", "did you mean `film.yaml`?"),
        (("render",), "no manifest was named", "name one: `manifest.yaml`"),
        (
            ("render", "film.yaml", "--slots", "0"),
            "invalid value for `--slots`: 0 is not in the range 1<=x<=1000",
            "`shotlock render --help` tells what there is",
        ),
        (
            ("render", "film.yaml", "--stop-after", "soon"),
            "invalid value for `--stop-after`: `soon` is no duration, such as 30s, 10m or 2h",
            "`shotlock render --help` tells what there is",
        ),
        (
            ("render", "film.yaml", "--max-cost", "much"),
            "invalid value for `--max-cost`: `much` is no amount of money, such as 4.50",
            "`shotlock render --help` tells what there is",
        ),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_with_a_hint(desk: Desk, arguments: tuple[str, ...], error: str, hint: str) -> None:
    assert desk.run(*arguments) == Result(code=2, stdout="", stderr=f"error: {error}\nhint: {hint}\n")


def test_a_manifest_is_looked_for_in_the_manifests_folder(desk: Desk) -> None:
    desk.write(TWO_SHOTS, "manifests/second.yaml")
    found = desk.run("check", "second.yaml")
    assert found == Result(
        code=0,
        stdout="ok: 2 shots, 8 s, most it can cost $0.80\n",
        stderr="reading manifests/second.yaml\n",
    )


def test_make_hands_over_names_also_with_spaces_in_them(desk: Desk) -> None:
    desk.write(TWO_SHOTS, "my film.yaml")
    assert desk.run("check", SHOTLOCK_GOALS="my film.yaml").stdout == "ok: 2 shots, 8 s, most it can cost $0.80\n"
    several = desk.run("check", SHOTLOCK_GOALS="film.yaml  film.yaml")
    assert several.stdout.count("film.yaml: ok: ") == 2
    one_at_a_time = desk.run("plan", SHOTLOCK_GOALS="film.yaml film.yaml")
    assert one_at_a_time.code == 2
    assert one_at_a_time.stderr.startswith("error: 2 manifests were named, and this takes one at a time\n")


def test_init_makes_a_folder_that_can_be_rendered_and_changes_nothing_twice(desk: Desk, tmp_path: Path) -> None:
    first = desk.run("init", str(tmp_path / "new"))
    assert first == Result(
        code=0,
        stdout="",
        stderr="".join(
            f"wrote {tmp_path}/new/{name}: {what}\n"
            for name, what in (
                ("manifest.yaml", "a first manifest with two shots"),
                (".gitignore", "the clips stay out of git"),
                (".gitattributes", "lockfiles of two branches are joined"),
            )
        ),
    )
    files = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    assert files[".gitattributes"] == "manifest.lock merge=union text eol=lf\n"
    assert files[".gitignore"] == "renders/\n*.preview.lock\n"
    checked = desk.run("check", str(tmp_path / "new" / "manifest.yaml"))
    assert checked.stdout == "ok: 2 shots, 8 s, most it can cost $0.80\n"
    desk.run("init", str(tmp_path / "new"))
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == files


def test_init_adds_only_what_is_missing(desk: Desk) -> None:
    (desk.folder / ".gitignore").write_text("*.log\nrenders/")
    told = desk.run("init")
    assert told.stderr == (
        "added to .gitignore: the clips stay out of git\nwrote .gitattributes: lockfiles of two branches are joined\n"
    )
    assert (desk.folder / ".gitignore").read_text() == "*.log\nrenders/\n*.preview.lock\n"
    assert (desk.folder / ".gitattributes").read_text() == "film.lock merge=union text eol=lf\n"
    assert not (desk.folder / "manifest.yaml").exists()


def test_the_base_url_of_a_manifest_counts_where_the_environment_has_none(desk: Desk, shop: Shop) -> None:
    desk.write(f"base_url: {shop.base_url}/\n" + TWO_SHOTS)
    assert desk.run("render", "film.yaml", OPENAI_BASE_URL="", OPENAI_API_KEY=KEY).code == 0
    assert shop.billed == 2


def test_the_sandbox_tells_its_base_url_first(desk: Desk) -> None:
    process = desk.start("sandbox")
    assert process.stdout is not None
    base_url = process.stdout.readline().strip()
    request = urllib.request.Request(f"{base_url}/videos", headers={"Authorization": "Bearer any"})
    with urllib.request.urlopen(request) as reply:
        assert reply.status == 200
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_taken_port_is_told(desk: Desk, shop: Shop) -> None:
    port = shop.base_url.split(":")[2].split("/")[0]
    taken = desk.run("sandbox", "--port", port)
    assert taken.code == 4
    assert taken.stderr.startswith(f"error: port {port} cannot be had: ")


def test_a_reader_that_hangs_up_is_no_error(desk: Desk) -> None:
    with desk.start("plan", "film.yaml") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=20) in (0, 1)


def test_a_name_that_the_terminal_cannot_show_is_no_error(desk: QuickDesk) -> None:
    desk.write(TWO_SHOTS, "电影.yaml")
    shown = desk.cold("status", "电影.yaml", PYTHONIOENCODING="latin-1")
    assert shown.code == 0
    assert "\\u7535\\u5f71.yaml: 2 shots: 2 not bought" in shown.stdout
