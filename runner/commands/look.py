"""Looking without touching: what is remembered of a manifest, and the plan that would follow from it."""

import time
from dataclasses import dataclass
from pathlib import Path

import click

from runner.commands.account import origin_for
from runner.commands.place import Place, place_of
from runner.commands.preview import free, remade
from runner.commands.traces import traces_of
from runner.commands.wanted import Wanted, wanted
from runner.disk import SystemDisk
from runner.errors import WrongUsage
from runner.lock.memory import Memory
from runner.lock.store import Shelf
from runner.manifest.batch import ShotId
from runner.plan import steps as planning
from runner.plan.steps import Plan, Situation
from runner.report.wording import command
from runner.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A manifest as it stands."""

    wanted: Wanted
    place: Place
    memory: Memory
    shelf: Shelf
    plan: Plan  # of a render
    recorded: Plan  # the same where clips are bought; for previews, before what is missing is made again


def look(path: Path, settings: Settings, *, preview: bool) -> Look:
    """Read everything about a manifest, or about its previews; nothing is written.

    Raises:
        Defective: the manifest has problems.
    """
    batch = wanted(path)
    place = place_of(batch, settings, preview=preview)
    asked = free(batch) if preview else batch
    disk = SystemDisk()
    memory = Memory.look(disk, place.where(""), {shot.request.fingerprint for shot in asked.batch.shots})
    for damage in memory.damage:
        click.echo(f"warning: {command(damage.message)}", err=True)
        click.echo(f"hint: {command(damage.hint)}", err=True)
    shelf = place.shelf(disk)
    plan = plan_of(asked, memory, place, shelf, _origin(batch, settings))
    return Look(
        wanted=asked, place=place, memory=memory, shelf=shelf, plan=remade(plan) if preview else plan, recorded=plan
    )


def _origin(batch: Wanted, settings: Settings) -> str | None:
    """The server that is set; none where what is set is no URL, which keeps nobody from looking."""
    try:
        return origin_for(batch, settings)
    except WrongUsage:
        return None


def plan_of(
    asked: Wanted,
    memory: Memory,
    place: Place,
    shelf: Shelf,
    origin: str | None,
    *,
    retake: frozenset[ShotId] = frozenset(),
) -> Plan:
    """The plan of a manifest in its present situation; `origin` is the server that is set, if one is."""
    situation = Situation(
        attempts=memory.attempts,
        clips=shelf,
        profile=asked.profile,
        retries=asked.batch.retries,
        now=time.time(),
        retake=retake,
        traces={} if place.preview else traces_of(asked, place, memory, shelf, origin),
    )
    return planning.make(asked.batch.shots, situation)
