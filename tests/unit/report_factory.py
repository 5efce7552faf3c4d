"""Plans, outcomes and attempts for the tests of the report room, every field with a default."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from runner.events import Ending, RunStarted, ShotEnded
from runner.execute.execution import Report
from runner.lock.facts import Acceptance, Attempt, AttemptId, Clip, End, Intent, Ruling, State
from runner.manifest.batch import Shot, ShotId
from runner.manifest.problems import Place
from runner.manifest.request import Request
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from runner.provider.manner import Manner
from runner.provider.profile import Prices, Profile
from tests.unit.manifest_factory import make_limits

PRICES = Prices(
    currency="USD", date="2026-09-24", source="a price list", per_second={"sora-2": {"*": Decimal("0.10")}}
)  # fmt: skip


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def make_profile(**fields: Any) -> Profile:
    defaults: dict[str, Any] = {
        "name": "sora", "limits": make_limits(), "prices": PRICES, "slots": 2, "manner": Manner(),
        "list_complete": False, "settle": 480.0, "longest_render": 3600.0, "retention": 86400.0,
        "typical_render": 90.0, "not_admitted": (), "resubmit_lost": False,
    }  # fmt: skip
    return Profile(**{**defaults, **fields})


def make_request(prompt: str = "a cat", **fields: Any) -> Request:
    defaults: dict[str, Any] = {"model": "sora-2", "prompt": prompt, "size": "1280x720", "seconds": "8"}
    return Request(**{**defaults, **fields})


def make_step(
    shot: str = "harbour", action: Action = Action.SUBMIT, reason: Reason = Reason.NEW, **fields: Any
) -> Step:
    request = make_request(shot, seconds=fields.pop("seconds", "8"))
    wanted = Shot(id=ShotId(shot), request=request, reference=None, place=Place(line=1, column=1))
    cost = Decimal("0.10") * Decimal(request.seconds)
    defaults: dict[str, Any] = {
        "shot": ShotId(shot),
        "action": action,
        "reason": reason,
        "wanted": wanted,
        "cost": cost,
    }
    return Step(**{**defaults, **fields})


def make_plan(*steps: Step, **fields: Any) -> Plan:
    defaults: dict[str, Any] = {"claims": (), "spent": Decimal(0), "spent_known": True, "currency": "USD"}
    return Plan(steps=steps, **{**defaults, **fields})


def make_attempt(shot: str = "harbour", state: State = State.SUBMITTED, number: int = 1, **fields: Any) -> Attempt:
    price = fields.pop("price", Decimal("0.80"))
    intent = Intent(
        shot=shot, take=1, request=make_request(shot), origin="https://api.example.com", profile="sora", price=price,
        currency="USD", manifest="film.yaml", at=1.0,
    )  # fmt: skip
    parts: dict[str, Any] = {}
    if state in (State.UNSENT, State.REJECTED, State.ABANDONED):
        parts["ruling"] = Ruling(state=state, why="bad size", at=2.0)
    if state in (State.SUBMITTED, State.FAILED, State.EXPIRED, State.DONE):
        parts["acceptance"] = Acceptance(jobs=(f"video_{shot}",), at=2.0)
    if state in (State.FAILED, State.EXPIRED):
        parts["end"] = End(state=state, code="", message="it broke", at=3.0)
    if state is State.DONE:
        parts["clip"] = Clip(
            path=f"renders/film/{shot}.mp4", sha256="0" * 64, bytes=9, size="1280x720", seconds=8.0, audio=True, at=3.0
        )  # fmt: skip
    return Attempt(id=AttemptId(f"{number:04}"), intent=intent, **{**parts, **fields})


def make_outcome(shot: str = "harbour", ending: Ending = Ending.DONE, reason: str = "", **fields: Any) -> ShotEnded:
    if ending is Ending.DONE:
        fields = {"clip": Path(f"/films/renders/{shot}.mp4"), "cost": Decimal("0.80"), **fields}
    return ShotEnded(shot=shot, ending=ending, reason=reason, **fields)


def make_report(*outcomes: ShotEnded, **fields: Any) -> Report:
    return Report(outcomes=outcomes, **{"stop": None, "signal": None, **fields})


def make_started(*shots: str, **fields: Any) -> RunStarted:
    defaults: dict[str, Any] = {
        "manifest": "film.yaml", "host": "api.example.com", "profile": "sora", "kept": 0, "purchases": len(shots),
        "seconds": 8 * len(shots), "most_cost": Decimal("0.80") * len(shots), "currency": "USD", "slots": 2,
        "preview": False,
    }  # fmt: skip
    return RunStarted(shots=shots, **{**defaults, **fields})
