"""`shotlock verify`: a close look at every clip; nothing is sent or written."""

from pathlib import Path

import click

from runner.commands.look import Look, look
from runner.commands.names import manifest_of
from runner.disk import Disk, SystemDisk
from runner.errors import ExitCode
from runner.execute import decode
from runner.execute.mp4 import NotMp4, probe
from runner.lock.facts import Clip, State
from runner.plan.steps import Step
from runner.plan.table import Action
from runner.report.json_lines import json_text
from runner.report.verify_text import Finding, verify_json, verify_text
from runner.settings import Settings

_BOUGHT = (State.SUBMITTED, State.EXPIRED)
_WHERE = {
    Action.RESTORE: "is not there; the store has it, and `render` puts it back",
    Action.DOWNLOAD: "is not there; `render` downloads it again",
}


@click.command("verify")
@click.argument("manifest", required=False)
@click.option("--preview", is_flag=True, help="Of the free previews.")
@click.option("--json", "as_json", is_flag=True, help="The findings as data.")
@click.pass_obj
def command(settings: Settings, manifest: str | None, *, preview: bool, as_json: bool) -> ExitCode:
    """Look closely at every clip: its bytes, its structure, its frames.

    Exit code 1 where a clip is missing or damaged.
    """
    seen = look(manifest_of(manifest, settings), settings, preview=preview)
    if not decode.available():
        click.echo(decode.MISSING, err=True)
    findings, whole = _findings(seen)
    if as_json:
        click.echo(json_text(verify_json(findings, whole)))
    else:
        click.echo(verify_text(findings, whole), nl=False)
    return ExitCode.UNFINISHED if findings else ExitCode.DONE


def _findings(seen: Look) -> tuple[list[Finding], int]:
    """What is wrong, and how many clips are whole."""
    disk = SystemDisk()
    found: list[Finding] = []
    whole = 0
    for step in seen.recorded.steps:
        attempt = step.attempt if step.wanted else None
        if attempt is None or not (attempt.clip or attempt.state in _BOUGHT):
            continue
        path = seen.shelf.place(step.shot)
        trouble = (
            _trouble(disk, path, attempt.clip, step) if attempt.clip else f"is bought, and not here: {step.reason}"
        )
        if trouble:
            found.append(Finding(shot=step.shot, clip=path, trouble=trouble))
        else:
            whole += 1
    return found, whole


def _trouble(disk: Disk, path: Path, clip: Clip, step: Step) -> str:
    """What is wrong with one clip; empty where all is well."""
    size = disk.size(path)
    if size is None:
        return _WHERE.get(step.action, f"is not there: {step.reason}")
    if size != clip.bytes:
        return f"has {size} bytes, {clip.bytes} were recorded"
    if disk.digest(path) != clip.sha256:
        return "has other bytes than were recorded"
    try:
        found = probe(lambda offset, count: disk.read_at(path, offset, count), size)
    except NotMp4 as error:
        return f"is no whole MP4: {error}"
    if found.trouble:
        return f"is no whole MP4: {found.trouble}"
    return decode.trouble(path) if decode.available() else ""
