"""How a server that has its own ways is spoken to and understood."""

from typing import Any

import pytest

from runner.provider.manner import Auth, Manner, shown
from runner.provider.parsing import job_of
from runner.provider.videos import JobId


@pytest.mark.parametrize(
    ("manner", "header"),
    [
        (Manner(), {"Authorization": "Bearer sk-1"}),
        (Manner(auth=Auth.API_KEY), {"api-key": "sk-1"}),
        (Manner(auth=Auth.PLAIN), {"Authorization": "sk-1"}),
        (Manner(auth=Auth.HEADER, header=("x-api-key", "")), {"x-api-key": "sk-1"}),
        (Manner(auth=Auth.HEADER, header=("Authorization", "Token ")), {"Authorization": "Token sk-1"}),
        (Manner(auth=Auth.NONE), {}),
    ],
)
def test_a_key_is_shown_as_the_server_wants_it(manner: Manner, header: dict[str, str]) -> None:
    assert shown("sk-1", manner) == header


def test_routes_are_below_the_path_unless_they_are_named() -> None:
    usual, own = Manner(path="v"), Manner(path="v", routes={"job": "tasks/{id}/state", "list": "tasks"})
    assert [usual.route("job", "a%3Ab"), usual.route("content", "a"), usual.route("list")] == [
        "v/a%3Ab",
        "v/a/content",
        "v",
    ]
    assert [own.route("job", "a"), own.route("content", "a"), own.route("list")] == [
        "tasks/a/state",
        "v/a/content",
        "tasks",
    ]


@pytest.mark.parametrize(
    ("replies", "body", "found"),
    [
        ({"id": "task.uuid", "status": "task.state"}, {"task": {"uuid": "a", "state": "queued"}}, ("a", "queued")),
        ({"id": "jobs.0.id", "status": "jobs.0.s"}, {"jobs": [{"id": "a", "s": "done"}]}, ("a", "done")),
        ({"id": "number"}, {"number": 7, "status": "queued"}, ("7", "queued")),
        ({"id": "data.id"}, {"code": 0, "data": {"id": 1000, "status": "queued"}}, ("1000", "queued")),
        ({"id": "data.task"}, {"data": {"task": "t-1", "status": "queued"}}, ("t-1", "queued")),
        ({"status": "state"}, {"id": "a", "state": 2}, ("a", "2")),
        ({"status": "done"}, {"id": "a", "done": True}, ("a", "true")),
        ({"id": "nowhere.0.x"}, {"id": "a", "status": "queued"}, ("a", "queued")),
        ({"id": "id.0"}, {"id": "a", "status": "queued"}, ("a", "queued")),
        ({"status": "list.9"}, {"id": "a", "status": "queued", "list": [1]}, ("a", "queued")),
    ],
)
def test_fields_are_found_where_the_profile_says(
    replies: dict[str, str], body: dict[str, Any], found: tuple[str, str]
) -> None:
    job = job_of(Manner(replies=replies).read(body))
    assert job is not None
    assert (job.id, job.status) == found


def test_what_went_wrong_and_where_the_clip_is_are_found_too() -> None:
    manner = Manner(replies={"error": "failure", "url": "out.link", "progress": "percent"})
    told = manner.read(
        {"id": "a", "status": "failed", "failure": "too dark", "percent": 7, "out": {"link": "https://x/a"}}
    )
    job = job_of(told, id=JobId("a"))
    assert job is not None
    assert (job.error_message, job.progress, job.address) == ("too dark", 7, "https://x/a")


def test_each_job_of_a_list_is_read_likewise() -> None:
    manner = Manner(replies={"id": "uuid", "data": "tasks", "has_more": "more"})
    read = manner.read({"tasks": [{"uuid": "a"}, {"uuid": "b"}], "more": False})
    assert ([each["id"] for each in read["data"]], read["has_more"]) == (["a", "b"], False)


@pytest.mark.parametrize("body", [None, [], "x", 7])
def test_what_is_no_object_stays_what_it_is(body: Any) -> None:
    assert Manner(replies={"id": "uuid"}).read(body) == body


def test_an_address_within_an_envelope_is_found() -> None:
    body = {"data": {"task_id": "t-1", "status": "done", "result": {"link": "https://x/a"}}}
    job = job_of(Manner(replies={"url": "data.result.link"}).read(body))
    assert job is not None
    assert (job.id, job.status, job.address) == ("t-1", "done", "https://x/a")
