"""What follows from a verdict is told as the plan has it."""

from dataclasses import replace

import pytest

from runner.commands.outlook import outlook
from runner.lock.facts import Attempt, State
from runner.plan.steps import make
from tests.unit.factories import Clips, make_attempt, make_clip, make_profile, make_shot, make_situation

GIVEN_UP = "is given up: only `retake` buys it again"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ([make_attempt(State.ABANDONED, resubmit=True)], "is bought again by the next render"),
        ([make_attempt(State.SUBMITTED)], "is job video_1: the next render fetches it"),
        ([make_attempt(State.INTENT)], "is looked up by the next render"),
        ([make_attempt(State.ABANDONED)], GIVEN_UP),
        ([make_attempt(State.EXPIRED)], GIVEN_UP),
        ([make_attempt(State.FAILED)], "is held: failed before"),
        ([make_attempt(State.DONE)], "stays as it is: up to date"),
    ],
)
def test_it_is_told(known: list[Attempt], words: str) -> None:
    (step,) = make((make_shot(),), make_situation(*known)).steps
    assert outlook(step) == f"shot `beach` {words}"


def test_what_costs_nothing_is_made_again() -> None:
    profile = make_profile(resubmit_lost=True)
    (step,) = make((make_shot(),), make_situation(make_attempt(State.EXPIRED), profile=profile)).steps
    assert outlook(step) == "shot `beach` is made again by the next render"


@pytest.mark.parametrize(("jobless", "words"), [(False, "is job video_1: the next render fetches it"), (True, "stays")])
def test_a_clip_that_is_not_in_its_place_comes_back(jobless: bool, words: str) -> None:
    done = make_attempt(State.DONE)
    known = replace(done, acceptance=None) if jobless else done
    (step,) = make((make_shot(),), make_situation(known, clips=Clips(here=False))).steps
    assert outlook(step).startswith(f"shot `beach` {words}")


def test_a_job_beside_the_shots_own_clip_is_named() -> None:
    (step,) = make((make_shot(),), make_situation(make_attempt(State.DONE))).steps
    told = "job video_9 is fetched by the next render and kept beside it; shot `beach`: up to date"
    assert outlook(step, "video_9") == told


def test_a_clip_that_should_have_expired_is_asked_for() -> None:
    """Where it is bought and not here: whoever was told that it is given up would buy it again."""
    known = make_attempt(State.DONE, clip=make_clip(expires_at=1.0))
    (step,) = make((make_shot(),), make_situation(known, clips=Clips(here=False, stored=False))).steps
    assert step.overdue
    assert outlook(step) == "shot `beach` has a clip that should have expired: the next render asks for it"
