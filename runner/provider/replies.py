"""What can come back instead of a good answer to a GET: one exception for each kind, for retry to tell apart."""


class ReplyError(Exception):
    """The request gave no usable answer. `words` are the server's or the transport's, cleaned."""

    def __init__(self, words: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.retry_after = retry_after  # seconds


class Unreachable(ReplyError):
    """No connection, or it broke: DNS, refused, reset, timeout. Passing."""


class Troubled(ReplyError):
    """5xx, 408, 409, 425 or a body that makes no sense. Passing."""


class Moved(Troubled):
    """What was asked for is at another host or scheme, for good: so is the base URL, and it is not followed."""


class NotAServer(ReplyError):
    """A good status and a web page: the base URL leads to something that is no videos server."""


class TooMany(ReplyError):
    """429: ask less often."""


class Missing(ReplyError):
    """404 or 410: no such job or no such content, now."""


class NoRoute(ReplyError):
    """405 or 501, or a 404 that speaks of the route: the server does not have this call."""


class Refused(ReplyError):
    """401, 402 or 403: not with this key."""


class NotReady(ReplyError):
    """The content is not to be had yet although the job was said to be complete. Passing."""


class NotVideo(ReplyError):
    """The content came, and it is no clip: JSON, HTML, compressed, cut or of a wrong length. Passing for a while."""


class Cut(NotVideo):
    """The connection ended before the promised length: what came so far is good, and a part may go on from there."""
