from random import Random

import pytest
from PIL import Image

from runner.sandbox import backdrop, palette, scenery, silhouettes, sprite, tone


@pytest.mark.parametrize(
    ("prompt", "colours", "silhouette"),
    [
        ("A dog runs on the beach at sunset", "dusk", "waves"),
        ("Neon signs in a Tokyo alley", "neon", "city"),
        ("雨夜的老街", "storm", "city"),
        ("Snow falls on the mountains", "winter", "peaks"),
        ("Deer in a foggy forest", "mist", "pines"),
    ],
)
def test_the_words_of_a_prompt_choose_its_picture(prompt, colours, silhouette):
    mood = palette.mood_of(prompt, seed=0)

    assert mood.palette == palette._PALETTES[colours]
    assert mood.silhouette == silhouette


def test_words_are_whole_words():
    assert palette.mood_of("A knight seasons the bicycle", 3) == palette.mood_of("Something else", 3)


def test_a_prompt_without_such_words_is_coloured_by_its_seed():
    assert len({palette.mood_of("A chair", seed).palette for seed in range(50)}) == len(palette._PALETTES)
    assert len({palette.mood_of("A chair", seed * 97).silhouette for seed in range(50)}) > 3


@pytest.mark.parametrize("kind", sorted(silhouettes._SILHOUETTES))
@pytest.mark.parametrize("size", [(640, 360), (360, 640), (16, 16)])
def test_every_silhouette_spans_the_width_and_leaves_sky_and_land(kind, size):
    width, height = size
    ridge = silhouettes.skyline(kind, Random(1), width, height, min(size))
    image = scenery.land(palette._PALETTES["night"], kind, 2, size, min(size), Random(1))

    assert ridge[0][0] <= 0
    assert ridge[-1][0] >= width - 1
    assert image.size == size
    alpha = image.getchannel("A")
    assert alpha.crop((0, height - 1, width, height)).getextrema() == (255, 255)
    if min(size) > 16:
        assert alpha.getextrema() == (0, 255)


@pytest.mark.parametrize("kind", sorted({*palette._PLACES, *palette._OPEN_LAND}))
def test_every_place_that_a_prompt_can_name_can_be_drawn(kind):
    assert kind in silhouettes._SILHOUETTES


@pytest.mark.parametrize("name", sorted(palette._PALETTES))
def test_a_sky_is_the_same_each_time_and_light_where_the_sun_is(name):
    colours = palette._PALETTES[name]
    first, second = (scenery.sky(colours, (320, 180), Random(7), horizon=0.6, sea=name == "day") for _ in range(2))

    assert first.tobytes() == second.tobytes()
    brightest = max(sum(colour) for _, colour in first.getcolors(320 * 180))
    assert brightest > sum(first.getpixel((2, 2)))


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (16, 16)])
@pytest.mark.parametrize("frames", [24, 192, 480])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shape", [(400, 300), (300, 400), (64, 64)])
def test_a_picture_never_leaves_its_window_empty(size, frames, seed, shape):
    (layer,) = backdrop.picture(Image.new("RGB", shape), size, frames, seed)
    image = layer.images[0]

    for n in (0, 1, frames // 2, frames - 1):
        across, down = (eval(place, {"floor": lambda v: v // 1, "n": n}) for place in (layer.across, layer.down))
        assert 0 <= across <= image.width - layer.width
        assert 0 <= down <= image.height - layer.height
    assert {other.size for other in layer.images} == {image.size}


def test_lengths_for_video_are_even_and_never_nothing():
    assert [sprite.even(length) for length in (0, 1, 2, 3.9, 721)] == [2, 2, 2, 2, 720]


def test_seconds_of_a_tone_join_without_a_seam():
    samples = tone.tone(seed=5, seconds=3)
    steps = [abs(samples[n + 1] - samples[n]) for n in range(48_000 - 500, 48_000 + 500)]

    assert len(samples) == 3 * 48_000
    assert samples[0] == 0
    assert samples[-1] == 0
    assert abs(samples[48_000] - samples[47_999]) <= max(steps[:400])
