"""`shotlock status`: where every shot stands; nothing is sent or written."""

import click

from runner.commands.look import look
from runner.commands.names import manifest_of
from runner.report.json_lines import json_text
from runner.report.status_text import status_json, status_text
from runner.settings import Settings


@click.command("status")
@click.argument("manifest", required=False)
@click.option("--preview", is_flag=True, help="Of the free previews.")
@click.option("--json", "as_json", is_flag=True, help="The status as data.")
@click.pass_obj
def command(settings: Settings, manifest: str | None, *, preview: bool, as_json: bool) -> None:
    """Show where every shot stands: its clip, its job, its cost, and what it waits for."""
    seen = look(manifest_of(manifest, settings), settings, preview=preview)
    attempts = tuple(seen.memory.attempts.values())
    if as_json:
        tree = status_json(seen.plan, attempts, manifest=seen.wanted.name, place_of=seen.shelf.name_of)
        click.echo(json_text(tree))
        return
    text = status_text(seen.plan, attempts, manifest=seen.wanted.name, place_of=seen.shelf.name_of)
    click.echo(text, nl=not text.endswith("\n"))
