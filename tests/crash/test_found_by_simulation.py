"""What the simulation found, each told as a story of its own: the seeds draw other worlds when the simulation grows."""

import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runner.events import Ending
from runner.execute.execution import Report
from runner.execute.verdict import given_up
from runner.lock.facts import State
from runner.lock.lockfile import Lockfile
from runner.lock.memory import Memory
from runner.manifest.batch import ShotId
from tests.crash.simulation.disk import Crash, Filesystem, SimDisk
from tests.crash.simulation.life import Machine, Process, live, profile, where
from tests.crash.simulation.loop import VirtualClock, VirtualLoop
from tests.crash.simulation.people import Manifest, shot_of
from tests.crash.simulation.server import Nature, Server
from tests.unit.factories import make_request

DAY = 86_400.0


@dataclass(kw_only=True)
class Stand:
    """One manifest on one machine, and a server that does what a story says."""

    machine: Machine
    manifest: Manifest

    def run(self, **fate: object) -> Report | None:
        """One life; None if it died."""
        process = Process(manifest=self.manifest, **fate)  # type: ignore[arg-type]
        self.machine.alive[str(self.manifest.path)] = process
        try:
            report: Report = self.machine.loop.run_until_complete(live(process, self.machine))
        except Crash:
            return None
        finally:
            self.machine.alive.clear()
        return report

    def endings(self, **fate: object) -> dict[str, Ending]:
        report = self.run(**fate)
        assert report is not None
        return {each.shot: each.ending for each in report.outcomes}

    def add(self, name: str, prompt: str) -> None:
        self.manifest.shots.append(shot_of(name, make_request(prompt=prompt)))

    def memory(self) -> Memory:
        return Memory.open(SimDisk(self.machine.fs, lambda what: None, lambda what: 0), where(self.manifest), set())

    def bills(self, prompt: str) -> int:
        return sum(job.request.prompt == prompt for job in self.machine.server.look())


def stand(nature: Nature, *, complete: bool = True) -> Stand:
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    rng = random.Random(1)
    machine = Machine(
        rng=rng,
        loop=loop,
        clock=clock,
        fs=Filesystem(rng),
        server=Server(clock=clock, rng=rng, nature=nature),
        profile=profile(complete=complete, retention=nature.retention),
        retries=0,
    )
    return Stand(machine=machine, manifest=Manifest(path=Path("/sim/film.yaml"), shots=[]))


def lose_clips(it: Stand) -> None:
    for path in [Path(path) for path in it.machine.fs.files if path.endswith(".mp4")]:
        it.machine.fs.put(path, None)


@pytest.fixture(autouse=True)
def _same_jitter() -> None:
    random.seed(1)
    return


def test_the_slot_of_a_job_that_the_server_forgot_is_let_go() -> None:
    it = stand(Nature(render=600.0), complete=False)
    it.add("one", "one")
    it.add("two", "two")
    it.run(interrupt=30.0)
    it.machine.loop.jump(700.0)
    it.machine.server.purge()
    it.add("three", "three")
    assert it.endings() == {"one": Ending.HELD, "two": Ending.HELD, "three": Ending.DONE}
    assert it.bills("one") == it.bills("two") == it.bills("three") == 1


@pytest.mark.parametrize("skew", [0.0, -3e8])
def test_the_slot_of_another_runs_job_that_is_forgotten_is_let_go_by_this_runs_own_time(skew: float) -> None:
    it = stand(Nature(render=600.0, dated=False), complete=False)
    it.add("one", "one")
    it.add("two", "two")
    it.run(interrupt=30.0)
    it.machine.loop.jump(700.0)
    it.machine.server.purge()
    it.machine.clock.skew = skew
    other = Stand(machine=it.machine, manifest=Manifest(path=Path("/sim/other.yaml"), shots=[]))
    other.add("three", "three")
    assert other.endings() == {"three": Ending.DONE}


def test_an_old_unconfirmed_purchase_waits_for_this_runs_own_post_of_the_same_clip() -> None:
    it = stand(Nature(lose_before=1.0, render=1.0))
    it.add("one", "same")
    it.run(interrupt=60.0)
    it.machine.server.nature.calm()
    it.machine.loop.jump(DAY / 12)
    it.add("two", "same")
    assert it.endings() == {"one": Ending.DONE, "two": Ending.DONE}
    assert it.bills("same") == 2


def test_a_job_that_is_certainly_one_shots_is_no_doubt_for_another() -> None:
    it = stand(Nature(lose_before=1.0, render=1.0))
    it.add("one", "same")
    it.run(interrupt=60.0)
    it.machine.loop.jump(DAY / 12)
    it.machine.server.nature.calm()
    it.machine.server.nature.lose_after = 1.0
    it.add("two", "same")
    it.run(interrupt=0.03)  # during its POST
    it.machine.server.nature.calm()
    it.machine.loop.jump(DAY / 12)
    assert it.endings() == {"one": Ending.DONE, "two": Ending.DONE}
    assert it.bills("same") == 2


@pytest.mark.parametrize("dated", [True, False])
def test_a_clock_that_is_a_day_ahead_expires_no_clip(dated: bool) -> None:
    it = stand(Nature(render=1.0, dated=dated))
    it.add("one", "one")
    it.run()
    lose_clips(it)
    it.machine.clock.skew = DAY
    assert it.endings() == {"one": Ending.DONE}
    assert it.bills("one") == 1


def test_a_clock_that_is_a_day_ahead_makes_no_fact_of_a_404() -> None:
    it = stand(Nature(render=60.0, dated=False), complete=False)
    it.add("one", "one")
    it.run(interrupt=10.0)
    it.machine.loop.jump(60.0)
    it.machine.server.purge()
    it.machine.clock.skew = DAY
    assert it.endings() == {"one": Ending.HELD}
    assert [each.state for each in it.memory().attempts.values()] == [State.SUBMITTED]


@pytest.mark.parametrize("expires", [-5.0, 1.0])
def test_an_absurd_expiry_is_not_believed_of_a_404(expires: float) -> None:
    it = stand(Nature(render=1.0), complete=False)
    it.add("one", "one")
    it.run()
    memory = it.memory()
    (attempt,) = memory.attempts.values()
    assert attempt.clip is not None
    memory.record(replace(attempt, clip=replace(attempt.clip, expires_at=expires, at=attempt.clip.at + 1)))
    lose_clips(it)
    it.machine.server.purge()
    report = it.run()
    assert report is not None
    assert "the server does not have its clip (404: no such video)" in report.outcomes[0].reason


def test_a_clock_that_was_turned_back_does_not_repeat_an_order() -> None:
    it = stand(Nature(lists="none", lose_before=1.0, render=60.0), complete=False)
    it.machine.clock.skew = DAY
    it.add("one", "one")
    it.run()
    memory = it.memory()
    (attempt,) = memory.attempts.values()
    memory.record(given_up(attempt, it.machine.clock.now(), resubmit=True))
    it.machine.server.nature.calm()
    it.machine.clock.skew = 0.0
    it.run(interrupt=20.0)
    it.machine.loop.jump(2 * DAY)
    for _ in range(2):
        assert it.endings() == {"one": Ending.HELD}  # it expired before it was fetched
    assert it.bills("one") == 1


def test_an_earlier_request_that_never_arrived_does_not_use_up_the_shots_own_second_try() -> None:
    it = stand(Nature(lose_before=1.0, render=1.0))
    it.add("one", "before")
    it.run(interrupt=600.0)
    it.manifest.shots = []
    it.add("one", "after")
    it.run(interrupt=600.0)
    it.machine.server.nature.calm()
    assert it.endings() == {"one": Ending.DONE}
    assert (it.bills("before"), it.bills("after")) == (0, 1)


class _Swapped(SimDisk):
    """Somebody puts another lockfile there after the look at it and before the line that is written."""

    def __init__(self, fs: Filesystem, text: bytes) -> None:
        super().__init__(fs, lambda what: None, lambda what: 0)
        self.text: bytes | None = text
        self._filesystem = fs

    def write(self, path: Path, data: bytes, *, at: int | None) -> None:
        if path.suffix == ".lock" and self.text is not None:
            self._filesystem.put(path, self.text)
            self.text = None
        super().write(path, data, at=at)


def test_no_fact_is_written_into_the_middle_of_a_lockfile_that_was_put_there_a_moment_ago() -> None:
    it = stand(Nature(render=1.0))
    it.add("one", "one")
    it.add("two", "two")
    it.run()
    longer = it.machine.fs.get(it.manifest.lockfile).data
    memory = it.memory()
    first, second = memory.attempts.values()
    it.machine.fs.put(it.manifest.lockfile, None)
    disk = _Swapped(it.machine.fs, longer)
    lockfile = Lockfile(disk, it.manifest.lockfile)
    lockfile.append(first)
    assert it.machine.fs.get(it.manifest.lockfile).data.startswith(longer)
    assert lockfile.changed()
    reading = lockfile.load()
    assert not reading.bad
    assert {each.id for each in reading.records} == {first.id, second.id}


@pytest.mark.parametrize("later", ["two", "three"])
def test_a_clip_that_another_shot_lent_is_not_bought_again_by_the_next_equal_shot(later: str) -> None:
    it = stand(Nature(render=60.0))
    it.add("one", "same")
    it.run(interrupt=10.0)
    it.machine.loop.jump(2 * DAY)  # it expired before it was fetched
    it.add("two", "same")
    it.run(interrupt=45.0)  # it is asked for again and again before that is believed
    it.manifest.shots.pop()
    assert it.endings() == {"one": Ending.DONE}, "what was bought for the other shot takes its place, for nothing"
    it.add(later, "same")
    for _ in range(2):
        assert it.endings() == {"one": Ending.KEPT, later: Ending.HELD}
    assert it.bills("same") == 2
    it.manifest.retakes = {ShotId(later)}
    assert it.endings() == {"one": Ending.KEPT, later: Ending.DONE}
    assert it.bills("same") == 3


def test_failures_count_though_a_kill_cuts_the_claims_of_a_renamed_shot() -> None:
    for fuse in range(1, 30):
        it = stand(Nature(render=1.0, fails=1.0))
        it.machine.retries = 1
        it.add("one", "one")
        assert it.endings() == {"one": Ending.FAILED}
        it.manifest.shots = []
        it.add("two", "one")
        it.run(fuse=fuse)
        assert it.endings() == {"two": Ending.HELD}, fuse
        assert it.bills("one") == 2, fuse


def test_a_name_that_is_used_again_brings_nothing_to_the_shot_that_had_it_before() -> None:
    it = stand(Nature(render=60.0))
    it.add("name", "same")
    it.run(interrupt=10.0)
    it.manifest.shots = []
    it.add("old", "same")
    it.run(interrupt=10.0)
    it.machine.loop.jump(2 * DAY)  # what it claimed expires
    it.add("name", "same")
    assert it.endings() == {"old": Ending.HELD, "name": Ending.DONE}
    it.manifest.shots = []
    it.add("new", "same")
    it.add("old", "same")
    assert it.endings() == {"new": Ending.RESTORED, "old": Ending.HELD}
    assert it.bills("same") == 2
