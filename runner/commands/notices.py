"""What a person should know before buying: what this machine has bought already, and what was bought twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote
from typing import Final

from runner.commands.place import Place
from runner.lock.facts import Attempt, AttemptId, join_all
from runner.lock.memory import Memory
from runner.manifest.request import Fingerprint
from runner.plan.ownership import last_owner, worth
from runner.plan.steps import Plan
from runner.plan.table import Reason
from runner.report.wording import near, shown

_NAMED: Final = 3  # other manifests
_UNASKED: Final = (Reason.NEW, Reason.CHANGED, Reason.DOUBTFUL)


def notices(plan: Plan, memory: Memory, place: Place) -> Iterator[str]:
    """The lines about it."""
    yield from _bought_elsewhere(plan, memory, place)
    yield from _bought_twice(join_all(plan.claims, memory.attempts).values(), memory.learned)


def _bought_elsewhere(plan: Plan, memory: Memory, place: Place) -> Iterator[str]:
    """Clips that this run would buy, or holds, and that another manifest has: a clone, or this one by a former name."""
    wanted = {step.wanted.request.fingerprint for step in plan.steps if step.wanted and step.reason in _UNASKED}
    others: dict[str, set[Fingerprint]] = defaultdict(set)
    for each in memory.ledger.attempts.values() if wanted else ():
        paths = each.owner.paths if each.owner and worth(each) >= 0 else ()
        if paths and each.fingerprint in wanted and str(place.manifest) not in paths:
            others[paths[0]].add(each.fingerprint)
    for path, found in sorted(others.items(), key=lambda item: (-len(item[1]), item[0]))[:_NAMED]:
        manifest = Path(path)
        yield f"this machine has bought {len(found):,} of these clips for {near(manifest)}; {_to_keep(manifest, place)}"


def _to_keep(manifest: Path, place: Place) -> str:
    """How the clips of another manifest become those of this one."""
    theirs = manifest.with_suffix(".lock")
    if not theirs.exists() and not manifest.exists():
        return "under that name they come back by themselves"
    first = "" if theirs.exists() else f"shotlock render {quote(near(manifest))} --frozen; "
    return f"to use them here: {first}cat {quote(near(theirs))} >> {quote(near(place.lockfile))}"


def _bought_twice(attempts: Iterable[Attempt], learned: frozenset[AttemptId]) -> Iterator[str]:
    """Shots that two histories bought, told once: when the lockfile brings the news."""
    groups: dict[tuple[str, Fingerprint, int], list[Attempt]] = defaultdict(list)
    for each in sorted(attempts, key=lambda each: each.id):
        if each.jobs and worth(each) >= 0:
            groups[last_owner(each), each.fingerprint, each.intent.take].append(each)
    for (shot, _, _), bought in sorted(groups.items()):
        jobs = list(dict.fromkeys(job for each in bought for job in each.jobs))
        if len(jobs) > 1 and any(each.id in learned for each in bought):
            times = "twice" if len(jobs) == 2 else f"{len(jobs)} times"
            yield f"shot `{shown(shot)}` was bought {times}, on two branches: {shown(' and '.join(jobs))}"
