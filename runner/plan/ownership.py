"""Whose attempt each is: renames, reorders, insertions and swaps cost nothing; two equal shots are two purchases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Final

from runner.lock.facts import Attempt, Claim, State
from runner.lock.values import after
from runner.manifest.batch import Shot, ShotId
from runner.manifest.request import Fingerprint

_Owned = dict[ShotId, list[Attempt]]
_Free = dict[Fingerprint, dict[str, list[Attempt]]]
_Kept = tuple[ShotId, Attempt]
WORTH: Final = {State.INTENT: 0, State.SUBMITTED: 1, State.DONE: 2}


def assign(
    shots: Sequence[Shot], attempts: Iterable[Attempt]
) -> tuple[Mapping[ShotId, tuple[Attempt, ...]], tuple[Attempt, ...]]:
    """Whose attempt each is, and the claims by which left-over shots take over attempts that nobody kept."""
    owned, free = _kept(shots, attempts)
    claims = _returned(owned)
    spare = _spare(owned)
    for take_over in (_rest, _unkept, _unkept_clip, partial(_spare_clip, spare=spare)):
        for shot in shots:
            # The best comes first: a claim that is cut by a kill has then taken over what matters.
            found = sorted(take_over(shot, owned, free), key=importance, reverse=True)
            claimed = [taken_over(each, shot.id) for each in found]
            owned[shot.id] += claimed
            claims += claimed
    return {shot: tuple(each) for shot, each in owned.items()}, tuple(claims)


def _kept(shots: Sequence[Shot], attempts: Iterable[Attempt]) -> tuple[_Owned, _Free]:
    """What each shot keeps of its own, and what nobody keeps, by fingerprint and last owner."""
    wants: dict[str, Fingerprint] = {shot.id: shot.request.fingerprint for shot in shots}
    owned: _Owned = {shot.id: [] for shot in shots}
    free: _Free = {}
    # What falls back to an earlier owner comes last: an owner that has another clip leaves it to who has none.
    for attempt in sorted(attempts, key=lambda each: (last_owner(each) != owner_of(each, wants), each.id)):
        owner = owner_of(attempt, wants)
        if owner is None or (owner != last_owner(attempt) and owned[owner]):
            free.setdefault(attempt.fingerprint, {}).setdefault(last_owner(attempt), []).append(attempt)
        else:
            owned[owner].append(attempt)
    return owned, free


def _returned(owned: _Owned) -> list[Attempt]:
    """Claims for what fell back to an earlier name: else the name between would come first, once it is used again."""
    claims = []
    for shot, mine in owned.items():
        for place, attempt in enumerate(mine):
            if last_owner(attempt) != shot:
                mine[place] = taken_over(attempt, shot)
                claims.append(mine[place])
    return claims


def _rest(shot: Shot, owned: _Owned, free: _Free) -> list[Attempt]:
    """What was left behind where a kill cut the claims of a shot: its failures count, too.

    The best was claimed first. What is newer was bought for another shot, to which the name was given since.
    """
    groups, mine = free.get(shot.request.fingerprint), owned[shot.id]
    if not groups or _may_have_clip(mine):
        return []
    found = []
    for claimed in mine:
        name = _former_owner(claimed)
        group = groups.pop(name, [])
        found += [each for each in group if worth(each) < 0 and each.id < claimed.id]
        if others := [each for each in group if each not in found]:
            groups[name] = others
    return found


def _unkept(shot: Shot, owned: _Owned, free: _Free) -> list[Attempt]:
    """For a shot that has nothing: the best of what nobody kept."""
    groups = free.get(shot.request.fingerprint)
    if not groups or any(each.state is not State.UNSENT for each in owned[shot.id]):
        return []
    return groups.pop(min(groups, key=lambda name: _rank(groups[name])))


def _unkept_clip(shot: Shot, owned: _Owned, free: _Free) -> list[Attempt]:
    """For a shot of which no clip will come: a clip, or what may become one, that nobody kept."""
    groups = free.get(shot.request.fingerprint, {})
    going = {name: group for name, group in groups.items() if any(worth(each) >= 0 for each in group)}
    if not going or _may_have_clip(owned[shot.id]):
        return []
    return groups.pop(min(going, key=lambda name: _rank(going[name])))


def _spare_clip(shot: Shot, owned: _Owned, _free: _Free, *, spare: dict[Fingerprint, list[_Kept]]) -> list[Attempt]:
    """For a shot of which no clip will come: one that an equal shot has twice. One that is lost is better than none."""
    mine = owned[shot.id]
    if shot.request.fingerprint not in spare or _may_have_clip(mine):
        return []
    spares = spare[shot.request.fingerprint]
    empty = all(each.state is State.UNSENT for each in mine)
    for place, (owner, attempt) in enumerate(spares):
        if empty or worth(attempt) >= 0:
            del spares[place]
            owned[owner].remove(attempt)
            return [attempt]
    return []


def _spare(owned: _Owned) -> dict[Fingerprint, list[_Kept]]:
    """What a shot has beyond one attempt: two branches bought the same take, a name in the lockfile was damaged, or
    another shot's clip took the place of its own.
    """
    spare: dict[Fingerprint, list[_Kept]] = {}
    for shot, mine in owned.items():
        bought = (each for each in mine if worth(each) >= 0 or each.state is State.EXPIRED) if len(mine) > 1 else ()
        jobs: set[str] = set()
        for better, each in pairwise(sorted(bought, key=importance, reverse=True)):
            jobs.update(better.jobs)
            alike = worth(each) >= 0 or better.state is State.EXPIRED
            if alike and each.intent.take == better.intent.take and jobs.isdisjoint(each.jobs):
                spare.setdefault(each.fingerprint, []).append((shot, each))
        for each in _made_up_for(mine) if len(mine) > 1 else ():
            spare.setdefault(each.fingerprint, []).append((shot, each))
    return {wish: sorted(kept, key=lambda one: importance(one[1]), reverse=True) for wish, kept in spare.items()}


def _made_up_for(mine: Sequence[Attempt]) -> list[Attempt]:
    """What came to nothing and was made up for by what had been bought for another shot, and was taken over.

    Whoever wants the same next gets it: else that shot's clip would be bought again, and nobody asked for that.
    """
    here = {job for each in mine if worth(each) >= 0 for job in each.jobs}  # one of these was taken back
    lost = [
        each
        for each in mine
        if worth(each) < 0 and each.state is not State.UNSENT and not ordered(each) and here.isdisjoint(each.jobs)
    ]
    names = {each.intent.shot for each in lost}
    got = [each for each in mine if worth(each) >= 0 and each.claims and each.intent.shot not in names]
    return lost[: len(got)]


def _may_have_clip(mine: Iterable[Attempt]) -> bool:
    return any(worth(each) >= 0 for each in mine)


def owner_of(attempt: Attempt, wants: Mapping[str, Fingerprint]) -> ShotId | None:
    """The shot that an attempt belongs to: the highest claim that still fits, else the shot it was made for."""
    names = [claim.shot for claim in reversed(attempt.claims)] + [attempt.intent.shot]
    return next((ShotId(name) for name in names if wants.get(name) == attempt.fingerprint), None)


def last_owner(attempt: Attempt) -> str:
    """The shot that had the attempt last, whether or not it still wants it."""
    return attempt.claims[-1].shot if attempt.claims else attempt.intent.shot


def owners_of(attempt: Attempt) -> frozenset[str]:
    """All shots that ever had the attempt."""
    return frozenset((attempt.intent.shot, *(claim.shot for claim in attempt.claims)))


def _former_owner(attempt: Attempt) -> str:
    """The shot that had it before its last owner; none where it was bought for that one."""
    names = [attempt.intent.shot, *(claim.shot for claim in attempt.claims)]
    return names[-2] if len(names) > 1 else ""


def taken_over(attempt: Attempt, shot: ShotId) -> Attempt:
    """The attempt, with a claim of the shot."""
    number = after(max((claim.number for claim in attempt.claims), default=0))
    return replace(attempt, claims=tuple(sorted({*attempt.claims, Claim(number=number, shot=shot)})))


def _rank(group: Sequence[Attempt]) -> tuple[int, str]:
    """Groups with a clip come first, then those that may get one."""
    return -max(worth(each) for each in group), group[0].id


def importance(attempt: Attempt) -> tuple[bool, int, int, str]:
    """Of several attempts, the highest is the one that matters."""
    return attempt.state in WORTH, attempt.intent.take, worth(attempt), attempt.id


def worth(attempt: Attempt) -> int:
    """How near an attempt is to a clip; below 0 where none will come of it."""
    return WORTH.get(attempt.state, -1)


def may_be_paid(attempt: Attempt) -> bool:
    """Whether a clip may have been paid for, had or not, and nobody ordered a new purchase in its place."""
    return attempt.may_have_cost and attempt.state is not State.FAILED and not ordered(attempt)


def ordered(attempt: Attempt) -> bool:
    """Whether a person gave it up for a new purchase."""
    return attempt.state is State.ABANDONED and attempt.ruling is not None and attempt.ruling.resubmit
