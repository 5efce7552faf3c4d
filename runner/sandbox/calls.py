"""The routes: which call a request's first line means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from runner.sandbox.messages import Head


class Kind(StrEnum):
    """What can be asked of the server."""

    CREATE = auto()
    RETRIEVE = auto()
    LIST = auto()
    CONTENT = auto()
    DELETE = auto()
    REMIX = auto()
    CONTROL = auto()  # the sandbox's own routes under /_sandbox
    UNKNOWN = auto()  # a path or a method that the API does not have


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, understood."""

    kind: Kind
    path: str = ""
    job: str = ""  # of the path, where the path has one
    query: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()  # methods of a path that was asked for with another one


_COLLECTION: Final = {"POST": Kind.CREATE, "GET": Kind.LIST}
_JOB: Final = {"GET": Kind.RETRIEVE, "DELETE": Kind.DELETE}
_PARTS: Final = {"content": {"GET": Kind.CONTENT}, "remix": {"POST": Kind.REMIX}}


def route(head: Head, base: str = "/v1") -> Call:
    """Find the call under the base of a dialect; never raises."""
    try:
        target = urlsplit(head.target)
        query = dict(parse_qsl(target.query, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return Call(kind=Kind.UNKNOWN, path=head.target)
    if target.path.startswith("/_sandbox/"):
        return Call(kind=Kind.CONTROL, path=target.path, query=query)
    job, methods = _place(target.path, f"{base}/videos")
    kind = methods.get(head.method)
    if kind is None:
        return Call(kind=Kind.UNKNOWN, path=target.path, allowed=tuple(methods))
    return Call(kind=kind, path=target.path, job=job, query=query)


def _place(path: str, videos: str) -> tuple[str, Mapping[str, Kind]]:
    if path == videos:
        return "", _COLLECTION
    if not path.startswith(f"{videos}/"):
        return "", {}
    job, slash, part = path.removeprefix(f"{videos}/").partition("/")
    if not job:
        return "", {}
    return unquote(job), (_PARTS.get(part, {}) if slash else _JOB)
