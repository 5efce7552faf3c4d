"""The LiteLLM proxy: ids that tell where a job is and change after its creation, a list that wants to be told more."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from runner.sandbox.calls import Call, Kind
from runner.sandbox.clip import Clip
from runner.sandbox.dialect import ROUTES, Dialect
from runner.sandbox.job import FRESH, Job, State
from runner.sandbox.messages import Reply, Request, json_reply
from runner.sandbox.ranges import clip_reply
from runner.sandbox.refusal import Refusal
from runner.sandbox.rules import Rules


class LiteLlm(Dialect):
    """What version 1.106 was measured to do."""

    name: ClassVar[str] = "litellm"
    routes: ClassVar[frozenset[Kind]] = ROUTES - {Kind.DELETE}

    def rules(self) -> Rules:
        return Rules(slots=2, echo_prompt=False, models=("sora-2", "sora-2-pro"))

    def aliases(self, job: Job) -> Sequence[str]:
        return _coded(job, model=job.order.model), _coded(job, model="")

    def shown(self, job: Job, state: State, rules: Rules) -> dict[str, Any]:
        return {**super().shown(job, state, rules), "id": _coded(job, model=""), "usage": None}

    def created(self, job: Job, rules: Rules) -> Reply:
        told = self.shown(job, FRESH, rules)
        usage = {"duration_seconds": float(job.order.seconds)}
        return json_reply({**told, "id": _coded(job, model=job.order.model), "usage": usage})

    def page(self, told: Sequence[Mapping[str, Any]], *, more: bool, call: Call) -> dict[str, Any]:
        if "custom_llm_provider" not in call.query:
            raise Refusal("custom_llm_provider is required", code="400")
        return super().page(told, more=more, call=call)

    def clip(self, job: Job, clip: Clip, call: Call, request: Request) -> Reply:
        del call  # a variant never reaches the server behind it
        return clip_reply(clip, request, name=f"video_{job.id}")

    def refused(self, refusal: Refusal, call: Call) -> Reply:
        if refusal.status == 405:
            return json_reply({"detail": "Method Not Allowed"}, status=405)
        kinds = {429: ("RateLimitError", "throttling_error"), 401: ("AuthenticationError", "auth_error")}
        name, kind = kinds.get(refusal.status, ("BadRequestError", "invalid_request_error"))
        message = f"litellm.{name}: OpenAIException - {refusal.message}"
        error = {"message": message, "type": kind, "param": None, "code": str(refusal.status)}
        renamed = {"llm_provider-retry-after": "1"} if refusal.status == 429 else {}
        del call
        return json_reply({"error": error}, status=refusal.status, headers=renamed)

    def headers(self) -> Mapping[str, str]:
        return {"x-litellm-version": "1.106.2"}


def _coded(job: Job, *, model: str) -> str:
    route = f"litellm:custom_llm_provider:openai;model_id:{model};video_id:{job.id}"
    return "video_" + base64.b64encode(route.encode()).decode()
