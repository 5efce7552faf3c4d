"""How long a server asks us to wait, in every form in which that was seen."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = 120.0  # seconds: a server may not park us for longer than this

_HEADERS: Final = (  # and what one of its units is worth in seconds
    ("retry-after-ms", 0.001),
    ("retry-after", 1.0),
    ("llm_provider-retry-after-ms", 0.001),
    ("llm_provider-retry-after", 1.0),
)


def seconds_from(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds to wait, from 0 to `LONGEST`; None where nothing sensible was said.

    Args:
        headers: of the reply, names in lower case.
        now: Unix time, to count from to an HTTP date where the reply does not date itself.
    """
    for name, unit in _HEADERS:
        text = headers.get(name, "").strip()
        wait = _number(text, unit)
        if wait is None and unit == 1.0:
            wait = _until(text, headers.get("date", ""), now)
        if wait is not None:
            return min(max(wait, 0.0), LONGEST)
    return None


def poll_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds until the server would like to be asked for a job again, as `seconds_from` counts them."""
    wished = headers.get("openai-poll-after-ms", "")
    return seconds_from({**headers, "retry-after-ms": wished} if wished else headers, now=now)


def unix_time(text: str) -> float | None:
    """The Unix time of an HTTP date, or None."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _timestamp(date if date.tzinfo else date.replace(tzinfo=UTC))


def _number(text: str, unit: float) -> float | None:
    try:
        value = float(text) * unit
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _until(text: str, date: str, now: float | None) -> float | None:
    then, start = unix_time(text), unix_time(date)
    start = now if start is None else start
    return None if then is None or start is None else then - start


def _timestamp(date: datetime) -> float | None:
    try:
        return date.timestamp()
    except (ValueError, OverflowError):
        return None
