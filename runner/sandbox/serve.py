"""The sandbox as a program: says where it is, and serves until it is told to stop."""

import asyncio
import signal
import sys
from pathlib import Path

from runner.sandbox.dialect import Dialect
from runner.sandbox.renderers import Clips, renderer
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox


def serve(
    port: int = 0,
    rules: Rules | None = None,
    pace: Pace | None = None,
    *,
    clips: Clips = Clips.ANIMATIC,
    ledger_path: Path | None = None,
    workers: int = 1,
    may_kill: bool = False,
    dialect: Dialect | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM. The first line on standard output is the base URL.

    Raises:
        OSError: the port is taken.
        ImportError: animatics are asked for and PyAV is not installed.
    """
    sandbox = Sandbox(
        dialect=dialect,
        rules=rules,
        pace=pace,
        renderer=renderer(clips),
        ledger_path=ledger_path,
        workers=workers,
        may_kill=may_kill,
    )
    asyncio.run(_serve(sandbox, port))


async def _serve(sandbox: Sandbox, port: int) -> None:
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    await sandbox.start(port)
    try:
        sys.stdout.write(f"{sandbox.base_url}\n")
        sys.stdout.flush()
        await end.wait()
    finally:
        await sandbox.close()
