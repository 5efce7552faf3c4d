"""What makes thousands of lives a minute out of few, and changes nothing: what is pure is worked out once."""

import gc
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

from tenacity import _utils

from runner.lock import ledger, lines, lockfile
from tests.crash.images import judge


@contextmanager
def quickened() -> Iterator[None]:
    """Within, every line and every file of facts is parsed once, as long as it has not changed."""
    gc.disable()
    with ExitStack() as stack:
        stack.callback(gc.enable)
        stack.enter_context(patch.object(lines, "read", lru_cache(maxsize=20_000)(lines.read)))
        for module in (lockfile, ledger, judge):  # whatever stands there: a mutant's, too
            stack.enter_context(patch.object(module, "scan", lru_cache(maxsize=2_000)(module.scan)))
        stack.enter_context(patch.object(_utils, "is_coroutine_callable", _is_coroutine_callable))
        yield


def _is_coroutine_callable(call: Callable[..., Any]) -> bool:
    code = getattr(call, "__code__", None)
    return bool(code and code.co_flags & inspect.CO_COROUTINE)
