"""Every image of a story is judged as it is, and by every way home from it. Equal ones are tried once."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.crash.images import judge
from tests.crash.images.quick import quickened
from tests.crash.images.recording import Moment
from tests.crash.images.recovery import Arrival, Recovery, arrivals
from tests.crash.images.stories import Story
from tests.crash.images.tree import Image


@dataclass(kw_only=True)
class Tally:
    """What was tried, and what came of it."""

    name: str
    operations: int = 0
    images: int = 0
    recoveries: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        tried = f"{self.operations:8} {self.images:8} {self.recoveries:10}"
        return f"{self.name:42} {tried} {len(self.violations):10} {self.seconds:8.1f}"


@dataclass(kw_only=True)
class Explorer:
    """Tries images; remembers which."""

    every: int = 1  # try each nth image only
    thin: int = 1  # of each nth moment only
    most: int = 5  # violations after which it gives up
    _images: set[int] = field(default_factory=set)
    _ways: set[int] = field(default_factory=set)
    _turn: Iterator[int] = field(default_factory=count)

    def explore(self, story: Story) -> Tally:
        """All images of one story."""
        tally, begun = Tally(name=story.name), time.perf_counter()
        recording = story.begin()
        recording.thin = self.thin
        with quickened():
            recording.play()
            tally.operations = len(recording.moments) - 1
            for moment in recording.moments:
                for image in moment.images:
                    self._try(image, moment, story, tally)
                    if len(tally.violations) >= self.most:
                        return self._timed(tally, begun)
        return self._timed(tally, begun)

    def _timed(self, tally: Tally, begun: float) -> Tally:
        tally.seconds = time.perf_counter() - begun
        return tally

    def _try(self, image: Image, moment: Moment, story: Story, tally: Tally) -> None:
        key = hash((story.home.key, image.key, moment.promise.key, moment.books.key))
        if key in self._images:
            return
        self._images.add(key)
        if next(self._turn) % self.every:
            return
        tally.images += 1
        where = f"{story.name}, after {moment.number} ({moment.what})"
        clips = judge.clips_of(moment.books.jobs)
        for complaint in judge.of_image(image, moment.promise, story.home, clips):
            tally.violations.append(f"{where}: {complaint}")
            return
        for arrival in arrivals(moment):
            for lists in (True, False):
                self._go_home(image, moment, story, tally, arrival, lists=lists)

    def _go_home(
        self, image: Image, moment: Moment, story: Story, tally: Tally, arrival: Arrival, *, lists: bool
    ) -> None:
        key = hash((story.home.key, image.key, arrival.books.key, arrival.late, moment.flight, lists))
        if key in self._ways:
            return
        self._ways.add(key)
        tally.recoveries += 1
        recovery = Recovery(film=story.home, image=image, moment=moment, arrival=arrival, lists=lists)
        if found := recovery.play():
            where = f"{story.name}, after {moment.number} ({moment.what}), {arrival.name}"
            tally.violations.append(f"{where}, {'a' if lists else 'no'} list: {found[0]}")
