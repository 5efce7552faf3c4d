"""vLLM-Omni: forms only, any size and whole seconds, a failed job is an HTTP error, no progress until the end."""

from typing import Any, ClassVar
from uuid import uuid4

from runner.sandbox.calls import Call, Kind
from runner.sandbox.clip import Clip
from runner.sandbox.dialect import ROUTES, Dialect, detail_of
from runner.sandbox.forms import Form
from runner.sandbox.job import Job, State
from runner.sandbox.messages import Reply, Request, json_reply
from runner.sandbox.ranges import clip_reply
from runner.sandbox.refusal import Refusal
from runner.sandbox.rules import Rules


class VllmOmni(Dialect):
    """What the source of version 0.30 shows."""

    name: ClassVar[str] = "vllm-omni"
    routes: ClassVar[frozenset[Kind]] = ROUTES - {Kind.REMIX}

    def rules(self) -> Rules:
        return Rules(sizes=(), seconds=(), models=(), auth=False, slots=50)

    def new_id(self, now: float) -> str:
        del now
        return f"video_gen_{uuid4().hex}"

    def form(self, form: Form) -> Form:
        if form.sent_as != "multipart":
            raise Refusal("Field required", status=422, code="unprocessable")
        return form

    def shown(self, job: Job, state: State, rules: Rules) -> dict[str, Any]:
        told = super().shown(job, state, rules)
        failure = state.failure
        return {
            **told,
            "progress": 100 if state.status == "completed" else 0,
            "quality": "default",
            "media_type": "video/mp4",
            "file_name": f"{job.id}.mp4" if state.status == "completed" else None,
            "stage_durations": {},
            "peak_memory_mb": 0.0,
            "expires_at": None,
            "error": None if failure is None else {"code": 500, "message": failure.message},
        }

    def retrieved(self, job: Job, state: State, rules: Rules) -> Reply:
        return json_reply(self.shown(job, state, rules), status=500 if state.failure else 200)

    def clip(self, job: Job, clip: Clip, call: Call, request: Request) -> Reply:
        del call  # whatever variant is asked for, the clip comes
        return clip_reply(clip, request, name=job.id)

    def refused(self, refusal: Refusal, call: Call) -> Reply:
        if refusal.code == "unprocessable":
            missing = [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required", "input": None}]
            return json_reply({"detail": missing}, status=422)
        status = 422 if refusal.code == "video_failed" else refusal.status
        return json_reply({"detail": detail_of(refusal, call)}, status=status)
