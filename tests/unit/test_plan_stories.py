"""Stories of a manifest that is edited again and again: no clip is ever bought that a shot could have taken over."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from runner.lock.facts import Attempt, AttemptId, State, join_all
from runner.manifest.batch import ShotId
from runner.manifest.request import Fingerprint
from runner.plan.steps import Plan, make
from runner.plan.table import Reason
from tests.unit.factories import make_attempt, make_clip, make_shot, make_situation

NAMES, PROMPTS = "abcdef", "xyz"  # few, so that names come back and prompts meet
STORIES = 700


class Story:
    """A batch, what a person does to it, and the runs in between. Its luck is its seed."""

    def __init__(self, seed: int, states: Sequence[State], *, kills: bool, retakes: bool) -> None:
        self._luck = random.Random(seed)
        self._states = states
        self._kills = kills
        self._retakes = retakes
        self._shots = [make_shot("a", "x"), make_shot("b", "y")]
        self._known: dict[AttemptId, Attempt] = {}
        self._most: Counter[Fingerprint] = Counter()  # that the shots ever wanted at once
        self._ordered: Counter[Fingerprint] = Counter()  # by a person, beyond that
        self.told: list[str] = []

    def play(self) -> bool:
        """Whether no run bought more than was ever wanted."""
        for _ in range(self._luck.randint(1, 14)):
            self._edit()
            if self._luck.random() < 0.7:
                self._run()
                self._jobs_go_on()
        return Counter(each.fingerprint for each in self._known.values()) <= self._most + self._ordered

    def _edit(self) -> None:
        luck, shots = self._luck, self._shots
        unused = [name for name in NAMES if name not in {shot.id for shot in shots}]
        what = luck.choice(("rename", "move", "insert", "remove", "edit", "swap"))
        at, other = (luck.randrange(len(shots)), luck.randrange(len(shots))) if shots else (0, 0)
        name, prompt = luck.choice(unused or ["-"]), luck.choice(PROMPTS)
        self.told.append(f"{what} {at} {other} {name} {prompt}")
        match what:
            case "rename" if shots and unused:
                shots[at] = replace(shots[at], id=ShotId(name))
            case "move" if shots:
                shots.insert(other, shots.pop(at))
            case "insert" if unused:
                shots.insert(at, make_shot(name, prompt))
            case "remove" if shots:
                shots.pop(at)
            case "edit" if shots:
                shots[at] = replace(shots[at], request=make_shot(prompt=prompt).request)
            case "swap" if shots:
                one, two = shots[at].request, shots[other].request
                shots[at], shots[other] = replace(shots[at], request=two), replace(shots[other], request=one)

    def _run(self) -> None:
        plan = make(self._shots, make_situation(*self._known.values(), retake=self._retake()))
        self._most |= Counter(shot.request.fingerprint for shot in self._shots)
        if self._kills and self._luck.random() < 0.3:
            recorded = self._luck.randrange(len(plan.claims) + 1)
            self.told.append(f"a run is killed after {recorded} of {len(plan.claims)} claims")
            self._known = join_all(plan.claims[:recorded], self._known)
            return
        self._known = join_all(plan.claims, self._known)
        self._buy(plan)

    def _buy(self, plan: Plan) -> None:
        for step in plan.purchases:
            assert step.wanted is not None
            self.told.append(f"buy {step.shot} ({step.wanted.request.prompt}), {step.reason}")
            if step.reason is Reason.ASKED:
                self._ordered[step.wanted.request.fingerprint] += 1
            state, number = self._luck.choice(self._states), len(self._known)
            new = make_attempt(state, number, shot=step.shot, take=step.take, request=step.wanted.request)
            self._known[new.id] = new

    def _retake(self) -> frozenset[ShotId]:
        if not self._retakes or not self._shots or self._luck.random() < 0.8:
            return frozenset()
        return frozenset({self._luck.choice(self._shots).id})

    def _jobs_go_on(self) -> None:
        for id_, each in self._known.items():
            if each.state is State.SUBMITTED and self._luck.random() < 0.5:
                self._known[id_] = replace(each, clip=make_clip())


@pytest.mark.parametrize("kills", [False, True])
@pytest.mark.parametrize("retakes", [False, True])
@pytest.mark.parametrize(
    "states", [(State.DONE,), (State.DONE, State.SUBMITTED, State.INTENT)], ids=["all at once", "as it comes"]
)
def test_a_story_of_edits_never_buys_more_than_was_ever_wanted_at_once(
    states: Sequence[State], retakes: bool, kills: bool
) -> None:
    for seed in range(STORIES):
        story = Story(seed, states, kills=kills, retakes=retakes)
        assert story.play(), (seed, story.told)
