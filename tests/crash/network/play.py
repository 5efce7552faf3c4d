"""Playing a cell: the real command, a server that misbehaves, and its ledger as the judge."""

import json
import os
import struct
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from pathlib import Path

from runner.lock.facts import Attempt
from runner.plan.standing import foremost
from runner.sandbox.faults import Fault
from tests.crash.cradle import Cradle
from tests.crash.network.cell import ALLEY, SHOTS, Cell, Come
from tests.crash.network.crowd import Crowd, gathered, together
from tests.crash.network.leap import HOME, LeapingCradle
from tests.crash.network.wired import ELSEWHERE, Wired, wired
from tests.crash.side_by_side import AT_ONCE
from tests.crash.stage import KEY, Ended

_MEMORY = Path("/dev/shm")
_ROOM = str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a cell."""

    verdict: str  # empty where all is as it must be
    seconds: float


def play(cell: Cell, cradle: Cradle) -> Played:
    """Play a cell from the fault to the end of all its effects."""
    begun = time.monotonic()
    with _stage(cell, cradle) as it:
        complaints = [*_before(cell, it), *_faulty(cell, it), *_healthy(cell, it)]
        verdict = it.verdict([cell.title, f"because: {cell.because}", *complaints]) if complaints else ""
    return Played(verdict=verdict, seconds=time.monotonic() - begun)


def play_together(crowd: Crowd, cradle: Cradle) -> list[Played]:
    """Play a crowd; where it does not go well, each of its cells alone."""
    if len(crowd) == 1:
        return [play(crowd[0], cradle)]
    whole = play(together(crowd), cradle)
    if not whole.verdict:
        return [replace(whole, seconds=whole.seconds / len(crowd))] * len(crowd)
    alone = [play(cell, cradle) for cell in crowd]
    return alone if any(each.verdict for each in alone) else [whole] * len(crowd)


@contextmanager
def playing(cells: Iterable[Cell], at_once: int = AT_ONCE) -> Iterator[Mapping[str, Callable[[], Played]]]:
    """Plays cells, a few at a time; gives a way to wait for what comes of each, by its title."""
    with LeapingCradle() as cradle, ThreadPoolExecutor(at_once) as pool:
        try:
            yield dict(_submitted(gathered(cells), lambda crowd: pool.submit(play_together, crowd, cradle)))
        finally:
            pool.shutdown(cancel_futures=True)


def _submitted(
    crowds: Iterable[Crowd], submit: "Callable[[Crowd], Future[list[Played]]]"
) -> Iterator[tuple[str, Callable[[], Played]]]:
    for crowd in crowds:
        future = submit(crowd)
        for place, cell in enumerate(crowd):
            yield cell.title, partial(_result, future, place)


def _result(future: "Future[list[Played]]", place: int) -> Played:
    return future.result()[place]


@contextmanager
def _stage(cell: Cell, cradle: Cradle) -> Iterator[Wired]:
    given = cell.given
    with (
        tempfile.TemporaryDirectory(prefix="network-", dir=_ROOM) as root,
        wired(
            Path(root),
            cradle=cradle,
            profile=given.profile,
            shots=given.shots,
            rules=given.rules,
            pace=given.pace,
            secure=given.secure,
        ) as it,
    ):
        if given.picture:
            _draw(it, given.picture)
        yield it


def _before(cell: Cell, it: Wired) -> list[str]:
    """What went before: other clients, or a run of our own that was killed."""
    given, found = cell.given, []
    for prompt in given.foreign:
        _buy_elsewhere(it, prompt)
        it.sandbox.advance(0 if given.busy else given.pace.render_seconds + 1)
    if given.dies:
        it.sandbox.faults.extend(_told(it, fault) for fault in given.earlier)
        ended = it.run("render", "film.yaml", fate=given.dies)
        found = [] if ended.code == -9 else [f"the earlier run ended with {ended.code} instead of dying"]
        it.sandbox.faults.clear()
    it.sandbox.advance(given.later)
    return found


def _faulty(cell: Cell, it: Wired) -> list[str]:
    """The run that meets the fault, and what is not as it must be."""
    given, come, healthy = cell.given, cell.come, it.told
    it.sandbox.faults.extend(_told(it, fault) for fault in cell.faults)
    it.told = replace(healthy, ways=given.ways, trust="", interrupt=given.interrupt)
    before, begun = it.ledger, it.sandbox.clock.now()
    ended = it.run("render", "film.yaml")
    lasted, posts = it.sandbox.clock.now() - begun, _posts(it.ledger) - _posts(before)
    it.sandbox.faults.clear()
    it.told = healthy
    return [*_compared(come, it, ended, posts), *_limited(come, it, lasted)]


def _compared(come: Come, it: Wired, ended: Ended, posts: int) -> Iterator[str]:
    pairs = {
        "exit code": (ended.code, come.exit),
        "bills": (_bills(it), come.bills),
        "requests at the other host": (len(it.heard), come.heard),
    }
    for shot in it.shots:
        pairs[f"state of {shot}"] = (_stands(it, shot), come.alley if shot in ALLEY else come.beach)
    if come.posts is not None:
        pairs["POSTs"] = (posts, come.posts)
    yield from (f"{what}: {is_}, and {must} must be" for what, (is_, must) in pairs.items() if is_ != must)
    yield from (f"not said: {words}" for words in come.says if words not in ended.stderr)


def _limited(come: Come, it: Wired, lasted: float) -> Iterator[str]:
    least, most = come.takes
    if not least <= lasted <= most:
        yield f"it lasted {lasted:.1f} s, and {least:g} to {most:g} s must be"
    yield from (f"another host was shown the key: {head}" for head in it.heard if "authorization" in head.lower())


def _healthy(cell: Cell, it: Wired) -> list[str]:
    """What a person says when all is well again: in the end every clip is there, and is what the server made."""
    come, found = cell.come, []
    for said, code in come.then:
        if come.exit == 0:
            found += it.restless()
            continue
        command, *arguments = said.format(job=it.job_of("beach")).split()
        ended = it.run(command, "film.yaml", *arguments)
        if ended.code != code:
            found.append(f"`{said}` ended with {ended.code}, and {code} must be")
    if _bills(it) != come.at_last:
        found.append(f"{_bills(it)} bills in the end, and {come.at_last} must be")
    times = (1 if come.at_last <= len(it.shots) else 2) + cell.given.foreign.count(SHOTS["beach"])
    return [*found, *it.incomplete(), *it.violations(times=times)]


# --- looking


def _bills(it: Wired) -> int:
    return sum(1 for bill in it.ledger["billed"] if bill["shot"] != ELSEWHERE)


def _posts(ledger: "dict[str, dict[str, int]]") -> int:
    return ledger["requests"]["create"]


def _stands(it: Wired, shot: str) -> str:
    mine: list[Attempt] = [each for each in it.facts() if each.intent.shot == shot]
    best = foremost(mine)
    return str(best.state) if best else "nothing"


# --- setting up


def _told(it: Wired, fault: Fault) -> Fault:
    """The fault with the addresses, times and jobs of this stage where its words stand for them."""
    now = it.sandbox.clock.now()
    words = {
        "{depot}": f"{HOME}:{it.ports.depot}",
        "{secure}": f"{HOME}:{it.ports.secure}",
        "{in 40 s}": formatdate(now + 40, usegmt=True),
    }
    values = {"{beach}": it.job_of("beach"), "{now}": str(int(now)), "{ms}": int(now * 1000), "{iso}": _iso(now)}
    headers = {name: _put(value, words) for name, value in fault.headers.items()}
    body = fault.body
    if isinstance(body, Mapping):
        body = {name: values.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    return replace(fault, headers=headers, body=body)


def _put(text: str, words: Mapping[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat()


def _buy_elsewhere(it: Wired, prompt: str) -> None:
    body = json.dumps({"prompt": prompt, "size": "720x1280", "seconds": "4", "model": "sora-2"}).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "X-Shot-Id": ELSEWHERE}
    url = f"http://{HOME}:{it.ports.sandbox}/v1/videos"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as reply:
        assert reply.status == 200
    until = time.monotonic() + 30
    while any(job.result is None for job in it.sandbox.jobs):
        assert time.monotonic() < until, "its clip was never made"
        time.sleep(0.002)


def _draw(it: Wired, size: int) -> None:
    """A reference of so many bytes, most of them in a chunk that says nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x60\x80\xa0" * 720 for _ in range(1280))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 720, 1280, 8, 2, 0, 0, 0))
    parts = [head, chunk(b"IDAT", zlib.compress(rows)), chunk(b"stUf", bytes(size)), chunk(b"IEND", b"")]
    (it.folder / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    manifest = it.folder / "film.yaml"
    beach = SHOTS["beach"]
    manifest.write_text(manifest.read_text().replace(beach, f"{beach}, input_reference: big.png"))
