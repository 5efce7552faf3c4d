"""What of a profile cannot hold at the same time, each at its place."""

from pathlib import Path
from typing import Any

import pytest

from runner.provider.profiles import ProfileProblems, load
from tests.unit.manifest_factory import written_profile

CLASHES: dict[str, tuple[dict[str, Any], str]] = {
    "two fields of one name": ({"names": {"prompt": "seconds"}}, "`seconds` and `prompt` are both sent as `seconds`"),
    "a field that is another": ({"names": {"prompt": "model"}}, "`prompt` and `model` are both sent as `model`"),
    "an image as the prompt": ({"names": {"input_reference": "prompt"}}, "are both sent as `prompt`"),
    "an extra field in the way": (
        {"names": {"seconds": "duration"}, "fields": {"duration": {"type": "integer"}}},
        "`duration` is what `seconds` is sent as",
    ),
    "a size as the prompt": ({"size_as": {"1280x720": {"prompt": "boo"}}}, "`prompt` is what `prompt` is sent as"),
    "a size as a further field": (
        {"fields": {"ratio": {"type": "text"}}, "size_as": {"1280x720": {"ratio": "16:9"}}},
        "`ratio` is what a further field is sent as",
    ),
    "a size that nobody has": ({"size_as": {"1280x721": {}}}, "no model has the size `1280x721`"),
    "a field within a field": (
        {"names": {"prompt": "input.prompt", "input_reference": "input"}},
        "`input.prompt` lies within `input`, which is a field itself",
    ),
    "a further field within a field": (
        {"fields": {"model.seed": {"type": "integer"}}},
        "`model.seed` lies within `model`, which is a field itself",
    ),
    "a size within a field": (
        {"size_as": {"1280x720": {"prompt.x.y": 1}}},
        "`prompt.x.y` lies within `prompt`, which is a field itself",
    ),
    "a word of two meanings": (
        {"states": {"queued": ["a"], "completed": ["A"]}},
        "the word `A` stands for `queued`, too",
    ),
    "a header that means something": ({"auth": {"header": "Accept"}}, "the header `Accept` has a meaning of its own"),
    "a header of the body": (
        {"auth": {"header": "Content-Type"}},
        "the header `Content-Type` has a meaning of its own",
    ),
    "the header of the host": ({"auth": {"header": "HOST"}}, "the header `HOST` has a meaning of its own"),
    "files in no form": ({"image_as": "data_uri", "body": "form"}, "`image_as` is `data_uri`, and `body` is `form`"),
}


@pytest.mark.parametrize("case", CLASHES)
def test_what_cannot_hold_is_a_problem(case: str) -> None:
    spec, words = CLASHES[case]
    with pytest.raises(ProfileProblems, match=words):
        load(written_profile({"extends": "sora", **spec}), beside=Path("/nowhere"))


@pytest.mark.parametrize(
    "spec",
    [
        {"names": {"prompt": "text", "size": "prompt_size"}},
        {"names": {"prompt": "seconds", "seconds": "prompt"}},
        {"names": {"size": "resolution"}, "size_as": {"1280x720": {"resolution": "720p", "size": "wide"}}},
        {"names": {"prompt": "input.prompt", "input_reference": "input.image", "size": "parameters.size"}},
        {"auth": {"header": "X-Api-Key", "before": ""}},
        {"states": {"queued": ["a", "A"]}},
    ],
)
def test_what_can_hold_is_none(spec: dict[str, Any]) -> None:
    assert load(written_profile({"extends": "sora", **spec}), beside=Path("/nowhere")).name == "sora, adapted"
