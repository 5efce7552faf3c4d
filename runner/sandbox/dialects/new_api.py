"""The gateway new-api: task ids, errors of its own shape, states in capitals, milliseconds, and no list."""

import secrets
import string
from typing import Any, ClassVar, Final

from runner.sandbox.calls import Call, Kind
from runner.sandbox.dialect import Dialect, is_no_route, is_unknown
from runner.sandbox.forms import Form
from runner.sandbox.job import Job, State
from runner.sandbox.messages import Reply, json_reply
from runner.sandbox.refusal import Refusal
from runner.sandbox.rules import Rules

_LETTERS: Final = string.ascii_letters + string.digits
_WORDS: Final = {"queued": "NOT_START", "in_progress": "IN_PROGRESS", "completed": "SUCCESS", "failed": "FAILURE"}
_CODES: Final = {
    "missing_model": "missing_model",
    "invalid_parameter": "invalid_size",
    "invalid_body": "invalid_json",
}
_BUSY: Final = "当前分组上游负载已饱和，请稍后再试"


class NewApi(Dialect):
    """What its source and its users' reports show."""

    name: ClassVar[str] = "new-api"
    routes: ClassVar[frozenset[Kind]] = frozenset({Kind.CREATE, Kind.RETRIEVE, Kind.CONTENT, Kind.REMIX})

    def rules(self) -> Rules:
        return Rules(models=(), lists=False)

    def new_id(self, now: float) -> str:
        del now
        return "task_" + "".join(secrets.choice(_LETTERS) for _ in range(32))

    def form(self, form: Form) -> Form:
        if not form.values.get("model"):
            raise Refusal("model is required", code="missing_model")
        return form

    def shown(self, job: Job, state: State, rules: Rules) -> dict[str, Any]:
        told = super().shown(job, state, rules)
        updated = told["completed_at"] or told["created_at"]
        error = told["error"]
        shown = {
            **told,
            "task_id": job.id,
            "status": _WORDS[state.status],
            "progress": f"{state.progress}%",
            "created_at": told["created_at"] * 1000,
            "completed_at": updated * 1000,
            "expires_at": 0,
            "error": None,
            "fail_reason": error["message"] if error else None,
            "metadata": {"url": f"https://clips.example/{job.id}.mp4"} if state.status == "completed" else None,
        }
        return {name: value for name, value in shown.items() if value}

    def refused(self, refusal: Refusal, call: Call) -> Reply:
        if refusal.status == 401 or is_no_route(refusal):
            kind = "new_api_error" if refusal.status == 401 else "invalid_request_error"
            error = {"message": refusal.message, "type": kind, "param": "", "code": ""}
            return json_reply({"error": error}, status=refusal.status)
        if call.kind is Kind.CONTENT:
            return self._no_content(refusal, call)
        message = _BUSY if refusal.status == 429 else refusal.message
        code = "fail_to_fetch_task" if refusal.status == 429 else _CODES.get(refusal.code or "", "invalid_request")
        status = refusal.status
        if is_unknown(refusal, call):
            status, code, message = 400, "task_not_exist", "task_not_exist"
        return json_reply({"code": code, "message": message, "data": None}, status=status)

    def _no_content(self, refusal: Refusal, call: Call) -> Reply:
        status, message = refusal.status, refusal.message
        if is_unknown(refusal, call):
            message = "Task not found"
        elif refusal.code == "video_not_ready":
            status, message = 400, "Task is not completed yet, current status: IN_PROGRESS"
        elif refusal.code in ("video_failed", "video_expired"):
            status, message = 502, "Failed to fetch video content"
        return json_reply({"error": {"message": message, "type": "invalid_request_error"}}, status=status)
