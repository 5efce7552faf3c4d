"""What makes thousands of lives a minute out of few, and changes nothing: what is pure is worked out once."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

from tests.crash.images import judge
from tests.crash.simulation import quick


@contextmanager
def quickened() -> Iterator[None]:
    """As the simulation is; within, the judge here reads a file once, too, as long as it has not changed."""
    with quick.quickened(), patch.object(judge, "scan", lru_cache(maxsize=2_000)(judge.scan)):
        yield
