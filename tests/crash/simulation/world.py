"""One seed: a batch, a disk, a server, and the lives of processes that are killed at any operation."""

import asyncio
import errno
import random
from collections.abc import Iterable
from pathlib import Path

from runner.errors import LockfileDamaged, Stop
from runner.events import Ending
from runner.execute.execution import Report
from runner.lock.facts import State
from tests.crash.simulation.disk import Crash, Filesystem
from tests.crash.simulation.judge import Judge, Violation
from tests.crash.simulation.leaning import LEANINGS, WEIGHTS, draw_nature
from tests.crash.simulation.life import Machine, Process, live, profile
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.crash.simulation.people import Manifest, draw_request, shot_of
from tests.crash.simulation.server import Server
from tests.crash.simulation.story import Story


class World:
    """Everything of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.kills = 0
        self.rng = rng = random.Random(seed)
        random.seed(seed)
        loop = VirtualLoop()
        clock = VirtualClock(loop)
        (self.leaning,) = rng.choices(LEANINGS, WEIGHTS)
        self.nature = draw_nature(rng, self.leaning)
        self.variety = rng.choice(self.leaning.variety)
        self.loses = rng.choice(self.leaning.loses)
        if self.loses == "both" and self.nature.lists != "faithful":
            self.loses = "lockfile"  # what both memories lose is found only in a list that still shows it
        complete = self.nature.lists == "faithful" and rng.random() < 0.7
        self.machine = Machine(
            rng=rng,
            loop=loop,
            clock=clock,
            fs=Filesystem(rng),
            server=Server(clock=clock, rng=rng, nature=self.nature),
            profile=profile(complete=complete, retention=self.nature.retention),
            retries=rng.choice((0, 0, 1, 2)),
        )
        count = rng.choice(self.leaning.manifests) if self.loses == "lockfile" else 1
        self.manifests = [self._draw_manifest(number) for number in range(count)]
        self.story = Story(self.machine, self.leaning, loses=self.loses, variety=self.variety)
        self.judge = Judge(self.machine, self.manifests, loses=self.loses)

    def play(self) -> None:
        """All lives, then calm, then the last account. Raises Violation."""
        lives = self.rng.choice(self.leaning.lives)
        branch = (
            self.rng.randint(1, 2) if self.rng.random() < self.leaning.branch and self.loses == "lockfile" else None
        )
        try:
            for number in range(lives):
                if number == branch:
                    self._branch(number)
                else:
                    self._life_together(self.manifests)
                self._between_lives()
            self._calm_down()
        finally:
            self.machine.loop.close()

    # -- lives

    def _life_together(self, manifests: list[Manifest]) -> None:
        together = manifests if self.rng.random() < 0.7 else [self.rng.choice(manifests)]
        processes = [self._process(each) for each in together]
        self.run(processes)
        self.kills += sum(process.dead for process in processes)
        if any(process.dead for process in processes) and self.rng.random() < self.leaning.power:
            self.machine.fs.power_cut()
        self.judge.check()

    def _branch(self, number: int) -> None:
        """A colleague goes on from the same commit on another machine; then both branches are merged."""
        manifest = self.rng.choice(self.manifests)
        base, far = self.story.lines(manifest), self.story.fork(manifest, number)
        self.judge.apart = True
        self.judge.manifests = [*self.manifests, far]
        for each in (manifest, far):
            if self.rng.random() < 0.8:
                self.story.decide(each)
        for _ in range(self.rng.choice((1, 2))):
            self._life_together([manifest, far])
            self._pass(self.rng.choice(self.leaning.short_gaps))
            self.story.turn(manifest)
        self.story.merge(manifest, far, base)
        self.judge.manifests = self.manifests

    def _between_lives(self) -> None:
        self._pass(self.rng.choice(self.leaning.short_gaps if self.loses == "both" else self.leaning.gaps))
        for manifest in self.manifests:
            self.story.turn(manifest)
        if not self.machine.profile.list_complete and self.loses != "both" and self.rng.random() < 0.05:
            self.machine.server.purge()

    def _calm_down(self) -> None:
        """All faults stop; one run then brings everything to its end, and another has nothing to do."""
        self.nature.calm()
        for manifest in self.manifests:
            self._calm_run(manifest)
        for manifest in self.manifests[:-1]:
            if manifest.held:  # perhaps by what another run had left open, until that one's manifest was rendered, too
                self._calm_run(manifest)
        if self.rng.random() < self.leaning.account:
            for manifest in self.manifests:
                self._last_account(manifest)
        self.judge.check_lost()

    def _calm_run(self, manifest: Manifest) -> None:
        self._pass(7200.0)
        self.run([Process(manifest=manifest)])
        self.judge.check()

    def _last_account(self, manifest: Manifest) -> None:
        """A run with nothing to do: at most it takes over, for nothing, what the run before it has let go."""
        posts, lockfile = self.machine.server.posts, self.machine.fs.files
        for _ in range(2):
            before = lockfile[str(manifest.lockfile)].data
            (report,) = self.run([Process(manifest=manifest)])
            self.judge.check()
            if lockfile[str(manifest.lockfile)].data == before:
                break
        self.judge.check_rest(manifest, before, posts, report.outcomes)
        self.judge.check_home(manifest, report)

    def run(self, processes: list[Process]) -> list[Report]:
        """Run processes side by side until each has ended or died."""

        async def together() -> list[object]:
            return await asyncio.gather(*(self._one(each) for each in processes), return_exceptions=True)

        for each in processes:
            self.machine.alive[str(each.manifest.path)] = each
        results = self.machine.loop.run_until_complete(together())
        self.machine.alive.clear()
        return [*self._ended(zip(processes, results, strict=True))]

    async def _one(self, process: Process) -> Report:
        try:
            return await live(process, self.machine)
        finally:
            self.machine.alive.pop(str(process.manifest.path), None)

    def _ended(self, ends: Iterable[tuple[Process, object]]) -> Iterable[Report]:
        for process, result in ends:
            if isinstance(result, Report):
                self._told(process.manifest, result)
                yield result
            elif isinstance(result, LockfileDamaged):
                raise Violation(f"the lockfile cannot be read: {result}")
            elif isinstance(result, BaseException) and not isinstance(result, Crash | Stop):
                raise result

    def _told(self, manifest: Manifest, report: Report) -> None:
        manifest.held = {each.shot: each.reason for each in report.outcomes if each.ending is Ending.HELD}
        file = self.machine.fs.files.get(str(manifest.lockfile))
        if file:
            manifest.older.append(file.data)
        if report.stop is None:
            records = self.judge.records(manifest).values()
            manifest.promised = {each.id: each.state for each in records if each.state is not State.UNSENT}
        self.judge.check_same_clips(manifest, report)

    # -- what is drawn

    def _process(self, manifest: Manifest) -> Process:
        rng = self.rng
        process = Process(manifest=manifest)
        if rng.random() < self.leaning.fuse:
            process.fuse = rng.randint(1, rng.choice((40, 160)))
        if rng.random() < 0.1:
            code = rng.choice((errno.ENOSPC, errno.EIO))
            process.disk_fault = (rng.randint(1, 100), code, rng.random() < 0.3)
        if rng.random() < 0.2:
            process.interrupt = rng.uniform(0, 300)
        if self.loses == "lockfile" and rng.random() < 0.05:
            if self.seed % 2:
                process.puller = lambda: self.story.pull(manifest)
            else:
                process.gremlin = lambda: self.story.roll_back(manifest)
        if rng.random() < 0.05:
            skew = rng.choice((86_400.0, -86_400.0))
            self.machine.loop.call_later(rng.uniform(0, 60), setattr, self.machine.clock, "skew", skew)
        return process

    def _draw_manifest(self, number: int) -> Manifest:
        shots = [
            shot_of(f"s{each}", draw_request(self.rng, self.variety))
            for each in range(self.rng.choice(self.leaning.shots))
        ]
        manifest = Manifest(path=Path(f"/sim/m{number}/batch.yaml"), shots=shots)
        manifest.note_wishes()
        return manifest

    def _pass(self, seconds: float) -> None:
        self.machine.loop.jump(seconds)
