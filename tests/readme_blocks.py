"""The blocks of README.md that are made from the code; run as a module it writes them anew."""

import os
import re
import subprocess
import sys
from pathlib import Path

from runner.plan.table import TABLE, Row

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
_HEAD = ("Best known", "In its place", "In the store", "At the server", "Action", "Reason", "Slot", "Exit code")
_NARROW = {"COLUMNS": "90", "LINES": "50"}


def blocks() -> dict[str, str]:
    """Every block by the name of its markers."""
    return {
        "help": help_text(),
        "help-render": help_text("render"),
        "plan-table": plan_table(),
        "profiles": output("profiles"),
    }


def help_text(*command: str) -> str:
    """What a command says of itself, as a fenced block."""
    return output(*command, "--help")


def output(*command: str) -> str:
    """What a command prints, as a fenced block."""
    called = [sys.executable, "-m", "runner", *command]
    done = subprocess.run(called, cwd=ROOT, env=os.environ | _NARROW, capture_output=True, text=True, check=True)
    return f"```text\n{done.stdout.rstrip()}\n```"


def plan_table() -> str:
    """The decision about a shot, as a Markdown table."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_cells, TABLE)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written(text: str, name: str) -> str:
    """What stands between the markers of a block."""
    found = re.search(f"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", text, re.DOTALL)
    assert found, f"README.md has no markers for `{name}`"
    return found[1]


def _cells(row: Row) -> tuple[str, ...]:
    asked = (_YES_NO[each] for each in (row.here, row.stored, row.served))
    return (row.best, *asked, f"**{row.action}**", row.reason, row.slot, row.exit)


_YES_NO = {None: "", True: "yes", False: "no"}


def _main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, block in blocks().items():
        before, marker, rest = text.partition(f"<!-- {name} -->\n")
        text = f"{before}{marker}{block}\n{rest[rest.index(f'<!-- /{name} -->') :]}"
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _main()
