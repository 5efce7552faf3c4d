"""Every status word that was seen, and moderation in every guise."""

import pytest

from runner.provider.statuses import State, is_moderation, state_of


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (
            "queued pending submitted created NOT_START notstarted preparing preprocessing starting",
            State.QUEUED,
        ),
        ("in_progress IN_PROGRESS processing running generating in-progress", State.IN_PROGRESS),
        ("completed complete success SUCCESS succeeded finished done", State.COMPLETED),
        ("failed failure FAILURE fail error cancelled canceled deleted", State.FAILED),
        ("expired", State.EXPIRED),
        ("paused ascending 5 失败", State.UNKNOWN),
    ],
)
def test_words_mean_states(words: str, state: State) -> None:
    assert {state_of(word) for word in words.split()} == {state}


def test_case_and_space_do_not_matter() -> None:
    assert state_of(" In Progress\n") is State.IN_PROGRESS


@pytest.mark.parametrize("word", ["", "unknown"])
def test_a_state_that_is_not_told_is_a_beginning(word: str) -> None:
    assert state_of(word) is State.QUEUED


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("moderation_blocked", ""),
        ("input_moderation", ""),
        ("ContentPolicyViolationError", ""),
        ("content_policy_violation", ""),
        ("content_filter", ""),
        ("", "Your request was blocked by our moderation system."),
        ("", "rejected by our safety system"),
        ("500", "violates our content policy"),
        ("", "内容包含敏感信息"),
        ("policy_violation", ""),
        ("ResponsibleAIPolicyViolation", ""),
        ("nsfw_detected", ""),
        ("risk_control", ""),
        ("", "NSFW content detected"),
        ("", "the prompt has prohibited content"),
        ("", "It was flagged as violating our guidelines."),
    ],
)
def test_moderation_is_recognised(code: str, message: str) -> None:
    assert is_moderation(code, message)


@pytest.mark.parametrize(
    ("code", "message"),
    [("", ""), ("internal_error", "out of memory"), ("500", "timeout"), ("500", "segment violation at 0x0")],
)
def test_other_failures_are_no_moderation(code: str, message: str) -> None:
    assert not is_moderation(code, message)
