"""Lockfiles of two branches are merged by git: no fact is lost, nothing is bought again, double buys are named."""

from collections import Counter

import pytest

from tests.crash.merges import play

MERGES = 40


@pytest.mark.timeout(600)  # git starts some six hundred times
def test_merges_lose_no_fact_and_buy_nothing_again() -> None:
    happened = Counter[str]()
    for seed in range(MERGES):
        complaints, done = play(seed)
        assert complaints == [], f"seed {seed}"
        happened.update(done)
    assert {"add", "rename", "edit", "retake", "go on", "conflicts", "bought twice"} <= happened.keys()
