"""The table of outcomes: what each answer to a POST, and each missing one, means for buying again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.provider.classify import classify
from runner.provider.outcome import Ambiguous, Halted, Outcome, Rejected, Submitted, Unsent
from runner.provider.profile import Answer
from runner.provider.profiles import load
from runner.provider.videos import Posted

SORA = load("sora", beside=Path())
JOB = {"id": "video_1", "object": "video", "status": "queued"}


def error(message: str = "", code: str | None = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "type": kind, "param": None}}


def verdict(status: int | None, body: Any = None, *, first: bool = False, **more: Any) -> Outcome:
    posted = Posted(sent=True, status=status, body=body, **more)
    return classify(posted, first=first, profile=SORA)


def test_what_was_never_sent_is_unsent_and_not_connected() -> None:
    outcome = classify(Posted(sent=False, text="no connection: refused"), first=True, profile=SORA)
    assert outcome == Unsent(why="no connection: refused", connected=False)


def test_what_was_sent_and_not_answered_is_ambiguous() -> None:
    assert verdict(None, text="no answer in time") == Ambiguous(why="no answer in time")


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(
    "body",
    [
        JOB,
        {"id": "x"},
        {"id": "x", "status": 5, "progress": "?", "created_at": "soon", "error": [1]},
        {"id": "x", "object": "video.generation"},
        {"task_id": "x"},
        {"code": "success", "data": {"task_id": "x", "status": "NOT_START"}},
        {"id": "a/b:c=="},
    ],
)
def test_a_usable_id_is_a_job_whatever_else_is_odd(status: int, body: Any) -> None:
    assert isinstance(verdict(status, body), Submitted)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "video_1",
        {},
        {"id": ""},
        {"id": None},
        {"id": 5},
        {"id": "."},
        {"id": ".."},
        {"id": "\n"},
        {"id": "a\x00b"},
        {"id": "\ud800"},
        {"id": "x" * 513},
        {"data": [{"id": "x"}]},
        error("quota exceeded", "insufficient_quota"),
    ],
)
def test_success_without_a_usable_id_is_ambiguous(body: Any) -> None:
    assert isinstance(verdict(200, body), Ambiguous)


@pytest.mark.parametrize("status", [100, 101, 300, 301, 302, 303, 307, 308, 408, 409, 418, 425])
@pytest.mark.parametrize("first", [True, False])
def test_other_statuses_are_ambiguous(status: int, first: bool) -> None:
    assert isinstance(verdict(status, error("hm"), first=first), Ambiguous)


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 524, 599])
@pytest.mark.parametrize(
    "body", [None, error("oops"), error("no quota", "insufficient_quota"), error("Too many running tasks")]
)
def test_an_error_of_the_server_is_ambiguous_whatever_it_says(status: int, body: Any) -> None:
    assert isinstance(verdict(status, body), Ambiguous)


@pytest.mark.parametrize("status", [400, 404, 405, 410, 411, 413, 414, 415, 422])
def test_a_refused_request_is_rejected(status: int) -> None:
    outcome = verdict(status, error("Invalid value: '10'", "invalid_value"))
    assert outcome == Rejected(code="invalid_value", why=f"{status}: Invalid value: '10'")


@pytest.mark.parametrize(
    ("body", "text", "code", "why"),
    [
        (error("bad", kind="invalid_request_error"), "", "invalid_request_error", "400: bad"),
        ({"code": "invalid_size", "message": "size", "data": None}, "", "invalid_size", "400: size"),
        ({"detail": "Model mismatch"}, "", "http_400", "400: Model mismatch"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "", "http_400", "400: field required"),
        ({"error": "no such model"}, "", "http_400", "400: no such model"),
        (None, "<html>", "http_400", "400: <html>"),
        (None, "", "http_400", "400: no words"),
        (error("The model 'x' does not exist", "model_not_found"), "", "model_not_found", None),
        (error("Your request was blocked", "moderation_blocked"), "", "moderation_blocked", None),
        (error("invalid prompt 'the quota of the billing clerk'", "invalid_value"), "", "invalid_value", None),
        (error("bad size", kind="video_generation_user_error"), "", "video_generation_user_error", "400: bad size"),
    ],
)
def test_a_refusal_is_read_in_every_shape(body: Any, text: str, code: str, why: str | None) -> None:
    outcome = verdict(400, body, text=text)
    assert isinstance(outcome, Rejected)
    assert outcome.code == code
    assert why is None or outcome.why == why


@pytest.mark.parametrize("status", [404, 405, 410])
def test_the_first_post_to_a_wrong_address_halts(status: int) -> None:
    outcome = verdict(status, {"detail": "Not Found"}, first=True)
    assert isinstance(outcome, Halted)
    assert not outcome.quota
    assert "/v1" in outcome.hint


def test_the_first_post_with_an_unknown_model_halts_and_names_the_model() -> None:
    outcome = verdict(404, error("The model 'x' does not exist", "model_not_found"), first=True)
    assert isinstance(outcome, Halted)
    assert "model" in outcome.hint


@pytest.mark.parametrize("status", [400, 413, 422])
def test_the_first_post_may_be_rejected_for_its_shot_alone(status: int) -> None:
    assert isinstance(verdict(status, error("bad"), first=True), Rejected)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_halts(status: int) -> None:
    outcome = verdict(status, error("Incorrect API key provided", "invalid_api_key"))
    assert isinstance(outcome, Halted)
    assert not outcome.quota
    assert "OPENAI_API_KEY" in outcome.hint


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (402, None),
        (429, error("You exceeded your current quota, please check your plan", "insufficient_quota")),
        (429, error("", "credit_balance_exhausted", "insufficient_quota")),
        (429, error("", "organization_spend_limit_exceeded")),
        (429, error("", "project_spend_limit_exceeded")),
        (429, error("", "organization_usage_limit_exceeded")),
        (429, error("quota used up")),
        (429, error("check your billing details")),
        (400, error("Billing hard limit has been reached", "billing_hard_limit_reached")),
        (400, error("insufficient balance")),
        (403, error("token quota is not enough", "insufficient_user_quota", "new_api_error")),
        (403, error("用户额度不足, 剩余额度: ¥0.00", None, "new_api_error")),
        (403, {"code": "quota_exceeded", "message": "no more", "data": None}),
        (403, error("your quota of requests per minute is 0")),
    ],
)
def test_an_account_that_may_not_buy_halts(status: int, body: Any) -> None:
    outcome = verdict(status, body)
    assert isinstance(outcome, Halted)
    assert outcome.quota


@pytest.mark.parametrize(
    "body",
    [
        None,
        error("Rate limit reached for requests per minute", "rate_limit_exceeded", "requests"),
        error("slow down", "slow_down", "rate_limit_error"),
        error("call rate limit; see https://aka.ms/oai/quotaincrease"),
        error("quota exceeded for requests per minute", "rate_limit_exceeded"),
        error("当前分组上游负载已饱和，请稍后再试"),
    ],
)
def test_too_many_requests_is_unsent_and_waits(body: Any) -> None:
    outcome = verdict(429, body, headers={"retry-after": "7"})
    assert isinstance(outcome, Unsent)
    assert (outcome.again_after, outcome.slots_full, outcome.connected) == (7.0, False, True)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, error("Too many running tasks", None, "video_generation_user_error")),
        (429, error("Too many running tasks")),
        (429, error("", None, "video_generation_user_error")),
        (429, error('litellm.RateLimitError: {"error": {"message": "Too many running tasks"}}', "429")),
        (429, error("concurrency limit of 2 reached")),
        (429, error("You exceeded your concurrent request limit")),
        (429, error("Too many running tasks", "safety_queue_full")),
        (400, error("Too many running tasks")),
        (403, error("too many concurrent jobs for your quota")),
    ],
)
def test_too_many_running_waits_for_a_slot(status: int, body: Any) -> None:
    outcome = verdict(status, body)
    assert isinstance(outcome, Unsent)
    assert outcome.slots_full


@pytest.mark.parametrize("code", ["content_policy_violation", "moderation_blocked", "ResponsibleAIPolicyViolation"])
@pytest.mark.parametrize("words", ["a coach watches running tasks on a board", "a billing clerk is out of credits"])
def test_a_refusal_of_what_is_shown_speaks_of_no_slots_and_no_quota(code: str, words: str) -> None:
    """Such a refusal quotes the prompt; a batch waited for a slot for half an hour, and was then halted."""
    assert isinstance(verdict(400, error(f"Your prompt was refused: {words}", code)), Rejected)


def test_too_many_requests_with_a_job_is_a_job() -> None:
    assert isinstance(verdict(429, JOB), Submitted)


def test_too_many_requests_with_some_id_is_ambiguous() -> None:
    assert isinstance(verdict(429, {"id": "x", **error("slow down")}), Ambiguous)


@pytest.mark.parametrize("status", [400, 409, 500])
def test_an_error_that_is_a_job_is_a_job(status: int) -> None:
    outcome = verdict(status, {**JOB, "status": "failed"})
    assert isinstance(outcome, Submitted)
    assert outcome.job.id == "video_1"


class TestAnswersBeforeAdmission:
    """A profile may vouch for answers that its server gives only before it takes a job."""

    PROFILE = replace(SORA, not_admitted=(Answer(status=503, code="get_channel_failed"), Answer(status=502)))

    def verdict(self, status: int, body: Any) -> Outcome:
        posted = Posted(sent=True, status=status, body=body, headers={"retry-after": "3"})
        return classify(posted, first=False, profile=self.PROFILE)

    def test_a_listed_answer_is_unsent(self) -> None:
        outcome = self.verdict(503, {"code": "get_channel_failed", "message": "no channel"})
        assert outcome == Unsent(why="503: no channel", again_after=3.0)

    def test_a_status_without_code_is_enough_where_none_is_listed(self) -> None:
        assert isinstance(self.verdict(502, None), Unsent)

    def test_another_code_is_not_vouched_for(self) -> None:
        assert isinstance(self.verdict(503, error("oops", "internal")), Ambiguous)

    def test_a_job_goes_before_the_profile(self) -> None:
        assert isinstance(self.verdict(502, JOB), Submitted)
        assert isinstance(self.verdict(502, {"id": "x"}), Ambiguous)
