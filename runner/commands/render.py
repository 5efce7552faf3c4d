"""`shotlock render`: make every clip that is not there yet."""

from decimal import Decimal

import click

from runner.commands.asked import Asked, common
from runner.commands.making import make
from runner.commands.names import manifest_of
from runner.commands.wanted import wanted
from runner.errors import ExitCode
from runner.settings import Settings


@click.command("render")
@click.argument("manifest", required=False)
@click.option("--only", metavar="GLOB", help="Only shots whose id fits the pattern.")
@click.option("--limit", type=click.IntRange(0), metavar="N", help="Buy at most N clips in this run.")
@click.option("--frozen", is_flag=True, help="Buy nothing: only fetch what is bought.")
@common
@click.pass_obj
def command(
    settings: Settings,
    manifest: str | None,
    *,
    only: str | None,
    limit: int | None,
    frozen: bool,
    slots: int | None,
    settle: float | None,
    stop_after: float | None,
    preview: bool,
    max_cost: Decimal | None,
    yes: bool,
    as_json: bool,
) -> ExitCode:
    """Make every clip that is not there yet; say it again to go on.

    Where no server is set, the clips are free previews. Exit code 0: every clip is there.
    """
    asked = Asked(
        only=only,
        limit=limit,
        frozen=frozen,
        slots=slots,
        settle=settle,
        stop_after=stop_after,
        preview=preview,
        max_cost=max_cost,
        yes=yes,
        as_json=as_json,
    )
    return make(wanted(manifest_of(manifest, settings)), settings, asked)
