"""A render from beginning to end: who sells, the mutex, the facts, the plan, the bounds, the run, the summary."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from runner.clock import SystemClock
from runner.commands.account import HOW_TO_BUY, Account, account_of
from runner.commands.asked import Asked, chosen
from runner.commands.buying import Purchases, agreed, check_bounds, purchases_of
from runner.commands.execution import doors_of, perform
from runner.commands.look import plan_of
from runner.commands.place import Place, place_of
from runner.commands.preview import bury, free, remade, sandbox
from runner.commands.reach import Reach
from runner.commands.running import alone
from runner.commands.wanted import Wanted
from runner.disk import Disk, SystemDisk
from runner.errors import ExitCode
from runner.events import Listener, RunEnded, RunStarted
from runner.execute.doors import Options
from runner.execute.execution import Report
from runner.lock.memory import Memory
from runner.plan import Action, Plan
from runner.report.choose import progress
from runner.report.summary import summary
from runner.report.wording import counted
from runner.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A run that is ready to begin."""

    wanted: Wanted
    asked: Asked
    account: Account
    place: Place
    disk: Disk
    memory: Memory
    plan: Plan
    purchases: Purchases


def make(wanted: Wanted, settings: Settings, asked: Asked) -> ExitCode:
    """Make the clips of a manifest that are not there yet. Raises Stop where that cannot begin."""
    account = account_of(wanted, settings, preview=asked.preview)
    if account.preview:
        wanted = free(wanted)
        if not asked.preview:
            click.echo(f"no server is set: these are free previews; to buy, {HOW_TO_BUY}", err=True)
    place = place_of(wanted, settings, preview=account.preview)
    disk = SystemDisk()
    with alone(disk, place.state, place.manifest):
        errand = _errand(wanted, asked, account, place, disk)
        if not account.preview and not _agreed(errand):
            click.echo("nothing was bought", err=True)
            return ExitCode.UNFINISHED
        report = _carried_out(errand)
    attempts = errand.memory.attempts.values()
    words = summary(
        report,
        errand.plan,
        manifest=wanted.name,
        preview=account.preview,
        renders=place.renders,
        attempts=attempts,
    )
    click.echo(words, err=True, nl=False)
    return report.exit_code


def _errand(wanted: Wanted, asked: Asked, account: Account, place: Place, disk: Disk) -> Errand:
    memory = Memory.open(
        disk, place.where(account.digest), {shot.request.fingerprint for shot in wanted.batch.shots}
    )  # fmt: skip
    if account.preview:
        bury(memory, round(time.time(), 3))
    elif memory.recovered:
        count = counted(len(memory.recovered), "purchase")
        click.echo(f"{place.lockfile.name} lacked {count} that this machine remembers: put back", err=True)
    plan = plan_of(wanted, memory, place.shelf(disk), retake=asked.retake)
    plan = chosen(remade(plan) if account.preview else plan, asked)
    purchases = purchases_of(plan, asked)
    check_bounds(plan, purchases, budget=wanted.batch.budget, max_cost=asked.max_cost)
    return Errand(
        wanted=wanted,
        asked=asked,
        account=account,
        place=place,
        disk=disk,
        memory=memory,
        plan=plan,
        purchases=purchases,
    )


def _agreed(errand: Errand) -> bool:
    """Tell what a paid run comes to, and ask whether it is meant."""
    host, profile = errand.account.host, errand.wanted.profile.name
    click.echo(f"{host}, profile {profile}: {errand.purchases.words}", err=True)
    return agreed(errand.purchases, yes=errand.asked.yes)


def _carried_out(errand: Errand) -> Report:
    clock = SystemClock()
    listening = progress(
        as_json=errand.asked.as_json, stdout=sys.stdout, stderr=sys.stderr, environ=os.environ, clock=clock
    )  # fmt: skip
    with _base_url(errand) as base_url, listening as listen:
        listen(_started(errand))
        report = _executed(errand, base_url, listen)
        interrupted = report.signal is not None
        stop = report.stop.message if report.stop else ""
        listen(RunEnded(exit_code=report.exit_code, interrupted=interrupted, stop=stop))
    return report


def _executed(errand: Errand, base_url: str, listen: Listener) -> Report:
    reach = Reach(errand.account, base_url, errand.memory, SystemClock())
    videos_at = reach.at if base_url else lambda _origin: None
    doors = doors_of(errand.place, errand.disk, errand.memory, listen, videos_at)
    return asyncio.run(
        perform(errand.plan, doors, _options(errand), stop_after=errand.asked.stop_after, reach=reach)
    )  # fmt: skip


@contextmanager
def _base_url(errand: Errand) -> Iterator[str]:
    """Where the server is; empty where nothing is to be asked of it, so that a run with nothing to do is quick."""
    idle = all(step.action in (Action.KEEP, Action.HOLD) for step in errand.plan.steps)
    if idle:
        yield ""
    elif errand.account.preview:
        with sandbox(errand.wanted) as base_url:
            yield base_url
    else:
        yield errand.account.origin


def _options(errand: Errand) -> Options:
    wanted, asked = errand.wanted, errand.asked
    profile = wanted.profile
    return Options(
        manifest=wanted.name,
        file_name=wanted.path.name,
        origin=errand.account.origin,
        profile=profile,
        key=errand.account.digest,
        slots=asked.slots or profile.slots,
        settle=profile.settle if asked.settle is None else asked.settle,
        retries=wanted.batch.retries,
        limit=asked.limit,
        frozen=asked.frozen,
        budget=wanted.batch.budget,
        max_cost=asked.max_cost,
    )


def _started(errand: Errand) -> RunStarted:
    steps = [step for step in errand.plan.steps if step.wanted]
    busy = tuple(step.shot for step in steps if step.action is not Action.KEEP)
    purchases = errand.purchases
    return RunStarted(
        manifest=errand.wanted.name,
        host=errand.account.host,
        profile=errand.wanted.profile.name,
        shots=busy,
        kept=len(steps) - len(busy),
        purchases=purchases.clips,
        seconds=purchases.seconds,
        most_cost=purchases.cost,
        currency=purchases.currency,
        slots=errand.asked.slots or errand.wanted.profile.slots,
        preview=errand.account.preview,
    )
