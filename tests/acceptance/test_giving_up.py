"""What a person can do about a job that was paid for and brings no clip: give it up, buy anew, and take it back."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from runner.lock import lines
from runner.lock.facts import Acceptance, AttemptId, Claim, End, Ruling, State, join_all
from runner.lock.lockfile import folded
from runner.lock.scan import scan
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace, Rules
from tests.acceptance.desk import KEY, Desk, Result, Shop, interrupt, on_terminal, wait_for
from tests.acceptance.warm import at_once
from tests.unit.factories import make_attempt, make_owner, make_request

desk = pytest.fixture(at_once)

LONG = Pace(render_seconds=600)  # nothing ends before the test lets time pass
SHORT = ", settle: 0, longest_render: 1"  # a job has surely ended after a second


@pytest.fixture
def slow(desk: Desk, open_shop: Callable[..., Shop]) -> Shop:
    """A server that has a job for beach, which is at work until time passes."""
    shop: Shop = open_shop(pace=LONG)
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    put(desk, shop, State.SUBMITTED, job=shop.order("A dog runs on the beach"), at=round(time.time(), 3))
    return shop


@pytest.fixture
def lost(desk: Desk, slow: Shop) -> Shop:
    """The same server when the job has ended long ago."""
    desk.edit("typical_render: 0.3", f"typical_render: 0.3{SHORT}")
    slow.sandbox.advance(LONG.render_seconds)
    put(desk, slow, State.SUBMITTED, job=slow.ledger["billed"][0]["id"], at=round(time.time(), 3) - 10)
    return slow


def resolve(desk: Desk, *verdict: str, name: str = "beach") -> Result:
    return desk.run("resolve", "film.yaml", name, *verdict)


def test_a_job_that_was_called_failed_by_mistake_is_taken_back(desk: Desk, slow: Shop) -> None:
    """A server says so once, and completes the job: there was no way to the clip but to pay for it again."""
    job = slow.ledger["billed"][0]["id"]
    put(desk, slow, State.FAILED, job=job, at=round(time.time(), 3) - 10, code="oops")
    slow.sandbox.advance(LONG.render_seconds)
    held = desk.run("render", "film.yaml", "--only", "beach")
    assert (held.code, "failed before" in held.stderr, slow.billed) == (1, True, 1)
    assert resolve(desk, "--adopt", job).code == 0
    fetched = desk.run("render", "film.yaml", "--only", "beach")
    assert (fetched.code, slow.billed) == (0, 1), fetched.stderr
    assert "renders/film/beach.mp4" in desk.clips()
    again = resolve(desk, "--adopt", job)
    assert (again.code, "already" in again.stderr) == (2, True)


def lose(shop: Shop, times: int = 1) -> None:
    """The answers of the next purchases do not arrive, and the server has no list to look them up in."""
    shop.sandbox.faults.extend(
        [
            Fault(on=On.LIST, do=Do.NO_ROUTE, status=404),
            Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1, times=times),
        ]
    )


def put(desk: Desk, shop: Shop, state: State, **fields: object) -> None:
    """A lockfile of one attempt for beach, and nothing else that is remembered."""
    wish = make_request("A dog runs on the beach", seconds="4")
    known = make_attempt(state, origin=shop.base_url, request=wish, price=Decimal("0.40"), **fields)
    (desk.folder / "film.lock").write_bytes(folded([known]))
    shutil.rmtree(desk.state, ignore_errors=True)


def renamed(desk: Desk) -> None:
    """The manifest has another name, and its lockfile is gone."""
    (desk.folder / "film.yaml").rename(desk.folder / "movie.yaml")
    (desk.folder / "film.lock").unlink()


def clips_by_job(desk: Desk) -> dict[str, str]:
    """The SHA-256 of the clips that the lockfile knows, by job."""
    known = join_all(scan(desk.lock()).records).values()
    return {job: each.clip.sha256 for each in known if each.clip for job in each.jobs}


def bought(shop: Shop, desk: Desk, *command: str) -> int:
    """Run a command that buys one more clip, and let time pass; its exit code."""
    count = shop.billed
    process = desk.start(*command)
    wait_for(lambda: shop.billed == count + 1, "one job more")
    shop.sandbox.advance(LONG.render_seconds)
    process.communicate(timeout=40)
    return process.returncode


# --- orders


def test_an_order_is_withdrawn_where_the_job_of_a_gone_manifest_is_taken_over(desk: Desk, lost: Shop) -> None:
    """Else it comes back when that job fails, and buys."""
    job = lost.ledger["billed"][0]["id"]
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    wish = make_request("A dog runs on the beach", seconds="4")
    failed = make_attempt(State.FAILED, 2, origin=lost.base_url, request=wish, at=round(time.time(), 3) - 5)
    renamed(desk)
    (desk.folder / "movie.lock").write_bytes(folded([failed]))
    assert desk.run("resolve", "movie.yaml", "beach", "--resubmit").code == 0
    assert "asked for" in of_beach(desk, "movie.yaml")
    taken = desk.run("resolve", "movie.yaml", "beach", "--adopt", job)
    assert taken.code == 0, taken.stderr
    known = join_all(scan(desk.lock("movie.lock")).records)
    assert job in [each for attempt in known.values() for each in attempt.jobs]
    assert [each.id for each in known.values() if each.state is State.ABANDONED] == []


def test_an_order_is_for_what_the_shot_wants_now(desk: Desk, slow: Shop) -> None:
    put(desk, slow, State.INTENT, at=round(time.time(), 3))
    desk.edit("A dog runs on the beach", "A dog sleeps")
    given_up = resolve(desk, "--resubmit")
    assert "an earlier request of shot `beach` is given up\n" in given_up.stderr
    desk.edit("A dog sleeps", "A dog runs on the beach")
    assert "asked for" not in of_beach(desk)


def test_an_order_answers_an_end_that_is_dated_by_a_clock_ahead_of_ours(desk: Desk, slow: Shop) -> None:
    now = round(time.time(), 3)
    end = End(state=State.EXPIRED, code="", message="", at=now + 1800)
    claims = (Claim(number=1, shot="beach"),)
    put(desk, slow, State.EXPIRED, shot="shore", at=now - 100, claims=claims, end=end)
    ordered = resolve(desk, "--resubmit")
    assert (ordered.code, ordered.stderr) == (0, "shot `beach` is bought again by the next render\n")


def test_a_job_is_not_another_servers_of_the_same_name(desk: Desk, slow: Shop) -> None:
    """Where it is nobody's at the server that is set."""
    job = slow.ledger["billed"][0]["id"]
    wish = make_request("A cat in an alley", seconds="4")
    other = make_attempt(State.DONE, job=job, shot="alley", origin="https://other.example/v1", request=wish)
    (desk.folder / "film.lock").write_bytes(folded([other]))
    adopted = resolve(desk, "--adopt", job)
    assert (adopted.code, adopted.stderr) == (0, "shot `beach` is job JOB: the next render fetches it\n")


def of_beach(desk: Desk, manifest: str = "film.yaml") -> str:
    """What the plan has for it."""
    return next(line for line in desk.run("plan", manifest).stdout.splitlines() if line.startswith("beach"))


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


def test_a_job_that_the_server_calls_at_work_is_given_up_only_when_no_run_would_wait_for_it(
    desk: Desk, slow: Shop
) -> None:
    desk.edit("typical_render: 0.3", "typical_render: 0.3, settle: 0, longest_render: 1000")
    job = slow.ledger["billed"][0]["id"]
    put(desk, slow, State.SUBMITTED, job=job, at=round(time.time(), 3) - 1230)
    refused = resolve(desk, "--resubmit")
    assert (refused.code, "may still be at work\nhint: wait for its end: in 30 min" in refused.stderr) == (2, True)
    put(desk, slow, State.SUBMITTED, job=job, at=round(time.time(), 3) - 3230)
    ordered = resolve(desk, "--resubmit")
    assert (ordered.code, "job JOB was not seen to end; it is given up all the same\n" in ordered.stderr) == (0, True)


@pytest.mark.parametrize("status", [200, 404])
def test_a_clock_that_is_ahead_makes_no_job_old(desk: Desk, slow: Shop, status: int) -> None:
    """That of the server here: no job that was just bought is over because of one Date."""
    dated = {"date": "Wed, 01 Jan 2150 00:00:00 GMT"}
    body = {"error": "gone"} if status == 404 else None
    how = {"do": Do.STATUS, "status": status, "body": body} if body else {"do": Do.REWRITE}
    slow.sandbox.faults.append(Fault(on=On.RETRIEVE, headers=dated, **how))
    refused = resolve(desk, "--resubmit")
    assert (refused.code, "may still be at work" in refused.stderr) == (2, True)


@pytest.mark.parametrize(("status", "code"), [(404, 0), (200, 2)])
def test_a_job_that_is_dated_in_the_future_can_be_given_up_unless_it_is_at_work(
    desk: Desk, slow: Shop, status: int, code: int
) -> None:
    put(desk, slow, State.SUBMITTED, job=slow.ledger["billed"][0]["id"], at=9e9)
    if status == 404:
        slow.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=404, body={"error": "gone"}))
    told = resolve(desk, "--abandon")
    assert (told.code, told.stderr.endswith("may still be at work\nhint: wait for its end\n")) == (code, code == 2)


def test_a_server_whose_clock_contradicts_itself_keeps_nobody_from_giving_up(desk: Desk, shop: Shop) -> None:
    put(desk, shop, State.SUBMITTED, job="video_old", at=1.7e9)
    dated = {"date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    gone = {"error": {"message": "gone"}}
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=404, headers=dated, body=gone))
    assert resolve(desk, "--abandon").code == 0


@pytest.mark.parametrize("lockfile", ["gone", "left behind"])
def test_what_was_given_up_is_not_bought_again_under_another_name_of_the_manifest(
    desk: Desk, lost: Shop, lockfile: str
) -> None:
    job = lost.ledger["billed"][0]["id"]
    assert resolve(desk, "--abandon").code == 0
    (desk.folder / "film.yaml").rename(desk.folder / "movie.yaml")
    if lockfile == "gone":
        (desk.folder / "film.lock").unlink()
    assert "maybe bought before" in desk.run("render", "movie.yaml", "--only", "beach").stderr
    taken = desk.run("resolve", "movie.yaml", "beach", "--adopt", job)
    assert (taken.code, taken.stderr) == (0, "shot `beach` is job JOB: the next render fetches it\n")
    assert desk.run("render", "movie.yaml", "--only", "beach").code == 0
    assert (lost.billed, [*desk.clips()]) == (1, ["renders/movie/beach.mp4"])


def test_what_was_given_up_for_a_manifest_that_was_renamed_stays_given_up(desk: Desk, lost: Shop) -> None:
    assert resolve(desk, "--abandon").code == 0
    (desk.folder / "film.yaml").rename(desk.folder / "movie.yaml")
    (desk.folder / "film.lock").unlink()
    loop = desk.folder / "loop"
    loop.symlink_to(loop)
    refused = desk.run("resolve", "movie.yaml", "--all", "--adopt", "loop/film.yaml")
    assert (refused.code, "no held shot was bought for loop/film.yaml" in refused.stderr) == (2, True)
    taken = desk.run("resolve", "movie.yaml", "--all", "--adopt", "film.yaml")
    assert (taken.code, taken.stderr) == (0, "shot `beach` is given up: only `retake` buys it again\n")
    held = desk.run("render", "movie.yaml", "--only", "beach")
    assert (held.code, "expired: a person gave it up" in held.stderr, lost.billed) == (1, True, 1)


def test_an_order_that_was_carried_out_under_another_name_of_the_manifest_buys_nothing_more(
    desk: Desk, lost: Shop
) -> None:
    assert resolve(desk, "--resubmit").code == 0
    committed = desk.lock()
    assert bought(lost, desk, "render", "film.yaml", "--only", "beach") == 0
    (desk.folder / "film.yaml").rename(desk.folder / "movie.yaml")
    (desk.folder / "film.lock").unlink()
    (desk.folder / "movie.lock").write_bytes(committed)
    assert "maybe bought before" in desk.run("render", "movie.yaml", "--only", "beach").stderr
    assert lost.billed == 2


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


@pytest.mark.parametrize("fetched", [False, True])
def test_it_is_taken_back_though_another_was_bought_in_its_place(desk: Desk, lost: Shop, fetched: bool) -> None:
    job = lost.ledger["billed"][0]["id"]
    assert resolve(desk, "--resubmit").code == 0
    if fetched:
        assert bought(lost, desk, "render", "film.yaml", "--only", "beach") == 0
        words = "job JOB is fetched by the next render and kept beside it; shot `beach`: up to date\n"
    else:
        process = desk.start("render", "film.yaml", "--only", "beach")
        wait_for(lambda: lost.billed == 2, "one more")
        interrupt(process)
        lost.sandbox.advance(LONG.render_seconds)
        words = "shot `beach` is job JOB: the next render fetches it\n"
    taken = resolve(desk, "--adopt", job)
    assert (taken.code, taken.stderr) == (0, words)
    rendered = desk.run("render", "film.yaml", "--only", "beach")
    assert (rendered.code, lost.billed) == (0, 2)
    assert "an earlier request of shot `beach`: its clip is kept as" in rendered.stderr
    assert job in clips_by_job(desk)
    again = resolve(desk, "--adopt", job)
    assert (again.code, "is that of shot `beach` of film.yaml already" in again.stderr) == (2, True)


@pytest.mark.parametrize("answered", [True, False])
def test_a_new_take_that_was_given_up_is_taken_back(desk: Desk, open_shop: Callable[..., Shop], answered: bool) -> None:
    desk.edit("typical_render: 0.3", f"typical_render: 0.3{SHORT}")
    shop = open_shop(rules=Rules(key=KEY, lists=answered))
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    stuck = [] if answered else [Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1)]
    shop.sandbox.faults.extend([*stuck, Fault(on=On.RETRIEVE, do=Do.STATUS, status=500, body={"error": "later"})])
    process = desk.start("retake", "film.yaml", "beach")
    wait_for(lambda: shop.billed == 2, "one more")
    interrupt(process) if answered else process.communicate(timeout=40)
    shop.sandbox.advance(5)
    time.sleep(1.2)
    shop.sandbox.faults.clear()
    assert resolve(desk, "--abandon").code == 0
    assert "beach  done" in desk.run("status", "film.yaml").stdout
    job = next(each["id"] for each in shop.ledger["billed"] if each["id"] not in clips_by_job(desk))
    taken = resolve(desk, "--adopt", job)
    assert (taken.code, taken.stderr) == (0, "shot `beach` is job JOB: the next render fetches it\n")
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert "$0.80 spent" in desk.run("status", "film.yaml").stdout
    assert (shop.billed, len(clips_by_job(desk))) == (2, 2)


def test_it_is_taken_back_by_the_shots_new_name(desk: Desk, lost: Shop) -> None:
    job = lost.ledger["billed"][0]["id"]
    assert resolve(desk, "--abandon").code == 0
    desk.edit("- id: beach", "- id: shore")
    assert resolve(desk, "--adopt", job, name="shore").code == 0
    assert desk.run("render", "film.yaml", "--only", "shore").code == 0


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


@pytest.mark.parametrize("verdict", ["--abandon", "--resubmit"])
def test_a_purchase_that_was_given_up_blindly_is_its_job_after_all_and_was_paid_for_once(
    desk: Desk, shop: Shop, verdict: str
) -> None:
    lose(shop)
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    assert resolve(desk, verdict).code == 0
    assert resolve(desk, "--adopt", shop.ledger["billed"][0]["id"]).code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert "$0.40 spent" in desk.run("status", "film.yaml").stdout


def test_an_order_in_place_of_what_may_have_been_bought_is_that_job_after_all(desk: Desk, shop: Shop) -> None:
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    renamed(desk)
    assert desk.run("resolve", "movie.yaml", "beach", "--resubmit").code == 0
    assert desk.run("resolve", "movie.yaml", "beach", "--adopt", shop.ledger["billed"][0]["id"]).code == 0
    assert desk.run("render", "movie.yaml", "--only", "beach").code == 0
    assert "$0.40 spent" in desk.run("status", "movie.yaml").stdout
    assert shop.billed == 1


def test_what_was_bought_upon_an_order_and_lost_is_counted_beside_what_it_replaced(desk: Desk, shop: Shop) -> None:
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    renamed(desk)
    assert desk.run("resolve", "movie.yaml", "beach", "--resubmit").code == 0
    lose(shop)
    assert desk.run("render", "movie.yaml", "--only", "beach").code == 1
    job = shop.ledger["billed"][-1]["id"]
    assert desk.run("resolve", "movie.yaml", "beach", "--adopt", job).code == 0
    assert "$0.80 spent" in desk.run("status", "movie.yaml").stdout


def test_an_order_for_one_shot_buys_nothing_for_its_equal(desk: Desk, shop: Shop) -> None:
    desk.edit("A cat in an alley", "A dog runs on the beach")
    assert desk.run("render", "film.yaml").code == 0
    renamed(desk)
    assert desk.run("resolve", "movie.yaml", "beach", "--resubmit").code == 0
    assert desk.run("render", "movie.yaml").code == 1
    assert shop.billed == 3


def test_an_order_settles_also_what_another_machine_with_a_fast_clock_has_bought(desk: Desk, shop: Shop) -> None:
    wish = make_request("A dog runs on the beach", seconds="4")
    ahead = AttemptId(f"{round(time.time() * 1000) + 120_000:012x}00000001")
    known = replace(make_attempt(State.SUBMITTED, origin=shop.base_url, request=wish), id=ahead)
    (desk.folder / "film.lock").write_bytes(folded([known]))
    (desk.folder / "film.yaml").rename(desk.folder / "movie.yaml")
    assert desk.run("resolve", "movie.yaml", "beach", "--resubmit").code == 0
    assert desk.run("render", "movie.yaml", "--only", "beach").code == 0
    assert shop.billed == 1


def test_an_order_is_taken_back(desk: Desk, lost: Shop) -> None:
    for _ in range(2):
        assert resolve(desk, "--resubmit").code == 0
        assert "asked for" in desk.run("plan", "film.yaml").stdout
        taken = resolve(desk, "--abandon")
        assert (taken.code, taken.stderr) == (0, "shot `beach` is given up: only `retake` buys it again\n")
        assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    assert lost.billed == 1


# --- whose it is


def test_of_two_lost_answers_each_job_is_that_of_its_own_request(desk: Desk, shop: Shop) -> None:
    lose(shop, times=2)
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    desk.edit("A dog runs on the beach", "A fox runs on the beach")
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    for word in ("dog", "fox"):
        job = next(each["id"] for each in shop.ledger["billed"] if word in each["prompt"])
        told = resolve(desk, "--adopt", job)
        assert (told.code, "shows another clip" in told.stderr) == (0, False)
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert clips_by_job(desk).keys() == {each["id"] for each in shop.ledger["billed"]}
    assert hashlib.sha256(desk.clips()["renders/film/beach.mp4"]).hexdigest() == clips_by_job(desk)[job]


def test_two_servers_may_call_their_jobs_alike(desk: Desk, open_shop: Callable[..., Shop]) -> None:
    (desk.folder / "other.yaml").write_text((desk.folder / "film.yaml").read_text().replace("A dog", "A fox"))
    for name in ("film.yaml", "other.yaml"):
        shop = open_shop(rules=Rules(key=KEY, lists=False))
        lose(shop)
        shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.ALIAS, code="task-1"))
        desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
        assert desk.run("render", name, "--only", "beach").code == 1
        assert desk.run("resolve", name, "beach", "--adopt", "task-1").code == 0
        assert desk.run("render", name, "--only", "beach").code == 0


@pytest.mark.parametrize("misread", ["video_0misread", "video_zmisread"])
def test_of_two_ids_that_branches_adopted_a_person_names_the_right_one(desk: Desk, lost: Shop, misread: str) -> None:
    job = lost.ledger["billed"][0]["id"]
    both = Acceptance(jobs=tuple(sorted([misread, job])), at=time.time())
    put(desk, lost, State.SUBMITTED, acceptance=both, at=round(time.time(), 3))
    desk.edit(", longest_render: 1", ", longest_render: 1000")
    assert "job JOB of shot `beach` is completed" in resolve(desk, "--abandon").stderr
    assert resolve(desk, "--adopt", job).code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert "$0.40 spent" in desk.run("status", "film.yaml").stdout


def test_the_right_one_of_two_ids_is_taken_back_and_was_paid_for_once(desk: Desk, lost: Shop) -> None:
    job = lost.ledger["billed"][0]["id"]
    put(desk, lost, State.SUBMITTED, acceptance=Acceptance(jobs=("video_0", job), at=1.7e9), at=1.7e9)
    assert resolve(desk, "--abandon").code == 0
    assert resolve(desk, "--adopt", job).code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert "$0.40 spent" in desk.run("status", "film.yaml").stdout


def test_two_ids_of_a_shot_that_was_removed_are_nobodys_to_name(desk: Desk, shop: Shop) -> None:
    wish = make_request("A dog on a mat", seconds="4")
    both = Acceptance(jobs=("video_i", "video_j"), at=1.76e9)
    flying = make_attempt(State.SUBMITTED, 1, request=wish, origin=shop.base_url, acceptance=both)
    facts = [flying, make_attempt(State.INTENT, 2, request=wish, origin=shop.base_url)]
    (desk.folder / "film.lock").write_bytes(folded(facts))
    desk.edit("- id: beach", "- id: shore")
    refused = resolve(desk, "--adopt", "video_j")
    assert (refused.code, "is that of shot `beach` of film.yaml already" in refused.stderr) == (2, True)


def test_of_answers_that_two_servers_lost_the_job_is_one_of_its_own_server(desk: Desk, shop: Shop) -> None:
    """Of a shot that was removed since: nothing else is wanted of it."""
    there = make_attempt(State.INTENT, 1, request=make_request("A cat", seconds="4"), origin="https://two.example/v1")
    here = make_attempt(State.INTENT, 2, request=make_request("A bird", seconds="4"), origin=shop.base_url)
    (desk.folder / "film.lock").write_bytes(folded([there, here]))
    desk.edit("- id: beach", "- id: shore")
    told = resolve(desk, "--adopt", shop.order("A cat"))
    assert (told.code, "shows another clip than shot `beach` wants" in told.stderr) == (0, True)
    assert [each.state for each in scan(desk.lock()).records] == [State.INTENT, State.SUBMITTED]


def test_a_job_of_the_server_that_is_set_is_not_one_that_was_lost_at_another(
    desk: Desk, open_shop: Callable[..., Shop]
) -> None:
    one, two = (open_shop(rules=Rules(key=KEY, lists=False)) for _ in range(2))
    desk.environ |= {"OPENAI_BASE_URL": one.base_url, "OPENAI_API_KEY": KEY}
    lose(one)
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    assert resolve(desk, "--abandon").code == 0
    desk.environ |= {"OPENAI_BASE_URL": two.base_url}
    assert resolve(desk, "--adopt", two.order("A dog runs on the beach")).code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    assert "$0.80 spent" in desk.run("status", "film.yaml").stdout


def test_a_job_that_the_key_may_not_see_is_not_adopted(desk: Desk, shop: Shop) -> None:
    lose(shop)
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    fault = Fault(on=On.RETRIEVE, do=Do.STATUS, status=403, nth=1, body={"error": {"message": "It is not yours."}})
    shop.sandbox.faults.append(fault)
    refused = resolve(desk, "--adopt", "video_9")
    assert (refused.code, refused.stderr.splitlines()[0]) == (
        2,
        "error: the server does not show job video_9: 403: It is not yours.",
    )
    assert desk.run("resolve", "film.yaml", "beach", "--adopt", shop.ledger["billed"][0]["id"]).code == 0


def test_a_job_that_the_key_may_not_see_is_put_right(desk: Desk, shop: Shop) -> None:
    """It was adopted while it could not be looked up."""
    lose(shop)
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    trouble = {"status": 500, "body": {"error": "later"}, "times": 4, "nth": 1}
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, **trouble))
    assert "it is believed" in resolve(desk, "--adopt", "video_9").stderr
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.STATUS, status=403, times=1, nth=2, body={"error": "no"}))
    assert resolve(desk, "--adopt", shop.ledger["billed"][0]["id"]).code == 0
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0


def test_one_job_is_not_adopted_by_two_at_once(desk: Desk, shop: Shop) -> None:
    shutil.copy(desk.folder / "film.yaml", desk.folder / "other.yaml")
    job = shop.order("A dog runs on the beach")
    shop.sandbox.faults.append(Fault(on=On.RETRIEVE, do=Do.DELAY, seconds=2.0, when=Moment.BEFORE))
    both = [desk.start("resolve", name, "beach", "--adopt", job) for name in ("film.yaml", "other.yaml")]
    told = [each.communicate(timeout=40)[1] for each in both]
    assert sorted(each.returncode for each in both) == [0, 2], told
    assert sum("has just become another shot's" in words for words in told) == 1, told


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


@pytest.mark.parametrize("removed", [False, True])
def test_a_verdict_on_an_earlier_request_promises_no_purchase(desk: Desk, shop: Shop, removed: bool) -> None:
    lose(shop)
    assert desk.run("render", "film.yaml", "--only", "beach").code == 1
    if removed:
        desk.edit("  - id: beach\n    prompt: A dog runs on the beach\n", "")
    else:
        desk.edit("A dog runs on the beach", "A fox runs on the beach")
        assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    ordered = resolve(desk, "--resubmit")
    outlook = [] if removed else ["shot `beach` stays as it is: up to date"]
    told = ["an earlier request of shot `beach` is given up", *outlook]
    assert (ordered.code, ordered.stderr.splitlines()) == (0, told)


@pytest.mark.parametrize("names", [["beach"], ["--all"]])
def test_what_was_maybe_bought_before_can_be_left_alone(desk: Desk, shop: Shop, names: list[str]) -> None:
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    renamed(desk)
    left = desk.run("resolve", "movie.yaml", *names, "--abandon")
    assert (left.code, left.stderr) == (0, "shot `beach` is given up: only `retake` buys it again\n")
    held = desk.run("render", "movie.yaml", "--only", "beach")
    assert (held.code, "given up" in held.stderr, shop.billed) == (1, True, 1)
    assert desk.run("resolve", "movie.yaml", "--all", "--adopt", "film.yaml").code == 0
    assert desk.run("render", "movie.yaml", "--only", "beach").code == 0
    assert "$0.40 spent" in desk.run("status", "movie.yaml").stdout


def test_an_order_of_the_last_second_of_all_is_no_defect(desk: Desk, shop: Shop) -> None:
    put(desk, shop, State.ABANDONED, ruling=Ruling(state=State.ABANDONED, why="x", at=253402300799.9, resubmit=True))
    assert resolve(desk, "--abandon").code == 0


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


def test_the_name_of_a_recorded_shot_does_nothing_to_the_terminal(desk: Desk, shop: Shop) -> None:
    job = shop.order("A cat")
    wish = make_request("A dog runs on the beach", seconds="4")
    claims = (Claim(number=1, shot="beach"),)
    evil = make_attempt(State.INTENT, shot="x\x1b[2J\x07", claims=claims, origin=shop.base_url, request=wish, at=1.0)
    desk.write(f"{lines.HEADER.decode()}{lines.write(evil, crc=False, owner=False).decode()}", "film.lock")
    screen, code = on_terminal(desk, "", "resolve", "film.yaml", "beach", "--adopt", job)
    assert (code, "shows another clip" in screen, "\x1b[2J" in screen, "\x07" in screen) == (0, True, False, False)


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
