"""`shotlock resolve`: what a person decides about a purchase. A server is asked only about the job that it is about."""

from functools import partial
from pathlib import Path

import click

from runner.commands.account import key_for, origin_for
from runner.commands.cases import Cases, Verdict
from runner.commands.docket import Docket
from runner.commands.gone import heirless
from runner.commands.look import plan_of
from runner.commands.names import manifest_of
from runner.commands.place import check_confined, place_of
from runner.commands.running import alone
from runner.commands.traces import newest_told
from runner.commands.wanted import wanted
from runner.disk import SystemDisk
from runner.errors import WrongUsage
from runner.lock.ledger import digest_of_key
from runner.lock.memory import Memory
from runner.settings import Settings


@click.command("resolve")
@click.argument("manifest")
@click.argument("shots", nargs=-1, metavar="[SHOT]...")
@click.option(
    "--adopt", metavar="JOB_ID", help="The purchase arrived: it is this job. With --all: a manifest that is gone."
)
@click.option("--resubmit", is_flag=True, help="It did not arrive, or does not matter: buy again.")
@click.option("--abandon", is_flag=True, help="Leave it: neither wait for it nor buy again.")
@click.option("--all", "everything", is_flag=True, help="Every shot whose purchase is unconfirmed.")
@click.pass_obj
def command(
    settings: Settings,
    manifest: str,
    shots: tuple[str, ...],
    *,
    adopt: str | None,
    resubmit: bool,
    abandon: bool,
    everything: bool,
) -> None:
    """Decide about purchases that are unconfirmed, or whose job brings no clip.

    Look at the account's own page first: `--resubmit` pays again if the job exists after all. A job that no shot wants
    any more is named by its id.
    """
    if [adopt is not None, resubmit, abandon].count(True) != 1:
        raise WrongUsage("exactly one of --adopt JOB_ID, --resubmit and --abandon is needed")
    if bool(shots) == everything:
        raise WrongUsage("either shots or --all must be named")
    if adopt is not None and len(shots) > 1:
        raise WrongUsage("one job belongs to one shot", hint="name a single shot with --adopt")
    batch = wanted(manifest_of(manifest, settings))
    place = place_of(batch, settings, preview=False)
    check_confined(place)
    disk = SystemDisk()
    with alone(disk, place.state, place.manifest):
        fingerprints = {shot.request.fingerprint for shot in batch.batch.shots}
        memory = Memory.open(disk, place.where(digest_of_key(key_for(batch, settings))), fingerprints)
        origin = origin_for(batch, settings)
        shelf, left = place.shelf(disk), tuple(heirless(disk, memory, origin))
        planned = partial(plan_of, batch, memory, place, shelf, origin)
        newest = newest_told(batch, place, memory, shelf)
        docket = Docket(batch, memory, planned, Cases(batch, settings, memory, planned(), left, newest))
        if everything and adopt is not None:
            docket.inherit(Path(adopt))
        else:
            docket.decide(shots, Verdict(adopt=adopt, resubmit=resubmit))
        memory.fold()
