"""What happens between lives: people edit, decide and merge; git and fate take files away; clocks and keys change."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runner.execute.verdict import adopted, given_up
from runner.lock import lines
from runner.lock.facts import Attempt, AttemptId, Intent, Ruling, State, name_after
from runner.lock.memory import Memory
from runner.manifest.batch import Shot, ShotId
from tests.crash.simulation.disk import File, SimDisk
from tests.crash.simulation.leaning import Leaning
from tests.crash.simulation.life import ORIGIN, Machine, where
from tests.crash.simulation.people import Manifest, draw_request, shot_of, wish

Event = Callable[[Manifest], None]


class Story:
    """The events of one seed."""

    def __init__(self, machine: Machine, leaning: Leaning, *, loses: str, variety: int) -> None:
        self._machine = machine
        self._rng = machine.rng
        self._loses = loses
        self._variety = variety
        weights = leaning.events or {
            "nothing": 3,
            "edit": 4,
            "rename": 4,
            "add": 4,
            "reverse": 2,
            "ask_again": 1,
            "decide": 4,
            "colleague_buys": 1,
            "change_key": 2,
            "change_clock": 2,
            "lose_clips": 2,
            "roll_back": 2 if loses != "ledger" else 0,
            "lose_ledger": 2 if loses != "lockfile" else 0,
        }
        self._events: list[Event] = [getattr(self, name) for name in weights]
        self._weights = list(weights.values())

    def turn(self, manifest: Manifest) -> None:
        """Something happens to a manifest, or nothing."""
        (happens,) = self._rng.choices(self._events, self._weights)
        happens(manifest)
        manifest.note_wishes()

    # -- people

    def nothing(self, manifest: Manifest) -> None: ...

    def edit(self, manifest: Manifest) -> None:
        number = self._rng.randrange(len(manifest.shots))
        manifest.shots[number] = replace(manifest.shots[number], request=draw_request(self._rng, self._variety))

    def rename(self, manifest: Manifest) -> None:
        """Also to a name that another shot had before."""
        number = self._rng.randrange(len(manifest.shots))
        taken = {shot.id for shot in manifest.shots}
        free = [name for name in ("s0", "s1", "s2", "x", "y") if name not in taken]
        manifest.shots[number] = replace(manifest.shots[number], id=ShotId(self._rng.choice(free)))

    def reverse(self, manifest: Manifest) -> None:
        manifest.shots.reverse()

    def add(self, manifest: Manifest) -> None:
        """A new shot, often in front, often equal to one that stands already."""
        taken = {shot.id for shot in manifest.shots}
        free = [name for name in ("s0", "s1", "s2", "x", "y") if name not in taken]
        if len(manifest.shots) >= 4:
            manifest.shots.pop(self._rng.randrange(4))
            return
        twin = self._rng.choice(manifest.shots).request
        request = twin if self._rng.random() < 0.6 else draw_request(self._rng, self._variety)
        manifest.shots.insert(self._rng.choice((0, len(manifest.shots))), shot_of(self._rng.choice(free), request))

    def colleague_buys(self, manifest: Manifest) -> None:
        """The same words, by another client of the account."""
        self._machine.server.foreigner(self._rng.choice(manifest.shots).request)

    def ask_again(self, manifest: Manifest) -> None:
        """A person wants another take."""
        shot = self._rng.choice(manifest.shots)
        manifest.retakes = {shot.id}
        manifest.shown = {}

    def decide(self, manifest: Manifest) -> None:
        """A person resolves unconfirmed purchases."""
        memory = self.memory(manifest)
        for attempt in tuple(memory.attempts.values()):
            if attempt.state is State.INTENT:
                self._verdict(manifest, memory, attempt)

    def _verdict(self, manifest: Manifest, memory: Memory, attempt: Attempt) -> None:
        now = self._machine.clock.now()
        known = {job for each in memory.ledger.attempts.values() for job in each.jobs}
        known |= {job for each in memory.attempts.values() for job in each.jobs}
        request = wish(attempt.intent.request)
        mine = [job for job in self._machine.server.look() if not job.foreign and wish(job.request) == request]
        mine = [job for job in mine if job.id not in known]
        match self._rng.randrange(3):
            case 0 if mine:
                self._machine.by_hand.add(mine[0].id)
                memory.record(adopted(attempt, mine[0].id, now))
            case 1:
                memory.record(given_up(attempt, now, resubmit=True))
                manifest.orders[request] += 1
            case _:
                memory.record(given_up(attempt, now, resubmit=False))

    # -- git and fate

    def change_key(self, manifest: Manifest) -> None:
        manifest.key = "key-two"

    def change_clock(self, _: Manifest) -> None:
        self._machine.clock.skew = self._rng.choice((0.0, 86_400.0, -86_400.0, -3e8))

    def roll_back(self, manifest: Manifest) -> None:
        """git checkout, reset or clean: the lockfile is an older one, or gone."""
        manifest.doubt()
        older = self._rng.choice(manifest.older) if manifest.older and self._rng.random() < 0.5 else None
        self._machine.fs.put(manifest.lockfile, older)

    def lose_ledger(self, manifest: Manifest) -> None:
        """A new machine: only lockfiles are left, or nothing."""
        fs = self._machine.fs
        if self._loses == "both":
            self._machine.loop.jump(60.0)  # until the list shows what was bought last
        for path in [Path(path) for path in fs.files if path.endswith(".jsonl")]:
            fs.put(path, None)
        if self._loses == "both" and self._rng.random() < 0.5:
            self.roll_back(manifest)

    def lose_clips(self, manifest: Manifest) -> None:
        fs = self._machine.fs
        for path in [Path(path) for path in fs.files if path.endswith(".mp4")]:
            if self._rng.random() < 0.5:
                fs.put(path, None)

    # -- another branch

    def pull(self, manifest: Manifest) -> bool:
        """git pull in the middle of a run: the lockfile has a line more. Not in the moment in which it is folded."""
        files = self._machine.fs.files
        if str(manifest.lockfile.with_name(f".{manifest.lockfile.name}.new")) in files:
            return False
        at = round(self._machine.clock.true_time(), 3)
        intent = Intent(
            shot="far", take=1, request=draw_request(random.Random(0), 1, " far away"), origin=ORIGIN, profile="sim",
            price=None, currency="", manifest=manifest.path.name, at=at,
        )  # fmt: skip
        ruling = Ruling(state=State.REJECTED, why="400: too far", at=at)
        theirs = Attempt(id=name_after(AttemptId(""), int(at * 1000), "fa4a0a70"), intent=intent, ruling=ruling)
        ours = self.lines(manifest) or [lines.HEADER]
        self._machine.fs.put(manifest.lockfile, b"".join([*ours, lines.write(theirs, crc=False, owner=False)]))
        manifest.pulled[theirs.id] = State.REJECTED
        return True

    def lines(self, manifest: Manifest) -> list[bytes]:
        """The lines of its lockfile."""
        return _lines(self._machine.fs.files.get(str(manifest.lockfile)))

    def fork(self, manifest: Manifest, number: int) -> Manifest:
        """A colleague's clone, on a machine of its own: it wants clips that nobody else wants."""
        far = Manifest(
            path=Path(f"/far{number}") / manifest.path.relative_to("/"),
            shots=[self._theirs(number, each) for each in range(self._rng.randint(1, 2))],
            state=Path(f"/far{number}/state"),
            key=manifest.key,
        )
        far.note_wishes()
        file = self._machine.fs.files.get(str(manifest.lockfile))
        self._machine.fs.put(far.lockfile, file.data if file else None)
        return far

    def _theirs(self, number: int, each: int) -> Shot:
        return shot_of(f"t{number}{each}", draw_request(self._rng, self._variety, f" of colleague {number}"))

    def merge(self, manifest: Manifest, far: Manifest, base: list[bytes]) -> None:
        """git merge with `merge=union`: no line that either side added is lost."""
        self.memory(far)  # a lockfile that is committed has been opened since the last kill
        ours, theirs = self.lines(manifest), self.lines(far)
        self._machine.fs.put(manifest.lockfile, b"".join(united(base, ours, theirs, self._rng)))
        manifest.shots += [shot for shot in far.shots if shot.id not in {each.id for each in manifest.shots}]
        manifest.orders += far.orders
        manifest.most_wanted |= far.most_wanted
        manifest.doubt()
        manifest.note_wishes()
        self.memory(manifest)  # what no run here has ever opened, this machine cannot remember

    def memory(self, manifest: Manifest) -> Memory:
        disk = SimDisk(self._machine.fs, lambda what: None, lambda what: 0)
        return Memory.open(disk, where(manifest), {shot.request.fingerprint for shot in manifest.shots})


def united(base: list[bytes], ours: list[bytes], theirs: list[bytes], rng: random.Random) -> list[bytes]:
    """A line-wise union: what one side took away goes only if that was no part of a conflict."""
    kept_by_both = [line for line in base if line in ours and line in theirs]
    taken_away = [line for line in base if line not in kept_by_both and rng.random() < 0.5]
    added = [line for line in ours if line not in base] + [line for line in theirs if line not in base]
    rest = list(dict.fromkeys(line for line in [*taken_away, *added, *kept_by_both] if line not in base[:1]))
    if rng.random() < 0.5:
        rng.shuffle(rest)
    return [*(base or ours or theirs)[:1], *rest]


def _lines(file: File | None) -> list[bytes]:
    """Whole lines: who commits a torn one mends it first, as `render` asks."""
    lines = file.data.splitlines(keepends=True) if file else []
    return [line for line in lines if line.endswith(b"\n") and b"\0" not in line]
