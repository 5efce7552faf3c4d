"""Jobs and error words in every variety that servers were seen to send."""

from typing import Any

import pytest

from runner.provider.parsing import ErrorWords, NotJson, error_of, job_in_error, job_of, json_of, usable_id
from runner.provider.videos import Job, JobId

KEY = "sk-secret-1234"


def job(**fields: Any) -> Job:
    found = job_of({"id": "v", **fields})
    assert found is not None
    return found


def test_a_whole_job_is_read() -> None:
    body = {
        "id": "video_68f10985d6c4819097007665bdcfba5f",
        "object": "video",
        "model": "sora-2",
        "status": "failed",
        "progress": 30,
        "prompt": "a cat",
        "created_at": 1760627077,
        "completed_at": 1760627100,
        "expires_at": 1760713500,
        "seconds": "8",
        "size": "1280x720",
        "remixed_from_video_id": None,
        "error": {"message": "blocked", "code": "moderation_blocked"},
    }
    assert job_of(body) == Job(
        id=JobId("video_68f10985d6c4819097007665bdcfba5f"),
        status="failed",
        progress=30,
        model="sora-2",
        prompt="a cat",
        size="1280x720",
        seconds="8",
        created_at=1760627077.0,
        completed_at=1760627100.0,
        expires_at=1760713500.0,
        error_code="moderation_blocked",
        error_message="blocked",
    )


def test_what_is_absent_or_null_is_none() -> None:
    assert job() == Job(id=JobId("v"), status="")
    assert job(status=None, progress=None, created_at=None, error=None) == job()


def test_what_is_of_a_strange_type_is_none() -> None:
    strange = job(status=3, model=[], prompt={}, size=720, seconds=True, progress=False, created_at=[], error=5)
    assert strange == job()


@pytest.mark.parametrize(
    ("value", "percent"),
    [
        (0, 0),
        (100, 100),
        (49.6, 50),
        ("50%", 50),
        (" 7 ", 7),
        (-1, None),
        (10**9, None),
        (10**400, None),
        ("half", None),
    ],
)
def test_progress_is_a_percentage_or_nothing(value: Any, percent: int | None) -> None:
    assert job(progress=value).progress == percent


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (1760627077, 1760627077.0),
        (1764347090922, 1764347090.922),
        ("1760627077", 1760627077.0),
        ("2025-10-20T06:57:18.5Z", 1760943438.5),
        ("2025-10-20T06:57:18", 1760943438.0),
        ("2025-10-20T08:57:18+02:00", 1760943438.0),
        (0, None),
        (-5, None),
        (10**30, None),
        (1e308 * 10, None),
        ("soon", None),
        (True, None),
    ],
)
def test_times_come_in_seconds_milliseconds_and_words(value: Any, time: float | None) -> None:
    assert job(created_at=value).created_at == time


@pytest.mark.parametrize(
    ("value", "seconds"), [("8", "8"), (8, "8"), (8.0, "8"), ("8.0", "8"), (None, None), ("8s", "8s")]
)
def test_seconds_are_text(value: Any, seconds: str | None) -> None:
    assert job(seconds=value).seconds == seconds


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"error": {"code": 500, "message": "oom"}}, "500", "oom"),
        ({"error": {"message": "oom"}}, "", "oom"),
        ({"error": {"type": "server_error", "message": "oom"}}, "server_error", "oom"),
        ({"error": "oom"}, "", "oom"),
        ({"fail_reason": "oom"}, "", "oom"),
        ({"error": {"message": "a\x1b[31mred\x1b[0m\n  b"}}, "", "ared b"),
        ({"error": {"message": "x" * 1000}}, "", "x" * 299 + "…"),
    ],
)
def test_a_jobs_error_comes_in_every_shape(fields: dict[str, Any], code: str, message: str) -> None:
    found = job(status="failed", **fields)
    assert (found.error_code, found.error_message) == (code, message)


def test_a_job_without_an_id_of_its_own_has_the_one_that_was_asked_for() -> None:
    body = {"task_id": "other", "status": "SUCCESS", "progress": "100%", "finished_at": 1760627077}
    found = job_of(body, id=JobId("ours"))
    assert found == Job(id=JobId("ours"), status="SUCCESS", progress=100, completed_at=1760627077.0)


def test_a_job_in_an_envelope_is_found() -> None:
    found = job_of({"code": "success", "data": {"task_id": "t", "status": "NOT_START"}})
    assert found == Job(id=JobId("t"), status="NOT_START")


@pytest.mark.parametrize("body", [None, [], "x", {}, {"error": {}}, {"id": 5}, {"id": "", "status": "queued"}])
def test_what_is_no_job_is_none(body: Any) -> None:
    assert job_of(body) is None


@pytest.mark.parametrize(
    "body",
    [
        {"status": "error", "message": "gateway timeout"},
        {"code": 500, "status": "fail", "msg": "system busy", "data": None},
        {"status": "success", "data": None},
        {"status": "completed"},
        {"id": "request_7", "status": "failed", "error": {"message": "busy"}},
        {"status": "expired", "message": "your session"},
    ],
)
def test_the_end_of_a_job_is_not_taken_from_an_envelope_that_does_not_name_it(body: Any) -> None:
    """With `retries`, the trouble of a gateway bought a clip again for each poll."""
    assert job_of(body, id=JobId("ours")) is None


@pytest.mark.parametrize("word", ["failed", "completed", "expired"])
def test_the_end_of_a_job_is_taken_from_where_it_must_be_the_jobs(word: str) -> None:
    for body in ({"code": "success", "data": {"status": word}}, {"id": "ours", "status": word}):
        assert job_of(body, id=JobId("ours")) is not None
    assert job_of({"status": word}, id=JobId("ours"), described=True) is not None


def test_an_envelopes_own_status_is_not_the_jobs() -> None:
    found = job_of({"status": "success", "data": {"id": "ours", "status": "in_progress"}}, id=JobId("ours"))
    assert found is not None
    assert found.status == "in_progress"


@pytest.mark.parametrize("body", [{}, {"id": "ours"}, {"error": {"message": "x"}}, {"status": 5}])
def test_an_answer_about_our_job_must_say_something_of_it(body: Any) -> None:
    assert job_of(body, id=JobId("ours")) is None


@pytest.mark.parametrize(
    ("body", "is_job"),
    [
        ({"id": "ours", "status": "failed"}, True),
        ({"id": "theirs", "status": "failed", "object": "video"}, True),
        ({"id": "theirs", "status": "failed"}, False),
        ({"id": "ours"}, False),
        ({"id": "ours", "status": 404}, False),
        ({"object": "video"}, False),
        (["ours"], False),
        (None, False),
    ],
)
def test_an_error_body_is_a_job_if_it_says_so_or_has_our_id(body: Any, is_job: bool) -> None:
    assert (job_in_error(body, JobId("ours")) is not None) is is_job


@pytest.mark.parametrize("text", ["video_1", "a/b", "../x", "sora-2:task", "bGl0==", "x" * 512, "视频", "a b"])
def test_ids_are_any_text(text: str) -> None:
    assert usable_id(text) == text


@pytest.mark.parametrize(
    "value", ["", " ", ".", "..", "x" * 513, "a\nb", "\x7f", "\x00", "\ud800", None, 5, True, ["x"]]
)
def test_what_no_url_can_carry_is_no_id(value: Any) -> None:
    assert usable_id(value) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": {"message": "m", "type": "t", "code": "c", "param": None}},
            ErrorWords(code="c", kind="t", message="m"),
        ),
        ({"error": {"code": "404"}}, ErrorWords(code="404")),
        ({"error": "m"}, ErrorWords(message="m")),
        ({"code": "invalid_request", "message": "m", "data": None}, ErrorWords(code="invalid_request", message="m")),
        ({"detail": "Not Found"}, ErrorWords(message="Not Found")),
        ({"detail": [{"msg": "a", "loc": ["x"]}, "b"]}, ErrorWords(message="a; b")),
        ({"detail": {"message": "m", "code": 7}}, ErrorWords(code="7", message="m")),
        ({"error": None, "message": "m"}, ErrorWords(message="m")),
        ({}, ErrorWords(message="text")),
        (None, ErrorWords(message="text")),
        ([1], ErrorWords(message="text")),
    ],
)
def test_error_words_come_in_every_shape(body: Any, words: ErrorWords) -> None:
    assert error_of(body, "text") == words


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"{", b"NaN", b'{"a": Infinity}', b'{"a": 1, "a": 2}', b"[" * 200_000, b"9" * 5000, b"{}{}"],
    ids=["empty", "html", "cut", "nan", "infinity", "twice", "deep", "digits", "two"],
)
def test_what_is_no_good_json_is_refused(data: bytes) -> None:
    with pytest.raises(NotJson):
        json_of(data)


def test_json_is_read_with_a_byte_order_mark_and_bad_bytes() -> None:
    assert json_of(b'\xef\xbb\xbf{"id": "v", "m": "\xff"}') == {"id": "v", "m": "\ufffd"}


def test_our_key_does_not_survive_parsing() -> None:
    data = f'{{"error": ["{KEY}"], "message": "x {KEY} y", "code": "sk\\u002dsecret-1234"}}'.encode()
    assert json_of(data, secrets=(KEY,)) == {"error": ["[key]"], "message": "x [key] y", "code": "[key]"}


def test_a_key_that_is_a_common_word_does_not_alter_a_job() -> None:
    data = b'{"id": "test_1", "model": "test", "prompt": "a test", "status": "test", "error": {"message": "test!"}}'
    found = job_of(json_of(data, secrets=("test",)))
    assert found == Job(id=JobId("test_1"), model="test", prompt="a test", status="test", error_message="[key]!")
