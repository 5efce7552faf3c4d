"""`shotlock check`: everything that is wrong with manifests, at once; nothing is asked of any server."""

from pathlib import Path
from typing import Any

import click

from runner.commands.names import manifests_of
from runner.commands.wanted import Defective, Wanted, wanted
from runner.errors import ExitCode
from runner.plan.steps import price_of, total
from runner.report.json_lines import json_text
from runner.report.money import money
from runner.report.wording import counted, near
from runner.settings import Settings


@click.command("check")
@click.argument("manifests", nargs=-1, metavar="MANIFEST...")
@click.option("--json", "as_json", is_flag=True, help="The problems as data.")
@click.pass_obj
def command(settings: Settings, manifests: tuple[str, ...], *, as_json: bool) -> ExitCode:
    """Show everything that is wrong with manifests; nothing is sent.

    Exit code 2 where anything is wrong.
    """
    results = [(path, _result(path)) for path in manifests_of(manifests, settings)]
    if as_json:
        click.echo(json_text([_tree(path, result) for path, result in results]))
    else:
        for path, result in results:
            _show(path, result, alone=len(results) == 1)
    wrong = any(isinstance(result, Defective) for _, result in results)
    return ExitCode.WRONG if wrong else ExitCode.DONE


def _result(path: Path) -> Wanted | Defective:
    try:
        return wanted(path)
    except Defective as defective:
        return defective


def _show(path: Path, result: Wanted | Defective, *, alone: bool) -> None:
    if isinstance(result, Defective):
        click.echo(result.text, err=True, nl=False)
        return
    name = "" if alone else f"{near(path)}: "
    click.echo(f"{name}ok: {_about(result)}")


def _about(checked: Wanted) -> str:
    shots = checked.batch.shots
    seconds = sum(int(shot.request.seconds) for shot in shots)
    cost = total(price_of(shot, checked.profile) for shot in shots)
    prices = checked.profile.prices
    price = (
        "what it costs is not known"
        if cost is None or prices is None
        else f"most it can cost {money(cost, prices.currency)}"
    )
    return f"{counted(len(shots), 'shot')}, {seconds:,} s, {price}"


def _tree(path: Path, result: Wanted | Defective) -> dict[str, Any]:
    defects = result.defects if isinstance(result, Defective) else ()
    problems = [
        {
            "path": each.name,
            "line": problem.line,
            "column": problem.column,
            "message": problem.message,
            "hint": problem.hint,
        }
        for each in defects
        for problem in sorted(each.problems)
    ]
    return {"manifest": str(path), "ok": not problems, "problems": problems}
