"""What a person can do about a job that was paid for and brings no clip: give it up, buy anew, and take it back."""

from collections.abc import Callable

import pytest

from runner.sandbox.faults import Do, Fault, On
from runner.sandbox.rules import Pace
from tests.acceptance.desk import KEY, Desk, Result, Shop, leave_in_flight, wait_for

LONG = Pace(render_seconds=600)  # nothing ends before the test lets time pass


@pytest.fixture
def slow(desk: Desk, open_shop: Callable[..., Shop]) -> Shop:
    """A server that has a job for beach, which is at work until time passes."""
    shop: Shop = open_shop(pace=LONG)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    leave_in_flight(desk, shop, "--only", "beach")
    return shop


def resolve(desk: Desk, *verdict: str) -> Result:
    return desk.run("resolve", "film.yaml", "beach", *verdict)


@pytest.mark.parametrize("verdict", ["--abandon", "--resubmit"])
def test_a_job_that_is_at_work_is_not_given_up(desk: Desk, slow: Shop, verdict: str) -> None:
    refused = resolve(desk, verdict)
    assert refused.code == 2
    assert refused.stderr.startswith("error: job JOB of shot `beach` may still be at work\nhint: wait for its end; in ")
    assert "in flight" in desk.run("status", "film.yaml").stdout


@pytest.mark.parametrize("verdict", ["--abandon", "--resubmit"])
def test_a_job_whose_server_is_silent_is_not_given_up_while_it_may_be_at_work(
    desk: Desk, slow: Shop, verdict: str
) -> None:
    slow.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=403, body={"error": "no"}))
    assert resolve(desk, verdict).code == 2


def test_a_job_that_brings_no_clip_is_given_up_and_bought_again(desk: Desk, slow: Shop) -> None:
    slow.sandbox.advance(LONG.render_seconds)
    given_up = resolve(desk, "--abandon")
    assert (given_up.code, given_up.stderr) == (
        0,
        (
            "job JOB is not waited for any more; if it brings a clip after all: "
            "shotlock resolve film.yaml beach --adopt JOB\n"
            "shot `beach` is given up: only `retake` buys it again\n"
        ),
    )
    held = desk.run("render", "film.yaml", "--only", "beach")
    assert held.code == 1
    assert "expired: a person gave it up" in held.stderr
    assert slow.billed == 1
    again = desk.start("retake", "film.yaml", "beach")
    wait_for(lambda: slow.billed == 2, "a second job")
    slow.sandbox.advance(LONG.render_seconds)
    again.communicate(timeout=40)
    assert again.returncode == 0
    assert [*desk.clips()] == ["renders/film/beach.mp4"]


def test_one_that_the_server_does_not_know_is_bought_again_at_once(desk: Desk, slow: Shop) -> None:
    slow.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, times=4, status=404, body={"error": "gone"}))
    assert resolve(desk, "--resubmit").code == 0
    again = desk.start("render", "film.yaml", "--only", "beach")
    wait_for(lambda: slow.billed == 2, "a second job")
    slow.sandbox.advance(LONG.render_seconds)
    again.communicate(timeout=40)
    assert again.returncode == 0


def test_a_job_that_was_given_up_is_taken_back_and_was_paid_for_once(desk: Desk, slow: Shop) -> None:
    job = slow.ledger["billed"][0]["id"]
    slow.sandbox.advance(LONG.render_seconds)
    assert resolve(desk, "--abandon").code == 0
    taken = resolve(desk, "--adopt", job)
    assert (taken.code, taken.stderr) == (0, "shot `beach` is job JOB: the next render fetches it\n")
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert [*desk.clips()] == ["renders/film/beach.mp4"]
    assert "$0.40 spent" in desk.run("status", "film.yaml").stdout
    assert slow.billed == 1


def test_a_job_that_the_server_does_not_have_is_not_taken_back(desk: Desk, slow: Shop) -> None:
    job = slow.ledger["billed"][0]["id"]
    slow.sandbox.advance(LONG.render_seconds)
    assert resolve(desk, "--abandon").code == 0
    slow.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=404, body={"error": "gone"}))
    refused = resolve(desk, "--adopt", job)
    assert (refused.code, "the server does not know job JOB" in refused.stderr) == (2, True)


def test_what_is_unconfirmed_is_decided_before_what_is_in_flight(desk: Desk, slow: Shop) -> None:
    """A shot that was edited while its answer was lost: a verdict on all that is open leaves its job alone."""
    desk.edit("typical_render: 0.3", "typical_render: 0.3, settle: 0, longest_render: 1")
    slow.sandbox.faults.extend([Fault(on=On.LIST, do=Do.NO_ROUTE, status=404), Fault(on=On.CREATE, do=Do.DROP, nth=1)])
    slow.sandbox.advance(LONG.render_seconds)
    desk.edit("A dog runs on the beach", "A fox runs on the beach")
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    desk.edit("A fox runs on the beach", "A dog runs on the beach")
    before = desk.run("status", "film.yaml").stdout
    assert desk.run("resolve", "film.yaml", "--all", "--abandon").code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0, before
