"""The standard streams of a command: always there, and talk that cannot be written is dropped, as a run must go on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from runner.report.outlet import Outlet


@contextmanager
def standard_streams() -> Iterator[None]:
    """Within, streams that were closed lead to nowhere, and standard error takes everything."""
    _open_what_is_closed()
    real = sys.stderr
    sys.stderr = cast("TextIO", Outlet(real))
    try:
        yield
    finally:
        sys.stderr = real
        # What cannot be flushed now would fail once more at the interpreter's end, with words and a code of its own.
        Outlet(sys.stdout).flush()


def _open_what_is_closed() -> None:
    """Else the next file that is opened, a ledger maybe, would be taken for a screen."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
