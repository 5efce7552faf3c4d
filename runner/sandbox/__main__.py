"""`python -m runner.sandbox`: the sandbox with every knob that a test needs."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from runner.sandbox.dialect import Dialect
from runner.sandbox.dialects import DIALECTS
from runner.sandbox.renderers import Clips
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.serve import serve


def main() -> int:
    """Read the flags and serve."""
    flags = _parser().parse_args()
    dialect = DIALECTS[flags.dialect]()
    rules = _rules(flags, dialect.rules())
    pace = Pace(queue_seconds=flags.queue, render_seconds=flags.pace, poll_after=flags.poll_after)
    try:
        serve(
            flags.port,
            rules,
            pace,
            clips=flags.clips,
            ledger_path=flags.ledger,
            workers=flags.workers,
            may_kill=flags.may_kill,
            dialect=dialect,
        )
    except (OSError, ImportError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 4
    return 0


def _rules(flags: argparse.Namespace, usual: Rules) -> Rules:
    """The rules of a dialect, less what the flags say otherwise."""
    told = {
        "sizes": flags.sizes,
        "seconds": flags.seconds,
        "models": flags.models,
        "slots": flags.slots,
        "retention": flags.retention,
        "key": flags.key,
        "forgets": flags.forgets or None,
        "auth": False if flags.no_auth else None,
        "echo_prompt": False if flags.no_prompt else None,
        "lists": False if flags.no_list else None,
    }
    return replace(usual, **{name: value for name, value in told.items() if value is not None})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runner.sandbox", description=__doc__)
    add = parser.add_argument
    add("--dialect", choices=list(DIALECTS), default=Dialect.name, help="whose accent it speaks with")
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--key", help="the only bearer that is let in; without it, any")
    add("--no-auth", action="store_true", help="ask for no bearer")
    add("--queue", type=float, default=0.0, metavar="SECONDS", help="how long a job is queued")
    add("--pace", type=float, default=0.0, metavar="SECONDS", help="how long a job renders")
    add("--poll-after", type=float, metavar="SECONDS", help="when a client is told to ask again")
    add("--slots", type=int, help="jobs that may run at once")
    add("--retention", type=float, metavar="SECONDS", help="how long a clip is kept")
    add("--forgets", action="store_true", help="forget a job when its clip expires")
    add("--sizes", type=_names, help="allowed sizes, comma between; empty: any")
    add("--seconds", type=_names, help="allowed lengths; empty: any")
    add("--models", type=_names, help="allowed models; empty: any")
    add("--no-list", action="store_true", help="have no list route")
    add("--no-prompt", action="store_true", help="leave the prompt out of job objects")
    add("--clips", type=Clips, choices=list(Clips), default=Clips.BLANK, help="what the clips look like")
    add("--workers", type=int, default=1, help="clips made at once")
    add("--ledger", type=Path, metavar="FILE", help="append each billed job to this file")
    add("--may-kill", action="store_true", help="let scripted faults kill processes")
    return parser


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


if __name__ == "__main__":
    sys.exit(main())
