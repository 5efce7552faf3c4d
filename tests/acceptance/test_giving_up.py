"""What a person can do about a job that was paid for and brings no clip: give it up, buy anew, and take it back."""

import os
import shutil
import time
from collections.abc import Callable

import pytest

from runner.lock import lines
from runner.lock.facts import State
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from tests.acceptance.desk import KEY, Desk, Result, Shop, leave_in_flight, on_terminal, wait_for
from tests.acceptance.warm import QuickDesk, Warm
from tests.unit.factories import make_attempt, make_owner, make_request

LONG = Pace(render_seconds=600)  # nothing ends before the test lets time pass
SHORT = ", settle: 0, longest_render: 1"  # a job has surely ended after a second


@pytest.fixture
def desk(desk: Desk, warm: Warm) -> QuickDesk:
    """Commands that end by themselves start at once."""
    return QuickDesk(folder=desk.folder, state=desk.state, environ=desk.environ, said=desk.said, warm=warm)


@pytest.fixture
def slow(desk: Desk, open_shop: Callable[..., Shop]) -> Shop:
    """A server that has a job for beach, which is at work until time passes."""
    shop: Shop = open_shop(pace=LONG)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    leave_in_flight(desk, shop, "--only", "beach")
    return shop


@pytest.fixture
def lost(desk: Desk, slow: Shop) -> Shop:
    """The same server when the job has ended long ago."""
    desk.edit("typical_render: 0.3", f"typical_render: 0.3{SHORT}")
    slow.sandbox.advance(LONG.render_seconds)
    time.sleep(1.2)
    return slow


def resolve(desk: Desk, *verdict: str, name: str = "beach") -> Result:
    return desk.run("resolve", "film.yaml", name, *verdict)


def bought(shop: Shop, desk: Desk, *command: str) -> int:
    """Run a command that buys one more clip, and let time pass; its exit code."""
    count = shop.billed
    process = desk.start(*command)
    wait_for(lambda: shop.billed == count + 1, "one job more")
    shop.sandbox.advance(LONG.render_seconds)
    process.communicate(timeout=40)
    return process.returncode


# --- when it may be given up


def test_a_job_that_may_be_at_work_is_not_given_up(desk: Desk, slow: Shop) -> None:
    no_such = {"error": {"message": "no such video"}}
    for status, verdict in (
        (None, "--abandon"),
        (None, "--resubmit"),
        (403, "--abandon"),
        (404, "--resubmit"),
        (500, "--abandon"),
    ):
        slow.sandbox.faults.clear()
        if status:
            slow.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=status, body=no_such))
        refused = resolve(desk, verdict)
        assert refused.code == 2, status
        words = "error: job JOB of shot `beach` may still be at work\nhint: wait for its end: in "
        assert refused.stderr.startswith(words), status
    assert "in flight" in desk.run("status", "film.yaml").stdout


def test_a_job_that_is_completed_is_fetched_first(desk: Desk, slow: Shop) -> None:
    slow.sandbox.advance(LONG.render_seconds)
    refused = resolve(desk, "--resubmit")
    assert refused.code == 2
    assert refused.stderr.startswith("error: job JOB of shot `beach` is completed: the next render fetches it\n")
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert slow.billed == 1


def test_a_job_that_brings_no_clip_is_given_up_and_bought_again(desk: Desk, lost: Shop) -> None:
    given_up = resolve(desk, "--abandon")
    assert (given_up.code, given_up.stderr) == (
        0,
        (
            "job JOB is completed at the server; it is given up all the same\n"
            "job JOB is given up; if it brings a clip after all: shotlock resolve film.yaml beach --adopt JOB\n"
            "shot `beach` is given up: only `retake` buys it again\n"
        ),
    )
    held = desk.run("render", "film.yaml", "--only", "beach")
    assert held.code == 1
    assert "expired: a person gave it up" in held.stderr
    assert lost.billed == 1
    assert bought(lost, desk, "retake", "film.yaml", "beach") == 0
    assert [*desk.clips()] == ["renders/film/beach.mp4"]


def test_one_that_was_not_seen_to_end_is_bought_again_when_it_must_have(desk: Desk, lost: Shop) -> None:
    lost.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, times=4, status=404, body={"error": "gone"}))
    ordered = resolve(desk, "--resubmit")
    assert (ordered.code, "job JOB was not seen to end; it is given up all the same\n" in ordered.stderr) == (0, True)
    assert bought(lost, desk, "render", "film.yaml", "--only", "beach") == 0


# --- taking it back


@pytest.mark.parametrize("verdict", ["--abandon", "--resubmit"])
def test_a_job_that_was_given_up_is_taken_back_and_was_paid_for_once(desk: Desk, lost: Shop, verdict: str) -> None:
    job = lost.ledger["billed"][0]["id"]
    assert resolve(desk, verdict).code == 0
    taken = resolve(desk, "--adopt", job)
    assert (taken.code, taken.stderr) == (0, "shot `beach` is job JOB: the next render fetches it\n")
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert [*desk.clips()] == ["renders/film/beach.mp4"]
    assert "$0.40 spent" in desk.run("status", "film.yaml").stdout
    assert lost.billed == 1


def test_it_is_taken_back_where_what_was_bought_in_its_place_failed(desk: Desk, lost: Shop) -> None:
    job = lost.ledger["billed"][0]["id"]
    assert resolve(desk, "--resubmit").code == 0
    lost.sandbox.faults.append(Fault(on=On.CREATE, do=Do.FAIL, nth=1, code="oops", message="It broke."))
    assert bought(lost, desk, "render", "film.yaml", "--only", "beach") == 1
    assert resolve(desk, "--adopt", job).code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert lost.billed == 2


def test_a_job_that_the_server_does_not_have_is_not_taken_back(desk: Desk, lost: Shop) -> None:
    job = lost.ledger["billed"][0]["id"]
    assert resolve(desk, "--abandon").code == 0
    lost.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=404, body={"error": "gone"}))
    refused = resolve(desk, "--adopt", job)
    assert (refused.code, "the server does not know job JOB" in refused.stderr) == (2, True)


def test_the_budget_remembers_a_job_that_was_taken_back_under_another_name_of_the_manifest(
    desk: Desk, lost: Shop
) -> None:
    desk.edit("version: 1\n", "version: 1\nbudget: 0.50\n")
    job = lost.ledger["billed"][0]["id"]
    assert resolve(desk, "--abandon").code == 0
    assert resolve(desk, "--adopt", job).code == 0
    (desk.folder / "film.yaml").rename(desk.folder / "movie.yaml")
    (desk.folder / "film.lock").unlink()
    assert desk.run("resolve", "movie.yaml", "beach", "--adopt", job).code == 0
    refused = desk.run("render", "movie.yaml")
    assert (refused.code, "$0.40 spent before" in refused.stderr, lost.billed) == (4, True, 1)


# --- whose it is


def test_what_is_unconfirmed_is_decided_before_what_is_in_flight(desk: Desk, lost: Shop) -> None:
    """A shot that was edited while its answer was lost: a verdict on all that is open leaves its job alone."""
    lost.sandbox.faults.extend([Fault(on=On.LIST, do=Do.NO_ROUTE, status=404), Fault(on=On.CREATE, do=Do.DROP, nth=1)])
    desk.edit("A dog runs on the beach", "A fox runs on the beach")
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    desk.edit("A fox runs on the beach", "A dog runs on the beach")
    assert desk.run("resolve", "film.yaml", "--all", "--abandon").code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0


def test_what_no_shot_wants_any_more_is_given_up_by_the_name_of_its_job(desk: Desk, lost: Shop) -> None:
    job = lost.ledger["billed"][0]["id"]
    desk.edit("A dog runs on the beach", "A fox runs on the beach")
    for verdict in (("--resubmit",), ("--adopt", "video_9")):
        refused = resolve(desk, *verdict, name=job)
        assert (refused.code, "it can only be given up" in refused.stderr) == (2, True)
    assert resolve(desk, "--abandon").code == 2, "the shot itself has nothing in flight"
    given_up = resolve(desk, "--abandon", name=job)
    assert (given_up.code, given_up.stderr.splitlines()[-1]) == (0, "job JOB is given up")
    assert desk.run("render", "film.yaml", "--frozen").stderr.count("earlier request") == 0


def test_a_verdict_on_a_shot_is_none_on_one_that_had_its_name(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.extend(
        [Fault(on=On.LIST, do=Do.NO_ROUTE, status=404), Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1)]
    )
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    desk.edit("- id: beach", "- id: shore")
    assert desk.run("render", "film.yaml", "--only", "shore").code == 1
    desk.edit("shots:\n", "shots:\n  - id: beach\n    prompt: A fox\n")
    ordered = resolve(desk, "--resubmit")
    assert ordered.code == 0
    assert "shore  unconfirmed" in desk.run("status", "film.yaml").stdout
    assert desk.run("render", "film.yaml", "--only", "shore").code == 1
    assert shop.billed == 1


def test_an_order_replaces_a_job_that_a_server_with_a_fast_clock_has_dated(desk: Desk, shop: Shop) -> None:
    wish = make_request("A dog runs on the beach", seconds="4")
    ahead = make_attempt(State.SUBMITTED, origin=shop.base_url, request=wish, at=4e9, owner=make_owner())
    desk.write(f"{lines.HEADER.decode()}{lines.write(ahead, crc=False, owner=False).decode()}", "film.lock")
    desk.edit("- id: beach", "- id: shore")
    desk.edit("typical_render: 0.3", f"typical_render: 0.3{SHORT}")
    failed = {"id": "video_1", "object": "video", "status": "failed"}
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=200, body=failed))
    assert resolve(desk, "--resubmit", name="shore").code == 0
    assert "asked for" in desk.run("plan", "film.yaml").stdout


# --- what is shown


@pytest.mark.parametrize("verdict", ["--abandon", "--adopt"])
def test_a_jobs_id_does_nothing_to_the_terminal(desk: Desk, shop: Shop, verdict: str) -> None:
    evil = "x\x1b[2J\x1b]0;owned\x07y\u202e"
    wish = make_request("A dog runs on the beach", seconds="4")
    flying = make_attempt(State.SUBMITTED, origin=shop.base_url, request=wish, job=evil, at=1.0)
    desk.write(f"{lines.HEADER.decode()}{lines.write(flying, crc=False, owner=False).decode()}", "film.lock")
    words = ("--abandon",) if verdict == "--abandon" else ("--adopt", evil)
    screen, _ = on_terminal(desk, "", "resolve", "film.yaml", "beach", *words)
    assert "\x1b[2J" not in screen
    assert "\x07" not in screen
    assert "\u202e" not in screen


@pytest.mark.parametrize("name", ["film.lock", "ledger"])
def test_a_file_of_ours_is_mended_though_no_line_of_it_can_be_read(desk: Desk, shop: Shop, name: str) -> None:
    assert desk.run("render", "film.yaml", "--frozen").code == 1
    path = desk.folder / name
    if name == "ledger":
        assert desk.run("render", "film.yaml").code == 0
        (path,) = (desk.state / "shotlock").glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b"{", b"[").replace(b"lock", b"look"))
    refused = desk.run("render", "film.yaml")
    assert (refused.code, "shotlock lock fold" in refused.stderr) == (4, True)
    shutil.copy(path, os.fspath(path) + ".copy")
    mended = desk.run("lock", "fold", os.fspath(path))
    assert mended.code == 0, mended.stderr
