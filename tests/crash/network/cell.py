"""The words of the table: a row, a call of the API, the server's fault, and what must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from runner.sandbox.faults import Fault
from runner.sandbox.rules import Pace, Rules
from tests.crash.network.leap import HOME
from tests.crash.stage import Fate

DOG = "dog"  # a word of beach's prompt, and of no other
ALLEY = {"alley": "A cat in an alley"}
SHOTS = {"beach": f"A {DOG} runs on the beach", **ALLEY}
COMPLETE = "{extends: sora, list: complete}"
PARTIAL = "{extends: sora}"


class Call(StrEnum):
    """The columns of the table."""

    POST = "POST"
    POLL = "poll GET"
    CONTENT = "content GET"
    LIST = "list GET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The circumstances of a cell."""

    shots: Mapping[str, str] = field(default_factory=lambda: SHOTS)  # id -> prompt
    profile: str = COMPLETE
    rules: Rules = field(default_factory=lambda: Rules(slots=8))
    pace: Pace = field(default_factory=lambda: Pace(render_seconds=0.5))
    dies: Fate | None = None  # an earlier run, in which all was well, was killed at this crossing of this point
    earlier: tuple[Fault, ...] = ()  # what befell that earlier run
    later: float = 0.0  # seconds from the earlier run's death to the run
    ways: tuple[str, ...] = (HOME,)  # where the host's name leads during the run, time after time
    secure: bool = False  # the server speaks TLS, with a certificate that is trusted, but not during the run
    picture: int = 0  # bytes of a reference that beach is made from
    interrupt: tuple[object, ...] = ()  # a call, which one of its kind, and the signals that come meanwhile
    foreign: tuple[str, ...] = ()  # prompts of jobs that another client of the account bought just before
    busy: bool = False  # those are still running


@dataclass(frozen=True, slots=True, kw_only=True)
class Come:
    """What must come of a fault that befalls the shot beach, while the shot alley is well."""

    code: str  # in the matrix's own words
    exit: int = 0
    beach: str = "done"  # its state in the lockfile
    alley: str = "done"
    bills: int = 2  # on the server's ledger, after the run
    posts: int | None = None  # that reached the server in the run
    says: tuple[str, ...] = ()  # words on the screen
    takes: tuple[float, float] = (0.0, 2400.0)  # seconds that the run lasts by its own clock
    heard: int = 0  # requests that reached another host; the key never does
    then: tuple[tuple[str, int], ...] = (("render", 0),)  # what is said when all is well again, and its exit code
    at_last: int = 2  # bills in the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: a fault of the row's kind at one call, and what must come of it."""

    row: str
    call: Call
    fault: str
    faults: tuple[Fault, ...]
    come: Come
    given: Given = field(default_factory=Given)
    because: str = ""  # where the matrix says something else than what is right

    @property
    def name(self) -> str:
        return f"{self.call}: {self.fault}"

    @property
    def title(self) -> str:
        return f"{self.row} | {self.name}"

    def __str__(self) -> str:
        come = self.come
        ends = f"exit {come.exit}, beach {come.beach}, alley {come.alley}, bills {come.bills}"
        then = "".join(f", then `{said}` exit {code}" for said, code in come.then if come.exit)
        because = f" (because {self.because})" if self.because else ""
        return f"{self.name}: {come.code}; {ends}{then}, bills in the end {come.at_last}{because}"


def cell(
    row: str, call: Call, fault: str, do: Fault | tuple[Fault, ...], come: Come, because: str = "", **given: object
) -> Cell:
    """A cell, in a line."""
    faults = do if isinstance(do, tuple) else (do,)
    return Cell(
        row=row, call=call, fault=fault, faults=faults, come=come, because=because, given=replace(Given(), **given)
    )


Named = Mapping[str, Fault | tuple[Fault, ...]]
