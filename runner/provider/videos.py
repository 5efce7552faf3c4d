"""The door to a server: the Videos protocol, what goes in and what comes back.

Replies are evidence, not verdicts: `outcome` classifies a POST, `status` reads a job's state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NewType, Protocol

from runner.manifest.request import Request

JobId = NewType("JobId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The bytes of a reference as they are sent."""

    data: bytes
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Everything known about one POST: whether a byte of it left, and the answer if one came."""

    sent: bool  # False only where the connection's trace proves that no request header was sent
    status: int | None = None  # None: no complete answer
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: Any = None  # parsed JSON, or None where the body is no JSON
    text: str = ""  # the body's first 300 characters, cleaned, or the words of the transport error


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as a server describes it; what is absent or of a strange type is None, never guessed."""

    id: JobId
    status: str  # the server's own word
    progress: int | None = None
    model: str | None = None
    prompt: str | None = None
    size: str | None = None
    seconds: str | None = None
    created_at: float | None = None  # Unix seconds
    completed_at: float | None = None
    expires_at: float | None = None
    address: str | None = None  # of the clip, where the job names one
    error_code: str = ""
    error_message: str = ""  # cleaned, at most 300 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A job's state, and when the server would like to be asked again."""

    job: Job
    again_after: float | None = None  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the server's list, newest first."""

    jobs: tuple[Job, ...]
    after: str | None  # cursor of the next page, None at the end
    unread: bool = False  # something of it could not be read, or it says that more follows and not where
    total: int = 0  # jobs on all pages, where that is told


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTime:
    """What a reply's Date header said, and when it came."""

    server: float  # Unix seconds
    monotonic: float  # of this process


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Go on with a part: only with a strong validator, else the bytes of two files could be joined."""

    offset: int
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a finished content transfer said of itself. `start` is 0 where the server sent the whole file."""

    media_type: str
    length: int | None  # whole length of the file, where it was told
    etag: str | None  # strong ones only
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The head of a content reply: told to the sink before the first byte."""

    start: int
    length: int | None
    etag: str | None


class Sink(Protocol):
    """Takes a clip's bytes as they come."""

    def begin(self, head: Begun, /) -> None:
        """The reply's head came; bytes follow from `head.start`."""
        ...

    def take(self, data: bytes, /) -> None:
        """The next bytes."""
        ...


class Videos(Protocol):
    """A server of the /v1/videos shape, at one origin.

    Every method but `create` makes one request and raises `ReplyError` (see `replies`) for anything that is no
    good answer. `create` never raises for what happens on the wire: its evidence is in `Posted`.
    """

    async def create(self, request: Request, image: Image | None) -> Posted:
        """One POST on a fresh connection: no retry, no redirect."""
        ...

    async def retrieve(self, job: JobId) -> Polled:
        """The state of a job."""
        ...

    async def list(self, after: str | None) -> Page:
        """One page of all jobs, newest first."""
        ...

    async def content(self, job: JobId, sink: Sink, resume: Resume | None) -> Content:
        """Transfer a finished clip into `sink`."""
        ...

    @property
    def told_time(self) -> ToldTime | None:
        """The server's clock as its last reply told it, whatever else the reply was."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...


VideosAt = Callable[[str], Videos | None]
"""Opens the door at an origin; None where our key may not go there."""
