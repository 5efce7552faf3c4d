"""Scripted misbehaviour, as data: which request it befalls, when, and what happens.

A fault can be told in JSON too. What it does to a reply is in `damage`, what it does to a job in `server`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum, auto
from typing import Any, Final, Self


class On(StrEnum):
    """Which requests a fault befalls."""

    CONNECTION = auto()  # a new connection, before anything is read from it, whatever it is for
    ANY = auto()  # any call of the API
    CREATE = auto()
    RETRIEVE = auto()
    LIST = auto()
    CONTENT = auto()
    DELETE = auto()
    REMIX = auto()


class Moment(StrEnum):
    """When, in the life of a request."""

    ACCEPTED = auto()  # the connection is there
    HEAD = auto()  # the head is read
    BEFORE = auto()  # the body is read, nothing is done
    AFTER = auto()  # what was asked for is done and billed, nothing is written
    FIRST = auto()  # the reply's head and one byte of its body are written
    HALF = auto()  # half of the body is written
    WRITTEN = auto()  # everything is written


class Do(StrEnum):
    """What happens."""

    # At any moment:
    DROP = auto()  # the connection is closed
    RESET = auto()  # the connection is reset
    DELAY = auto()  # nothing for `seconds`, then on as usual
    KILL = auto()  # the process `pid` is killed
    # Before or after the work is done, in place of the true reply:
    STATUS = auto()  # `status`, `headers` and `body` (JSON, or text as it is), filled up with blanks to `size` bytes
    HTML = auto()  # a web page, with `status` (200 unless told)
    GARBAGE = auto()  # bytes that are no HTTP
    NO_ROUTE = auto()  # the server has no such call: 404, or 405 by `status`
    # On the true reply:
    HALF = auto()  # half of the promised body, then the connection is closed
    SHORT = auto()  # half of the body, with a Content-Length that agrees
    CUT = auto()  # half of the body, without a Content-Length, then closed: it looks whole
    CLOSE = auto()  # the whole body, without a Content-Length, then closed
    FRAME = auto()  # the whole body under `headers` as they stand, also untrue ones; then closed
    CHUNKS = auto()  # the body in chunks of `step` bytes, and closed instead of the last one
    DRIP = auto()  # the body, `step` bytes every `seconds`
    GZIP = auto()  # the body, filled up with blanks to `size` bytes and compressed
    DEFLATE = auto()  # the same by the other method
    REWRITE = auto()  # fields of `body` over those of each job, null removes one; `headers` likewise, "" removes
    WORDS = auto()  # status words replaced by way of `body`: {"completed": "SUCCESS"}
    ENVELOPE = auto()  # fields of `body` over those that a list has around its jobs
    DOUBLE = auto()  # each job of the list twice
    REVERSE = auto()  # the jobs of a page in the other order
    # On the job, or what the list shows of it:
    FAIL = auto()  # it fails with `code` and `message` when its time is over
    STUCK = auto()  # it never ends, and keeps its slot
    PURGE = auto()  # the server forgets it
    LATE = auto()  # the job is known `seconds` later; the reply is lost, or a `status` stands in for it
    ALIAS = auto()  # `code` is another id of the job, too
    SWAP = auto()  # its clip is another file from now on
    PAGES = auto()  # the list has `step` jobs a page at most
    EMPTY = auto()  # the list is empty
    LAG = auto()  # the list lacks what is younger than `seconds`


class FaultError(ValueError):
    """The fault does not make sense; the message says why."""


ACTS: Final = frozenset({Do.DROP, Do.RESET, Do.DELAY, Do.KILL})
STAND_INS: Final = frozenset({Do.STATUS, Do.HTML, Do.GARBAGE, Do.NO_ROUTE})
FRAMES: Final = frozenset({Do.SHORT, Do.CUT, Do.CLOSE, Do.FRAME, Do.CHUNKS, Do.GZIP, Do.DEFLATE})
LISTS: Final = frozenset({Do.ENVELOPE, Do.DOUBLE, Do.REVERSE})
SHAPES: Final = frozenset({*FRAMES, *LISTS, Do.REWRITE, Do.WORDS})
EFFECTS: Final = frozenset({Do.FAIL, Do.STUCK, Do.PURGE, Do.LATE, Do.ALIAS, Do.SWAP})
_ONLY_LIST: Final = frozenset({*LISTS, Do.PAGES, Do.EMPTY, Do.LAG})
_NATURAL: Final = {Do.HALF: Moment.HALF, Do.LATE: Moment.AFTER, Do.KILL: Moment.AFTER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misbehaviour. `on`, `do` and `when` may be given as plain words.

    Without `nth` it begins with the next matching request; without `times` it then happens once where `nth` is given,
    else for ever.

    Raises:
        FaultError: the fields do not fit together.
    """

    on: On
    do: Do
    nth: int | None = None  # of the matching requests from now on, from 1
    times: int | None = None
    when: Moment | None = None  # None: after for what needs the true reply, else before
    match: str = ""  # only requests for jobs whose prompt has this in it
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    step: int = 1  # bytes, or jobs of a page
    size: int = 0  # bytes
    code: str = ""
    message: str = ""
    pid: int = 0

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "on", On(self.on))
            object.__setattr__(self, "do", Do(self.do))
            object.__setattr__(self, "when", None if self.when is None else Moment(self.when))
        except ValueError as error:
            raise FaultError(str(error)) from None
        for complaint in _complaints(self):
            raise FaultError(complaint)

    @property
    def moment(self) -> Moment:
        """When it happens."""
        if self.when is not None:
            return self.when
        if self.on is On.CONNECTION:
            return Moment.ACCEPTED
        return _NATURAL.get(self.do, Moment.AFTER if self.do in SHAPES | {Do.DRIP} else Moment.BEFORE)

    def due(self, seen: int) -> bool:
        """Whether it happens to the `seen`-th matching request."""
        first = self.nth or 1
        times = self.times or (1 if self.nth else None)
        return seen >= first and (times is None or seen < first + times)

    def as_json(self) -> dict[str, Any]:
        """Plain values; what has its default is left out."""
        told = {name: value for name, value in asdict(self).items() if name in _NEEDED or value != _DEFAULTS[name]}
        return {name: str(value) if isinstance(value, StrEnum) else value for name, value in told.items()}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read what `as_json` gives.

        Raises:
            FaultError: a field is unknown, missing or of the wrong type.
        """
        if not isinstance(value, Mapping) or not value.keys() >= _NEEDED:
            raise FaultError("a fault is an object with at least `on` and `do`")
        for name, found in value.items():
            if name not in _TYPES:
                raise FaultError(f"`{name}` is no field of a fault, fields are {', '.join(_TYPES)}")
            if not isinstance(found, _TYPES[name]) or (isinstance(found, bool) and name != "body"):
                raise FaultError(f"`{name}` is of the wrong type")
        return cls(**value)


_NEEDED: Final = frozenset({"on", "do"})
_DEFAULTS: Final[Mapping[str, Any]] = {
    "headers": {},
    **{each.name: each.default for each in fields(Fault) if each.name not in {"headers", *_NEEDED}},
}
_TYPES: Final[Mapping[str, Any]] = {
    "headers": Mapping,
    "body": object,
    "seconds": (int, float),
    "when": (str, type(None)),
    **dict.fromkeys(("on", "do", "match", "code", "message"), str),
    **dict.fromkeys(("nth", "times", "status"), (int, type(None))),
    **dict.fromkeys(("step", "size", "pid"), int),
}


def _complaints(fault: Fault) -> list[str]:
    act, moment = fault.do in ACTS, fault.moment
    early = {Moment.ACCEPTED, Moment.HEAD}
    checks = {
        "`nth` and `times` count from 1": min(fault.nth or 1, fault.times or 1) < 1 or 0 in (fault.nth, fault.times),
        "`seconds` is not negative and `step` is at least 1": not fault.seconds >= 0 or fault.step < 1,
        "`accepted` goes with `connection`, and with nothing else": (
            (moment is Moment.ACCEPTED) != (fault.on is On.CONNECTION)
        ),
        f"`{fault.do}` cannot happen to a connection": fault.on is On.CONNECTION and not act,
        f"`{fault.do}` happens before or after, not at `{moment}`": (
            fault.do in STAND_INS and moment not in {Moment.BEFORE, Moment.AFTER}
        ),
        f"`{fault.do}` has its own time, leave `when` out": (
            fault.when is not None and not act and fault.do not in STAND_INS
        ),
        "`match` needs the body to be read": bool(fault.match) and moment in early,
        f"`{fault.do}` is about lists": fault.do in _ONLY_LIST and fault.on is not On.LIST,
        f"`{fault.do}` is about one job": fault.do in EFFECTS and fault.on is On.LIST,
        "`late` happens to `create` and `remix`": fault.do is Do.LATE and fault.on not in {On.CREATE, On.REMIX},
        "`kill` needs a `pid` above 1": fault.do is Do.KILL and fault.pid <= 1,
        "`status` is from 200 to 599": not 200 <= (fault.status or 200) <= 599,
        "`words` needs a `body` that maps words": fault.do is Do.WORDS and not isinstance(fault.body, Mapping),
    }
    return [complaint for complaint, broken in checks.items() if broken]
