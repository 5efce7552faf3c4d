"""The values of a line, read with distrust: a lockfile may come from anybody's branch.

Each of these raises TypeError or ValueError (or ArithmeticError) where a value cannot be what it should be.
"""

import math
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

_SHA256: Final = re.compile("[0-9a-f]{64}")
_LARGEST: Final = (1 << 63) - 1
_ABSURD: Final = 10**15


def text(value: Any) -> str:
    """A text. The same few words stand in every line of a long file: they are kept once."""
    if not isinstance(value, str):
        raise TypeError
    return sys.intern(value)


def digest(value: Any) -> str:
    """A SHA-256, which becomes the name of a file."""
    if not _SHA256.fullmatch(text(value)):
        raise ValueError
    return str(value)


def whole(value: Any) -> int:
    """A whole number that a machine can count to."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= _LARGEST:
        raise ValueError
    return int(value)


def after(number: int) -> int:
    """The next number. After the largest that a line may hold, which no count of ours reaches, there is none."""
    return min(number + 1, _LARGEST)


def amount(value: Any) -> Decimal:
    """Money or time: not negative, and not absurd."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < _ABSURD:
        raise ValueError
    return Decimal(value)


def no_number(word: str) -> float:
    """What JSON in Python has beyond JSON: NaN and the infinities."""
    raise ValueError(word)


def plain(value: Any) -> Any:
    """Numbers as JSON has them: only prices are decimals."""
    if isinstance(value, Decimal):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError
        return number
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


LAST_TIME: Final = 253_402_300_799.0  # seconds: the last second that can be written


def iso(at: float) -> str:
    """A time as it is written."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=1 << 14)  # the lines of one attempt are full of the same times
def time(written: str) -> float:
    """Unix seconds of a time as it is written."""
    at = round(datetime.fromisoformat(written).timestamp(), 3)
    iso(at)  # an offset can lead out of the calendar
    return at
