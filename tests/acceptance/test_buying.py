"""Buying from a server, said again and again: every clip is paid for once."""

import json
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace, Rules
from tests.acceptance.desk import KEY, TWO_SHOTS, Desk, Shop, interrupt, leave_in_flight, on_terminal, wait_for
from tests.acceptance.warm import QuickDesk, at_once

desk = pytest.fixture(at_once)

LONG = Pace(render_seconds=600)  # nothing ends before the test lets time pass
THREE_SHOTS = TWO_SHOTS + "  - id: cliff\n    prompt: Waves below a cliff\n"


def test_a_clean_run_buys_each_clip_once_and_the_same_again_sends_nothing(desk: Desk, shop: Shop) -> None:
    first = desk.run("render", "film.yaml")
    assert first.code == 0, first.stderr
    assert shop.billed == 2
    assert set(desk.clips()) == {"renders/film/beach.mp4", "renders/film/alley.mp4"}
    lock, asked = desk.lock(), shop.ledger["connections"]

    second = desk.run("render", "film.yaml")
    assert second.code == 0
    assert shop.ledger["connections"] == asked, "a run with nothing to do asks nobody"
    assert desk.lock() == lock


def test_clips_that_a_killed_run_left_are_read_once_and_not_at_every_rerun(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    cache = desk.folder / ".shotlock" / "film.seen.json"
    known = json.loads(cache.read_bytes())
    cache.unlink()  # it is written at the end of a run: a kill leaves none, or one that knows less

    assert desk.run("render", "film.yaml").code == 0
    assert json.loads(cache.read_bytes()) == known
    assert len(known) == 2


def test_no_file_holds_the_key(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    for folder in (desk.folder, desk.state):
        for path in folder.rglob("*"):
            assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_an_edited_prompt_costs_one_clip_and_going_back_costs_nothing(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    before = desk.clips()
    desk.edit("A cat in an alley", "A cat on a roof")
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 3
    assert desk.clips()["renders/film/alley.mp4"] != before["renders/film/alley.mp4"]

    desk.edit("A cat on a roof", "A cat in an alley")
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 3
    assert desk.clips() == before


def test_renamed_reordered_and_inserted_shots_cost_only_what_is_new(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    before = desk.clips()
    desk.write(
        "version: 1\nprofile: {extends: sora, typical_render: 0.3}\ndefaults: {size: 1280x720, seconds: 4}\nshots:\n"
        "  - {id: night, prompt: A cat in an alley}\n"
        "  - {id: cliff, prompt: Waves below a cliff}\n"
        "  - {id: beach, prompt: A dog runs on the beach}\n"
    )
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 3
    assert desk.clips()["renders/film/night.mp4"] == before["renders/film/alley.mp4"]
    assert desk.clips()["renders/film/beach.mp4"] == before["renders/film/beach.mp4"]


def test_a_deleted_lockfile_is_no_new_bill(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    lock = desk.lock()
    (desk.folder / "film.lock").unlink()
    again = desk.run("render", "film.yaml")
    assert again.code == 0
    assert shop.billed == 2
    assert desk.lock() == lock
    assert "film.lock lacked 2 purchases that this machine remembers: put back\n" in again.stderr


def test_a_deleted_clip_comes_back_from_the_store(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    before, contents = desk.clips(), shop.ledger["requests"]["content"]
    (desk.folder / "renders/film/beach.mp4").unlink()
    assert desk.run("render", "film.yaml").code == 0
    assert desk.clips() == before
    assert (shop.billed, shop.ledger["requests"]["content"]) == (2, contents)


def test_a_clip_that_is_in_no_store_is_downloaded_again(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    before = desk.clips()
    for path in [*desk.folder.glob("renders/**/*.mp4"), *desk.folder.glob(".shotlock/store/*")]:
        path.unlink()
    assert desk.run("render", "film.yaml").code == 0
    assert desk.clips() == before
    assert shop.billed == 2


def test_limit_buys_that_many_and_says_that_some_are_missing(desk: Desk, shop: Shop) -> None:
    assert desk.run("render", "film.yaml", "--limit", "1").code == 1
    assert shop.billed == 1
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_frozen_buys_nothing(desk: Desk, shop: Shop) -> None:
    assert desk.run("render", "film.yaml", "--frozen").code == 1
    assert shop.posts() == 0
    desk.run("render", "film.yaml")
    (desk.folder / "renders/film/beach.mp4").unlink()
    assert desk.run("render", "film.yaml", "--frozen").code == 0
    assert shop.billed == 2


def test_only_buys_the_shots_that_fit(desk: Desk, shop: Shop) -> None:
    assert desk.run("render", "film.yaml", "--only", "b*").code == 0
    assert [bill["prompt"] for bill in shop.ledger["billed"]] == ["A dog runs on the beach"]
    missing = desk.run("render", "film.yaml", "--only", "x*")
    assert (missing.code, missing.stdout) == (2, "")
    assert missing.stderr == ("error: no shot fits `x*`\nhint: quote the pattern, so that the shell leaves it alone\n")


@pytest.mark.parametrize(
    ("flags", "budget", "message"),
    [
        ((), "budget: 0.50\n", "2 clips for up to $0.80: the budget is $0.50"),
        (("--max-cost", "0.79"), "", "2 clips for up to $0.80: --max-cost is $0.79"),
    ],
)
def test_what_could_pass_the_budget_is_refused_before_anything_is_sent(
    desk: Desk, shop: Shop, flags: tuple[str, ...], budget: str, message: str
) -> None:
    desk.write(budget + TWO_SHOTS)
    refused = desk.run("render", "film.yaml", *flags)
    assert refused.code == 4
    assert refused.stderr.endswith(f"error: {message}\nhint: raise it, or buy less with --only or --limit\n")
    assert shop.ledger["connections"] == 0


def test_a_limit_counts_for_the_budget(desk: Desk, shop: Shop) -> None:
    desk.write("budget: 0.50\n" + TWO_SHOTS)
    assert desk.run("render", "film.yaml", "--limit", "1").code == 1
    assert shop.billed == 1
    spent = desk.run("render", "film.yaml")
    assert spent.code == 4
    assert "error: 1 clip for up to $0.40, $0.40 spent before: the budget is $0.50\n" in spent.stderr


def test_an_unknown_price_is_refused_under_a_budget(desk: Desk, shop: Shop) -> None:
    desk.write("budget: 5\nprices: {currency: USD, per_second: {other: 1}}\n" + TWO_SHOTS)
    refused = desk.run("render", "film.yaml")
    assert refused.code == 4, refused.stderr
    assert "the price of some shot is not known" in refused.stderr
    assert shop.ledger["connections"] == 0


def test_a_wrong_key_halts_the_batch_and_the_right_one_goes_on(desk: Desk, shop: Shop) -> None:
    wrong = desk.run("render", "film.yaml", OPENAI_API_KEY="sk-wrong-key-of-somebody")
    assert wrong.code == 4
    assert "sk-wrong" not in wrong.stderr
    assert shop.billed == 0
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_a_server_without_a_key_is_no_reason_for_previews(desk: Desk, shop: Shop) -> None:
    none = desk.run("render", "film.yaml", OPENAI_API_KEY="")
    assert (none.code, none.stdout) == (4, "")
    assert none.stderr == (
        "error: the server HOST is set, but there is no key for it\n"
        "hint: set OPENAI_API_KEY, or say --preview for free previews\n"
    )
    assert not desk.clips()


def test_a_malformed_key_is_told_without_showing_it(desk: Desk, shop: Shop) -> None:
    bad = desk.run("render", "film.yaml", OPENAI_API_KEY=f"{KEY} ")
    assert bad.code == 4
    assert bad.stderr.startswith("error: the key has an illegal character at position")


@pytest.mark.slow
def test_a_server_that_is_down_is_told_and_nothing_is_lost(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    desk.environ |= {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": KEY}
    down = desk.run("render", "film.yaml")
    assert down.code == 4
    assert "the server cannot be reached" in down.stderr
    shop = open_shop()
    assert desk.run("render", "film.yaml", OPENAI_BASE_URL=shop.base_url).code == 0
    assert shop.billed == 2


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_and_the_next_one_goes_on(
    desk: Desk, open_shop: Callable[..., Shop], number: int, code: int
) -> None:
    shop = open_shop(pace=LONG)
    desk.write(THREE_SHOTS)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    process = desk.start("render", "film.yaml")
    wait_for(lambda: shop.billed == 2, "two jobs")
    left, stderr = interrupt(process, number)
    assert left == code
    assert stderr.count("coming to an end") == 1
    assert shop.billed == 2
    shop.sandbox.advance(LONG.render_seconds)
    process = desk.start("render", "film.yaml")
    wait_for(lambda: shop.billed == 3, "a third job")
    shop.sandbox.advance(LONG.render_seconds)
    process.communicate(timeout=40)
    assert (process.returncode, shop.billed) == (0, 3)
    assert shop.ledger["max_running"] == 2
    assert len(desk.clips()) == 3


def test_a_second_signal_leaves_at_once(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DELAY, seconds=3, nth=1, when=Moment.AFTER))
    process = desk.start("render", "film.yaml")
    wait_for(lambda: shop.billed == 1, "one job")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    line = next(line for line in process.stderr if "coming to an end" in line)
    assert "once more" in line
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_stop_after_ends_a_run_that_the_next_one_goes_on_with(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(pace=Pace(render_seconds=2))
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    stopped = desk.run("render", "film.yaml", "--stop-after", "0.7s")
    assert stopped.code == 1
    assert "the time is up" in stopped.stderr
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_two_runs_of_one_manifest_do_not_meet(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(pace=LONG)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    process = desk.start("render", "film.yaml")
    wait_for(lambda: shop.billed == 2, "two jobs")
    second = desk.run("render", "film.yaml")
    assert (second.code, second.stdout) == (4, "")
    assert second.stderr == (
        "error: another run of film.yaml is going on: process PID on MACHINE, since THEN\nhint: wait for its end\n"
    )
    shop.sandbox.advance(LONG.render_seconds)
    process.communicate(timeout=40)
    assert process.returncode == 0
    assert shop.billed == 2


@pytest.mark.slow
def test_two_manifests_share_the_slots_of_their_account(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(pace=Pace(render_seconds=1), rules=Rules(key=KEY))
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    desk.write(TWO_SHOTS.replace("A ", "Another "), "other.yaml")
    processes = [desk.start("render", name) for name in ("film.yaml", "other.yaml")]
    said = [process.communicate(timeout=40) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    ledger = shop.ledger
    assert (shop.billed, ledger["max_running"], ledger["too_many"]) == (4, 2, 0)


def test_a_retake_buys_a_shot_again_and_keeps_the_old_clip(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    before = desk.clips()
    assert desk.run("retake", "film.yaml", "beach").code == 0
    assert shop.billed == 3
    kept = [path.read_bytes() for path in desk.folder.glob(".shotlock/store/*.mp4")]
    assert before["renders/film/beach.mp4"] in kept
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 3


def test_a_shot_in_flight_is_not_bought_twice_by_a_retake(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(pace=LONG)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    leave_in_flight(desk, shop, "--only", "beach")
    shop.sandbox.advance(LONG.render_seconds)
    again = desk.run("retake", "film.yaml", "beach")
    assert again.code == 0
    assert again.stderr.startswith("shot `beach` is in flight: it is not bought again before that ends\n")
    assert shop.billed == 1


def test_a_retake_of_an_unknown_shot_is_a_usage_error(desk: Desk, shop: Shop) -> None:
    unknown = desk.run("retake", "film.yaml", "beech")
    assert (unknown.code, unknown.stdout) == (2, "")
    assert unknown.stderr == "error: there is no shot `beech`\nhint: did you mean `beach`?\n"


def test_an_answer_that_was_lost_is_looked_up_and_not_paid_twice(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1))
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_a_lost_answer_that_no_list_explains_is_held_until_a_person_decides(
    desk: Desk, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(rules=Rules(key=KEY, lists=False))
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1))
    held = desk.run("render", "film.yaml")
    assert held.code == 1
    assert "shotlock resolve film.yaml beach" in held.stderr
    lost = next(bill["id"] for bill in shop.ledger["billed"] if "dog" in bill["prompt"])

    nothing = desk.run("resolve", "film.yaml", "beach", "--adopt", "")  # a variable that was not set
    assert (nothing.code, nothing.stderr) == (2, "error: that is no id that a server could have given\n")
    decided = desk.run("resolve", "film.yaml", "beach", "--adopt", lost)
    assert (decided.code, decided.stdout) == (0, "")
    assert decided.stderr == "shot `beach` is job JOB: the next render fetches it\n"
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 2


def test_a_job_is_fetched_from_the_server_that_took_it(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    first, second = open_shop(pace=LONG), open_shop()
    desk.environ |= {"OPENAI_BASE_URL": first.base_url, "OPENAI_API_KEY": KEY}
    leave_in_flight(desk, first, "--limit", "1")
    assert first.billed == 1
    first.sandbox.advance(LONG.render_seconds)
    moved = desk.run("render", "film.yaml", OPENAI_BASE_URL=second.base_url)
    assert moved.code == 0, moved.stderr
    assert (first.billed, second.billed) == (1, 1)
    assert len(desk.clips()) == 2


def test_a_strangers_lockfile_does_not_get_the_key(desk: Desk, open_shop: Callable[..., Shop], tmp_path: Path) -> None:
    trap, shop = open_shop(pace=LONG), open_shop()
    desk.environ |= {"OPENAI_BASE_URL": trap.base_url, "OPENAI_API_KEY": KEY}
    leave_in_flight(desk, trap, "--limit", "1")
    asked = trap.ledger["connections"]
    elsewhere = str(tmp_path / "another machine")
    refused = desk.run("render", "film.yaml", OPENAI_BASE_URL=shop.base_url, XDG_STATE_HOME=elsewhere)
    assert refused.code == 1
    assert "where this run may not go" in refused.stderr
    assert trap.ledger["connections"] == asked
    assert shop.billed == 1, "the other shot is bought"


@pytest.mark.parametrize(("answer", "code", "billed"), [("y", 0, 2), ("n", 1, 0), ("", 1, 0)])
def test_on_a_terminal_a_run_asks_before_it_buys(desk: Desk, shop: Shop, answer: str, code: int, billed: int) -> None:
    screen, left = on_terminal(desk, f"{answer}\n", "render", "film.yaml")
    assert "2 clips, 8 s, at most $0.80\r\nbuy them? [y/N] " in screen
    assert (left, shop.billed) == (code, billed)
    assert ("nothing was bought" in screen) == (code == 1)


def test_on_a_terminal_nothing_is_asked_with_yes_or_with_nothing_to_buy(desk: Desk, shop: Shop) -> None:
    for flags in (("--yes",), ()):
        screen, left = on_terminal(desk, "", "render", "film.yaml", *flags)
        assert left == 0
        assert "[y/N]" not in screen
    assert shop.billed == 2


@pytest.mark.parametrize(("answer", "code", "billed"), [("n", 1, 1), ("y", 0, 2)])
def test_on_a_terminal_nothing_is_bought_again_by_itself_without_a_question(
    desk: Desk, open_shop: Callable[..., Shop], answer: str, code: int, billed: int
) -> None:
    """The run before announced its purchase; this one may come to another, and says so."""
    shop = open_shop(pace=LONG)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    desk.edit("version: 1\n", "version: 1\nretries: 1\n")
    desk.write((desk.folder / "film.yaml").read_text().partition("  - id: alley")[0])
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.FAIL, nth=1, code="oops", message="It broke."))
    leave_in_flight(desk, shop)
    shop.sandbox.advance(LONG.render_seconds)

    def end_the_second() -> None:
        wait_for(lambda: shop.billed == 2, "a second job")
        shop.sandbox.advance(LONG.render_seconds)

    with ThreadPoolExecutor() as pool:
        ending = pool.submit(end_the_second) if answer == "y" else None
        screen, left = on_terminal(desk, f"{answer}\n", "render", "film.yaml", "--stop-after", "60s")
    assert ending is None or ending.result() is None
    told = "nothing to buy; 1 clip more, at most $0.40, should jobs come to nothing"
    assert f"{told}\r\nbuy again what comes to nothing? [y/N] " in screen
    assert (left, shop.billed) == (code, billed)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("beach",), "exactly one of --adopt JOB_ID, --resubmit and --abandon is needed"),
        (("beach", "--resubmit", "--abandon"), "exactly one of --adopt JOB_ID, --resubmit and --abandon is needed"),
        (("--resubmit",), "either shots or --all must be named"),
        (("beach", "--all", "--resubmit"), "either shots or --all must be named"),
        (("beach", "alley", "--adopt", "x"), "one job belongs to one shot"),
        (("beech", "--resubmit"), "there is no shot `beech`"),
        (("beach", "--abandon"), "shot `beach` has nothing to give up: new"),
    ],
)
def test_a_verdict_that_makes_no_sense_is_refused(
    desk: Desk, shop: Shop, arguments: tuple[str, ...], error: str
) -> None:
    refused = desk.run("resolve", "film.yaml", *arguments)
    assert refused.code == 2
    assert refused.stderr.startswith(f"error: {error}\n")


def test_a_held_shot_is_given_up_or_bought_again_as_a_person_says(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(rules=Rules(key=KEY, lists=False, slots=4))
    desk.write(TWO_SHOTS.replace("typical_render: 0.3", "typical_render: 0.3, settle: 0, longest_render: 1"))
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1, times=2))
    assert desk.run("render", "film.yaml").code == 1
    assert shop.billed == 2

    assert desk.run("resolve", "film.yaml", "beach", "--abandon").stderr == (
        "shot `beach` is given up: only `retake` buys it again\n"
    )
    assert desk.run("resolve", "film.yaml", "--all", "--resubmit").stderr == (
        "shot `alley` is bought again by the next render\n"
    )
    again = desk.run("render", "film.yaml")
    assert again.code == 1, "the one that was given up is not there"
    assert shop.billed == 3
    assert set(desk.clips()) == {"renders/film/alley.mp4"}
    assert desk.run("retake", "film.yaml", "beach").code == 0
    assert shop.billed == 4


def test_jobs_that_nobody_remembers_wait_for_a_person(desk: Desk, shop: Shop) -> None:
    desk.run("render", "film.yaml")
    jobs = {bill["prompt"]: bill["id"] for bill in shop.ledger["billed"]}
    for path in (desk.state, desk.folder / ".shotlock", desk.folder / "renders"):
        shutil.rmtree(path)
    (desk.folder / "film.lock").unlink()

    held = desk.run("render", "film.yaml")
    assert held.code == 1
    assert shop.billed == 2
    assert "the server has a job for this very request that nobody here remembers" in held.stderr

    dog = jobs["A dog runs on the beach"]
    assert desk.run("resolve", "film.yaml", "beach", "--adopt", dog).code == 0
    taken = desk.run("resolve", "film.yaml", "alley", "--adopt", dog)
    assert (taken.code, taken.stderr) == (2, "error: job JOB is that of shot `beach` of film.yaml already\n")
    assert desk.run("resolve", "film.yaml", "alley", "--resubmit").code == 0
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 3
    assert len(desk.clips()) == 2


def test_a_job_of_another_shot_is_not_taken(desk: Desk, shop: Shop) -> None:
    jobs = [shop.order("A cat in an alley"), shop.order("A cat in an alley", seconds="8", size="720x1280")]
    refused = desk.run("resolve", "film.yaml", "beach", "--adopt", jobs[0])
    assert (refused.code, refused.stderr) == (
        2,
        "error: job JOB is no clip of shot `beach`: 1280x720, 4 s, `A cat in an alley`\nhint: it fits shot `alley`\n",
    )
    believed = desk.run("resolve", "film.yaml", "beach", "--adopt", jobs[1])
    assert believed.code == 0
    assert believed.stderr.startswith(
        "job JOB shows another clip than shot `beach` wants: 720x1280, 8 s, `A cat in an alley`\n"
    )
    fetched = desk.run("render", "film.yaml", "--only", "beach")
    assert fetched.code == 0
    assert "shot `beach` came as 720x1280; 1280x720 was asked for\n" in fetched.stderr
    assert "shot `beach` came with 8.0 s; 4 were asked for\n" in fetched.stderr


def test_the_same_order_again_changes_nothing(desk: Desk, shop: Shop) -> None:
    desk.edit("version: 1\n", "version: 1\nbudget: 1\n")
    said = {desk.run("resolve", "film.yaml", "beach", "--resubmit").stderr for _ in range(3)}
    assert said == {"shot `beach` is bought again by the next render\n"}
    stands = desk.run("status", "film.yaml").stdout
    assert "beach  not bought" in stands
    assert "asked for; the next run buys it" in stands
    assert "spent" not in stands, "an order is no purchase"
    assert desk.run("render", "film.yaml").code == 0, "both are within the budget"
    assert shop.billed == 2


def test_why_a_job_failed_is_kept_in_the_words_of_the_server(quick: QuickDesk, shop: Shop) -> None:
    why = Fault(on=On.CREATE, do=Do.FAIL, nth=1, code="moderation_blocked", message="It was blocked.")
    shop.sandbox.faults.append(why)
    assert quick.run("render", "film.yaml").code == 1
    assert b'"error":{"state":"failed","code":"moderation_blocked","message":"It was blocked."}' in quick.lock()
