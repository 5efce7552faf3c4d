"""The sandbox inside another program: in a thread of its own, for as long as a block lasts."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

from runner.sandbox.faults import Fault
from runner.sandbox.renderers import Clips, renderer
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    loop: asyncio.AbstractEventLoop
    end: asyncio.Event


@contextmanager
def embedded(
    rules: Rules | None = None,
    pace: Pace | None = None,
    *,
    clips: Clips = Clips.ANIMATIC,
    workers: int = 1,
    faults: Iterable[Fault] = (),
) -> Iterator[str]:
    """Run a sandbox on a free port of loopback and yield its base URL.

    Leaving the block ends it at once, also while clips are being made.

    Raises:
        AnimaticMissing: animatics are asked for and PyAV is not installed (an ImportError).
    """
    sandbox = Sandbox(rules=rules, pace=pace, renderer=renderer(clips), workers=workers)
    sandbox.faults.extend(faults)
    with threaded(sandbox):
        yield sandbox.base_url


@contextmanager
def threaded(sandbox: Sandbox, port: int = 0) -> Iterator[Sandbox]:
    """Run a sandbox that is made but not started, as `embedded` does.

    Raises:
        OSError: the port is taken.
    """
    started: Future[_Running] = Future()
    thread = threading.Thread(target=_run, args=(sandbox, port, started), name="sandbox", daemon=True)
    thread.start()
    running = started.result()
    try:
        yield sandbox
    finally:
        running.loop.call_soon_threadsafe(running.end.set)
        thread.join()


def _run(sandbox: Sandbox, port: int, started: Future[_Running]) -> None:
    try:
        asyncio.run(_serve(sandbox, port, started))
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


async def _serve(sandbox: Sandbox, port: int, started: Future[_Running]) -> None:
    await sandbox.start(port)
    end = asyncio.Event()
    started.set_result(_Running(loop=asyncio.get_running_loop(), end=end))
    try:
        await end.wait()
    finally:
        await sandbox.close()
