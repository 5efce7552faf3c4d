"""A clip on its way: what the head of its reply promises, and whether the bytes keep coming and add up."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.provider.replies import NotReady, NotVideo, Unreachable
from runner.provider.videos import Begun, Resume

LARGEST: Final = 2 << 30  # bytes of a clip

_RANGE: Final = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18})")
_WORDS: Final = re.compile(r"(text/|image/|application/([^;]*[+])?(json|xml|xhtml|problem|javascript))")


def begun(status: int, headers: Mapping[str, str], part: Resume | None) -> Begun | None:
    """What a 2xx or 416 reply promises; None where the part that was asked for can't be gone on with.

    Raises:
        NotReady, NotVideo: the head shows that no clip follows.
    """
    if status == 416 and part is not None:
        return None
    if status == 202:
        raise NotReady("accepted, and no clip yet", status=status)
    if status not in {200, 206} or (status == 206 and part is None):
        raise NotVideo("that is no answer to a request for a clip", status=status)
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity"}:
        raise NotVideo(f"the clip is compressed ({coding[:20]}), which was not asked for", status=status)
    head = _whole(headers) if part is None or status == 200 else _rest(headers, part)
    if head is not None and head.length is not None and head.length > LARGEST:
        raise NotVideo(f"the clip is said to have {head.length} bytes, more than {LARGEST}", status=status)
    return head


def is_words(headers: Mapping[str, str]) -> bool:
    """Whether a reply says that its body is text, a document or a picture."""
    return _WORDS.match(media_type_of(headers)) is not None


def media_type_of(headers: Mapping[str, str]) -> str:
    """The media type of a body, without parameters; empty where it was not told."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True, kw_only=True)
class Pace:
    """Counts a clip's bytes: not too few in any window of time, not more than a clip may have, in the end all."""

    head: Begun
    monotonic: Callable[[], float]
    window: float  # seconds
    floor: int  # bytes in each window
    most: float  # seconds for all of them
    count: int = 0
    _begun: float = field(init=False)
    _since: float = field(init=False)
    _seen: int = 0

    def __post_init__(self) -> None:
        self._begun = self._since = self.monotonic()

    def add(self, size: int) -> None:
        """Take note of bytes that came.

        Raises:
            Unreachable: they drip.
            NotVideo: there are too many.
        """
        self.count += size
        if self.head.start + self.count > LARGEST:
            raise NotVideo(f"the clip has more than {LARGEST} bytes")
        now = self.monotonic()
        if now - self._begun > self.most:
            raise Unreachable(f"the clip drips: it is not whole after {self.most / 3600:g} h")
        if now - self._since >= self.window:
            if self.count - self._seen < self.floor:
                raise Unreachable(f"the clip drips: {self.count - self._seen} bytes in {self.window:g} s")
            self._since, self._seen = now, self.count

    def finish(self) -> None:
        """Make sure that all bytes came.

        Raises:
            NotVideo: there are none, or not as many as promised.
        """
        size = self.head.start + self.count
        if size == 0:
            raise NotVideo("the clip is empty")
        if self.head.length is not None and size != self.head.length:
            raise NotVideo(f"the clip has {size} bytes, {self.head.length} were promised")


def _whole(headers: Mapping[str, str]) -> Begun:
    length = headers.get("content-length", "").strip()
    return Begun(start=0, length=int(length) if re.fullmatch(r"\d{1,18}", length) else None, etag=_strong(headers))


def _rest(headers: Mapping[str, str], part: Resume) -> Begun | None:
    told = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if told is None or headers.get("etag", part.etag) != part.etag:
        return None
    first, last, total = map(int, told.groups())
    if first != part.offset or last != total - 1:
        return None
    return Begun(start=first, length=total, etag=part.etag)


def _strong(headers: Mapping[str, str]) -> str | None:
    etag = headers.get("etag", "").strip()
    return etag if re.fullmatch(r'"[\x21\x23-\x7e]{1,200}"', etag) else None
