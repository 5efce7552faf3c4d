"""SGLang Diffusion: UUIDs, no variant, progress that stands at 99, errors without a code."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4

from runner.sandbox.calls import Call, Kind
from runner.sandbox.clip import Clip
from runner.sandbox.dialect import Dialect, detail_of
from runner.sandbox.forms import Form
from runner.sandbox.job import Job, State
from runner.sandbox.messages import Reply, Request, json_reply
from runner.sandbox.ranges import clip_reply
from runner.sandbox.refusal import Refusal
from runner.sandbox.rules import Rules


class SgLang(Dialect):
    """What the source of version 0.5 shows."""

    name: ClassVar[str] = "sglang"
    routes: ClassVar[frozenset[Kind]] = frozenset({Kind.CREATE, Kind.RETRIEVE, Kind.LIST, Kind.CONTENT, Kind.DELETE})

    def rules(self) -> Rules:
        return Rules(sizes=(), seconds=(), models=(), auth=False, slots=50, echo_prompt=False)

    def new_id(self, now: float) -> str:
        del now
        return str(uuid4())

    def form(self, form: Form) -> Form:
        seconds = form.values.get("seconds")
        if isinstance(seconds, int) and not isinstance(seconds, bool):
            return replace(form, values={**form.values, "seconds": str(seconds)})
        return form

    def shown(self, job: Job, state: State, rules: Rules) -> dict[str, Any]:
        told = super().shown(job, state, rules)
        failure = state.failure
        return {
            **told,
            "progress": 100 if state.status == "completed" else min(state.progress, 99),
            "quality": "standard",
            "url": None,
            "file_path": f"outputs/{job.id}.mp4" if state.status == "completed" else None,
            "expires_at": None,
            "error": None if failure is None else {"message": failure.message},
        }

    def page(self, told: Sequence[Mapping[str, Any]], *, more: bool, call: Call) -> dict[str, Any]:
        del more, call
        return {"object": "list", "data": list(told)}

    def deleted(self, job: Job, state: State, rules: Rules) -> Reply:
        return json_reply({**self.shown(job, state, rules), "status": "deleted"})

    def clip(self, job: Job, clip: Clip, call: Call, request: Request) -> Reply:
        if variant := call.query.get("variant"):
            raise Refusal(f"Video variant {variant} not found", status=404, code="no_variant")
        return clip_reply(clip, request, name=job.id)

    def refused(self, refusal: Refusal, call: Call) -> Reply:
        return json_reply({"detail": detail_of(refusal, call)}, status=refusal.status)
