"""The lines of a text, looked up without splitting it: a hostile file has millions."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, overload

_BLOCK: Final = 1 << 16  # characters
_OTHER_ENDS: Final = ("\r\n", "\r", "\x85", "\u2028", "\u2029")  # that YAML's parser counts as ends of lines


class Lines(Sequence[str]):
    """The lines of a text, counted as YAML's parser counts them, without their ends."""

    def __init__(self, text: str) -> None:
        self._text = even(text)
        blocks = range(0, len(self._text), _BLOCK)
        counts = (self._text.count("\n", start, start + _BLOCK) for start in blocks)
        self._ends_before = list(accumulate(counts, initial=0))  # for each block

    def __len__(self) -> int:
        return self._ends_before[-1] + 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = self._start(index)
        end = self._text.find("\n", start)
        return self._text[start : end if end >= 0 else None]

    def _start(self, index: int) -> int:
        if index == 0:
            return 0
        block = bisect_right(self._ends_before, index - 1) - 1
        start = block * _BLOCK
        for _ in range(index - self._ends_before[block]):
            start = self._text.find("\n", start) + 1
        return start


def even(text: str) -> str:
    """The text with every line ended by a line feed."""
    for end in _OTHER_ENDS:
        if end in text:
            text = text.replace(end, "\n")
    return text
