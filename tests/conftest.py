"""How all tests run: hypothesis without a stopwatch, for a busy machine is no defect; one worker more than cores."""

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Many tests wait for servers, disks and clocks: while one does, another has its core."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """Signals that whoever started the tests ignores, as a shell does in the background, must reach what they start."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
