"""Reading a line is pure: remembering what it said makes many seeds a minute out of few, and changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

from runner.lock import lines


@contextmanager
def remembered_lines() -> Iterator[None]:
    """Within, every line of a lockfile or ledger is parsed once."""
    with patch.object(lines, "read", lru_cache(maxsize=20_000)(lines.read)):
        yield
