"""`shotlock plan`: what a render would do, why, and what it costs; nothing is sent or written."""

import click

from runner.commands.account import EMBEDDED, origin_for
from runner.commands.look import Look, look
from runner.commands.names import manifest_of
from runner.commands.notices import notices
from runner.provider.origin import host_of
from runner.report.json_lines import json_text
from runner.report.plan_text import plan_json, plan_text
from runner.settings import Settings


@click.command("plan")
@click.argument("manifest", required=False)
@click.option("--preview", is_flag=True, help="Of the free previews.")
@click.option("--json", "as_json", is_flag=True, help="The plan as data.")
@click.pass_obj
def command(settings: Settings, manifest: str | None, *, preview: bool, as_json: bool) -> None:
    """Show what a render would do about every shot, why, and what it costs."""
    seen = look(manifest_of(manifest, settings), settings, preview=preview)
    host = EMBEDDED if preview else _host(seen, settings)
    for notice in () if preview else notices(seen.plan, seen.memory, seen.place):
        click.echo(notice, err=True)
    wanted = seen.wanted
    profile, budget = wanted.profile, wanted.batch.budget
    if as_json:
        tree = plan_json(seen.plan, manifest=wanted.name, host=host, profile=profile, budget=budget)
        click.echo(json_text(tree))
        return
    text = plan_text(seen.plan, manifest=wanted.name, host=host, profile=profile, budget=budget)
    click.echo(text, nl=not text.endswith("\n"))


def _host(seen: Look, settings: Settings) -> str:
    origin = origin_for(seen.wanted, settings)
    return "no server set" if origin is None else host_of(origin)
