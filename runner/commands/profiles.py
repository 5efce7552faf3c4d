"""`shotlock profiles`: what kinds of servers are known, and what is known of one."""

from pathlib import Path

import click

from runner.errors import WrongUsage
from runner.manifest.wording import listing, suggestion
from runner.provider import profiles
from runner.report.profile_text import profile_table


@click.command("profiles")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the profiles, or show one as it is written: a beginning for one of your own."""
    if name is None:
        known = [profiles.load(each, beside=Path()) for each in profiles.names()]
        click.echo(profile_table(known), nl=False)
        return
    if name not in profiles.names():
        hint = suggestion(name, profiles.names(), f"there are {listing(profiles.names())}")
        raise WrongUsage(f"there is no profile `{name}`", hint=hint)
    click.echo(profiles.text_of(name), nl=False)
