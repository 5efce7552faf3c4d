"""Servers of one's own, where a clip costs nothing: what they forget is made again, and nobody has to decide."""

from dataclasses import replace

from runner.events import Ending
from runner.lock.facts import State
from tests.crash.simulation.people import shot_of
from tests.crash.simulation.server import Nature
from tests.crash.test_found_by_simulation import Stand, stand
from tests.unit.factories import make_request


def forgotten(*, free: bool) -> Stand:
    """A shot whose job ended while nobody looked, and was lost when the server was started again."""
    it = stand(Nature(render=600.0), complete=False)
    it.machine.profile = replace(it.machine.profile, resubmit_lost=free)
    it.add("one", "one")
    it.run(interrupt=30.0)
    it.machine.loop.jump(700.0)  # long before its retention is over
    it.machine.server.purge()
    return it


def test_a_job_that_was_lost_when_the_server_was_started_again_is_made_again() -> None:
    it = forgotten(free=True)
    assert it.endings() == {"one": Ending.DONE}
    assert it.bills("one") == 2
    assert sorted(each.state for each in it.memory().attempts.values()) == [State.DONE, State.EXPIRED]


def test_where_a_clip_costs_it_waits_for_a_person() -> None:
    it = forgotten(free=False)
    assert it.endings() == {"one": Ending.HELD}
    assert it.bills("one") == 1


def test_a_lost_job_that_no_shot_wants_any_more_is_not_made_again() -> None:
    it = forgotten(free=True)
    it.manifest.shots = [shot_of("one", make_request(prompt="another"))]
    assert it.endings() == {"one": Ending.DONE}
    assert (it.bills("one"), it.bills("another")) == (1, 1)
    states = {each.intent.request.prompt: each.state for each in it.memory().attempts.values()}
    assert states["one"] is State.SUBMITTED, "should its shot come back, it is asked for first"
