"""How the server says no: one exception with a status and the provider's error object, and a sentence for each rule."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner.sandbox.messages import Reply, json_reply

_BAD_REQUEST: Final = "invalid_request_error"


class Refusal(Exception):
    """The request is answered with an error. Without a `kind` the object is the document's own: message and code."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        kind: str | None = _BAD_REQUEST,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.kind = kind
        self.param = param
        self.headers = headers or {}

    def reply(self) -> Reply:
        """The refusal as it goes over the line."""
        error: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.kind is not None:
            error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return json_reply({"error": error}, status=self.status, headers=self.headers)


def unknown_route(method: str, target: str) -> Refusal:
    """There is no such path."""
    return Refusal(f"Invalid URL ({method} {target})", status=404)


def wrong_method(method: str, path: str, allowed: Sequence[str]) -> Refusal:
    """The path is there, for other methods."""
    return Refusal(
        f"Not allowed to {method} on {path}.",
        status=405,
        code="method_not_supported",
        headers={"allow": ", ".join(allowed)},
    )


def no_key() -> Refusal:
    """No bearer came."""
    return Refusal(
        "You didn't provide an API key. Send it as `Authorization: Bearer YOUR_API_KEY`.",
        status=401,
        code="invalid_api_key",
        headers={"www-authenticate": "Bearer"},
    )


def wrong_key() -> Refusal:
    """Another bearer is expected."""
    return Refusal(
        "Incorrect API key provided.",
        status=401,
        code="invalid_api_key",
        headers={"www-authenticate": "Bearer"},
    )


def too_many_running() -> Refusal:
    """All slots are taken."""
    return Refusal("Too many running tasks", status=429, kind="video_generation_user_error")


def unknown_video(job: str) -> Refusal:
    """No such job, or not any more."""
    return Refusal(f"Video with id '{job}' not found.", status=404)


def not_ready() -> Refusal:
    """The clip is asked for too early."""
    return Refusal(
        "Video is not ready yet, use GET /v1/videos/{video_id} to check status.", status=404, code="video_not_ready"
    )


def no_clip(job: str, code: str) -> Refusal:
    """The clip will never be there, or is not there any more."""
    words = {"video_expired": "has expired", "video_failed": "failed and has no content"}
    return Refusal(f"Video with id '{job}' {words[code]}.", status=404, code=code)


def missing(name: str) -> Refusal:
    """A required parameter is not there."""
    return Refusal(f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name)


def unsupported(name: str, value: str, allowed: Sequence[str]) -> Refusal:
    """A value that is none of a few."""
    message = f"Invalid value: '{value}'. Supported values are: {series(allowed, 'and')}."
    return Refusal(message, code="invalid_value", param=name)


def wrong_type(name: str, expected: str, value: object) -> Refusal:
    """A value of another JSON type than the one that is expected."""
    message = f"Invalid type for '{name}': expected {expected}, but got {_type_of(value)} instead."
    return Refusal(message, code="invalid_type", param=name)


def bad_size(sizes: Sequence[str]) -> Refusal:
    """The document's own example of an error."""
    allowed = " or ".join(sizes) if sizes else "WIDTHxHEIGHT, both even and from 16 to 4096"
    return Refusal(f"Invalid parameter: size must be {allowed}", code="invalid_parameter", kind=None)


def bad_body(message: str) -> Refusal:
    """The body cannot be read at all."""
    return Refusal(message, code="invalid_body")


def series(values: Sequence[str], joint: str) -> str:
    """Quoted values as a sentence tells them: 'a', 'b', and 'c'."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return f" {joint} ".join(quoted)
    return f"{', '.join(quoted[:-1])}, {joint} {quoted[-1]}"


def _type_of(value: object) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a decimal number", str: "a string"}
    others = {list: "an array", dict: "an object", type(None): "null"}
    return (names | others).get(type(value), "a file")
