"""How a server of this shape speaks: ids, job objects, errors, routes. The base is the provider's own document."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from runner.sandbox.calls import Call, Kind
from runner.sandbox.clip import Clip
from runner.sandbox.forms import Form
from runner.sandbox.job import FRESH, Job, State, job_object, new_id
from runner.sandbox.messages import Reply, Request, json_reply
from runner.sandbox.ranges import clip_reply
from runner.sandbox.refusal import Refusal, unsupported
from runner.sandbox.rules import Rules

ROUTES: Final = frozenset({Kind.CREATE, Kind.RETRIEVE, Kind.LIST, Kind.CONTENT, Kind.DELETE, Kind.REMIX})


class Dialect:
    """The document's way; each dialect says how it differs, from what was seen of its servers and not of our client."""

    name: ClassVar[str] = "sora"
    base: ClassVar[str] = "/v1"
    routes: ClassVar[frozenset[Kind]] = ROUTES

    def rules(self) -> Rules:
        """What such a server allows."""
        return Rules()

    def new_id(self, now: float) -> str:
        """An id for a job that is created now."""
        return new_id(now)

    def aliases(self, job: Job) -> Sequence[str]:
        """Other ids by which a job is known."""
        del job
        return ()

    def key_of(self, request: Request) -> str:
        """The key that a request shows; empty where it shows none."""
        scheme, _, key = request.header("authorization").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    def form(self, form: Form) -> Form:
        """The body of a purchase as this server reads it. Raises Refusal."""
        return form

    def shown(self, job: Job, state: State, rules: Rules) -> dict[str, Any]:
        """The object that stands for a job."""
        return job_object(job, state, retention=rules.retention, echo_prompt=rules.echo_prompt)

    def created(self, job: Job, rules: Rules) -> Reply:
        """The answer to a purchase."""
        return json_reply(self.shown(job, FRESH, rules))

    def retrieved(self, job: Job, state: State, rules: Rules) -> Reply:
        """The answer to a question for a job."""
        return json_reply(self.shown(job, state, rules))

    def page(self, told: Sequence[Mapping[str, Any]], *, more: bool, call: Call) -> dict[str, Any]:
        """A page of the list. Raises Refusal."""
        del call
        first, last = (told[0]["id"], told[-1]["id"]) if told else (None, None)
        return {"object": "list", "data": list(told), "first_id": first, "last_id": last, "has_more": more}

    def deleted(self, job: Job, state: State, rules: Rules) -> Reply:
        """The answer when a job was deleted."""
        del state, rules
        return json_reply({"id": job.id, "object": "video.deleted", "deleted": True})

    def clip(self, job: Job, clip: Clip, call: Call, request: Request) -> Reply:
        """The clip, or what is said in its place. Raises Refusal."""
        variant = call.query.get("variant", "video")
        if variant != "video":
            raise unsupported("variant", variant[:100], ("video",))
        return clip_reply(clip, request, name=job.id)

    def refused(self, refusal: Refusal, call: Call) -> Reply:
        """An error as it goes over the line."""
        del call
        return refusal.reply()

    def headers(self) -> Mapping[str, str]:
        """What every reply of such a server has among its headers."""
        return {}


def is_unknown(refusal: Refusal, call: Call) -> bool:
    """Whether it says that there is no such job."""
    return refusal.status == 404 and refusal.code is None and bool(call.job)


def is_no_route(refusal: Refusal) -> bool:
    """Whether it says that there is no such path."""
    return refusal.status == 404 and refusal.message.startswith("Invalid URL")


def detail_of(refusal: Refusal, call: Call) -> str:
    """The words of servers that are built on FastAPI, vLLM-Omni and SGLang among them."""
    if is_no_route(refusal):
        return "Not Found"
    if is_unknown(refusal, call):
        return "Video not found"
    return "Generation is still in-progress" if refusal.code == "video_not_ready" else refusal.message
