"""The example that a newcomer renders first: it must be clean, small, and show what its comments promise."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from runner.manifest import load
from runner.manifest.references import payload
from runner.provider import profiles

PATH = Path(__file__).parents[2] / "manifests" / "manifest.yaml"


@pytest.fixture(scope="module")
def profile():
    return profiles.load("sora", beside=PATH.parent)


@pytest.fixture(scope="module")
def batch(profile):
    document, problems = load.read(PATH)
    assert problems == []
    batch, problems = load.batch_of(document, PATH, profile.limits)
    assert problems == []
    return batch


@pytest.fixture(scope="module")
def shots(batch):
    return {shot.id: shot for shot in batch.shots}


def test_it_is_a_small_film_in_both_sizes_and_all_lengths(batch, profile):
    requests = [shot.request for shot in batch.shots]

    assert 6 <= len(requests) <= 8
    assert {request.size for request in requests} == {"1280x720", "720x1280"}
    assert {int(request.seconds) for request in requests} == set(profile.limits.models["sora-2"].seconds.listed)
    assert 40 <= sum(int(request.seconds) for request in requests) <= 48


def test_its_budget_is_enough(batch, profile):
    prices = [profile.prices.of(shot.request.model, shot.request.size, shot.request.seconds) for shot in batch.shots]

    assert sum(prices, Decimal(0)) <= batch.budget


def test_the_lighthouse_is_sent_untouched(shots):
    shot = shots["lighthouse"]

    assert shot.request.reference.fit is None
    assert payload(shot.reference, shot.request).data == (PATH.parent / "refs" / "lighthouse.jpg").read_bytes()


def test_the_alley_is_fitted_and_its_cat_stays_in_view(shots):
    shot = shots["alley"]

    assert shot.request.size == "720x1280"
    with Image.open(io.BytesIO(payload(shot.reference, shot.request).data)) as image:
        assert image.size == (720, 1280)
        # The cat is the only thing of this orange that is large.
        pixels = zip(*[iter(image.convert("RGB").resize((72, 128)).tobytes())] * 3, strict=True)
    cat = [n for n, (r, g, b) in enumerate(pixels) if r > 190 and 90 < g < 170 and b < 90]
    columns = [n % 72 for n in cat]
    assert len(cat) > 150
    assert min(columns) > 20
    assert max(columns) < 71


def test_it_holds_a_prompt_in_chinese_a_variable_and_a_prompt_in_parts(shots):
    assert "橘猫" in shots["rain"].request.prompt
    assert "a ginger cat with a white tip to its tail climbs" in shots["stairs"].request.prompt
    assert shots["waking"].request.prompt.endswith("slow dolly in")
    assert not any("${" in shot.request.prompt for shot in shots.values())


def test_its_pictures_are_light_enough_for_git():
    pictures = list((PATH.parent / "refs").iterdir())

    assert len(pictures) == 2
    assert all(picture.stat().st_size < 200_000 for picture in pictures)
