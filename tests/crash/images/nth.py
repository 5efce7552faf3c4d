"""The Nth call fails: every point of a run, every trouble that there can be, and pairs of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.errors import ExitCode
from tests.crash.images.film import Film
from tests.crash.images.ordeal import CANCELLED, Ordeal
from tests.crash.images.trouble import ANSWERS, CODES, ENDS, FROM_THERE_ON, KILL, KILL_AFTER, MEDDLING, POSTS, Point

_LOST = ("lose_before", "lose_after", "error_before", "error_after", "garbage")
_ROOM = ("write", "copy", "make_folder")
_CHANGES = (*_ROOM, "sync", "sync_folder", "rename", "truncate", "remove")
_PAIRED = {"create": (*POSTS, *ENDS, KILL, KILL_AFTER), "retrieve": ("error", "missing", "interrupt", KILL)}
_PAIRED |= {"list": ("error", "no route", KILL), "content": ("reset", "missing", "no video", "interrupt", KILL)}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A run with its troubles, and what is wrong with how it went."""

    film: Film
    lists: bool
    troubles: tuple[tuple[int, str], ...]

    def play(self) -> tuple[Ordeal, list[str]]:
        """How it went, and what is wrong with that."""
        ordeal = Ordeal(film=self.film, troubles=dict(self.troubles), lists=self.lists)
        found = ordeal.play()
        if len(self.troubles) == 1 and ordeal.fate.met:
            ((number, kind),) = self.troubles
            wanted = expected(ordeal.fate.crossed, number, kind, lists=self.lists)
            if ordeal.endings[0].code not in wanted:
                found = [*found, f"it ended with {ordeal.endings[0].code}, which should be one of {wanted}"]
        return ordeal, [f"{self}: {each}" for each in found]

    def __str__(self) -> str:
        troubles = " and ".join(f"{kind} at {number}" for number, kind in self.troubles)
        return f"{len(self.film.prompts)} shots, {'a' if self.lists else 'no'} list, {troubles}"


def points_of(film: Film, *, lists: bool, before: tuple[tuple[int, str], ...] = ()) -> Sequence[Point]:
    """Everything that is crossed after some troubles, until a run ends by itself."""
    ordeal = Ordeal(film=film, troubles={**dict(before), 10**9: "never"}, lists=lists)
    ordeal.play()
    return tuple(ordeal.fate.crossed)


def singles(film: Film, *, lists: bool) -> Iterator[Trial]:
    """Every trouble at every point."""
    for number, point in enumerate(points_of(film, lists=lists)):
        for kind in kinds_at(point):
            yield Trial(film=film, lists=lists, troubles=((number, kind),))


def a_few_singles(film: Film, *, lists: bool) -> Iterator[Trial]:
    """Every point: no room, a failure that lasts, and by turns each other trouble; every call, in every way."""
    for number, point in enumerate(points_of(film, lists=lists)):
        kinds = kinds_at(point)
        if point.door == "disk":
            turn = (kinds[number % len(kinds)], kinds[(number * 5 + 3) % len(kinds)])
            kinds = tuple(dict.fromkeys(("ENOSPC", f"EIO{FROM_THERE_ON}", *turn)))
        yield from (Trial(film=film, lists=lists, troubles=((number, kind),)) for kind in kinds)


def kinds_at(point: Point) -> tuple[str, ...]:
    """Every trouble that there can be at a point."""
    if point.door == "disk":
        meddling = (kind for kind in MEDDLING if not _between_look_and_write(point, kind))
        return (*CODES, *(f"{code}{FROM_THERE_ON}" for code in CODES), *meddling)
    return (*POSTS, *ENDS) if point.what == "create" else (*ANSWERS[point.what], *ENDS)


def _between_look_and_write(point: Point, kind: str) -> bool:
    """Where even a lock does not keep others away: nobody can look at a file and write it in one step."""
    if "ledger" in kind:
        return point.guarded
    written = point.name == ".film.lock.new" or (
        point.name == "film.lock" and point.what in ("read", "write", "rename")
    )
    return kind == "lockfile in conflict" and written


def pairs(film: Film, *, lists: bool) -> Iterator[Trial]:
    """Every two troubles, the second in the same run or in one that follows it."""
    for first in _paired(points_of(film, lists=lists), 0):
        crossed = points_of(film, lists=lists, before=(first,))
        for second in _paired(crossed, first[0] + 1):
            yield Trial(film=film, lists=lists, troubles=(first, second))


def _paired(points: Iterable[Point], start: int) -> Iterator[tuple[int, str]]:
    for number, point in enumerate(points):
        if number >= start:
            yield from ((number, kind) for kind in _paired_at(point))


def _paired_at(point: Point) -> tuple[str, ...]:
    """The troubles that differ in what they do to a run."""
    if point.door == "http":
        return _PAIRED[point.what]
    room = ("ENOSPC",) if point.what in _ROOM else ()
    return ("EIO", *room, *((KILL,) if point.what in _CHANGES else ()))


def expected(crossed: Sequence[Point], number: int, kind: str, *, lists: bool) -> tuple[int, ...]:
    """How a run with one trouble may end, as the fault matrix has it."""
    point = crossed[number]
    if kind in MEDDLING:
        return (ExitCode.DONE, ExitCode.STOPPED)
    if point.door == "disk":
        lasting = (ExitCode.STOPPED,) if kind.endswith(FROM_THERE_ON) else ()
        return (ExitCode.DONE, *lasting) if _is_cache(crossed, number) else (ExitCode.STOPPED,)
    if kind in ("cancel", "interrupt"):
        return (CANCELLED,) if kind == "cancel" else (ExitCode.INTERRUPTED,)
    if kind == "a web page" or (kind == "refused" and point.what == "create"):
        return (ExitCode.STOPPED,)
    held = point.what == "create" and kind in _LOST and not lists
    return (ExitCode.UNFINISHED,) if held else (ExitCode.DONE,)


def _is_cache(crossed: Sequence[Point], number: int) -> bool:
    """Whether a point is of the remembered digests, without which a run is only slower."""
    of_folder = crossed[number].what == "sync_folder" and "seen.json" in crossed[number - 1].name
    return of_folder or "seen.json" in crossed[number].name
