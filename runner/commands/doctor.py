"""`shotlock doctor`: whether a server and a key will do, without buying anything."""

import asyncio

import click

from runner.clock import SystemClock
from runner.commands.account import HOW_TO_BUY, Account, account_of, unsent
from runner.commands.names import manifest_of
from runner.commands.wanted import wanted
from runner.errors import ExitCode, ServerUnreachable, WrongUsage
from runner.manifest.load import DEFAULT_PROFILE
from runner.provider.key import check_key
from runner.provider.origin import origin_of
from runner.provider.replies import Unreachable
from runner.provider.survey import Survey, survey
from runner.report.doctor_text import doctor_json, doctor_text
from runner.report.json_lines import json_text
from runner.settings import Settings


@click.command("doctor")
@click.argument("manifest", required=False)
@click.option("--json", "as_json", is_flag=True, help="The findings as data.")
@click.pass_obj
def command(settings: Settings, manifest: str | None, *, as_json: bool) -> ExitCode:
    """Ask the server two questions that buy nothing, and tell what its answers show.

    With a manifest, its profile and its base URL count. Exit code 4 where the server or the key will not do.
    """
    account, profile = _patient(settings, manifest)
    if words := unsent(settings):
        click.echo(words, err=True)
    try:
        found: Survey = asyncio.run(survey(account.origin, account.key, manner=account.manner, clock=SystemClock()))
    except Unreachable as error:
        hint = "is the base URL right, and the server up?"
        raise ServerUnreachable(f"{account.host} cannot be reached: {error.words}", hint=hint) from None
    if as_json:
        click.echo(json_text(doctor_json(found, account.host, profile)))
    else:
        click.echo(doctor_text(found, account.host, profile, key=account.key is not None), nl=False)
    return ExitCode.STOPPED if found.refused else ExitCode.DONE


def _patient(settings: Settings, manifest: str | None) -> tuple[Account, str]:
    """The account that is asked about, and the profile that counts for it."""
    if manifest is not None or settings.goals:
        batch = wanted(manifest_of(manifest, settings))
        account = account_of(batch, settings, preview=False)
        if account.preview:
            raise WrongUsage("no server is set", hint=HOW_TO_BUY)
        return account, batch.profile.name
    if settings.base_url is None:
        raise WrongUsage("no server is set", hint=HOW_TO_BUY)
    if settings.key is not None:
        check_key(settings.key)
    return Account(origin=origin_of(settings.base_url), key=settings.key), DEFAULT_PROFILE
