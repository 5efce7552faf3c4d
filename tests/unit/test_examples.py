"""Every example of a good manifest loads; every bad one tells a person exactly what the text beside it says."""

from pathlib import Path

import pytest

from tests.unit.manifest_factory import outcome, screen

EXAMPLES = Path(__file__).parents[1] / "examples"
INVALID = sorted((EXAMPLES / "invalid").glob("*.yaml"))
VALID = sorted((EXAMPLES / "valid").glob("*.yaml"))


def test_there_are_examples_of_both_kinds():
    assert len(INVALID) >= 44
    assert len(VALID) >= 5


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_example_has_no_problems(path):
    batch, problems = outcome(path)
    assert problems == []
    assert batch is not None


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_example_is_told_as_the_text_beside_it_says(path):
    batch, problems = outcome(path)
    assert batch is None
    assert problems == sorted(set(problems))
    assert screen(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_every_problem_of_an_invalid_example_has_a_hint_and_a_short_message(path):
    _, problems = outcome(path)
    assert all(problem.hint for problem in problems)
    assert all(len(problem.message) <= 300 for problem in problems)
    assert all("\n" not in problem.message + problem.hint for problem in problems)


def test_no_text_gives_a_secret_away():
    for path in INVALID:
        told = screen(path)
        assert not [secret for secret in ("hunter2", "bob", "abc123", "sk-live", "0123456789") if secret in told], path
