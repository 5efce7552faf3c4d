"""Every single bit of a lockfile is turned, and the manifest is planned upon what is left: nothing is bought again.

Folded lines have no crc. Damage in them is refused, or put right by the ledger, or harmless; `python -m
tests.crash.flips` turns all bits and prints which, by the part of the line that the bit is in. `N` turns each N-th.
"""

import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import product
from pathlib import Path

from runner.errors import LockfileDamaged
from runner.lock.facts import Attempt, AttemptId, Claim, End, State
from runner.lock.lockfile import folded
from runner.lock.memory import Memory
from runner.lock.scan import scan
from runner.manifest.batch import Shot
from runner.manifest.request import Request
from runner.plan.ownership import last_owner
from runner.plan.steps import make
from tests.unit.factories import (
    BORN,
    STATE,
    Machine,
    make_attempt,
    make_reference,
    make_request,
    make_shot,
    make_situation,
    make_where,
)

LOCKFILE = make_where().lockfile
REFUSED, RIGHT, HARMLESS, RETRIED, BUYS = "refused", "put right", "harmless", "retried", "BUYS AGAIN"
# Which parts of a folded line may be damaged unnoticed, and why that buys nothing.
WHY = {
    "shot": "the request still fits: its shot takes the clip over, as after a rename",
    "take": "another take of the same shot speaks for it",
    "attempt": "the same purchase under another name",
    "claims": "its owner, or an equal shot that has nothing, takes it over",
    "job": "a wrong id is asked for in vain, and the shot is held",
    "job: name": "a clip that is here needs no job",
    "path": "only shown: where a clip is follows from its shot",
    "sha256": "the clip is fetched again, or held",
    "bytes": "the clip is fetched again, or held",
    "size": "of the clip: only shown",
    "seconds": "of the clip: only shown",
    "audio": "only shown",
    "price": "only summed up",
    "currency": "only shown",
    "currency: name": "only shown",
    "text": "only shown",
    "code": "only shown, unless it tells of moderation; then the message does, too",
    "message": "only shown, unless it tells of moderation; then the code does, too",
    "resubmit: name": "an order that is forgotten buys nothing",
    "claims: name": "its owner, or an equal shot that has nothing, takes it over",
    "origin": "the job is asked for nowhere else, and the shot is held",
    "profile": "only shown",
    "manifest": "only shown",
    **dict.fromkeys(("intent", "ruled", "submitted", "created", "ended", "completed", "expires", "done"), "a time"),
    "header": "the words about the file",
    "line end": "the last line is read all the same",
}
# Where damage counts most: turned bit by bit in every test, not only now and then.
OWNERSHIP = ("shot", "take", "attempt", "claims", "claims: name", "resubmit: name", "code", "line end")


@dataclass(frozen=True)
class Book:
    """Shots, and a lockfile by which all of them are bought or held."""

    shots: Sequence[Shot]
    attempts: Sequence[Attempt]
    retries: int = 0
    known: dict[bool, Mapping[AttemptId, Attempt]] = field(default_factory=dict)

    @cached_property
    def data(self) -> bytes:
        return folded(self.attempts)

    @cached_property
    def ledger(self) -> Mapping[Path, bytes]:
        """The files of a machine's ledger that has the same facts."""
        machine = Machine()
        machine.put(LOCKFILE, self.data)
        self.opened(machine)
        disk = machine.disk()
        return {STATE / name: disk.read(STATE / name) for name in disk.names(STATE) if name.endswith(".jsonl")}

    @cached_property
    def bought(self) -> Collection[str]:
        """The shots that are more than a failure: they have a clip, or it may come, or a person decided about it."""
        return {last_owner(each) for each in self.attempts if each.state not in (State.FAILED, State.REJECTED)}

    def machine(self, data: bytes, *, ledger: bool) -> Machine:
        """A machine with this lockfile, and the ledger or none."""
        machine = Machine()
        machine.put(LOCKFILE, data)
        for path, content in self.ledger.items() if ledger else ():
            machine.put(path, content)
        return machine

    def opened(self, machine: Machine) -> Memory:
        """The real memory, opened as a run opens it. Raises LockfileDamaged."""
        return Memory.open(machine.disk(), make_where(), {shot.request.fingerprint for shot in self.shots})

    def truth(self, *, ledger: bool) -> Mapping[AttemptId, Attempt]:
        """What is known where nothing is damaged."""
        if ledger not in self.known:
            self.known[ledger] = self.opened(self.machine(self.data, ledger=ledger)).attempts
        return self.known[ledger]

    def fate(self, data: bytes, *, ledger: bool) -> str:
        """What comes of a damaged lockfile."""
        reading = scan(data)
        if reading.bad or reading.newer:
            return REFUSED  # as opening it would, in much longer time
        try:
            attempts = self.opened(self.machine(data, ledger=ledger)).attempts
        except LockfileDamaged:
            return REFUSED
        plan = make(self.shots, make_situation(*attempts.values(), retries=self.retries))
        if bought := [step.shot for step in plan.purchases]:
            return RETRIED if self.bought.isdisjoint(bought) else BUYS
        return RIGHT if attempts == self.truth(ledger=ledger) else HARMLESS


def entry(state: State, number: int, *claims: str, **fields: object) -> Attempt:
    """An attempt with a name such as real ones have: two of them differ in more than a bit."""
    job = f"video_{number * 0x9E3779B97F4A7C15 % 2**64:016x}"
    name = AttemptId(f"{0x19A0C7B41F0 + 4099 * number:012x}{number * 0x9E3779B1 % 2**32:08x}")
    taken_over = tuple(Claim(number=count, shot=shot) for count, shot in enumerate(claims, 1))
    return replace(make_attempt(state, number, **{"job": job, **fields}), id=name, claims=taken_over)


@cache
def books() -> Mapping[str, Book]:
    """Every kind of history that a shot can have, beside a shot of an equal request where that matters."""
    beach = make_shot("beach")
    one, three = make_shot("s1", "twins"), make_shot("s3", "twins")  # their names differ in one bit
    left, right = make_shot("left", "twins"), make_shot("right", "twins")
    rich = make_request("a horse", reference=make_reference(focus=(0.25, 1.0)), extra={"seed": 7})
    blocked = End(
        state=State.FAILED, code="moderation_blocked", message="It was blocked by our moderation system.", at=BORN + 50
    )
    plain = {str(state): Book([beach], [entry(state, 1)]) for state in State if state is not State.UNSENT}
    return {
        **plain,
        "blocked": Book([beach], [entry(State.FAILED, 1, end=blocked)], retries=1),
        "retried": Book([beach], [entry(State.FAILED, 1), entry(State.DONE, 2)], retries=1),
        "failed twice": Book([beach], [entry(State.FAILED, 1), entry(State.FAILED, 2)], retries=1),
        "ordered again": Book([beach], [entry(State.ABANDONED, 1, resubmit=True), entry(State.DONE, 2)]),
        "retaken": Book([beach], [entry(State.DONE, 1), entry(State.DONE, 2, take=2)]),
        "edited": Book([beach], [entry(State.DONE, 1, prompt="as it was"), entry(State.SUBMITTED, 2)]),
        "renamed": Book([make_shot("sea")], [entry(State.DONE, 1, "shore", "sea")]),
        "twins": Book([one, three], [_twin(State.DONE, 1, "s1"), _twin(State.DONE, 2, "s3")]),
        "a twin of a renamed one": Book(
            [left, right], [_twin(State.DONE, 1, "left", "right"), _twin(State.DONE, 2, "left")]
        ),
        "a retried twin": Book(
            [one, three],
            [_twin(State.FAILED, 1, "s1"), _twin(State.SUBMITTED, 2, "s1"), _twin(State.DONE, 3, "s3")],
            retries=1,
        ),
        "with a reference": Book([_shot_of(beach, rich)], [entry(State.DONE, 1, request=rich)]),
    }


def _twin(state: State, number: int, shot: str, *claims: str) -> Attempt:
    return entry(state, number, *claims, shot=shot, prompt="twins")


def _shot_of(shot: Shot, request: Request) -> Shot:
    return replace(shot, request=request)


def flipped(data: bytes, place: int, bit: int) -> bytes:
    """The bytes with one bit turned."""
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


_NAME = re.compile(rb'"([a-z0-9_]+)":')


def parts(data: bytes) -> Iterator[str]:
    """For every byte of a file the part of the line that it is in."""
    for line in data.splitlines(keepends=True):
        names = [(match.start(), match.end(), match[1].decode()) for match in _NAME.finditer(line)]
        for place in range(len(line) - 1):
            start, end, name = next((each for each in reversed(names) if each[0] <= place), (-1, -1, "brace"))
            header = names[0][2] == "lock"
            yield "header" if header else f"{name}: name" if start <= place < end else name
        yield "line end"


def fates(book: Book, *, ledger: bool, every: int = 1, whole: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """The part and the fate of each `every`-th bit that is turned, and of every bit in the parts that are `whole`."""
    for (place, part), bit in product(enumerate(parts(book.data)), range(8)):
        if (place * 8 + bit) % every == 0 or part in whole:
            yield part, book.fate(flipped(book.data, place, bit), ledger=ledger)


def main() -> int:
    """Print the table; the exit code says whether a turned bit buys anything."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    unexplained = 0
    for ledger in (True, False):
        found: dict[str, Counter[str]] = {}
        for book in books().values():
            for part, fate in fates(book, ledger=ledger, every=every):
                found.setdefault(part, Counter())[fate] += 1
        unexplained += _print(found, "the lockfile, with the ledger" if ledger else "the lockfile alone")
    return 1 if unexplained else 0


def _print(found: Mapping[str, Counter[str]], title: str) -> int:
    kinds = (REFUSED, RIGHT, HARMLESS, RETRIED, BUYS)
    total = sum(found.values(), Counter())
    print(f"\n{title}: {total.total():,} bits turned\n{'':16}" + "".join(f"{kind:>12}" for kind in kinds))
    for part, counts in [*sorted(found.items()), ("all", total)]:
        why = f"  {WHY.get(part, '')}" if counts[HARMLESS] and part != "all" else ""
        print(f"{part:16}" + "".join(f"{counts[kind]:>12,}" for kind in kinds) + why)
    return total[BUYS] + sum(counts[HARMLESS] for part, counts in found.items() if part not in WHY)


if __name__ == "__main__":
    sys.exit(main())
