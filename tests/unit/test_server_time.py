"""The server's clock: told by its replies, carried on by time that does not jump."""

from runner.execute.server_time import ServerTime
from runner.provider.videos import Polled, ToldTime
from tests.unit.factories import BORN, Line, StillClock, make_job

TOLD = ToldTime(server=BORN + 1_000_000, monotonic=5000.0)


def test_before_the_first_reply_the_machines_clock_counts_and_is_not_called_certain() -> None:
    clock = StillClock(wall=BORN + 0.123_456)
    time = ServerTime(clock, Line(Polled(job=make_job())))
    assert not time.calibrated
    assert time.now() == BORN + 0.123


def test_without_a_server_there_is_only_the_machines_clock() -> None:
    time = ServerTime(StillClock(), None)
    assert not time.calibrated
    assert time.now() == BORN


def test_what_the_server_told_goes_on_with_monotonic_time() -> None:
    clock, line = StillClock(), Line(Polled(job=make_job()), told_time=TOLD)
    time = ServerTime(clock, line)
    clock.pass_by(12.5)
    assert time.calibrated
    assert time.now() == BORN + 1_000_012.5


def test_a_wall_clock_that_jumps_changes_nothing() -> None:
    clock, line = StillClock(), Line(Polled(job=make_job()), told_time=TOLD)
    time = ServerTime(clock, line)
    before = time.now()
    clock.wall -= 3e8
    assert time.now() == before


def test_the_last_reply_counts() -> None:
    clock, line = StillClock(), Line(Polled(job=make_job()), told_time=TOLD)
    time = ServerTime(clock, line)
    clock.pass_by(60)
    line.told_time = ToldTime(server=BORN + 7, monotonic=clock.monotonic())
    assert time.now() == BORN + 7


def test_times_are_whole_milliseconds() -> None:
    clock, line = StillClock(), Line(Polled(job=make_job()), told_time=TOLD)
    clock.pass_by(1 / 3)
    assert ServerTime(clock, line).now() == round(BORN + 1_000_000.333, 3)
