"""Sora 2 on Azure OpenAI: deployments in place of models, keys in a header of their own, two jobs at once."""

from collections.abc import Mapping
from secrets import token_hex
from typing import ClassVar
from uuid import uuid4

from runner.sandbox.calls import Call
from runner.sandbox.dialect import Dialect
from runner.sandbox.forms import Form
from runner.sandbox.messages import Reply, Request, json_reply
from runner.sandbox.refusal import Refusal
from runner.sandbox.rules import Rules

_KIND = "video_generation_user_error"


class Azure(Dialect):
    """What its documentation and LiteLLM's client of it show."""

    name: ClassVar[str] = "azure"
    base: ClassVar[str] = "/openai/v1"

    def rules(self) -> Rules:
        return Rules(slots=2, models=("sora-2",))

    def new_id(self, now: float) -> str:
        return f"video_{int(now) & 0xFFFFFFFF:08x}{token_hex(12)}"

    def key_of(self, request: Request) -> str:
        return request.header("api-key").strip() or super().key_of(request)

    def form(self, form: Form) -> Form:
        model = form.values.get("model")
        if isinstance(model, str) and model != "sora-2":
            message = (
                f"The API deployment '{model[:100]}' for this resource does not exist. If you created the deployment "
                "within the last 5 minutes, please wait a moment and try again."
            )
            raise Refusal(message, status=404, kind=_KIND)
        return form

    def refused(self, refusal: Refusal, call: Call) -> Reply:
        if refusal.status == 401:
            message = "Access denied due to invalid subscription key or wrong API endpoint."
            return json_reply({"error": {"code": "401", "message": message}}, status=401)
        return super().refused(refusal, call)

    def headers(self) -> Mapping[str, str]:
        return {"apim-request-id": str(uuid4()), "x-ms-region": "East US 2"}
