"""A server whose clock says anything: no run waits for it, and nothing is believed to be long ago or far off by it."""

import pytest

from runner.execute.slots import Slots
from runner.lock import lines
from runner.lock.facts import State
from runner.provider.parsing import LATEST, job_of
from runner.provider.retry_after import LONGEST, poll_after, seconds_from, unix_time
from tests.unit.factories import BORN, StillClock, make_attempt, make_owner
from tests.unit.test_slots import run_that_knows

YEARS = 365 * 86_400.0


def test_a_slot_is_not_held_until_a_year_that_the_server_once_told() -> None:
    clock = StillClock()
    dated = make_attempt(State.INTENT, owner=make_owner(calibrated=True), at=BORN + 100 * YEARS)
    slots = Slots(run_that_knows(dated, clock=clock, slots=1))
    assert not slots.free, "it may still have it"
    clock.pass_by(slots.hold + 1)
    assert slots.free


@pytest.mark.parametrize(
    "told", [1e9, -1, "NaN", "inf", "-inf", "1" * 400, "1e308", "", "x", "١٢", "1_0", "0x10", "5 s"]
)
def test_no_wish_to_be_left_alone_is_kept_for_ever(told: object) -> None:
    for name in ("retry-after", "retry-after-ms", "openai-poll-after-ms"):
        for wait in (seconds_from({name: str(told)}, now=BORN), poll_after({name: str(told)}, now=BORN)):
            assert wait is None or 0 <= wait <= LONGEST


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 GMT",
        "Mon, 01 Jan 0100 00:00:00 +2359", "Wed, 21 Oct 2015 07:28:00 GMT", "Sun, 06 Nov 1994 08:49:37", "yesterday",
        "Fri, 99 Dec 2026 99:99:99 GMT", "1 Jan 2026 00:00:00 +99999999", "\x00", "x" * 10_000,
        "Thu, 01 Jan 1970 00:00:00 GMT",
    ],
)  # fmt: skip
def test_no_date_of_a_header_breaks_anything(date: str) -> None:
    unix_time(date)
    for headers in ({"retry-after": date}, {"retry-after": date, "date": date}):
        wait = seconds_from(headers, now=BORN)
        assert wait is None or 0 <= wait <= LONGEST


@pytest.mark.parametrize(
    "told",
    [
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z", "2262-04-12", 1e308,
        -1, 253402300799.9999, 10**400, "1e400", 1e11, float(LATEST), "", "now", [], {}, True, None, "-0001-01-01",
    ],
)  # fmt: skip
def test_whatever_time_a_job_tells_its_fact_can_be_written_and_read(told: object) -> None:
    job = job_of({"id": "video_1", "status": "queued", "created_at": told, "completed_at": told, "expires_at": told})
    assert job is not None
    for at in (job.created_at, job.completed_at, job.expires_at):
        assert at is None or 0 < at < LATEST
    attempt = make_attempt(State.SUBMITTED, at=job.created_at or BORN)
    assert lines.read(lines.write(attempt, crc=True, owner=True).strip()) is not None
