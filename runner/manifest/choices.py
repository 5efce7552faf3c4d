"""What may be chosen: the sizes and lengths that a model renders, named one by one or as spans in steps."""

import math
from dataclasses import dataclass

from runner.manifest.wording import listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Every `step`-th whole number from one to another."""

    least: int
    most: int
    step: int = 1

    def __contains__(self, number: int) -> bool:
        return self.least <= number <= self.most and (number - self.least) % self.step == 0

    def nearest(self, number: int) -> int:
        """The number of the span that is nearest."""
        steps = round((min(max(number, self.least), self.most) - self.least) / self.step)
        return self.least + min(steps, (self.most - self.least) // self.step) * self.step

    @property
    def steps(self) -> str:
        """The step in words; empty where it is 1."""
        return "" if self.step == 1 else f" in steps of {self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Which lengths a model renders, in whole seconds; at least one."""

    listed: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()

    def __contains__(self, seconds: int) -> bool:
        return seconds in self.listed or any(seconds in span for span in self.spans)

    def __str__(self) -> str:
        return listing([*self.listed, *(f"{span.least} to {span.most}{span.steps}" for span in self.spans)])

    @property
    def first(self) -> int:
        """What is meant where nothing is said."""
        return [*self.listed, *(span.least for span in self.spans)][0]

    def nearest(self, seconds: int) -> int:
        """The allowed length that is nearest."""
        among = [*self.listed, *(span.nearest(seconds) for span in self.spans)]
        return min(among, key=lambda number: (abs(number - seconds), number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Every size whose width and height lie in a span each."""

    width: Span
    height: Span

    def __contains__(self, size: str) -> bool:
        width, height = sides_of(size)
        return width in self.width and height in self.height

    def __str__(self) -> str:
        return f"{self.first} to {self.width.most}x{self.height.most}{self.width.steps}"

    @property
    def first(self) -> str:
        """The smallest."""
        return f"{self.width.least}x{self.height.least}"

    def nearest(self, size: str) -> str:
        """The one whose sides are nearest."""
        width, height = sides_of(size)
        return f"{self.width.nearest(width)}x{self.height.nearest(height)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Which sizes a model renders, as WIDTHxHEIGHT; at least one."""

    listed: tuple[str, ...] = ()
    spans: tuple[Sides, ...] = ()

    def __contains__(self, size: str) -> bool:
        return size in self.listed or any(size in span for span in self.spans)

    def __str__(self) -> str:
        return listing([*self.listed, *self.spans])

    @property
    def first(self) -> str:
        """What is meant where nothing is said."""
        return [*self.listed, *(span.first for span in self.spans)][0]

    def nearest(self, size: str) -> str:
        """The allowed size whose shape is nearest."""
        among = [*self.listed, *(span.nearest(size) for span in self.spans)]
        return min(among, key=lambda other: abs(math.log(_shape(other) / _shape(size))))


def sides_of(size: str) -> tuple[int, int]:
    """Width and height of a size in pixels."""
    width, _, height = size.partition("x")
    return int(width), int(height)


def _shape(size: str) -> float:
    width, height = sides_of(size)
    return width / height
