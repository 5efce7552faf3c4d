"""The run itself: doors opened, signals heard, the plan executed, connections closed."""

import asyncio
import os
import secrets
import signal
import sys
import time
from functools import partial
from typing import Final

from runner.clock import SystemClock
from runner.commands.place import Place
from runner.commands.reach import Reach
from runner.commands.running import running
from runner.errors import ExitCode
from runner.events import Listener, Said
from runner.execute import decode
from runner.execute.control import Control
from runner.execute.doors import Doors, Options
from runner.execute.execution import Report, execute
from runner.lock.facts import AttemptId, name_after
from runner.lock.memory import Memory
from runner.lock.store import Shelf
from runner.manifest.batch import Shot
from runner.manifest.references import payload
from runner.plan.steps import Plan
from runner.provider.videos import Image, VideosAt

_SIGNALS: Final = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.TERMINATED,
}
_LEAVING: Final = "coming to an end: nothing more is bought, what is bought is fetched by the next run"
_SHOW_CURSOR: Final = "\x1b[?25h"


def doors_of(place: Place, shelf: Shelf, memory: Memory, listen: Listener, videos_at: VideosAt) -> Doors:
    """The real doors of a run."""
    return Doors(
        disk=shelf.disk,
        clock=SystemClock(),
        memory=memory,
        shelf=shelf,
        videos_at=videos_at,
        listen=listen,
        image_of=_image_of,
        nonce=nonce,
        running=partial(running, shelf.disk, place.state),
        trouble_in=decode.trouble if decode.available() else None,
    )


async def perform(plan: Plan, doors: Doors, options: Options, *, stop_after: float | None, reach: Reach) -> Report:
    """Execute a plan; the first signal or the time limit brings it to an orderly end, the second signal ends it."""
    control = Control()
    loop = asyncio.get_running_loop()
    for number, code in _SIGNALS.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            continue  # so asked for by whoever started this, as nohup does
        loop.add_signal_handler(number, _Signal(control, code, doors.listen).heard)
    if stop_after is not None:
        loop.call_later(stop_after, _time_is_up, control, doors.listen)
    try:
        return await execute(plan, doors, options, control)
    finally:
        await reach.close()


def nonce(newest: AttemptId) -> AttemptId:
    """A name for a new attempt, in the order of this machine's time: a server's clock tells whole seconds only."""
    return name_after(newest, time.time_ns() // 10**6, secrets.token_hex(4))


class _Signal:
    """What one kind of signal does to a run."""

    def __init__(self, control: Control, code: ExitCode, listen: Listener) -> None:
        self._control = control
        self._code = code
        self._listen = listen

    def heard(self) -> None:
        """The first asks for an end, the second makes one: the intents on disk cover what was on its way."""
        if self._control.signal is not None:
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _SHOW_CURSOR.encode())
            os._exit(self._code)
        self._control.interrupt(self._code)
        self._listen(Said(text=f"{_LEAVING} (once more to leave at once)"))


def _time_is_up(control: Control, listen: Listener) -> None:
    listen(Said(text=f"the time is up; {_LEAVING}"))
    control.interrupt(None)


def _image_of(shot: Shot) -> Image | None:
    """The reference's bytes as they are sent. Raises ReferenceChanged."""
    if shot.reference is None:
        return None
    sent = payload(shot.reference, shot.request)
    return Image(data=sent.data, media_type=sent.media_type, filename=sent.filename)
