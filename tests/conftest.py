"""How all tests run: hypothesis without a stopwatch, for a busy machine is no defect; one worker more than cores."""

import os

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Many tests wait for servers, disks and clocks: while one does, another has its core."""
    return (os.cpu_count() or 1) + 1
