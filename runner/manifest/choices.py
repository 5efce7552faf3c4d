"""What may be chosen: the sizes and lengths that a model renders, named one by one or as a span in steps."""

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
    """Which lengths a model renders, in whole seconds: some, or all of a span."""

    listed: tuple[int, ...] = ()
    span: Span | None = None

    def __contains__(self, seconds: int) -> bool:
        return seconds in self.listed or (self.span is not None and seconds in self.span)

    def __str__(self) -> str:
        spans = [] if self.span is None else [f"{self.span.least} to {self.span.most}{self.span.steps}"]
        return listing([*self.listed, *spans])

    @property
    def first(self) -> int:
        """What is meant where nothing is said."""
        return self.listed[0] if self.listed else self.span.least if self.span else 0

    def nearest(self, seconds: int) -> int:
        """The allowed length that is nearest."""
        among = [*self.listed, *([] if self.span is None else [self.span.nearest(seconds)])]
        return min(among, key=lambda number: (abs(number - seconds), number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Which sizes a model renders, as WIDTHxHEIGHT: some, or all whose sides lie in spans."""

    listed: tuple[str, ...] = ()
    width: Span | None = None
    height: Span | None = None

    def __contains__(self, size: str) -> bool:
        if self.width is None or self.height is None or size in self.listed:
            return size in self.listed
        width, height = sides_of(size)
        return width in self.width and height in self.height

    def __str__(self) -> str:
        if self.width is None or self.height is None:
            return listing(self.listed)
        corners = f"{self.width.least}x{self.height.least} to {self.width.most}x{self.height.most}{self.width.steps}"
        return listing([*self.listed, corners])

    @property
    def first(self) -> str:
        """What is meant where nothing is said."""
        if self.listed or self.width is None or self.height is None:
            return self.listed[0] if self.listed else ""
        return f"{self.width.least}x{self.height.least}"

    def nearest(self, size: str) -> str:
        """The allowed size whose shape is nearest."""
        if self.width is not None and self.height is not None:
            width, height = sides_of(size)
            return f"{self.width.nearest(width)}x{self.height.nearest(height)}"
        return min(self.listed, key=lambda other: abs(math.log(_shape(other) / _shape(size))))


def sides_of(size: str) -> tuple[int, int]:
    """Width and height of a size in pixels."""
    width, _, height = size.partition("x")
    return int(width), int(height)


def _shape(size: str) -> float:
    width, height = sides_of(size)
    return width / height
