"""What stops a whole batch: exceptions that carry an exit code, one message and one hint.

A defect of a manifest is a `Problem` (data), a shot that fails is an outcome; neither is an exception.
Everything here is caught once, in `runner.cli`.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process tells its caller."""

    DONE = 0  # every clip is there
    UNFINISHED = 1  # some shot failed, is held, or is not there yet
    WRONG = 2  # the manifest or the usage is wrong; nothing was sent
    BUG = 3  # a bug of ours
    STOPPED = 4  # cannot run or go on: mend it and say the same again
    INTERRUPTED = 130  # SIGINT
    TERMINATED = 143  # SIGTERM


class Stop(Exception):
    """The batch cannot start or cannot go on; saying the same again after mending it is safe."""

    exit_code: ClassVar[ExitCode] = ExitCode.STOPPED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongUsage(Stop):
    """The command line names something that is not there or does not fit together."""

    exit_code = ExitCode.WRONG


class NoCredentials(Stop):
    """The key is missing, malformed, or refused by the server."""


class QuotaUsedUp(Stop):
    """The account may not buy any more."""


class BudgetPassed(Stop):
    """The next purchase would pass the budget, or its price is not known."""


class ServerUnreachable(Stop):
    """No connection, or the base URL leads to something that is not a videos server."""


class NoSlot(Stop):
    """Jobs that do not end have all the slots."""


class MutexHeld(Stop):
    """Another run of the same manifest is going on."""


class LockfileDamaged(Stop):
    """A lockfile or ledger cannot be believed as it stands; nothing of it was discarded."""


class DiskFailed(Stop):
    """The disk is full, read-only or failing; nothing more is bought."""


class DecoderBroken(Stop):
    """PyAV is installed, and cannot be loaded."""
