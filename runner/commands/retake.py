"""`shotlock retake`: buy shots again, because a person asks for it."""

from decimal import Decimal

import click

from runner.commands.asked import Asked, common
from runner.commands.making import make
from runner.commands.names import manifest_of, shots_of
from runner.commands.wanted import wanted
from runner.errors import ExitCode
from runner.settings import Settings


@click.command("retake")
@click.argument("manifest")
@click.argument("shots", nargs=-1, required=True, metavar="SHOT...")
@common
@click.pass_obj
def command(
    settings: Settings,
    manifest: str,
    shots: tuple[str, ...],
    *,
    slots: int | None,
    settle: float | None,
    stop_after: float | None,
    preview: bool,
    max_cost: Decimal | None,
    yes: bool,
    as_json: bool,
) -> ExitCode:
    """Buy shots again, though they have clips, have failed or expired.

    A clip that is replaced stays in the store.
    """
    batch = wanted(manifest_of(manifest, settings))
    asked = Asked(
        retake=shots_of(shots, batch.shots),
        slots=slots,
        settle=settle,
        stop_after=stop_after,
        preview=preview,
        max_cost=max_cost,
        yes=yes,
        as_json=as_json,
    )
    return make(batch, settings, asked)
