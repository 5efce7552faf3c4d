"""What comes of faults again and again, so that the table can name it; and the faults that befall the shot beach."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from runner.sandbox.faults import Do, Fault, Moment, On
from tests.crash.network.cell import DOG, Call, Cell, Come, cell

ON = {Call.POST: On.CREATE, Call.POLL: On.RETRIEVE, Call.CONTENT: On.CONTENT, Call.LIST: On.LIST}
FOR_EVER = 1e6  # seconds
JSON = {"content-type": "application/json"}
LOST = Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, match=DOG, nth=1)  # bought, and the answer is lost

_LOOKS_UP = "looking it up at the server"
PASSED = Come(code="C", posts=2, takes=(0, 600))
FETCHED = Come(code="C", posts=0, takes=(0, 600))  # by a run that went on with what an earlier one had bought
ADOPTED = Come(code="U", posts=2, says=(_LOOKS_UP, "is the lost answer of shot `beach`"), takes=(0, 120))
FOUND_LATER = replace(ADOPTED, takes=(60, 800))
ABSENT = Come(code="U", posts=3, says=(_LOOKS_UP, "looking again for up to 480 s"), takes=(480, 1500))
UNREACHED = Come(
    code="U: unsent, C",
    exit=4,
    beach="unsent",
    alley="nothing",
    bills=0,
    posts=0,
    says=("the server cannot be reached", "say the same again"),
)
STALLED = Come(
    code="C, then stalled",
    exit=4,
    beach="submitted",
    says=("the server does not answer", "has not answered for 10 min", "nothing is lost"),
    takes=(600, 1500),
)
UNFETCHED = Come(
    code="C, then S kept",
    exit=1,
    beach="submitted",
    says=("bought, but its download failed", "the next run fetches it"),
)
PROVES_NOTHING = Come(
    code="nothing",
    exit=1,
    beach="intent",
    posts=2,
    says=("its POST may or may not have arrived", "shotlock resolve film.yaml beach --adopt"),
    takes=(480, 1500),
)
UNSUPPORTED = replace(
    PROVES_NOTHING,
    code="unsupported: hold",
    says=("the server has no list", *PROVES_NOTHING.says),
    takes=(0, 300),
)
REJECTED = Come(
    code="J",
    exit=1,
    beach="rejected",
    bills=1,
    posts=2,
    says=("the server refused it", "shotlock retake film.yaml beach"),
    then=(("render", 1), ("retake beach", 0)),
)
HALTED = Come(
    code="H(4)",
    exit=4,
    beach="unsent",
    alley="nothing",
    bills=0,
    posts=1,
    says=("the server refuses to sell", "say the same again"),
)

WELL = {Call.POST: PASSED, Call.POLL: PASSED, Call.CONTENT: PASSED, Call.LIST: replace(ADOPTED, code="C")}
"""What comes of a call that gets its answer in the end."""
UNANSWERED = {Call.POST: ADOPTED, Call.POLL: PASSED, Call.CONTENT: PASSED, Call.LIST: replace(ADOPTED, code="nothing")}
"""What comes of a call that did its work, and gets no good answer once or twice."""
LASTING = {Call.POST: ADOPTED, Call.POLL: STALLED, Call.CONTENT: UNFETCHED, Call.LIST: PROVES_NOTHING}
"""What comes of a call that never gets a good answer; of a POST, the first."""

Faults = Fault | tuple[Fault, ...]


def befall(call: Call, do: Do, *, lasting: bool = False, **more: Any) -> Fault:
    """A fault that befalls what beach asks: a POST once, anything else twice; or for ever."""
    about = {} if call is Call.LIST or more.get("when") is Moment.HEAD else {"match": DOG}
    times = {} if lasting else {"times": 1 if call is Call.POST else 2}
    return Fault(on=ON[call], do=do, **{**about, **times, **more})


def each(
    row: str, call: Call, faults: Mapping[str, Faults], come: Come, because: str = "", **given: Any
) -> Iterator[Cell]:
    """A cell for each of some faults of which the same must come. Before a list is read, an answer is lost."""
    for name, fault in faults.items():
        told = fault if isinstance(fault, tuple) else (fault,)
        yield cell(row, call, name, (LOST, *told) if call is Call.LIST else told, come, because, **given)
