"""A life in which waiting costs nothing: where a run only waits for time to pass, time passes at once.

The command, its sockets and its server are real. Only the clocks and the event loop know of this: when nothing is
ready and nobody works, the keeper of the server's time is asked whether the server has anything to do either, and
then both clocks leap to whatever comes first. So a patience of ten minutes takes milliseconds, and is still kept.

What a life is told stands in the variable `LEAP`, as JSON; see `Told`.
"""

import asyncio
import errno
import ipaddress
import json
import os
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from runner.cli import main as shotlock
from runner.provider.http import HttpVideos
from tests.crash import cradle, mortal

HOST = "videos.localhost"
HOME, REFUSED, MUTE, NOWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.3", ""  # where the name of the host may lead
_CALLS = ("create", "retrieve", "list", "content")
_LONGEST = 50_000.0  # seconds that a life may leap: a run that lasts longer never ends
_REAL_SLICE = 0.01  # seconds of real time until the keeper is asked again
_BEFORE = mortal.main


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a life is told."""

    keeper: int  # the port at which the server's time is kept
    ahead: float = 0.0  # seconds that this life's clock is ahead of the machine's
    ways: Sequence[str] = (HOME,)  # where the host's name leads, time after time; the last one stays
    trust: str = ""  # a file of certificates that are believed; empty: those of the machine
    interrupt: Sequence[Any] = ()  # a call, which one of its kind, and the signals that come while it is on its way

    def __str__(self) -> str:
        return json.dumps(asdict(self))


class Time:
    """The clocks of this process, and whether they may leap."""

    def __init__(self, told: Told) -> None:
        self.ahead = told.ahead
        self.leapt = 0.0
        self.calls = 0  # on the wire now
        self.work = 0  # threads that this process waits for
        self.mute = False  # what is on the wire now will never be answered
        self._keeper = socket.create_connection((HOME, told.keeper)).makefile("rw")
        for name in ("time", "monotonic"):
            self._put_ahead(name)

    def _put_ahead(self, name: str) -> None:
        real: Callable[[], float] = getattr(time, name)
        vars(time)[name] = lambda: real() + self.ahead

    def leaps(self, most: float | None, stirs: Callable[[], object]) -> bool:
        """Leap, by `most` seconds at most, unless somebody is at work or something `stirs` after all."""
        calls = 0 if self.mute else self.calls
        if self.work or (most is None and not calls):
            return False
        if calls and (not self._asked(calls, most, go=False) or stirs()):
            return False
        leapt = self._asked(calls, most, go=True)
        self.ahead += leapt
        self.leapt += leapt
        if self.leapt > _LONGEST:
            os.write(2, b"VIOLATION: it never ends\n")
            os._exit(97)
        return leapt > 0

    def _asked(self, calls: int, most: float | None, *, go: bool) -> float:
        """How far the server's clock can leap, or has leapt."""
        json.dump({"calls": calls, "most": most, "go": go}, self._keeper)
        self._keeper.write("\n")
        self._keeper.flush()
        return float(self._keeper.readline())


class _Selector(selectors.DefaultSelector):
    """Waits by leaping, where that may be."""

    def __init__(self, clocks: Time) -> None:
        super().__init__()
        self._clocks = clocks

    def select(self, timeout: float | None = None) -> Any:
        until = None if timeout is None else time.monotonic() + timeout
        while not (ready := super().select(0)):
            rest = None if until is None else until - time.monotonic()
            if rest is not None and rest <= 0:
                break
            if not self._clocks.leaps(rest, lambda: super(_Selector, self).select(0)):
                super().select(_REAL_SLICE if rest is None else min(rest, _REAL_SLICE))
        return ready


class _Loop(asyncio.SelectorEventLoop):
    """A loop over that selector. It knows of threads at work, and leads to no other machine."""

    def __init__(self, clocks: Time) -> None:
        super().__init__(_Selector(clocks))
        self._clocks = clocks

    async def sock_connect(self, sock: Any, address: Any) -> None:
        if not ipaddress.ip_address(address[0]).is_loopback:
            print(f"VIOLATION: a connection to {address[0]}", file=sys.stderr)
            raise OSError(errno.ENETUNREACH, "this test has no network")
        await super().sock_connect(sock, address)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        self._clocks.work += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._worked)
        return future

    def _worked(self, _: object) -> None:
        self._clocks.work -= 1


def main(arguments: Sequence[str]) -> int:
    """Live as `mortal` does, and leap."""
    told = Told(**json.loads(os.environ.pop("LEAP")))
    clocks = Time(told)
    for name in _CALLS:
        _watch(clocks, name, told.interrupt)
    _lead(clocks, list(told.ways))
    if told.trust:
        vars(httpx)["create_ssl_context"] = lambda: ssl.create_default_context(cafile=told.trust)
    vars(asyncio.events)["new_event_loop"] = lambda: _Loop(clocks)
    return _BEFORE(arguments)


def _watch(clocks: Time, name: str, interrupt: Sequence[Any]) -> None:
    real: Callable[..., Awaitable[Any]] = getattr(HttpVideos, name)
    seen = 0

    @wraps(real)
    async def watched(*arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if [name, seen] == [*interrupt[:2]]:
            for second, number in enumerate(interrupt[2:], start=1):
                asyncio.get_running_loop().call_later(second, os.kill, os.getpid(), number)
        clocks.calls += 1
        try:
            return await real(*arguments)
        finally:
            clocks.calls -= 1

    setattr(HttpVideos, name, watched)


def _lead(clocks: Time, ways: list[str]) -> None:
    """Let the name of the host lead where it shall."""
    real = socket.getaddrinfo

    def led(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if host not in (HOST, HOST.encode()):
            return real(host, port, *arguments, **named)
        way = ways.pop(0) if len(ways) > 1 else ways[0]
        clocks.mute = way == MUTE
        if way == NOWHERE:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (way, port))]

    vars(socket)["getaddrinfo"] = led


class LeapingCradle(cradle.Cradle):
    """A cradle whose lives leap."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cradle-")
        self._door = f"{self._folder.name}/door"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self._door)
            listening.listen(64)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.network.leap", str(listening.fileno())],
                env={**os.environ, "PYTHONPATH": str(cradle.ROOT)},
                stdin=subprocess.PIPE,
                pass_fds=[listening.fileno()],
                start_new_session=True,
            )


def _live_once() -> None:
    """A whole life before all others, so that what is made when it is first used is there when they begin."""
    from tests.crash.network.wired import wired

    with (
        tempfile.TemporaryDirectory(prefix="cradle-") as name,
        wired(Path(name), profile="sora") as it,
        patch.dict(os.environ, {**it.environ(), "OPENAI_BASE_URL": it.sandbox.base_url}, clear=True),
        patch.object(sys, "stderr", StringIO()),
    ):
        assert shotlock(["render", str(it.folder / "film.yaml")]) == 0, sys.stderr


if __name__ == "__main__":
    _live_once()
    vars(mortal)["main"] = main
    cradle.main(int(sys.argv[1]))
