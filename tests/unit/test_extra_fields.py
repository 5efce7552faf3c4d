"""Further fields of a request: typed by the profile, in the fingerprint, and told where they are wrong."""

from pathlib import Path
from typing import Any

import pytest

from runner.manifest.fields import Field
from tests.unit.manifest_factory import batch, make_limits, outcome, write

LIMITS = make_limits(
    fields={
        "seed": Field(kind="integer", least=0, most=2**32 - 1),
        "guidance": Field(kind="number", most=20),
        "negative_prompt": Field(kind="text", longest=20),
        "sound": Field(kind="boolean"),
        "fps": Field(kind="integer", choices=(24, 30)),
    }
)


def extra_of(folder: Path, extra: str, defaults: str = "") -> Any:
    text = f"version: 1\n{defaults}\nshots:\n  - id: one\n    prompt: a\n    extra: {{{extra}}}\n"
    return batch(folder, text, LIMITS).shots[0].request


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("seed: 7", {"seed": 7}),
        ("guidance: 7", {"guidance": 7}),
        ("guidance: 7.0", {"guidance": 7}),
        ("guidance: 4.5", {"guidance": 4.5}),
        ("negative_prompt: rain", {"negative_prompt": "rain"}),
        ("sound: false", {"sound": False}),
        ("fps: 30", {"fps": 30}),
        ("", {}),
    ],
)
def test_a_value_of_its_type_is_sent(tmp_path: Path, written: str, sent: Any) -> None:
    request = extra_of(tmp_path, written)
    assert request.extra == sent
    assert all(type(request.extra[name]) is type(value) for name, value in sent.items())


def test_one_wish_has_one_fingerprint_and_another_has_another(tmp_path: Path) -> None:
    prints = [extra_of(tmp_path, each).fingerprint for each in ("guidance: 7", "guidance: 7.0", "guidance: 8", "")]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_shot_goes_over_the_defaults_field_by_field(tmp_path: Path) -> None:
    defaults = "defaults: {extra: {seed: 1, fps: 24, guidance: 2}}"
    assert extra_of(tmp_path, "seed: 2, fps: null", defaults).extra == {"seed": 2, "guidance": 2}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("seed: many", "`extra.seed` is text `many`, the profile wants a whole number from 0 to 4294967295"),
        ("seed: 1.5", "`extra.seed` is `1.5`, the profile wants a whole number from 0 to 4294967295"),
        ("seed: -1", "`extra.seed` is `-1`, the profile wants a whole number from 0 to 4294967295"),
        ("seed: true", "`extra.seed` is `true`, the profile wants a whole number from 0 to 4294967295"),
        ("guidance: 20.5", "`extra.guidance` is `20.5`, the profile wants a number to 20"),
        ("negative_prompt: rain and snow and hail", "the profile wants text of at most 20 characters"),
        ("sound: 1", "`extra.sound` is `1`, the profile wants true or false"),
        ("fps: 25", "`extra.fps` is `25`, the profile wants 24, 30"),
        ("sed: 1", "`extra.sed` is no field that the profile `sora` knows; known are seed, guidance"),
        ("prompt: no", "`extra.prompt` is no field"),
    ],
)
def test_what_the_profile_does_not_allow_is_a_problem(tmp_path: Path, written: str, message: str) -> None:
    text = f"version: 1\nshots:\n  - id: one\n    prompt: a\n    extra: {{{written}}}\n"
    made, problems = outcome(write(tmp_path, text), LIMITS)
    assert made is None
    (problem,) = problems
    assert message in problem.message
    assert problem.line == 5


def test_a_profile_without_fields_says_so(tmp_path: Path) -> None:
    _, problems = outcome(write(tmp_path, "version: 1\nshots: [{id: one, prompt: a, extra: {seed: 1}}]\n"))
    assert "knows; it knows none" in problems[0].message
