"""The content of a file that somebody else named: of a regular file alone, and never more of it than is wanted."""

import os
import stat
from pathlib import Path


class NoFile(OSError):
    """There is something of that name, and it is no regular file: a folder, a pipe, a device."""


def content_of(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file. Raises OSError."""
    # Not to wait for a pipe that nobody writes to.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoFile
        with os.fdopen(descriptor, "rb", closefd=False) as reading:
            return reading.read(most) or b""  # None of a file of the kernel that would be waited for
    finally:
        os.close(descriptor)
