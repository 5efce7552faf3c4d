"""What each command leaves on the screen, whole."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from runner.sandbox.rules import Pace
from tests.acceptance.desk import KEY, TWO_SHOTS, Desk, Result, Shop, leave_in_flight
from tests.acceptance.warm import at_once

desk = pytest.fixture(at_once)


def screen(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_check_says_what_a_good_manifest_comes_to(desk: Desk) -> None:
    assert desk.run("check", "film.yaml") == Result(
        code=0, stdout="ok: 2 shots, 8 s, most it can cost $0.80\n", stderr=""
    )


def test_check_names_the_manifests_where_there_are_several(desk: Desk) -> None:
    desk.write("version: 2\nshots: []\n", "other.yaml")
    both = desk.run("check", "film.yaml", "other.yaml")
    assert (both.code, both.stdout) == (2, "film.yaml: ok: 2 shots, 8 s, most it can cost $0.80\n")
    assert both.stderr.startswith("other.yaml:1:10: `version` is `2`, ")
    assert both.stderr.endswith("2 problems; nothing was sent\n")


MISTAKES = """\
version: 1
profile: sorra
shots:
  - id: beach
    promt: A dog runs on the beach
  - id: alley
    prompt: A cat in an alley
    seconds: 5
  - id: Beach
    prompt: Waves
    input_reference: refs/none.png
"""


def test_every_mistake_is_shown_at_once_and_nothing_is_sent(desk: Desk, shop: Shop) -> None:
    desk.write(MISTAKES)
    for command in ("check", "render", "plan", "status", "verify"):
        wrong = desk.run(command, "film.yaml")
        assert (wrong.code, wrong.stdout) == (2, ""), command
        assert wrong.stderr == screen("""
            film.yaml:2:10: there is no profile `sorra`
                2 | profile: sorra
                  |          ^^^^^
            hint: did you mean `sora`?

            film.yaml:5:5: shot `beach`: unknown key `promt`
                5 |     promt: A dog runs on the beach
                  |     ^^^^^
            hint: did you mean `prompt`?

            film.yaml:8:14: shot `alley`: `seconds` is 5, allowed are 4, 8, 12
                8 |     seconds: 5
                  |              ^
            hint: the nearest is 4

            film.yaml:9:9: the id `Beach` is taken by `beach` on line 4
                9 |   - id: Beach
                  |         ^^^^^
            hint: ids that differ in capitals alone are one file on some systems

            film.yaml:11:22: shot `Beach`: `input_reference` `refs/none.png` is not there
               11 |     input_reference: refs/none.png
                  |                      ^^^^^^^^^^^^^
            hint: paths start from the folder of the manifest

            5 problems; nothing was sent
            """)
    assert shop.ledger["connections"] == 0


def test_the_problems_of_a_profile_are_shown_where_they_stand(desk: Desk) -> None:
    desk.write(
        TWO_SHOTS.replace("{extends: sora, typical_render: 0.3}", "./own.yaml").replace("seconds: 4", "seconds: x")
    )
    desk.write("extends: sora\nslots: none\n", "own.yaml")
    wrong = desk.run("check", "film.yaml")
    assert wrong.code == 2
    assert "film.yaml:3:37: `defaults.seconds` " in wrong.stderr
    assert "own.yaml:2:8: `slots` " in wrong.stderr


def test_check_gives_problems_as_data(desk: Desk) -> None:
    desk.write(MISTAKES)
    wrong = desk.run("check", "film.yaml", "--json")
    told = json.loads(wrong.stdout)
    assert (wrong.code, wrong.stderr) == (2, "")
    assert [each["ok"] for each in told] == [False]
    assert told[0]["problems"][0] == {
        "path": "film.yaml",
        "line": 2,
        "column": 10,
        "message": "there is no profile `sorra`",
        "hint": "did you mean `sora`?",
    }
    assert len(told[0]["problems"]) == 5


def test_plan_without_a_server_shows_the_price(desk: Desk) -> None:
    prices = "prices: {date: 2026-09-24, source: made up for this test, per_second: {sora-2: 0.1}}\n"
    desk.write(prices + TWO_SHOTS)
    assert desk.run("plan", "film.yaml") == Result(
        code=0,
        stderr="",
        stdout=screen("""
            film.yaml: no server set, profile sora, adapted

            shot   action  reason  size      seconds  price
            beach  submit  new     1280x720        4  $0.40
            alley  submit  new     1280x720        4  $0.40

            shots   2 submit
            to buy  2 clips, 8 s, $0.80 at most
            prices  of 2026-09-24: made up for this test
            """),
    )
    assert not list(desk.folder.glob("*.lock")), "looking writes nothing"


def test_render_tells_what_it_costs_what_happens_and_what_to_do_next(desk: Desk, shop: Shop) -> None:
    run = desk.run("render", "film.yaml")
    assert (run.code, run.stdout) == (0, "")
    lines = run.stderr.splitlines()
    assert lines[0] == "HOST, profile sora, adapted: 2 clips, 8 s, at most $0.80"
    assert sorted(lines[1:5]) == [
        "alley: done after M:SS: renders/film/alley.mp4, $0.40",
        "alley: submitted as job JOB, $0.40",
        "beach: done after M:SS: renders/film/beach.mp4, $0.40",
        "beach: submitted as job JOB, $0.40",
    ]
    assert lines[5:] == [
        "2 clips are there, in renders/film",
        "this run cost $0.80 at most, all runs together $0.80",
        "",
        "change a line and say the same again: only that shot is made anew",
    ]
    assert desk.run("render", "film.yaml") == Result(
        code=0,
        stdout="",
        stderr="HOST, profile sora, adapted: nothing to buy\nnothing to do: 2 clips are there\n",
    )


def test_render_as_json_gives_events_on_standard_output(desk: Desk, shop: Shop) -> None:
    run = desk.run("render", "film.yaml", "--json")
    events = [json.loads(line) for line in run.stdout.splitlines()]
    names = [event["event"] for event in events]
    assert (names[0], names[-1]) == ("run_started", "run_ended")
    assert names.count("bought") == 2
    assert names.count("shot_ended") == 2
    assert run.stderr.startswith("HOST, profile sora, adapted: 2 clips")


def test_status_tells_where_every_shot_stands(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml", "--only", "beach")
    status = desk.run("status", "film.yaml")
    assert (status.code, status.stderr) == (0, "")
    assert " ".join(status.stdout.split()) == (
        "shot state job price clip beach done JOB $0.40 renders/film/beach.mp4 alley not bought "
        "film.yaml: 2 shots: 1 done, 1 not bought; $0.40 spent"
    )
    told = json.loads(desk.run("status", "film.yaml", "--json").stdout)
    assert [each["state"] for each in told["shots"]] == ["done", "not_bought"]


def test_verify_finds_what_is_bought_and_not_here(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(pace=Pace(render_seconds=600))
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    assert desk.run("verify", "film.yaml").code == 0, "nothing is bought"
    leave_in_flight(desk, shop, "--only", "beach")
    missing = desk.run("verify", "film.yaml")
    assert missing.code == 1
    assert "beach  renders/film/beach.mp4  is bought, and not here: in flight" in missing.stdout


def test_verify_finds_what_is_missing_cut_or_changed(desk: Desk, shop: Shop) -> None:
    desk.write(TWO_SHOTS + "  - {id: cliff, prompt: Waves}\n")
    desk.run("render", "film.yaml")
    assert desk.run("verify", "film.yaml") == Result(code=0, stdout="3 clips are whole\n", stderr="")

    (desk.folder / "renders/film/beach.mp4").unlink()
    alley, cliff = (desk.folder / f"renders/film/{name}.mp4" for name in ("alley", "cliff"))
    size = alley.stat().st_size
    alley.write_bytes(alley.read_bytes()[:-100])
    _flip_last_byte(cliff)
    damaged = desk.run("verify", "film.yaml")
    assert (damaged.code, damaged.stderr) == (1, "")
    assert damaged.stdout == screen(f"""
        beach  renders/film/beach.mp4  is not there; the store has it, and `render` puts it back
        alley  renders/film/alley.mp4  has {size - 100} bytes, {size} were recorded
        cliff  renders/film/cliff.mp4  has other bytes than were recorded

        0 clips are whole, 3 are not
        """)
    told = json.loads(desk.run("verify", "film.yaml", "--json").stdout)
    assert [each["shot"] for each in told["findings"]] == ["beach", "alley", "cliff"]


def _flip_last_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_a_damaged_lockfile_is_not_rendered_and_fold_mends_it(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    head, alley, beach = desk.lock().splitlines(keepends=True)
    ours, theirs = b"<<<<<<< ours\n", b">>>>>>> theirs\n"
    (desk.folder / "film.lock").write_bytes(head + ours + alley + b"=======\n" + beach + theirs)
    refused = desk.run("render", "film.yaml")
    assert refused == Result(
        code=4,
        stdout="",
        stderr=screen("""
            error: FOLDER/film.lock:2: a conflict marker (and 2 more lines); nothing was sent and nothing was discarded
            hint: shotlock lock fold FOLDER/film.lock
            """),
    )
    assert desk.run("lock", "fold", "film.lock") == Result(
        code=0,
        stdout="",
        stderr="film.lock folded: 2 attempts; 3 conflict markers taken out, both sides kept\n",
    )
    assert desk.lock() == head + alley + beach
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_fold_puts_aside_what_cannot_be_believed(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    head, alley, beach = desk.lock().splitlines(keepends=True)
    (desk.folder / "film.lock").write_bytes(head + alley.replace(b"A cat", b"A rat") + beach)
    folded = desk.run("lock", "fold", "film.lock")
    assert folded.code == 0
    assert folded.stderr == screen("""
        film.lock:2: the request does not give the fingerprint beside it; the line is now in film.lock.bad
        film.lock folded: 1 attempt
        what the damaged lines told is known from others, or from this machine's ledger: nothing is lost
        """)
    assert (desk.folder / "film.lock.bad").read_bytes() == alley.replace(b"A cat", b"A rat")
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2, "the ledger knew"


def test_fold_leaves_a_newer_file_alone(desk: Desk) -> None:
    desk.write('{"lock":2}\n', "film.lock")
    newer = desk.run("lock", "fold", "film.lock")
    assert newer.code == 4
    assert newer.stderr == screen("""
        error: film.lock cannot be read: it is of version 2, and this shotlock reads version 1
        hint: update shotlock
        """)
    assert desk.lock() == b'{"lock":2}\n'


def test_fold_keeps_whose_the_purchases_of_a_ledger_are(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    ledger = next(desk.state.glob("shotlock/*.jsonl"))
    ledger.write_bytes(ledger.read_bytes() + b"nonsense\n")
    assert desk.run("render", "film.yaml").code == 4
    assert desk.run("lock", "fold", str(ledger)).code == 0
    assert b'"owner"' in ledger.read_bytes()
    (desk.folder / "film.lock").unlink()
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2
