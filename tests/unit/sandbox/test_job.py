from pathlib import Path

import pytest

from runner.sandbox.clip import Clip
from runner.sandbox.job import Failure, Job, job_object, new_id
from runner.sandbox.order import Order
from runner.sandbox.rules import Pace

BORN = 1_760_627_077.25
BROKEN = Failure(code="video_generation_failed", message="it broke")
DOOM = Failure(code="moderation_blocked", message="no")


def made(at=BORN):
    return Clip(path=Path("x.mp4"), size=3, etag='"x"', made_at=at)


def make_job(**changes):
    order = Order(prompt="a cat", model="sora-2", size="1280x720", seconds="8")
    fields = {"id": "video_1", "order": order, "pace": Pace(queue_seconds=10, render_seconds=40), "created_at": BORN}
    return Job(**fields | changes)


@pytest.mark.parametrize(
    ("after", "status", "progress"),
    [
        (0, "queued", 0),
        (9.9, "queued", 0),
        (10, "in_progress", 0),
        (30, "in_progress", 50),
        (49.999, "in_progress", 99),
        (50, "completed", 100),
    ],
)
def test_a_job_goes_its_way_at_its_pace(after, status, progress):
    state = make_job(result=made()).state(BORN + after)

    assert (state.status, state.progress) == (status, progress)


def test_a_job_is_not_done_before_its_clip_is():
    job = make_job()

    assert (job.state(BORN + 500).status, job.state(BORN + 500).progress) == ("in_progress", 99)
    job.result = made(at=BORN + 500)
    assert job.state(BORN + 501).completed_at == BORN + 500


def test_completion_is_dated_by_the_pace_where_the_clip_was_early():
    assert make_job(result=made()).state(BORN + 900).completed_at == BORN + 50


@pytest.mark.parametrize("changes", [{"result": BROKEN}, {"doom": BROKEN}, {"doom": BROKEN, "result": made()}])
def test_a_failure_shows_when_the_time_is_over(changes):
    job = make_job(**changes)

    assert job.state(BORN + 49).status == "in_progress"
    assert job.state(BORN + 50).status == "failed"
    assert job.state(BORN + 50).failure is BROKEN
    assert not job.state(BORN + 50).running


def test_a_stuck_job_keeps_its_slot_for_ever():
    assert make_job(stuck=True, result=made()).state(BORN + 1e6).running


def test_the_object_is_the_documents_with_nulls():
    job = make_job()

    assert job_object(job, job.state(BORN), retention=86_400, echo_prompt=False) == {
        "id": "video_1",
        "object": "video",
        "model": "sora-2",
        "status": "queued",
        "progress": 0,
        "created_at": 1_760_627_077,
        "completed_at": None,
        "expires_at": None,
        "seconds": "8",
        "size": "1280x720",
        "remixed_from_video_id": None,
        "error": None,
    }


def test_the_object_of_a_finished_job_tells_when_it_expires():
    job = make_job(result=made())

    told = job_object(job, job.state(BORN + 60), retention=86_400, echo_prompt=True)

    assert (told["completed_at"], told["expires_at"]) == (1_760_627_127, 1_760_713_527)
    assert told["prompt"] == "a cat"


def test_the_object_of_a_failed_job_tells_why():
    job = make_job(doom=DOOM)

    told = job_object(job, job.state(BORN + 60), retention=86_400, echo_prompt=True)

    assert told["error"] == {"message": "no", "code": "moderation_blocked"}
    assert told["completed_at"] is None


def test_an_id_begins_with_its_time_and_has_the_providers_length():
    first, second = new_id(BORN), new_id(BORN)

    assert first.startswith("video_68f10985")
    assert len(first) == len("video_68f10985d6c4819097007665bdcfba5f")
    assert first != second
