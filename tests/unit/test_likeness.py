"""What a server looks like, by the answers that such servers were seen to give."""

from typing import Any

import pytest

from runner.provider.bodies import Reply
from runner.provider.likeness import likeness

NO_LIST = {
    "error": {"message": "Invalid URL (GET /v1/videos)", "type": "invalid_request_error", "param": "", "code": ""}
}
PAGE = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


def reply(status: int, body: Any, **headers: str) -> Reply:
    return Reply(
        status=status, headers={name.replace("_", "-"): text for name, text in headers.items()}, body=body, text=""
    )


@pytest.mark.parametrize(
    ("unknown", "listed", "name"),
    [
        (
            reply(404, {"error": {"message": "Video with id 'v' not found.", "type": "invalid_request_error"}}),
            reply(200, PAGE),
            "openai",
        ),
        (
            reply(404, {"error": {"message": "no", "type": "invalid_request_error"}}, apim_request_id="1"),
            reply(200, PAGE),
            "azure",
        ),
        (
            reply(400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
            reply(404, NO_LIST),
            "new-api",
        ),
        (reply(404, {"error": {"message": "x"}}, x_litellm_version="1.109"), reply(400, {}), "litellm"),
        (reply(404, {"detail": "Video not found"}), reply(200, PAGE), "vllm-omni"),
        (reply(404, {"detail": "Video not found"}), reply(200, {"object": "list", "data": []}), "sglang"),
        (reply(404, {"detail": "Video not found"}), reply(404, {"detail": "Not Found"}), ""),
        (reply(404, None), reply(200, PAGE), ""),
        (reply(200, {"id": "v", "status": "queued"}), reply(200, PAGE), ""),
    ],
)
def test_each_kind_of_server_is_known_by_its_answers(unknown: Reply, listed: Reply, name: str) -> None:
    found, because = likeness(unknown, listed)
    assert found == name
    assert bool(because) == bool(name)
