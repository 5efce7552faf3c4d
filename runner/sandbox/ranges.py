"""Range requests on a clip: one range of bytes, guarded by a strong ETag."""

import re
from typing import Final

from runner.sandbox.clip import Clip
from runner.sandbox.messages import Reply, Request, Stretch
from runner.sandbox.refusal import Refusal

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def clip_reply(clip: Clip, request: Request, *, name: str) -> Reply:
    """The clip, or the part of it that was asked for.

    Raises:
        Refusal: the range lies outside the clip.
    """
    headers = {
        "content-type": "video/mp4",
        "accept-ranges": "bytes",
        "etag": clip.etag,
        "content-disposition": f'attachment; filename="{name}.mp4"',
    }
    asked = _asked(request, clip)
    if asked is None:
        return Reply(status=200, body=Stretch(path=clip.path, start=0, stop=clip.size), headers=headers)
    start, stop = asked
    if start >= stop:
        unsatisfied = {"content-range": f"bytes */{clip.size}"}
        raise Refusal("The requested range is not satisfiable.", status=416, headers=unsatisfied)
    part = {**headers, "content-range": f"bytes {start}-{stop - 1}/{clip.size}"}
    return Reply(status=206, body=Stretch(path=clip.path, start=start, stop=stop), headers=part)


def _asked(request: Request, clip: Clip) -> tuple[int, int] | None:
    """Start and stop; None for the whole clip, also where the range is one that need not be honoured."""
    if request.header("if-range") not in {"", clip.etag}:
        return None
    found = _RANGE.fullmatch(request.header("range").replace(" ", ""))
    if found is None:
        return None
    first, last = found.groups()
    if first:
        stop = min(int(last) + 1, clip.size) if last else clip.size
        return None if last and int(last) < int(first) else (int(first), stop)
    return (max(0, clip.size - int(last)), clip.size) if last else None
