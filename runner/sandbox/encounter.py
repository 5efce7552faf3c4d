"""The faults that befall one request, played out as its moments come."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from runner.sandbox.clip import Clip
from runner.sandbox.damage import spoiled, stand_in
from runner.sandbox.faults import EFFECTS, SHAPES, STAND_INS, Do, Fault, Moment
from runner.sandbox.job import Failure, Job
from runner.sandbox.jobs import Jobs
from runner.sandbox.messages import Reply
from runner.sandbox.wire import Stop


class Dropped(Exception):
    """The connection ends here, by a reset where `hard`."""

    def __init__(self, *, hard: bool) -> None:
        super().__init__()
        self.hard = hard


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """Faults that are due, in the order in which they were scripted, and how to keep a request waiting."""

    faults: tuple[Fault, ...] = ()
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def at(self, moment: Moment) -> None:
        """Play what happens at a moment.

        Raises:
            Dropped: the connection is to be closed.
        """
        for fault in self.faults:
            # A late job loses its reply, unless another fault has one to put in its place.
            if fault.moment is moment and not (fault.do is Do.LATE and self.instead(moment)):
                await self._play(fault)

    def instead(self, moment: Moment) -> Reply | None:
        """What is answered in place of the true reply, if anything is."""
        for fault in self.faults:
            if fault.moment is moment and fault.do in STAND_INS:
                return stand_in(fault)
        return None

    def lag(self) -> float:
        """How old a job must be for the list to show it, in seconds."""
        ages = {Do.EMPTY: float("inf")}
        return max((ages.get(fault.do, fault.seconds) for fault in self.faults if _hides(fault)), default=0.0)

    def page(self) -> int | None:
        """How many jobs a page of the list may have, if there is a bound."""
        return min((fault.step for fault in self.faults if fault.do is Do.PAGES), default=None)

    def befall(self, job: Job, jobs: Jobs) -> None:
        """Do to a job what is scripted for it."""
        for fault in self.faults:
            if fault.do in EFFECTS:
                _befall(fault, job, jobs)

    def spoil(self, reply: Reply) -> Reply:
        """The reply as these faults leave it."""
        for fault in self.faults:
            if fault.do in SHAPES:
                reply = spoiled(reply, fault)
        return reply

    def stops(self, reply: Reply) -> Sequence[Stop]:
        """Where the writing of a body pauses."""
        length = len(reply.body)
        stops = [
            Stop(offset=offset, then=partial(self.at, moment))
            for moment, offset in ((Moment.FIRST, min(1, length)), (Moment.HALF, length // 2))
            if any(fault.moment is moment for fault in self.faults)
        ]
        drips = [
            Stop(offset=offset, then=partial(self.wait, fault.seconds))
            for fault in self.faults
            if fault.do is Do.DRIP
            for offset in range(fault.step, length, fault.step)
        ]
        return sorted(stops + drips, key=lambda stop: stop.offset)

    async def _play(self, fault: Fault) -> None:
        match fault.do:
            case Do.DROP | Do.HALF | Do.LATE:
                raise Dropped(hard=False)
            case Do.RESET:
                raise Dropped(hard=True)
            case Do.DELAY:
                await self.wait(fault.seconds)
            case Do.KILL:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(fault.pid, signal.SIGKILL)
            case _:
                pass  # its time is another: see `instead`, `spoil` and `befall`


def _hides(fault: Fault) -> bool:
    return fault.do in {Do.EMPTY, Do.LAG}


def _befall(fault: Fault, job: Job, jobs: Jobs) -> None:
    match fault.do:
        case Do.FAIL:
            words = fault.message or "Your request was blocked by our moderation system."
            job.doom = Failure(code=fault.code or "moderation_blocked", message=words)
        case Do.STUCK:
            job.stuck = True
        case Do.PURGE:
            jobs.remove(job)
        case Do.LATE:
            job.created_at += fault.seconds
        case Do.ALIAS:
            jobs.name(job, fault.code)
        case Do.SWAP:
            _swap_clip(job)
        case _:
            pass


def _swap_clip(job: Job) -> None:
    if isinstance(job.result, Clip):
        job.result = job.result.followed_by(b"another take")
