"""Two branches go on from one lockfile and are merged by git: no fact is lost, and nothing is bought that either has.

`python -m tests.crash.merges N` plays so many stories, half of them with the driver that `shotlock init` writes, half
of them with the conflicts that git leaves without it and `shotlock lock fold` takes out.
"""

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path

from runner.commands.notices import notices
from runner.lock.facts import Attempt, AttemptId, State, join_all
from runner.lock.lockfile import folded
from runner.lock.scan import scan
from runner.plan.ownership import last_owner, worth
from runner.plan.steps import Plan, Step
from runner.plan.table import Action, Reason
from tests.crash.branches import Person, make_ready

_MEMORY = Path("/dev/shm")
STYLES = ("merge", "diff3", "zdiff3")


@dataclass(frozen=True, kw_only=True)
class Story:
    """Two people, and what a merge of their work came to."""

    seed: int
    ann: Person
    bob: Person
    base: Mapping[str, str]

    def judged(self) -> list[str]:
        """What is wrong with it."""
        wholes = {person.name: scan(person.lockfile.read_bytes()).records for person in (self.ann, self.bob)}
        plans = {person.name: person.plan(person.opened()) for person in (self.ann, self.bob)}
        known = join_all(wholes["ann"] + wholes["bob"])
        for person in (self.ann, self.bob):
            person.commit()
        style = STYLES[self.seed % len(STYLES)]
        elsewhere = self.ann.folder.with_name("as-it-was")
        shutil.copytree(self.ann.folder, elsewhere)
        self.ann.merge(self.bob, style)
        self.bob.merge(replace(self.ann, folder=elsewhere), style)
        found = [*_lost(known, self.ann), *_lost(known, self.bob)]
        files = {
            folded(join_all(scan(person.lockfile.read_bytes()).records).values()) for person in (self.ann, self.bob)
        }
        if len(files) > 1:
            found.append("it depends on who merges what the folded file says")
        wanted = self._merged_shots()
        for person in (self.ann, self.bob):
            person.shots = wanted
            found += _bought_again(person, plans, known.keys() - {each.id for each in wholes[person.name]})
        return found

    def _merged_shots(self) -> dict[str, str]:
        """The manifest that a person makes of both: where both changed a shot, one of them is right."""
        base, mine, theirs = self.base, self.ann.shots, self.bob.shots
        kept = [name for name in base if name in mine and name in theirs]
        merged = {name: mine[name] if mine[name] != base[name] else theirs[name] for name in kept}
        merged |= {name: prompt for name, prompt in mine.items() if name not in base}
        renamed = {prompt for name, prompt in merged.items() if name not in base} & {*base.values()}
        # A shot that both renamed is not two shots now.
        return merged | {
            name: prompt
            for name, prompt in theirs.items()
            if name not in base and name not in merged and prompt not in renamed
        }


def _lost(known: Mapping[AttemptId, Attempt], person: Person) -> list[str]:
    """Facts of either side that are not in a merged file. An attempt that bought nothing may go."""
    merged = join_all(scan(person.lockfile.read_bytes()).records)
    found = []
    for id_, each in known.items():
        if id_ not in merged:
            found += [] if each.state is State.UNSENT else [f"{person.name} lost attempt {id_}, {each.state}"]
        elif merged[id_] != each:
            found.append(f"{person.name} has {merged[id_]} and not {each}")
    jobs = {job for each in known.values() for job in each.jobs} - {
        job for each in merged.values() for job in each.jobs
    }
    return found + [f"{person.name} lost job {job}" for job in jobs]


def _bought_again(person: Person, plans: Mapping[str, Plan], news: Set[AttemptId]) -> list[str]:
    """What a render of the merged manifest would buy though a branch has it, and double buys that it does not name."""
    memory = person.opened()
    plan = person.plan(memory)
    had = _wishes(step for each in plans.values() for step in each.steps if step.action is not Action.SUBMIT)
    attempts = join_all(plan.claims, memory.attempts).values()
    found = [
        f"{person.name} would buy {step.shot} again: {step.reason}"
        for step in plan.purchases
        if _wishes([step]) <= had and _is_there(step, plan, attempts)
    ]
    said = [*notices(plan, memory, person.place)]
    twice = _twice(attempts, news)
    person.done["bought twice"] += len(twice)
    return found + [f"nobody says that {shot} was bought twice" for shot in twice if not _named(shot, said)]


def _wishes(steps: Iterable[Step]) -> set[tuple[str, str]]:
    return {(step.shot, step.wanted.request.fingerprint) for step in steps if step.wanted}


def _is_there(step: Step, plan: Plan, attempts: Collection[Attempt]) -> bool:
    """Whether there is a purchase for this shot, too, beside those for equal shots.

    There is none where both branches gave a single clip to another shot each; nor does a lost one count where a person
    ordered another.
    """
    wish, ordered = step.wanted.request.fingerprint if step.wanted else "", step.reason is Reason.ASKED
    shots = sum(_wishes([each]) == {(each.shot, wish)} for each in plan.steps)
    takes = Counter(
        (last_owner(each), each.intent.take)
        for each in attempts
        if each.fingerprint == wish and (worth(each) >= 0 or (each.state is State.EXPIRED and not ordered))
    )
    most: dict[str, int] = {}
    for (owner, _), count in takes.items():
        most[owner] = max(most.get(owner, 0), count)  # other takes are a person's wish
    return sum(most.values()) >= shots


def _twice(attempts: Iterable[Attempt], news: Set[AttemptId]) -> list[str]:
    """The shots of which a person's branch had bought a take, and the other branch another clip of the same take."""
    groups: dict[tuple[str, str, int], list[Attempt]] = {}
    for each in attempts:
        if each.jobs and worth(each) >= 0:
            groups.setdefault((last_owner(each), each.fingerprint, each.intent.take), []).append(each)
    return [
        shot for (shot, _, _), bought in groups.items() if len(bought) > 1 and any(each.id in news for each in bought)
    ]


def _named(shot: str, said: Iterable[str]) -> bool:
    return any(line.startswith(f"shot `{shot}` was bought ") for line in said)


def told(seed: int, root: Path) -> Story:
    """The story of a seed, up to the merge."""
    luck = random.Random(seed)
    base = {name: f"a {name}" for name in luck.sample(("alley", "beach", "cliff"), luck.randint(1, 3))}
    ann = Person(name="ann", folder=root / "ann", luck=luck, shots=dict(base))
    ann.folder.mkdir()
    if seed % 2:
        make_ready(ann.folder)
    ann.git("init", "-q", "-b", "main")
    ann.work(luck.randint(0, 3))
    ann.commit()
    base = dict(ann.shots)
    bob = Person(name="bob", folder=root / "bob", luck=luck, shots=dict(base), now=ann.now)
    shutil.copytree(ann.folder, bob.folder)
    for person in (ann, bob):
        person.work(luck.randint(1, 4))
    return Story(seed=seed, ann=ann, bob=bob, base=base)


def play(seed: int) -> tuple[list[str], Counter[str]]:
    """A story: what is wrong, and what happened in it."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None, prefix="merges-") as root:
        story = told(seed, Path(root))
        return story.judged(), story.ann.done + story.bob.done


def main() -> int:
    """Play so many stories; the exit code says whether one went wrong."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    begun, wrong, happened = time.monotonic(), 0, Counter[str]()
    for seed in range(number):
        found, done = play(seed)
        happened += done
        if found:
            wrong += 1
            print(f"seed {seed}:", *found, sep="\n  ")
    print(f"{number} merges, {wrong} wrong, {time.monotonic() - begun:.0f} s;", dict(happened))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
