"""The sandbox: a server on loopback that speaks the provider's API, keeps its rules, and misbehaves when told to."""

import asyncio
import logging
from email.utils import formatdate
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Self

from runner.sandbox import blank
from runner.sandbox.api import Api
from runner.sandbox.calls import Call, Kind, route
from runner.sandbox.clip import Renderer
from runner.sandbox.clock import Clock, MovableClock
from runner.sandbox.control import Control
from runner.sandbox.dialect import Dialect
from runner.sandbox.encounter import Dropped, Encounter
from runner.sandbox.faults import Fault, Moment
from runner.sandbox.holds import Holds
from runner.sandbox.jobs import Jobs
from runner.sandbox.ledger import Ledger
from runner.sandbox.messages import Framing, Head, Reply, Request
from runner.sandbox.refusal import Refusal
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.script import Script
from runner.sandbox.studio import Studio
from runner.sandbox.wire import Line, Malformed

_HOST: Final = "127.0.0.1"
_TURNS: Final = 5  # of the loop, until somebody talks with a connection that was just accepted
_LOG: Final = logging.getLogger(__name__)


class Sandbox:
    """One server with its jobs, clips, faults and ledger.

    `may_kill` lets the routes under /_sandbox script the killing of processes; `faults` may always hold them.
    """

    def __init__(
        self,
        *,
        dialect: Dialect | None = None,
        rules: Rules | None = None,
        pace: Pace | None = None,
        renderer: Renderer = blank.render,
        clock: Clock | None = None,
        ledger_path: Path | None = None,
        workers: int = 1,
        may_kill: bool = False,
    ) -> None:
        self._dialect = dialect or Dialect()
        self._rules = rules or self._dialect.rules()
        self._clock = clock or MovableClock()
        self._ledger = Ledger(ledger_path)
        self._studio = Studio(renderer, self._clock, workers=workers)
        self.jobs = Jobs(self._rules, self._clock, self._dialect)
        self.faults = Script()
        self._api = Api(
            rules=self._rules,
            pace=pace or Pace(),
            clock=self._clock,
            jobs=self.jobs,
            studio=self._studio,
            ledger=self._ledger,
            dialect=self._dialect,
        )
        self._holds = Holds()
        self._control = Control(
            script=self.faults, now=self._clock.now, advance=self.advance, ledger=self.ledger, may_kill=may_kill
        )
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL, once started."""
        return f"http://{_HOST}:{self._port}{self._dialect.base}"

    @property
    def clock(self) -> Clock:
        """The server's clock."""
        return self._clock

    def advance(self, seconds: float) -> None:
        """Let time pass at once: for the clock, and for whoever a fault keeps waiting. From any thread."""
        self._clock.advance(seconds)
        self._holds.advance(seconds)

    def kept_waiting(self) -> list[float]:
        """How long each request that a fault keeps waiting has still to wait, in seconds."""
        return self._holds.rests()

    def ledger(self) -> dict[str, Any]:
        """What was billed and asked, by the server's own account."""
        return self._ledger.as_json(self.jobs, self._clock.now())

    async def start(self, port: int = 0) -> Self:
        """Listen on loopback; port 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        try:
            self._server = await asyncio.start_server(self._accept, _HOST, port)
        except OSError:
            self._studio.close()
            raise
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        """Hang up on everybody and remove the clips. Does not wait for clips in the making."""
        if self._server is not None:
            await _stop_listening(self._server)
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
        self._studio.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        talk = asyncio.create_task(self._talk(line))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        talk.add_done_callback(lambda _: line.abort())  # also where it was cancelled before it began

    async def _talk(self, line: Line) -> None:
        self._ledger.note_connection()
        try:
            await self._serve(line)
            await line.close()
        except Dropped as drop:
            if drop.hard:
                line.reset()
            await line.close()
        except OSError:
            line.abort()  # the client has gone
        except asyncio.CancelledError:
            line.abort()
            raise
        except Exception:  # noqa: BLE001 - one bad connection must not take the server down
            _LOG.exception("a bug of the sandbox")
            line.abort()

    async def _serve(self, line: Line) -> None:
        await self._encounter(self.faults.on_connection(), line).at(Moment.ACCEPTED)
        try:
            while (head := await line.head()) is not None:
                await self._exchange(line, head)
                if not line.again():
                    return
        except Malformed as error:
            if line.can_answer():
                reply = Refusal(error.message, status=error.status, code="bad_request").reply()
                await line.send(reply, {**self._headers(), "connection": "close"})
                await line.linger()

    async def _exchange(self, line: Line, head: Head) -> None:
        call = route(head, self._dialect.base)
        self._ledger.note_request(call.kind)
        await self._encounter(self.faults.on_head(call.kind), line).at(Moment.HEAD)
        request = Request(head=head, body=await line.body(self._rules.body_limit))
        if call.kind is Kind.CONTROL:
            await line.send(self._control.answer(call, request), self._headers())
            return
        due = self.faults.on_request(call.kind, partial(self._api.prompt_of, call, request))
        encounter = self._encounter(due, line)
        reply = await self._reply(call, request, encounter)
        await line.send(reply, self._headers(), stops=encounter.stops(reply))
        await encounter.at(Moment.WRITTEN)
        if reply.framing is not Framing.LENGTH:
            raise Dropped(hard=False)

    async def _reply(self, call: Call, request: Request, encounter: Encounter) -> Reply:
        await encounter.at(Moment.BEFORE)
        if (refused := encounter.instead(Moment.BEFORE)) is not None:
            return refused
        named = self.jobs.get(call.job)
        if named is not None and call.kind is not Kind.REMIX:
            encounter.befall(named, self.jobs)
        answer = self._api.answer(call, request, lag=encounter.lag(), page=encounter.page())
        if answer.bought is not None:
            encounter.befall(answer.bought, self.jobs)
        await encounter.at(Moment.AFTER)
        return encounter.instead(Moment.AFTER) or encounter.spoil(answer.reply)

    def _encounter(self, faults: tuple[Fault, ...], line: Line) -> Encounter:
        return Encounter(faults=faults, wait=partial(self._holds.wait, deserted=line.deserted))

    def _headers(self) -> dict[str, str]:
        return {
            **self._dialect.headers(),
            "date": formatdate(self._clock.now(), usegmt=True),
            "server": "sandbox",
            "x-request-id": f"req_{token_hex(16)}",
        }


async def _stop_listening(server: asyncio.Server) -> None:
    """Accept nobody more, and only then close: what asyncio has just accepted of a closed server is never let go."""
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    server.close()
