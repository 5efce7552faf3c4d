"""Cases that `make test` leaves out and `make whole` plays: each differs in little from one that is always played."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest
from _pytest.mark import ParameterSet

_Case = TypeVar("_Case")


def parted(
    cases: Iterable[_Case], kept: Callable[[int, _Case], bool], named: Callable[[Any], str] = str
) -> list[ParameterSet]:
    """The cases, with the mark `rest` on those that are not kept, given their place and themselves."""
    return [
        pytest.param(case, id=named(case), marks=() if kept(place, case) else pytest.mark.rest)
        for place, case in enumerate(cases)
    ]
