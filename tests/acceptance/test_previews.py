"""Previews: free, without a server, and wholly apart from what is bought."""

import signal
from pathlib import Path

import pytest

from runner.execute.mp4 import probe
from tests.acceptance.desk import KEY, TWO_SHOTS, Desk, Shop, wait_for
from tests.acceptance.warm import QuickDesk, at_once

desk = pytest.fixture(at_once)

ONE_SHOT = """\
version: 1
shots:
  - id: beach
    prompt: A dog runs on the beach
"""
FREE = "no server is set: these are free previews; to buy, set OPENAI_BASE_URL and OPENAI_API_KEY\n"


def test_without_a_server_previews_are_made_and_made_once(desk: Desk) -> None:
    desk.write(ONE_SHOT)
    first = desk.run("render", "film.yaml", OPENAI_API_KEY=KEY)
    assert (first.code, first.stdout) == (0, "")
    assert first.stderr == (
        FREE + "beach: submitted as job JOB\n"
        "beach: done after M:SS: renders/film/preview/beach.mp4\n"
        "1 preview is there, in renders/film/preview\n"
        "\n"
        "next:\n"
        "  change a line and say the same again: only that shot is made anew\n"
        "  see the price: shotlock plan film.yaml, or make plan film.yaml\n"
        "  buy the clips: set OPENAI_BASE_URL and OPENAI_API_KEY, then say the same again (without --preview)\n"
    )
    clip = desk.clips()["renders/film/preview/beach.mp4"]
    found = probe(lambda offset, size: clip[offset : offset + size], len(clip))
    assert (found.size, found.seconds, found.audio) == ("720x1280", 4.0, True)

    again = desk.run("render", "film.yaml")
    assert (again.code, again.stderr) == (0, FREE + "nothing to do: 1 preview is there\n")
    assert desk.clips() == {"renders/film/preview/beach.mp4": clip}


def test_previews_and_purchases_do_not_mix(desk: Desk, shop: Shop) -> None:
    desk.write(ONE_SHOT)
    assert desk.run("render", "film.yaml", "--preview").code == 0
    assert shop.ledger["connections"] == 0
    assert not desk.state.exists()
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 1
    assert set(desk.clips()) == {"renders/film/preview/beach.mp4", "renders/film/beach.mp4"}
    assert b"embedded" not in desk.lock()
    assert b'"origin":"embedded"' in desk.lock("film.preview.lock")


def test_the_looking_commands_look_at_previews_when_asked(desk: Desk) -> None:
    desk.write(ONE_SHOT)
    desk.run("render", "film.yaml")
    assert "1 not bought" in desk.run("status", "film.yaml").stdout
    assert "film.yaml: 1 shot: 1 done" in desk.run("status", "film.yaml", "--preview").stdout
    assert desk.run("verify", "film.yaml", "--preview").stdout == "1 clip is whole\n"
    assert desk.run("verify", "film.yaml").stdout == "there are no clips to look at\n"
    plan = desk.run("plan", "film.yaml", "--preview").stdout
    assert "film.yaml: embedded, profile sora\n" in plan
    assert "to make  nothing\n" in plan


def test_a_preview_that_was_killed_is_made_again(desk: Desk) -> None:
    desk.write(TWO_SHOTS.replace("seconds: 4", "seconds: 12"))
    process = desk.start("render", "film.yaml")
    lock = desk.folder / "film.preview.lock"
    wait_for(lambda: lock.exists() and lock.read_bytes().count(b'"state":"submitted"') == 2, "two jobs")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    again = desk.run("render", "film.yaml")
    assert again.code == 0, again.stderr
    assert len(desk.clips()) == 2


def test_previews_whose_clips_and_store_are_gone_are_made_again(desk: Desk) -> None:
    desk.write(ONE_SHOT)
    desk.run("render", "film.yaml")
    for path in (*desk.folder.rglob("*.mp4"),):
        path.unlink()
    missing = desk.run("verify", "film.yaml", "--preview")
    assert missing.code == 1
    assert "is not there" in missing.stdout
    assert desk.run("render", "film.yaml").code == 0
    assert len(desk.clips()) == 1


def test_a_budget_is_no_matter_for_previews(desk: Desk) -> None:
    desk.write("budget: 0.01\n" + ONE_SHOT)
    assert desk.run("render", "film.yaml").code == 0


def test_where_the_extra_is_missing_previews_say_what_to_install_and_buying_works(
    desk: QuickDesk, shop: Shop, tmp_path: Path
) -> None:
    desk.write(ONE_SHOT)
    desk.environ["PYTHONPATH"] = f"{_without('av', tmp_path)}:{Path(__file__).parents[2]}"
    preview = desk.cold("render", "film.yaml", "--preview")
    assert (preview.code, preview.stdout) == (4, "")
    assert preview.stderr == (
        "error: previews need PyAV and h11: `pip install 'shotlock[preview]'`\nhint: buying works without them\n"
    )
    assert desk.cold("render", "film.yaml").code == 0
    verified = desk.cold("verify", "film.yaml")
    assert (verified.code, verified.stdout) == (0, "1 clip is whole\n")
    assert verified.stderr == "frames are not decoded: PyAV is not installed (pip install 'shotlock[preview]')\n"
    assert shop.billed == 1


def _without(module: str, folder: Path) -> Path:
    """A folder that hides a module from every Python that has it on its path."""
    hiding = (
        "import importlib.util\n"
        "_find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, package=None: None if name == {module!r} else _find(name, package)\n"
    )
    place = folder / "hiding"
    place.mkdir()
    (place / "sitecustomize.py").write_text(hiding)
    return place
