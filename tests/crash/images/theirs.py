"""A colleague's purchase, as a lockfile that git puts there tells of it."""

from runner.lock import lines
from runner.lock.facts import Acceptance, Attempt, AttemptId, End, Intent, State
from tests.crash.images.film import MANIFEST, ORIGIN, request_of

JOB_OF_THEIRS = "video_theirs"


def line_of_theirs() -> bytes:
    """A job that ended without a clip, of a shot that we do not have."""
    intent = Intent(
        shot="theirs",
        take=1,
        request=request_of("a scene of theirs"),
        origin=ORIGIN,
        profile="sim",
        price=None,
        currency="",
        manifest=MANIFEST.name,
        at=1_750_000_000.0,
    )
    attempt = Attempt(
        id=AttemptId("000theirs"),
        intent=intent,
        acceptance=Acceptance(jobs=(JOB_OF_THEIRS,), at=intent.at),
        end=End(state=State.FAILED, code="", message="it broke", at=intent.at),
    )
    return lines.write(attempt, crc=False, owner=False)
