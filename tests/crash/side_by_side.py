"""Cases of one test module, played side by side: most of their time they wait for servers, disks and clocks."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from tests.crash.cradle import Cradle

AT_ONCE = 6

_Case = TypeVar("_Case")
_Result = TypeVar("_Result")
_Submit = Callable[[Callable[[_Case, Cradle], _Result], _Case], "Future[_Result]"]


def asked(request: pytest.FixtureRequest, parameter: str) -> list[Any]:
    """The values of a parameter in those tests of the module that this session will run."""
    here = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    named = [item.callspec.params for item in here if hasattr(item, "callspec")]
    return [params[parameter] for params in named if parameter in params]


@contextmanager
def warm_pool(
    at_once: int = AT_ONCE,
) -> Iterator[Callable[[Callable[[_Case, Cradle], _Result], _Case], "Future[_Result]"]]:
    """Gives a way to play a case as soon as there is a place for it."""
    with Cradle() as cradle, ThreadPoolExecutor(at_once) as pool:
        try:
            yield lambda play, case: pool.submit(play, case, cradle)
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def side_by_side(
    cases: list[_Case], play: Callable[[_Case, Cradle], _Result]
) -> Iterator[Mapping[_Case, "Future[_Result]"]]:
    """Play cases a few at a time; gives what comes of each."""
    with warm_pool(min(AT_ONCE, len(cases))) as submit:
        yield {case: submit(play, case) for case in cases}
