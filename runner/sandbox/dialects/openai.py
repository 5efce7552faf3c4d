"""OpenAI's own service as it was: sparse job objects, an hour to fetch a clip, many jobs at once."""

from secrets import token_hex
from typing import Any, ClassVar, Final

from runner.sandbox import stills
from runner.sandbox.calls import Call
from runner.sandbox.clip import Clip
from runner.sandbox.dialect import Dialect
from runner.sandbox.job import Job, State
from runner.sandbox.messages import Reply, Request
from runner.sandbox.refusal import Refusal, series, unsupported
from runner.sandbox.rules import Rules

_HOUR: Final = 3600.0
_SIZES: Final = ("720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080")


class OpenAi(Dialect):
    """What its guide, its specification and the errors that people quoted show."""

    name: ClassVar[str] = "openai"

    def rules(self) -> Rules:
        return Rules(
            sizes=_SIZES,
            seconds=("4", "8", "12", "16", "20"),
            models=("sora-2", "sora-2-pro"),
            slots=50,
            retention=_HOUR,
        )

    def new_id(self, now: float) -> str:
        return f"video_{int(now) & 0xFFFFFFFF:08x}{token_hex(2)}8190{token_hex(16)}"

    def shown(self, job: Job, state: State, rules: Rules) -> dict[str, Any]:
        told = {**super().shown(job, state, rules), "quality": "standard"}
        return {name: value for name, value in told.items() if value is not None}

    def clip(self, job: Job, clip: Clip, call: Call, request: Request) -> Reply:
        match call.query.get("variant"):
            case "thumbnail":
                return Reply(status=200, body=stills.thumbnail(clip.path), headers={"content-type": stills.THUMBNAIL})
            case "spritesheet":
                return Reply(status=200, body=stills.sheet(clip.path), headers={"content-type": stills.SHEET})
            case None | "video":
                return super().clip(job, clip, call, request)
            case other:
                raise unsupported("variant", other[:100], ("video", "thumbnail", "spritesheet"))

    def refused(self, refusal: Refusal, call: Call) -> Reply:
        if refusal.code == "invalid_parameter":  # of a size: the document's own words, and this service's are others
            message = f"Invalid value. Supported values are: {series(_SIZES, 'and')}."
            return Refusal(message, code="invalid_value", param="size").reply()
        return super().refused(refusal, call)
