"""A table of every wrong answer of the zoo to every question, put by the real client: what came of it, and its cost."""

import asyncio
import json
import os
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

from runner.provider.classify import classify
from runner.provider.http import HttpVideos
from runner.provider.outcome import Submitted
from runner.provider.parsing import usable_id
from runner.provider.replies import ReplyError
from runner.provider.times import Times
from runner.provider.videos import Begun, JobId
from tests.canary import forms_in
from tests.integration.zoo import KEY, NAMES, SLOW
from tests.unit.factories import make_profile, make_request

ROOT: Final = Path(__file__).parents[3]
SHORT: Final = Times(connect=5.0, write=2.0, read=0.7, post=1.0, get=1.0, stall=0.7, stall_bytes=1000)
LONG: Final = Times(connect=25.0, write=25.0, read=25.0, post=25.0, get=25.0, stall=25.0, stall_bytes=1000)
Asked = tuple[str, str]  # an answer's name, and a question
_AT_ONCE: Final = 4
MEMORY: Final = 300 << 20  # bytes, the imports included
_PATIENCE: Final = 60.0  # seconds, however busy the machine is
_MOST_OF_A_CLIP: Final = 96 << 20  # bytes until the sink has enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What came of one answer to one question."""

    name: str
    call: str
    end: str  # a word for it
    words: str  # that people may see
    seconds: float
    memory: int  # bytes at most

    @property
    def line(self) -> str:
        """As a row of the table."""
        cost = f"{self.seconds:5.2f} s {self.memory >> 20:4} MB"
        return f"{self.name:<24} {self.call:<9} {self.end:<12} {cost}  {self.words[:60]}"

    @property
    def wrong(self) -> str:
        """What must not be; empty where all is well."""
        if self.end == "BUG":
            return f"{self.line}\n{self.words}"
        if self.seconds > _PATIENCE or self.memory > MEMORY:
            return f"too much: {self.line}"
        if len(self.words) > 700 or not self.words.isprintable() or forms_in(self.words, KEY):
            return f"it reaches the screen: {self.line}\n{self.words!r}"
        return ""


def table() -> list[str]:
    """Print the table; what is wrong in it."""
    wrong = []
    with served() as port:
        for met in meetings(port, everything()):
            print(met.line, flush=True)
            wrong += [met.wrong] if met.wrong else []
    return wrong


def everything() -> list[Asked]:
    """Every question to every answer; of those that only a deadline ends, two are enough."""
    return [(name, call) for name in NAMES for call in _CALLS if call in ("create", "list") or name not in SLOW]


def meetings(port: int, wanted: Iterable[Asked]) -> Iterator[Met]:
    """Ask; each question in a process of its own, so that its memory is its own, a few at a time."""
    open_: list[tuple[int, Asked]] = []
    for name, call in wanted:
        open_.append((_fork(partial(_meet, port, name, call)), (name, call)))
        if len(open_) == _AT_ONCE:
            yield _joined(*open_.pop(0))
    yield from (_joined(*each) for each in open_)


def met_apart(wanted: Sequence[Asked]) -> list[Met]:
    """The same from a process that is small itself, since a fork inherits its parent's memory."""
    command = [sys.executable, "-m", "tests.crash.fuzz.servers", json.dumps(wanted)]
    found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    return [Met(**each) for each in json.loads(found)]


@contextmanager
def served() -> Iterator[int]:
    """The zoo as a process; its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.zoo"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()


def _meet(port: int, name: str, call: str) -> Met:
    begun = time.monotonic()
    times = SHORT if name in SLOW else LONG  # a busy machine must not make another end of an answer
    end, words = asyncio.run(_asked(f"http://127.0.0.1:{port}/{name}/v1", call, times))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Met(name=name, call=call, end=end, words=words, seconds=time.monotonic() - begun, memory=memory)


async def _asked(base_url: str, call: str, times: Times) -> tuple[str, str]:
    videos = HttpVideos(base_url, KEY, times=times)
    try:
        return await _CALLS[call](videos)
    except ReplyError as error:
        return type(error).__name__, error.words
    except Exception as error:
        return "BUG", f"{type(error).__name__}: {error}"
    finally:
        await videos.close()


async def _create(videos: HttpVideos) -> tuple[str, str]:
    outcome = classify(await videos.create(make_request(), None), first=True, profile=make_profile())
    if isinstance(outcome, Submitted):
        return ("Submitted" if usable_id(outcome.job.id) else "BUG"), f"{outcome.job.id} {outcome.job.status}"
    return type(outcome).__name__, outcome.why


async def _retrieve(videos: HttpVideos) -> tuple[str, str]:
    polled = await videos.retrieve(JobId("video_1"))
    return "Polled", f"{polled.job.status} {polled.again_after}"


async def _list(videos: HttpVideos) -> tuple[str, str]:
    page = await videos.list(None)
    return "Page", f"{len(page.jobs)} jobs, then {page.after}"


async def _content(videos: HttpVideos) -> tuple[str, str]:
    taken = Sink()
    content = await videos.content(JobId("video_1"), taken, None)
    return "Content", f"{taken.size} bytes of {content.media_type}"


class Sink:
    """Counts what comes, and has enough some time."""

    def __init__(self) -> None:
        self.size = 0

    def begin(self, _: Begun, /) -> None:
        pass

    def take(self, data: bytes, /) -> None:
        self.size += len(data)
        if self.size > _MOST_OF_A_CLIP:
            raise ReplyError("enough")


_CALLS: Final[dict[str, Callable[[HttpVideos], Coroutine[Any, Any, tuple[str, str]]]]] = {
    "create": _create, "retrieve": _retrieve, "list": _list, "content": _content,
}  # fmt: skip


def _fork(work: Callable[[], Met]) -> int:
    """Begin some work in a process of its own; where its end will be told."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            with os.fdopen(writing, "wb") as out:
                pickle.dump(work(), out)
        finally:
            os._exit(0)
    os.close(writing)
    return reading


def _joined(reading: int, asked: Asked) -> Met:
    with os.fdopen(reading, "rb") as told:
        data = told.read()
    os.wait()
    died = Met(name=asked[0], call=asked[1], end="BUG", words="the process died", seconds=0.0, memory=0)
    met: Met = pickle.loads(data) if data else died
    return met


def main(wanted: str) -> None:
    trust = httpx.create_ssl_context()  # reading the certificates takes longer than all else
    vars(httpx)["create_ssl_context"] = lambda: trust
    with served() as port:
        found = [asdict(met) for met in meetings(port, json.loads(wanted))]
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
