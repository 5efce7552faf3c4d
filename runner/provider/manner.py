"""How a server speaks, where servers of this shape differ: the key, its routes, the form of a purchase, its words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Auth(StrEnum):
    """How a key is shown to the server."""

    BEARER = "bearer"
    API_KEY = "api-key"
    PLAIN = "plain"
    HEADER = "header"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What a client must know of a server before it says a word."""

    auth: Auth = Auth.BEARER
    header: tuple[str, str] = ("", "")  # with `Auth.HEADER`: its name, and what stands before the key
    form: bool = False  # whether a purchase is a multipart form though no image goes along
    path: str = "videos"  # below the base URL
    routes: Mapping[str, str] = field(default_factory=dict)  # other ones of the job, its content and the list
    query: Mapping[str, str] = field(default_factory=dict)  # what goes along with every request
    names: Mapping[str, str] = field(default_factory=dict)  # what it calls fields of a request, by our name
    numbers: bool = False  # whether seconds are sent as a number, not as text
    sizes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # the fields that stand for a size
    image_in_json: bool = False  # as a data URI, not in a form
    replies: Mapping[str, str] = field(default_factory=dict)  # where replies have a field, by our name: steps and dots
    states: Mapping[str, str] = field(default_factory=dict)  # what its own words for a state mean, in lower case

    def state(self, word: str) -> str:
        """A word for a state, as others say it."""
        return self.states.get(word.strip().lower(), word)

    def route(self, name: str, job: str = "") -> str:
        """Where the `job`, its `content` or the `list` is, below the base URL; `job` is an id as a URL has it."""
        usual = {"job": f"{self.path}/{{id}}", "content": f"{self.path}/{{id}}/content", "list": self.path}
        return self.routes.get(name, usual[name]).replace("{id}", job)

    def read(self, body: Any) -> Any:
        """A reply with its fields where others have them, too; the jobs of a list likewise."""
        if not (self.replies and isinstance(body, Mapping)):
            return body
        told = {name: found for name, path in self.replies.items() if (found := _at(body, path)) is not None}
        # A server that counts its jobs, or has numbers for states: the profile says that they are these.
        told |= {name: str(told[name]).lower() for name in ("id", "status") if isinstance(told.get(name), int)}
        within = told.get("data", body.get("data"))
        if isinstance(within, list):
            return {**body, **told, "data": [self.read(job) for job in within]}
        if isinstance(within, Mapping):  # an envelope: what it holds counts for less than what the profile names
            body = {**within, **{name: value for name, value in body.items() if name != "data"}}
        return {**body, **told}


def shown(key: str, manner: Manner) -> dict[str, str]:
    """The header that shows a key."""
    match manner.auth:
        case Auth.BEARER:
            return {"Authorization": f"Bearer {key}"}
        case Auth.API_KEY:
            return {"api-key": key}
        case Auth.PLAIN:
            return {"Authorization": key}
        case Auth.HEADER:
            name, before = manner.header
            return {name: f"{before}{key}"}
        case Auth.NONE:
            return {}


def _at(body: Any, path: str) -> Any:
    """What lies at the end of a path, such as `data.0.url`; None where it leads nowhere."""
    for step in path.split("."):
        if isinstance(body, list):
            body = body[int(step)] if step.isascii() and step.isdigit() and int(step) < len(body) else None
        else:
            body = body.get(step) if isinstance(body, Mapping) else None
    return body
