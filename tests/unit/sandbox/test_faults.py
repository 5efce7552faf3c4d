import json

import pytest

from runner.sandbox.calls import Kind
from runner.sandbox.faults import Do, Fault, FaultError, Moment, On
from runner.sandbox.script import Script


def no_prompt() -> str:
    raise AssertionError("nobody should want to know")


@pytest.mark.parametrize(
    ("nth", "times", "happens_to"),
    [
        (None, None, [1, 2, 3, 4, 5]),
        (None, 2, [1, 2]),
        (3, None, [3]),
        (2, 3, [2, 3, 4]),
    ],
)
def test_nth_and_times_pick_the_matching_requests(nth, times, happens_to):
    fault = Fault(on="create", do="drop", nth=nth, times=times)

    assert [seen for seen in range(1, 6) if fault.due(seen)] == happens_to


@pytest.mark.parametrize(
    ("fault", "moment"),
    [
        (Fault(on="create", do="drop"), Moment.BEFORE),
        (Fault(on="create", do="status", status=503), Moment.BEFORE),
        (Fault(on="create", do="status", status=500, when="after"), Moment.AFTER),
        (Fault(on="content", do="half"), Moment.HALF),
        (Fault(on="content", do="short"), Moment.AFTER),
        (Fault(on="create", do="late", seconds=5), Moment.AFTER),
        (Fault(on="create", do="kill", pid=77), Moment.AFTER),
        (Fault(on="connection", do="reset"), Moment.ACCEPTED),
    ],
)
def test_a_fault_without_a_moment_happens_at_its_natural_one(fault, moment):
    assert fault.moment is moment


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"on": "create", "do": "explode"}, "'explode' is not a valid Do"),
        ({"on": "poll", "do": "drop"}, "'poll' is not a valid On"),
        ({"on": "create", "do": "drop", "nth": 0}, "`nth` and `times` count from 1"),
        ({"on": "create", "do": "delay", "seconds": -1.0}, "`seconds` is not negative and `step` is at least 1"),
        (
            {"on": "create", "do": "drop", "when": "accepted"},
            "`accepted` goes with `connection`, and with nothing else",
        ),
        ({"on": "connection", "do": "html"}, "`html` cannot happen to a connection"),
        ({"on": "create", "do": "status", "when": "half"}, "`status` happens before or after, not at `half`"),
        ({"on": "content", "do": "short", "when": "before"}, "`short` has its own time, leave `when` out"),
        ({"on": "create", "do": "drop", "when": "head", "match": "cat"}, "`match` needs the body to be read"),
        ({"on": "create", "do": "empty"}, "`empty` is about lists"),
        ({"on": "list", "do": "purge"}, "`purge` is about one job"),
        ({"on": "retrieve", "do": "late"}, "`late` happens to `create` and `remix`"),
        ({"on": "create", "do": "kill"}, "`kill` needs a `pid` above 1"),
        ({"on": "create", "do": "status", "status": 99}, "`status` is from 200 to 599"),
        ({"on": "retrieve", "do": "words"}, "`words` needs a `body` that maps words"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fields, complaint):
    with pytest.raises(FaultError) as caught:
        Fault(**fields)

    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ([], "a fault is an object with at least `on` and `do`"),
        ({"on": "create"}, "a fault is an object with at least `on` and `do`"),
        ({"on": "create", "do": "drop", "nth": "1"}, "`nth` is of the wrong type"),
        ({"on": "create", "do": "drop", "nth": True}, "`nth` is of the wrong type"),
        ({"on": "create", "do": "drop", "step": None}, "`step` is of the wrong type"),
    ],
)
def test_json_that_is_no_fault_is_refused(value, complaint):
    with pytest.raises(FaultError) as caught:
        Fault.from_json(value)

    assert str(caught.value) == complaint


def test_an_unknown_field_is_named_with_those_that_there_are():
    with pytest.raises(FaultError, match=r"`nht` is no field of a fault, fields are .*\bnth\b"):
        Fault.from_json({"on": "create", "do": "drop", "nht": 1})


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="create", do="drop"),
        Fault(on="create", do="status", status=200, body={}, headers={"x": "y"}, when="after", nth=2, times=3),
        Fault(on="content", do="drip", seconds=0.5, step=7, match="cat"),
        Fault(on="retrieve", do="status", body=0),
        Fault(on="content", do="kill", pid=4711, when="written"),
    ],
)
def test_a_fault_comes_back_whole_from_json(fault):
    assert Fault.from_json(json.loads(json.dumps(fault.as_json()))) == fault


def test_json_leaves_out_what_has_its_default():
    assert Fault(on="create", do="drop", nth=1).as_json() == {"on": "create", "do": "drop", "nth": 1}


def test_a_script_counts_for_each_fault_the_requests_that_concern_it():
    script = Script([Fault(on="create", do="drop", nth=2), Fault(on="any", do="delay", nth=2)])

    first = script.on_request(Kind.RETRIEVE, no_prompt)
    second = script.on_request(Kind.CREATE, no_prompt)
    third = script.on_request(Kind.CREATE, no_prompt)

    assert [[fault.do for fault in due] for due in (first, second, third)] == [[], [Do.DELAY], [Do.DROP]]


def test_a_script_begins_to_count_when_a_fault_is_added():
    script = Script()
    fault = Fault(on="list", do="empty", nth=1)
    script.append(fault)
    script.on_request(Kind.LIST, no_prompt)
    script.clear()
    script.append(fault)

    assert script.on_request(Kind.LIST, no_prompt) == (fault,)
    assert len(script) == 1
    assert list(script) == [fault]


def test_match_counts_only_the_jobs_with_that_in_their_prompt():
    script = Script([Fault(on="create", do="drop", nth=1, match="cat")])

    assert script.on_request(Kind.CREATE, lambda: "a dog") == ()
    assert len(script.on_request(Kind.CREATE, lambda: "a cat")) == 1


def test_the_stages_of_a_request_do_not_take_each_others_faults():
    script = Script(
        [
            Fault(on="connection", do="drop"),
            Fault(on="create", do="drop", when="head"),
            Fault(on="create", do="drop", when="after"),
        ]
    )

    assert [fault.on for fault in script.on_connection()] == [On.CONNECTION]
    assert [fault.moment for fault in script.on_head(Kind.CREATE)] == [Moment.HEAD]
    assert [fault.moment for fault in script.on_request(Kind.CREATE, no_prompt)] == [Moment.AFTER]
    assert script.on_head(Kind.CONTROL) == ()
