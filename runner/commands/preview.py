"""Previews: free clips of a whole batch from a sandbox that lives as long as the run does."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from runner.commands.wanted import Wanted
from runner.errors import Stop
from runner.lock.facts import End, Ruling, State
from runner.lock.memory import Memory
from runner.manifest.limits import Limits
from runner.manifest.request import Request
from runner.plan.steps import Plan, Step
from runner.plan.table import Action
from runner.provider.manner import Auth, Manner
from runner.provider.profile import Prices, Profile

if TYPE_CHECKING:
    from runner.sandbox.clip import ClipSpec, Renderer
    from runner.sandbox.rules import Rules

_Value = TypeVar("_Value", str, int)
_Looks = tuple[str, str, str]  # prompt, size and seconds
_SLOTS: Final = 2
_FREE: Final = Decimal(0)
MISSING: Final = "previews need PyAV and h11: `pip install 'shotlock[preview]'`"
_GONE: Final = "the sandbox of that preview is gone"


def free(wanted: Wanted) -> Wanted:
    """The manifest as previews want it: the same requests, and nothing costs anything."""
    batch = replace(wanted.batch, budget=None)
    return replace(wanted, batch=batch, profile=_profile(wanted.profile))


def _profile(profile: Profile) -> Profile:
    currency = profile.prices.currency if profile.prices else "USD"
    prices = Prices(currency=currency, date="", source="previews are free", per_second={"*": {"*": _FREE}})
    return replace(
        profile,
        prices=prices,
        slots=_SLOTS,
        manner=Manner(auth=Auth.NONE),
        list_complete=True,
        settle=2.0,
        longest_render=600.0,
        typical_render=2.0,
        not_admitted=(),
        resubmit_lost=True,
    )


def bury(memory: Memory, now: float) -> None:
    """Record that the jobs of an earlier preview ended with its sandbox. Raises DiskFailed."""
    for attempt in ({**memory.ledger.attempts, **memory.attempts}).values():
        if attempt.state is State.SUBMITTED:
            memory.record(replace(attempt, end=End(state=State.EXPIRED, code="", message=_GONE, at=now)))
        elif attempt.state is State.INTENT:
            memory.record(replace(attempt, ruling=Ruling(state=State.UNSENT, why=_GONE, at=now)))


def remade(plan: Plan) -> Plan:
    """The plan of a preview: what is not here is simply made again."""
    return replace(plan, steps=tuple(_remade(step) for step in plan.steps if step.wanted))


def _remade(step: Step) -> Step:
    if step.action in (Action.KEEP, Action.RESTORE, Action.SUBMIT):
        return step
    return replace(step, action=Action.SUBMIT, attempt=None)


@contextmanager
def sandbox(wanted: Wanted, *, slots: int) -> Iterator[str]:
    """Run a sandbox that sells what the manifest's profile allows, so many clips at once; yields its base URL.

    Raises:
        Stop: PyAV is not installed.
    """
    try:
        from runner.sandbox.embedded import threaded
        from runner.sandbox.renderers import Clips, renderer
        from runner.sandbox.server import Sandbox

        draw = renderer(Clips.ANIMATIC)
    except ImportError:
        raise Stop(MISSING, hint="buying works without them") from None
    names = {_looks(shot.request): shot.id for shot in wanted.batch.shots}
    rules = _rules(wanted.profile.limits, slots)
    with threaded(Sandbox(rules=rules, renderer=_naming(draw, names), workers=slots)) as running:
        yield running.base_url


def _naming(draw: "Renderer", names: Mapping[_Looks, str]) -> "Renderer":
    """A renderer that writes the shot's name on the clip: the API has no place for it."""

    def named(spec: "ClipSpec", target: Path) -> None:
        looks = (spec.prompt, f"{spec.width}x{spec.height}", str(spec.seconds))
        draw(replace(spec, shot=names.get(looks, spec.shot)), target)

    return named


def _looks(request: Request) -> _Looks:
    return request.prompt, request.size, request.seconds


def _rules(limits: Limits, slots: int) -> "Rules":
    from runner.sandbox.rules import Rules

    models = limits.models.values()
    return Rules(
        sizes=_all_or_any(() if model.sizes.spans else model.sizes.listed for model in models),
        seconds=tuple(map(str, _all_or_any(() if model.seconds.spans else model.seconds.listed for model in models))),
        models=() if "*" in limits.models else tuple(limits.models),
        slots=slots,
        auth=False,
        prompt_limit=limits.prompt_length,
    )


def _all_or_any(allowed: Iterable[tuple[_Value, ...]]) -> tuple[_Value, ...]:
    """What any model accepts; nothing, which stands for everything, where one accepts all."""
    each = tuple(allowed)
    return tuple(dict.fromkeys(value for values in each for value in values)) if all(each) else ()
