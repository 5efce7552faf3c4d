"""What makes many seeds a second out of few, and changes nothing: what is pure is worked out once.

Reading a line or a file, writing a line and joining two records are pure. And a call that succeeds at once needs none
of tenacity's machinery.
"""

import gc
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

from tenacity import AsyncRetrying, _utils

from runner.lock import facts, ledger, lines, lockfile, memory
from runner.lock.facts import Attempt
from runner.provider import retry
from tests.crash.simulation import judge


@contextmanager
def quickened() -> Iterator[None]:
    """Within, what is pure is remembered; whatever stands in its place is, too: a mutant's."""
    gc.disable()
    with ExitStack() as stack:
        stack.callback(gc.enable)
        stack.enter_context(patch.object(lines, "read", lru_cache(maxsize=20_000)(lines.read)))
        stack.enter_context(patch.object(lines, "write", _written_once(lines.write)))
        stack.enter_context(patch.object(lines, "iso", lru_cache(maxsize=5_000)(lines.iso)))
        for module in (lockfile, ledger, judge):
            stack.enter_context(patch.object(module, "scan", lru_cache(maxsize=500)(module.scan)))
        for room in (facts, ledger, memory):
            stack.enter_context(patch.object(room, "join", _joined_once(room.join)))
        stack.enter_context(patch.object(retry, "AsyncRetrying", _AtOnce))
        stack.enter_context(patch.object(_utils, "is_coroutine_callable", _is_coroutine_callable))
        yield


def _written_once(write: Callable[..., bytes]) -> Callable[..., bytes]:
    """A record never changes, so its line can lie beside it."""

    def written(record: Attempt, *, crc: bool, owner: bool) -> bytes:
        beside, name = record.__dict__, f"line {crc} {owner}"
        if name not in beside:
            beside[name] = write(record, crc=crc, owner=owner)
        line: bytes = beside[name]
        return line

    return written


def _joined_once(join: Callable[[Attempt, Attempt], Attempt]) -> Callable[[Attempt, Attempt], Attempt]:
    """The same two records give the same third."""
    known: dict[tuple[int, int], tuple[Attempt, Attempt, Attempt]] = {}

    def joined(one: Attempt, other: Attempt) -> Attempt:
        key = id(one), id(other)
        found = known.get(key)
        if found is None:
            if len(known) > 5000:
                known.clear()
            found = known[key] = (one, other, join(one, other))  # which keeps them, and so their ids, alive
        return found[2]

    return joined


def _is_coroutine_callable(call: Callable[..., Any]) -> bool:
    code = getattr(call, "__code__", None)
    return bool(code and code.co_flags & inspect.CO_COROUTINE)


class _AtOnce(AsyncRetrying):
    """Tenacity from the first failure on."""

    async def __call__(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await fn()
        except Exception as error:
            failed: list[Exception] = [error]

        async def again() -> Any:
            if failed:
                raise failed.pop()
            return await fn()

        return await super().__call__(again)
