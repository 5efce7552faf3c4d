import json
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from textwrap import dedent

from runner.lock.facts import Acceptance, Claim, State
from runner.plan.table import Action, Reason
from runner.report import status_text as reports
from runner.report.verify_text import Finding, verify_json, verify_text
from tests.unit.report_factory import make_attempt, make_plan, make_step


def standing(shot, state, action, reason, number, **fields):
    """A step and the attempt that it is about."""
    attempt = make_attempt(shot, state, number)
    return make_step(shot, action, reason, attempt=attempt, **fields), attempt


status_text = partial(reports.status_text, place_of="renders/film/{}.mp4".format)
status_json = partial(reports.status_json, place_of="renders/film/{}.mp4".format)

STANDINGS = [
    standing("harbour", State.DONE, Action.KEEP, Reason.UP_TO_DATE, 1),
    standing("雨夜", State.DONE, Action.RESTORE, Reason.CLIP_MISSING, 2),
    standing("rain", State.DONE, Action.DOWNLOAD, Reason.NOT_HERE, 3),
    standing("walk", State.DONE, Action.HOLD, Reason.EXPIRED, 4),
    standing("stairs", State.SUBMITTED, Action.AWAIT, Reason.IN_FLIGHT, 5),
    standing("lost", State.INTENT, Action.RESOLVE, Reason.UNCONFIRMED, 6),
    standing("alley", State.FAILED, Action.HOLD, Reason.FAILED, 7, note="it\x1b[2J broke"),
    standing("wide", State.REJECTED, Action.HOLD, Reason.FAILED, 8, note="bad size"),
]
STEPS = [step for step, _ in STANDINGS]
ATTEMPTS = [attempt for _, attempt in STANDINGS]


def test_the_status_tells_where_every_shot_stands():
    retried = make_attempt("again", State.FAILED, 9)
    steps = [*STEPS, make_step("again", reason=Reason.FAILED, note="it broke"), make_step("new"),
             make_step("ending", reason=Reason.CHANGED)]  # fmt: skip
    plan = make_plan(*steps, spent=Decimal("6.40"))
    assert status_text(plan, [*ATTEMPTS, retried], manifest="film.yaml") == dedent("""\
        shot     state        job            price  clip
        harbour  done         video_harbour  $0.80  renders/film/harbour.mp4
        雨夜     done         video_雨夜     $0.80  renders/film/雨夜.mp4     missing; the next run copies it from the store
        rain     done         video_rain     $0.80  renders/film/rain.mp4     missing; the next run fetches it from the server
        walk     done         video_walk     $0.80  renders/film/walk.mp4     missing, and the server no longer has it
        stairs   in flight    video_stairs   $0.80
        lost     unconfirmed                 $0.80                            perhaps bought; the next run looks it up
        alley    failed       video_alley    $0.80                            it broke
        wide     refused                                                      bad size
        again    failed       video_again    $0.80                            failed before; the next run buys it; it broke
        new      not bought
        ending   not bought                                                   changed

        film.yaml: 11 shots: 4 done, 2 failed, 1 in flight, 1 refused, 2 not bought, 1 unconfirmed; $6.40 spent
        to decide: shotlock resolve film.yaml SHOT --adopt JOB_ID | --resubmit | --abandon
    """)  # noqa: E501


def test_a_renamed_shot_has_its_clip_under_its_new_name():
    step, attempt = standing("harbour", State.DONE, Action.KEEP, Reason.UP_TO_DATE, 1)
    claimed = replace(attempt, claims=(Claim(number=1, shot="port"),))
    plan = make_plan(replace(step, shot="port", attempt=claimed))
    tree = status_json(plan, [claimed], manifest="film.yaml")
    assert tree["shots"][0]["clip"] == "renders/film/port.mp4"


def test_what_no_shot_wants_any_more_is_told():
    step, attempt = standing("old", State.SUBMITTED, Action.AWAIT, Reason.IN_FLIGHT, 1, wanted=None)
    text = status_text(make_plan(step), [attempt], manifest="film.yaml")
    assert text.splitlines()[1] == "old   in flight  video_old  $0.80        an earlier request of the shot"


def test_an_id_that_is_as_long_as_a_paragraph_is_shown_by_its_ends():
    step, attempt = standing("old", State.SUBMITTED, Action.AWAIT, Reason.IN_FLIGHT, 1)
    long = replace(attempt, acceptance=Acceptance(jobs=("video_" + "b" * 300 + "=end",), at=1.0))
    plan = make_plan(replace(step, attempt=long))
    assert "video_bbbbbbbbbbbbbbbbbb…bbbbbbbb=end" in status_text(plan, [long], manifest="film.yaml")
    assert status_json(plan, [long], manifest="film.yaml")["shots"][0]["job"] == long.job


def test_an_empty_status():
    assert status_text(make_plan(), [], manifest="film.yaml") == "film.yaml: 0 shots\n"


def test_spending_that_is_not_wholly_known_is_said():
    plan = make_plan(make_step(), spent=Decimal(1), spent_known=False)
    assert status_text(plan, [], manifest="film.yaml").endswith(": 1 not bought; at least $1.00 spent\n")


def test_a_status_as_data():
    plan = make_plan(STEPS[0], STEPS[4], make_step("new"), spent=Decimal("1.60"))
    assert json.loads(json.dumps(status_json(plan, ATTEMPTS[:5], manifest="film.yaml"))) == {
        "manifest": "film.yaml",
        "shots": [
            {"shot": "harbour", "state": "done", "job": "video_harbour", "price": 0.8, "currency": "USD",
             "clip": "renders/film/harbour.mp4", "why": ""},
            {"shot": "stairs", "state": "in_flight", "job": "video_stairs", "price": 0.8, "currency": "USD",
             "clip": None, "why": ""},
            {"shot": "new", "state": "not_bought", "job": None, "price": None, "currency": None, "clip": None,
             "why": ""},
        ],
        "states": {"done": 1, "in_flight": 1, "not_bought": 1},
        "spent": 1.6,
        "spent_known": True,
        "currency": "USD",
    }  # fmt: skip


FINDINGS = [
    Finding(shot="harbour", clip=Path("/x/harbour.mp4"), trouble="its bytes are not those that were bought"),
    Finding(shot="雨夜", clip=Path("/x/雨夜.mp4"), trouble="it is cut\x1b[2J"),
]


def test_clips_that_are_not_whole_are_listed():
    assert verify_text(FINDINGS, 1) == dedent("""\
        harbour  /x/harbour.mp4  its bytes are not those that were bought
        雨夜     /x/雨夜.mp4     it is cut

        1 clip is whole, 2 are not
    """)
    assert verify_text(FINDINGS[:1], 0).splitlines()[-1] == "0 clips are whole, 1 is not"


def test_whole_clips_are_counted():
    assert verify_text([], 7) == "7 clips are whole\n"
    assert verify_text([], 0) == "there are no clips to look at\n"


def test_findings_as_data():
    assert verify_json(FINDINGS[:1], 3) == {
        "whole": 3,
        "findings": [
            {
                "shot": "harbour",
                "clip": str(Path("/x/harbour.mp4")),
                "trouble": "its bytes are not those that were bought",
            }
        ],
    }
