"""How hypothesis runs in all tests: without a stopwatch, since a busy machine is no defect."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
