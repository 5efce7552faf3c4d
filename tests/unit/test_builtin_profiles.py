"""The profiles that come with the program, held against what is documented of their servers."""

from pathlib import Path

import pytest

from runner.provider import profiles
from runner.provider.manner import Auth

ALL = profiles.names()


@pytest.mark.parametrize("name", ALL)
def test_each_is_whole_and_careful(name: str) -> None:
    profile = profiles.load(name, beside=Path("/nowhere"))
    assert profile.name == name
    assert not profile.list_complete or name == "sandbox", "absence is believed only where it is known to prove"
    assert not profile.not_admitted, "no server's errors are known to come before admission"
    if profile.prices:
        assert profile.prices.date
        assert profile.prices.source
    free = profile.prices is not None and profile.prices.of("any", "16x16", "1") == 0
    assert profile.resubmit_lost == (free or name == "sandbox")


@pytest.mark.parametrize(
    ("name", "auth", "form", "model"),
    [
        ("sora", Auth.BEARER, False, "sora-2"),
        ("openai", Auth.BEARER, False, "sora-2"),
        ("azure", Auth.API_KEY, False, "sora-2"),
        ("new-api", Auth.BEARER, False, "sora-2"),
        ("litellm", Auth.BEARER, False, "sora-2"),
        ("vllm-omni", Auth.NONE, True, "*"),
        ("sglang", Auth.NONE, False, "*"),
    ],
)
def test_how_it_is_spoken_to(name: str, auth: Auth, form: bool, model: str) -> None:
    profile = profiles.load(name, beside=Path("/nowhere"))
    assert (profile.manner.auth, profile.manner.form, profile.limits.model) == (auth, form, model)


def test_the_larger_model_has_its_own_sizes_and_prices() -> None:
    profile = profiles.load("openai", beside=Path("/nowhere"))
    assert "1920x1080" in profile.limits.models["sora-2-pro"].sizes
    assert "1920x1080" not in profile.limits.models["sora-2"].sizes
    assert profile.prices is not None
    assert profile.prices.of("sora-2-pro", "1920x1080", "8") * 10 == 56  # type: ignore[operator]
    assert profile.prices.of("sora-2", "1920x1080", "8") is None


def test_a_server_of_ones_own_takes_any_size_and_length_and_more_fields() -> None:
    limits = profiles.load("vllm-omni", beside=Path("/nowhere")).limits
    assert "832x480" in limits.models["*"].sizes
    assert 5 in limits.models["*"].seconds
    assert {"seed", "negative_prompt", "fps"} <= set(limits.fields)
    assert "boundary_ratio" not in profiles.load("sglang", beside=Path("/nowhere")).limits.fields
