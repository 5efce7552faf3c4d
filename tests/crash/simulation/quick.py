"""What makes many seeds a second out of few, and changes nothing: what is pure is worked out once.

Reading a line or a file, writing a line and joining two records are pure; and what was written reads as it was, as the
tests of the lines show. A call that succeeds at once needs none of tenacity's machinery.
"""

import gc
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePath
from typing import Any
from unittest.mock import patch

from tenacity import AsyncRetrying, _utils

from runner.lock import facts, ledger, lines, lockfile, memory, trees
from runner.lock.facts import Attempt
from runner.provider import retry
from tests.crash.simulation import judge


@contextmanager
def quickened() -> Iterator[None]:
    """Within, what is pure is remembered; whatever stands in its place is, too: a mutant's."""
    gc.disable()
    with ExitStack() as stack:
        stack.callback(gc.enable)
        written: dict[bytes, Attempt] = {}
        stack.enter_context(
            patch.object(lines, "read", lru_cache(maxsize=20_000)(_read_as_written(lines.read, written)))
        )
        stack.enter_context(patch.object(lines, "_body", _written_once(lines._body, written)))
        stack.enter_context(patch.object(trees, "iso", lru_cache(maxsize=5_000)(trees.iso)))
        for module in (lockfile, ledger, judge):
            stack.enter_context(patch.object(module, "scan", lru_cache(maxsize=500)(module.scan)))
        for room in (facts, ledger, memory):
            stack.enter_context(patch.object(room, "join", _joined_once(room.join)))
        stack.enter_context(patch.object(PurePath, "__truediv__", lru_cache(maxsize=5_000)(PurePath.__truediv__)))
        stack.enter_context(patch.object(retry, "AsyncRetrying", _AtOnce))
        stack.enter_context(patch.object(_utils, "is_coroutine_callable", _is_coroutine_callable))
        yield


def _written_once(body: Callable[..., bytes], known: dict[bytes, Attempt]) -> Callable[..., bytes]:
    """A record never changes, so what is written of it can lie beside it."""

    def written(record: Attempt, *, owner: bool) -> bytes:
        whole = owner or record.owner is None
        beside, name = record.__dict__, "written whole" if whole else "written"
        if name not in beside:
            line = beside[name] = body(record, owner=owner)
            if len(known) > 5000:
                known.clear()
            known[line] = record if whole else replace(record, owner=None)
        found: bytes = beside[name]
        return found

    return written


def _read_as_written(read: Callable[[bytes], Attempt | None], known: dict[bytes, Attempt]) -> Callable[..., Any]:
    def reading(line: bytes) -> Attempt | None:
        return known.get(lines._without_crc(line)) or read(line)

    return reading


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


class _AtOnce:
    """Tenacity from the first failure on."""

    def __init__(self, **options: Any) -> None:
        self._options = options

    async def __call__(self, fn: Any) -> Any:
        try:
            return await fn()
        except Exception as error:
            failed: list[Exception] = [error]

        async def again() -> Any:
            if failed:
                raise failed.pop()
            return await fn()

        return await AsyncRetrying(**self._options)(again)
