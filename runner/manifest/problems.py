"""A problem: one located defect of a document. Problems are data, collected and shown all at once."""

from dataclasses import dataclass, field
from typing import Final

MOST: Final = 200
"""Problems of one kind that are looked for; nobody mends more at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands in a manifest; lines and columns count from 1, columns in characters."""

    line: int
    column: int
    length: int = 1  # characters to underline, within the line


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One defect: where it is, what was found against what is allowed, and one hint how to mend it."""

    line: int
    column: int
    length: int = field(default=1, compare=False)
    message: str
    hint: str = field(default="", compare=False)


def at(place: Place, message: str, hint: str = "") -> Problem:
    """A problem at a place."""
    return Problem(line=place.line, column=place.column, length=place.length, message=message, hint=hint)
