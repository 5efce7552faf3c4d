"""A job: the order, and what has become of it at a given time. States are worked out when somebody asks."""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from runner.sandbox.clip import Clip
from runner.sandbox.order import Order
from runner.sandbox.rules import Pace

_ALMOST: Final = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job has no clip."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A job at one instant."""

    status: str  # queued, in_progress, completed or failed
    progress: int = 0
    completed_at: float | None = None
    failure: Failure | None = None

    @property
    def running(self) -> bool:
        """Whether it occupies a slot."""
        return self.status in {"queued", "in_progress"}

    def expires_at(self, retention: float) -> float | None:
        """When the clip goes; None while there is none."""
        return None if self.completed_at is None else self.completed_at + retention


@dataclass(slots=True, kw_only=True)
class Job:
    """What was bought. It changes: the studio sets `result` once, from its own thread; faults set the rest."""

    id: str
    order: Order
    pace: Pace
    created_at: float  # in the future: the server took the order, but shows it later
    result: Clip | Failure | None = None
    doom: Failure | None = None  # fails at the end of its time, whatever the studio makes
    stuck: bool = False  # never ends

    def state(self, now: float) -> State:
        """What the server would say of it at `now`."""
        rendering_at = self.created_at + self.pace.queue_seconds
        done_at = rendering_at + self.pace.render_seconds
        if now < rendering_at:
            return State(status="queued")
        if now < done_at:
            return State(status="in_progress", progress=_progress(now - rendering_at, self.pace.render_seconds))
        return State(status="in_progress", progress=_ALMOST) if self.stuck else self._end(done_at)

    def _end(self, done_at: float) -> State:
        match self.doom or self.result:
            case Failure() as failure:
                return State(status="failed", failure=failure)
            case Clip() as clip:
                return State(status="completed", progress=100, completed_at=max(done_at, clip.made_at))
            case None:
                return State(status="in_progress", progress=_ALMOST)


FRESH: Final = State(status="queued")
"""What every job is told to be in the reply to its order."""


def new_id(now: float) -> str:
    """An id in the provider's shape: the time in hex, and randomness."""
    return f"video_{int(now) & 0xFFFFFFFF:08x}{secrets.token_hex(2)}8190{secrets.token_hex(8)}"


def job_object(job: Job, state: State, *, retention: float, echo_prompt: bool) -> dict[str, Any]:
    """The document's response object, with every field, null or not."""
    expires_at = state.expires_at(retention)
    failure = state.failure
    told = {
        "id": job.id,
        "object": "video",
        "model": job.order.model,
        "status": state.status,
        "progress": state.progress,
        "created_at": int(job.created_at),
        "completed_at": None if state.completed_at is None else int(state.completed_at),
        "expires_at": None if expires_at is None else int(expires_at),
        "seconds": job.order.seconds,
        "size": job.order.size,
        "remixed_from_video_id": job.order.remix_of,
        "error": None if failure is None else {"message": failure.message, "code": failure.code},
    }
    return {**told, "prompt": job.order.prompt} if echo_prompt else told


def _progress(elapsed: float, whole: float) -> int:
    return min(_ALMOST, int(100 * elapsed / whole))
