"""The judge: what must hold of every disk, of every way home from it, and of a run with nothing to do.

The server's books say what was paid for; the files say what is remembered.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from runner.events import Ending
from runner.execute.execution import Report
from runner.lock.facts import RANK, Attempt, AttemptId, join_all
from runner.lock.scan import scan
from runner.plan.ownership import last_owner
from tests.crash.images.film import FOLDER, HIDDEN, LOCKFILE, RENDERS, STATE, Film, wish
from tests.crash.images.recording import THERE, Promise
from tests.crash.images.tree import Image
from tests.crash.simulation.server import Billed, Server, clip_bytes

Facts = Mapping[AttemptId, Attempt]
_BOOKS = (".lock", ".jsonl")
_OURS = (HIDDEN, RENDERS, STATE)


def facts_of(image: Image, *suffixes: str) -> Facts:
    """All that any file remembers, or any of some kinds of files."""
    books = [kept.data for path, kept in image.files.items() if path.suffix in (suffixes or _BOOKS)]
    return join_all(record for data in books for record in scan(data).records)


def of_image(image: Image, promise: Promise, film: Film, clips: frozenset[bytes]) -> Iterator[str]:
    """What is wrong with a disk as a crash left it."""
    for path, kept in image.files.items():
        if path.suffix in _BOOKS and (bad := scan(kept.data).bad):
            yield f"I3: {path.name} cannot be read: line {bad[0].number} is {bad[0].why}"
    facts = facts_of(image)
    intents = Counter(wish(each.intent.request) for each in facts.values())
    for wanted, count in promise.sent.items():
        if intents[wanted] < count:
            yield f"I1: {count} POSTs of {wanted[1]} may have arrived, {intents[wanted]} intents are left"
    known = {job for each in facts.values() for job in each.jobs}
    if promise.jobs - known:
        yield f"I2: {sorted(promise.jobs - known)} was used and is in no file"
    yield from _of_books(image, promise, film)
    yield from _of_files(image, facts, film, clips)


def _of_books(image: Image, promise: Promise, film: Film) -> Iterator[str]:
    """Lockfile and ledger each remember what was acted upon: either may be lost, by git or with a machine."""
    for suffix in _BOOKS if not film.rolled_back else ():
        facts = facts_of(image, suffix)
        if forgotten := promise.now - {job for each in facts.values() for job in each.jobs}:
            yield f"I2: {sorted(forgotten)} was used and no {suffix} file has it"
        done = {owner for each in facts.values() if each.clip for owner in (each.intent.shot, last_owner(each))}
        if forgotten := promise.there - done:
            yield f"I3: {sorted(forgotten)} was said to be there and no {suffix} file has it"


def _of_files(image: Image, facts: Facts, film: Film, clips: frozenset[bytes]) -> Iterator[str]:
    for path, kept in image.files.items():
        if path.parent == RENDERS and path.suffix == ".mp4" and kept.data not in clips and kept.data != film.strange:
            yield f"I5: {path.name} is no whole clip"
        if path != LOCKFILE and path.parent != FOLDER and not any(path.is_relative_to(folder) for folder in _OURS):
            yield f"I10: {path} is no place for a file of ours"
    recorded = {each.clip.sha256 for each in facts.values() if each.clip}
    for shot in film.prompts:
        kept = image.files.get(film.clip(shot))
        if kept and kept.data != film.strange and hashlib.sha256(kept.data).hexdigest() not in recorded:
            yield f"I5: the clip of {shot} has its name and no record"
    here = {hashlib.sha256(kept.data).hexdigest() for path, kept in image.files.items() if path.suffix == ".mp4"}
    for each in facts.values():
        if each.clip and each.clip.sha256 not in here and not film.bare:
            yield f"I6: the clip of {each.intent.shot} is recorded, and is nowhere"
    if film.strange and all(kept.data != film.strange for kept in image.files.values()):
        yield "I6: a file that is not ours is gone"


def clips_of(jobs: Iterable[Billed]) -> frozenset[bytes]:
    """The bytes of whole clips."""
    return frozenset(clip_bytes(job.id) for job in jobs)


def of_bills(server: Server, film: Film) -> Iterator[str]:
    """What is wrong with the server's books, at any time."""
    good = Counter(wish(job.request) for job in server.look() if not job.fails)
    for request, count in good.items():
        if count > film.most[request]:
            yield f"I1: {count} bills for {request[1]}, {film.most[request]} wanted"
    if server.most_running > 2 or server.refused:
        yield f"I4: {server.most_running} jobs ran at once, {server.refused} POSTs had no slot"


def of_ending(report: Report, held: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with how a run ended, when nothing failed any more; `held` says who may wait for a person."""
    if report.stop is not None:
        yield f"I9: it stopped: {report.stop.message}"
    for each in report.outcomes:
        if each.ending in THERE or (each.ending is Ending.HELD and each.shot in held):
            continue
        number = "I8" if each.ending is Ending.HELD else "I9"
        yield f"{number}: {each.shot} is {each.ending}: {each.reason}"


def of_memory(before: Facts, image: Image) -> Iterator[str]:
    """What a life forgot of what it found."""
    after = facts_of(image)
    for id_, each in before.items():
        now = after.get(id_)
        if now is None or RANK[now.state] < RANK[each.state] or not {*each.jobs} <= {*now.jobs}:
            yield f"I3: {each.intent.shot}, attempt {id_} was {each.state} and is {now.state if now else 'forgotten'}"


def of_end(image: Image, server: Server, film: Film) -> Iterator[str]:
    """What is missing when all should be there."""
    good = Counter(wish(job.request) for job in server.look() if not job.fails)
    for request, count in film.least.items():
        if good[request] < count:
            yield f"I9: {good[request]} bills for {request[1]}, {count} wanted"
    jobs = {clip_bytes(job.id): wish(job.request) for job in server.books}
    for shot in film.shots:
        kept = image.files.get(film.clip(shot.id))
        if kept is None or jobs.get(kept.data) != wish(shot.request):
            yield f"I5: {shot.id} has {'no clip' if kept is None else 'the clip of another request'}"
    known = {job for each in facts_of(image).values() for job in each.jobs}
    for job in server.books:
        if job.id not in known:
            yield f"I2: {job.id} was billed and nobody knows of it"


def of_rest(before: Image, after: Image, *, calls: int, posts: int) -> Iterator[str]:
    """What a run with nothing to do has done."""
    if posts:
        yield f"I9: a run with nothing to do sent {posts} purchases"
    if calls:
        yield f"I9: a run with nothing to do asked the server {calls} times"
    for path in sorted({*before.files, *after.files}):
        if _data(before, path) != _data(after, path):
            yield f"I9: a run with nothing to do changed {path.name}"


def _data(image: Image, path: Path) -> bytes | None:
    kept = image.files.get(path)
    return kept.data if kept else None
