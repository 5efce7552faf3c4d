"""A stream that never stops a run: when nobody reads it any more, the words are dropped."""

import os
from contextlib import suppress
from typing import TextIO


class Outlet:
    """Writes to a stream until that fails, then to nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open = True

    @property
    def encoding(self) -> str:
        """Of the stream."""
        return self._stream.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Write, or drop the text."""
        try:
            if self._open:
                self._stream.write(text)
        except (OSError, ValueError):
            self._shut()
        return len(text)

    def flush(self) -> None:
        """Flush, or drop what is buffered."""
        try:
            if self._open:
                self._stream.flush()
        except (OSError, ValueError):
            self._shut()

    def line(self, text: str) -> None:
        """Write one line at once."""
        self.write(text + "\n")
        self.flush()

    def isatty(self) -> bool:
        """Whether a person sees it."""
        return is_terminal(self._stream)

    def fileno(self) -> int:
        """Of the stream. Raises OSError where it is no file."""
        return self._stream.fileno()

    def _shut(self) -> None:
        """Lead the file to nowhere too: else what is still buffered would fail once more as the process ends."""
        self._open = False
        with suppress(OSError, ValueError):
            file = self._stream.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, file)
            os.close(nowhere)


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal; a closed one is not."""
    try:
        return stream.isatty()
    except ValueError:
        return False
