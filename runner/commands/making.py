"""A render from beginning to end: who sells, the mutex, the facts, the plan, the bounds, the run, the summary."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from runner.clock import SystemClock
from runner.commands.account import HOW_TO_BUY, Account, account_of, unsent
from runner.commands.asked import Asked, chosen
from runner.commands.buying import agreed, check_bounds, purchases_of
from runner.commands.errand import Errand
from runner.commands.execution import doors_of, perform
from runner.commands.look import plan_of
from runner.commands.notices import notices
from runner.commands.place import Place, check_confined, check_writable, place_of
from runner.commands.preview import bury, free, remade, sandbox
from runner.commands.reach import Reach
from runner.commands.running import alone
from runner.commands.wanted import Wanted
from runner.disk import Disk, SystemDisk
from runner.errors import ExitCode
from runner.events import Listener, RunEnded
from runner.execute import decode
from runner.execute.execution import Report
from runner.lock.memory import Memory
from runner.plan.steps import Plan
from runner.plan.table import Action
from runner.report.choose import progress
from runner.report.summary import summary
from runner.report.wording import counted, shown
from runner.settings import Settings


def make(wanted: Wanted, settings: Settings, asked: Asked) -> ExitCode:
    """Make the clips of a manifest that are not there yet. Raises Stop where that cannot begin."""
    account = account_of(wanted, settings, preview=asked.preview)
    if account.preview and not asked.preview:
        click.echo(f"no server is set: these are free previews; to buy, {HOW_TO_BUY}", err=True)
    if not account.preview and (words := unsent(settings)):
        click.echo(words, err=True)
    wanted = free(wanted) if account.preview else wanted
    place = place_of(wanted, settings, preview=account.preview)
    check_confined(place)
    disk = SystemDisk()
    with alone(disk, place.state, place.manifest):
        errand = _errand(wanted, asked, account, place, disk)
        if not _agreed(errand):
            if errand.purchases.clips:
                click.echo("nothing was bought", err=True)
                return ExitCode.UNFINISHED
            frozen = replace(asked, frozen=True)  # what is bought is fetched all the same
            errand = replace(errand, asked=frozen, purchases=purchases_of(errand.plan, frozen))
        report = _carried_out(errand)
    _sum_up(errand, report)
    return report.exit_code


def _errand(wanted: Wanted, asked: Asked, account: Account, place: Place, disk: Disk) -> Errand:
    fingerprints = {shot.request.fingerprint for shot in wanted.batch.shots}
    memory = Memory.open(disk, place.where(account.digest), fingerprints)
    if account.preview:
        bury(memory, round(time.time(), 3))
    elif memory.recovered:
        count = counted(len(memory.recovered), "purchase")
        click.echo(f"{shown(place.lockfile.name)} lacked {count} that this machine remembers: put back", err=True)
    shelf = place.shelf(disk)
    plan = plan_of(wanted, memory, place, shelf, account.origin, retake=asked.retake)
    plan = chosen(remade(plan) if account.preview else plan, asked)
    _tell_what_is_awaited(plan, asked)
    purchases = purchases_of(plan, asked)
    check_bounds(plan, purchases, budget=wanted.batch.budget, max_cost=asked.max_cost)
    if purchases.clips or purchases.further:
        check_writable(place)
    return Errand(
        wanted=wanted,
        asked=asked,
        account=account,
        place=place,
        shelf=shelf,
        memory=memory,
        plan=plan,
        purchases=purchases,
    )


def _tell_what_is_awaited(plan: Plan, asked: Asked) -> None:
    for step in plan.steps:
        if step.wanted and step.shot in asked.retake and step.action is not Action.SUBMIT:
            click.echo(f"shot `{step.shot}` is {step.reason}: it is not bought again before that ends", err=True)


def _agreed(errand: Errand) -> bool:
    """Tell what a paid run comes to, and ask whether it is meant."""
    if errand.account.preview:
        return True
    host, profile = errand.account.host, errand.wanted.profile.name
    click.echo(f"{shown(host)}, profile {shown(profile)}: {errand.purchases.words}", err=True)
    for notice in notices(errand.plan, errand.memory, errand.place):
        click.echo(notice, err=True)
    return agreed(errand.purchases, yes=errand.asked.yes)


def _carried_out(errand: Errand) -> Report:
    telling = progress(
        as_json=errand.asked.as_json,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environ=os.environ,
        clock=SystemClock(),
    )
    if not errand.idle:
        decode.load()
    with _base_url(errand) as base_url, telling as listen:
        listen(errand.beginning)
        report = _executed(errand, base_url, listen)
        stop = report.stop.message if report.stop else ""
        listen(RunEnded(exit_code=report.exit_code, interrupted=report.signal is not None, stop=stop))
    return report


def _executed(errand: Errand, base_url: str, listen: Listener) -> Report:
    reach = Reach(errand.account, base_url, errand.memory, SystemClock())
    doors = doors_of(errand.place, errand.shelf, errand.memory, listen, reach.at)
    run = perform(errand.plan, doors, errand.options, stop_after=errand.asked.stop_after, reach=reach)
    return asyncio.run(run)


@contextmanager
def _base_url(errand: Errand) -> Iterator[str]:
    """Where the server is; empty where it is not needed, so that a run with nothing to do is quick."""
    if errand.idle:
        yield ""
    elif errand.account.preview:
        with sandbox(errand.wanted, slots=errand.slots) as base_url:
            yield base_url
    else:
        yield errand.account.origin


def _sum_up(errand: Errand, report: Report) -> None:
    words = summary(
        report,
        errand.plan,
        manifest=errand.wanted.name,
        preview=errand.account.preview,
        renders=errand.place.renders,
        attempts=errand.memory.attempts.values(),
    )
    click.echo(words, err=True, nl=False)
