"""Whose attempt each is: renames, reorders, insertions and swaps cost nothing; two equal shots are two purchases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from runner.lock.facts import Attempt, Claim, State
from runner.manifest.batch import Shot, ShotId
from runner.manifest.request import Fingerprint

WORTH: Final = {State.INTENT: 0, State.SUBMITTED: 1, State.DONE: 2}


def assign(
    shots: Sequence[Shot], attempts: Iterable[Attempt]
) -> tuple[Mapping[ShotId, tuple[Attempt, ...]], tuple[Attempt, ...]]:
    """Whose attempt each is, and the claims by which left-over shots take over attempts that nobody kept."""
    wants: dict[str, Fingerprint] = {shot.id: shot.request.fingerprint for shot in shots}
    owned: dict[ShotId, list[Attempt]] = {shot.id: [] for shot in shots}
    free: dict[Fingerprint, dict[str, list[Attempt]]] = {}
    # What falls back to an earlier owner comes last: an owner that has another clip leaves it to who has none.
    for attempt in sorted(attempts, key=lambda each: (last_owner(each) != owner_of(each, wants), each.id)):
        owner = owner_of(attempt, wants)
        if owner is None or (owner != last_owner(attempt) and owned[owner]):
            free.setdefault(attempt.fingerprint, {}).setdefault(last_owner(attempt), []).append(attempt)
        else:
            owned[owner].append(attempt)
    claims: list[Attempt] = []
    for shot in shots:
        groups = free.get(shot.request.fingerprint)
        if groups and all(each.state is State.UNSENT for each in owned[shot.id]):
            best = min(groups, key=lambda name: _rank(groups[name]))
            # The best comes first: a claim that is cut by a kill has then taken over what matters.
            claimed = [_claim(each, shot.id) for each in sorted(groups.pop(best), key=_importance, reverse=True)]
            owned[shot.id] += claimed
            claims += claimed
    return {shot: tuple(each) for shot, each in owned.items()}, tuple(claims)


def owner_of(attempt: Attempt, wants: Mapping[str, Fingerprint]) -> ShotId | None:
    """The shot that an attempt belongs to: the highest claim that still fits, else the shot it was made for."""
    names = [claim.shot for claim in reversed(attempt.claims)] + [attempt.intent.shot]
    return next((ShotId(name) for name in names if wants.get(name) == attempt.fingerprint), None)


def last_owner(attempt: Attempt) -> str:
    """The shot that had the attempt last, whether or not it still wants it."""
    return attempt.claims[-1].shot if attempt.claims else attempt.intent.shot


def _claim(attempt: Attempt, shot: ShotId) -> Attempt:
    number = max((claim.number for claim in attempt.claims), default=0) + 1
    return replace(attempt, claims=tuple(sorted({*attempt.claims, Claim(number=number, shot=shot)})))


def _rank(group: Sequence[Attempt]) -> tuple[int, str]:
    """Groups with a clip come first, then those that may get one."""
    return -max(worth(each) for each in group), group[0].id


def _importance(attempt: Attempt) -> tuple[bool, int, int, str]:
    return attempt.state in WORTH, attempt.intent.take, worth(attempt), attempt.id


def worth(attempt: Attempt) -> int:
    """How near an attempt is to a clip; below 0 where none will come of it."""
    return WORTH.get(attempt.state, -1)
