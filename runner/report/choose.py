"""Which way a run is told: for programs, for a person at a terminal, or for a log."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from runner.clock import Clock
from runner.events import Listener
from runner.report.json_lines import JsonLines
from runner.report.outlet import Outlet, is_terminal
from runner.report.plain import Plain
from runner.report.relay import Relay, Teller


@contextmanager
def progress(
    *, as_json: bool, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str], clock: Clock
) -> Iterator[Listener]:
    """A listener that tells the run; everything it heard is told when the context ends."""
    relay = Relay(_teller(as_json=as_json, stdout=stdout, stderr=stderr, environ=environ, clock=clock))
    try:
        yield relay
    finally:
        relay.close()


def is_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal that can move its cursor, with a person before it."""
    dumb = environ.get("TERM", "").lower() in ("dumb", "unknown")
    automatic = environ.get("CI", "").lower() not in ("", "0", "false")
    return is_terminal(stream) and not dumb and not automatic


def _teller(
    *, as_json: bool, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str], clock: Clock
) -> Teller:  # fmt: skip
    if as_json:
        return JsonLines(Outlet(stdout))
    if not is_live(stderr, environ):
        return Plain(Outlet(stderr), clock)
    from runner.report.live import LiveTable  # rich is loaded for a terminal only

    return LiveTable(Outlet(stderr), environ, clock)
