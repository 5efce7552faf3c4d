"""Further fields of a request, such as a seed: what a profile says their values may be."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from runner.manifest.wording import listing

Value = str | bool | int | float
_GREATEST: Final = 10**15  # of a number: floats are exact below it
_KINDS: Final = {"integer": "a whole number", "number": "a number", "text": "text", "boolean": "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A further field of a request: what its value may be."""

    kind: str  # integer, number, text or boolean
    least: float | None = None
    most: float | None = None
    longest: int | None = None  # characters of a text
    choices: tuple[Value, ...] = ()

    def value_of(self, written: Any) -> Value | None:
        """The value as it is sent and as the fingerprint has it; None where it may not be."""
        value: Value | None = _as(self.kind, written)
        if value is None or (self.choices and all(value != each for each in self.choices)):
            return None
        if isinstance(value, str):
            return value if self.longest is None or len(value) <= self.longest else None
        within = (self.least is None or self.least <= value) and (self.most is None or value <= self.most)
        return value if within else None

    def __str__(self) -> str:
        if self.choices:
            return listing(self.choices)
        parts = [_KINDS[self.kind]]
        parts += [f"from {self.least}"] if self.least is not None else []
        parts += [f"to {self.most}"] if self.most is not None else []
        parts += [f"of at most {self.longest} characters"] if self.longest is not None else []
        return " ".join(parts)


def _as(kind: str, written: Any) -> Value | None:
    match kind:
        case "boolean":
            return written if isinstance(written, bool) else None
        case "text":
            return written if isinstance(written, str) else None
        case _:
            return _number(written, whole=kind == "integer")


def _number(written: Any, *, whole: bool) -> int | float | None:
    if isinstance(written, bool) or not isinstance(written, int | Decimal):
        return None
    if not -_GREATEST <= written <= _GREATEST or (whole and not isinstance(written, int)):
        return None
    return int(written) if written == int(written) else float(written)  # 7 and 7.0 are one wish
