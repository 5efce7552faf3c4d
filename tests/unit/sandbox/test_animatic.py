import io
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import av
import pytest
from PIL import Image

import runner.sandbox
from runner.sandbox.animatic import AnimaticMissing, AnimaticSpec, render

RATE = 24


def make_spec(**changes):
    return AnimaticSpec(
        **{"prompt": "A cat at night", "width": 320, "height": 180, "seconds": 1, "shot": "cat"} | changes
    )


def rendered(folder, **changes):
    target = folder / "clip.mp4"
    render(make_spec(**changes), target)
    return target


def frames_of(path):
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def samples_of(path):
    with av.open(str(path)) as container:
        parts = [bytes(frame.planes[0])[: 4 * frame.samples] for frame in container.decode(audio=0)]
    return [sample for (sample,) in struct.iter_unpack("<f", b"".join(parts))]


def picture(*halves, size=(320, 180), form="PNG", **options):
    """A picture whose left and right halves have one colour each."""
    image = Image.new("RGB", size, halves[0])
    image.paste(halves[-1], (size[0] // 2, 0, *size))
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("width", "height", "seconds"),
    [(1280, 720, 4), (720, 1280, 1), (1792, 1024, 1), (320, 180, 20), (96, 96, 2), (16, 16, 1)],
)
def test_a_clip_has_exactly_the_wanted_size_and_length(tmp_path, width, height, seconds):
    path = rendered(tmp_path, width=width, height=height, seconds=seconds)

    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.codec_context.pix_fmt) == (width, height, "yuv420p")
        assert video.duration * video.time_base == seconds
        assert abs(audio.duration * audio.time_base - seconds) <= 1024 / audio.rate
        assert sum(1 for _ in container.decode(video)) == seconds * RATE


def test_the_sound_is_as_long_as_the_picture(tmp_path):
    samples = samples_of(rendered(tmp_path, seconds=3))

    assert abs(len(samples) - 3 * 48_000) <= 1024


def test_the_sound_is_soft_and_begins_and_ends_in_silence(tmp_path):
    samples = samples_of(rendered(tmp_path, seconds=2))

    assert max(map(abs, samples[:480])) < 0.005
    assert max(map(abs, samples[-480:])) < 0.005
    assert 0.05 < max(map(abs, samples)) < 0.3


def test_the_index_stands_before_the_media(tmp_path):
    data = rendered(tmp_path).read_bytes()

    assert data.index(b"moov") < data.index(b"mdat")


def test_an_odd_size_is_brought_down_to_an_even_one(tmp_path):
    assert frames_of(rendered(tmp_path, width=321, height=181))[0].size == (320, 180)


def test_equal_specs_give_equal_bytes_in_any_thread(tmp_path):
    spec = make_spec(prompt="雨夜 in the harbour", reference=picture("navy", "olive"))
    targets = [tmp_path / f"{number}.mp4" for number in range(6)]

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(render, [spec] * len(targets), targets))

    assert len({target.read_bytes() for target in targets}) == 1


@pytest.mark.parametrize("changes", [{"prompt": "Another"}, {"shot": "dog"}, {"reference": picture("teal")}])
def test_what_a_spec_says_is_seen(tmp_path, changes):
    before, after = frames_of(rendered(tmp_path))[0], frames_of(rendered(tmp_path, **changes))[0]

    assert before.tobytes() != after.tobytes()


def test_the_prompt_is_written_in_light_ink(tmp_path):
    def light_pixels(prompt):
        frame = frames_of(rendered(tmp_path, width=640, height=360, prompt=prompt, reference=picture("black")))[0]
        return sum(frame.crop((40, 100, 600, 315)).convert("L").histogram()[200:])

    assert light_pixels("i") < 200
    assert light_pixels("m" * 40) > 1000


def test_the_words_stand_on_a_dark_panel_through_which_the_picture_shines(tmp_path):
    frame = frames_of(rendered(tmp_path, width=640, height=360, reference=picture("white")))[0]

    assert min(frame.getpixel((600, 180))) > 230
    assert 40 < max(frame.getpixel((600, 325))) < 120


def test_a_prompt_of_any_length_leaves_the_upper_half_to_the_picture(tmp_path):
    frame = frames_of(rendered(tmp_path, width=640, height=360, prompt="word " * 2000, reference=picture("red")))[0]

    red, green, blue = frame.getpixel((320, 150))
    assert red > 200
    assert max(green, blue) < 60


def test_a_bar_grows_along_the_foot_with_the_time(tmp_path):
    frames = frames_of(rendered(tmp_path, seconds=2, reference=picture("black")))
    bright = [sum(sum(frame.getpixel((x, 179))) > 270 for x in range(320)) for frame in frames]

    assert all(abs(found - 320 * (number + 1) / 48) <= 10 for number, found in enumerate(bright))


def test_the_timecode_runs_with_every_frame(tmp_path):
    frames = frames_of(rendered(tmp_path, width=640, height=360, reference=picture("black")))
    corners = [frame.crop((540, 10, 630, 50)).point(lambda value: 255 * (value > 128)) for frame in frames]

    assert len({corner.tobytes() for corner in corners}) == len(frames)


@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320)])
def test_a_reference_fills_the_frame_and_is_crossed_slowly(tmp_path, width, height):
    reference = picture("red", "blue", size=(width, height))
    frames = frames_of(rendered(tmp_path, width=width, height=height, seconds=2, reference=reference))

    # The words leave this band free. Red changes to blue at one place, which moves on by a few pixels in all.
    y = round(height * 0.45)
    edges = [sum(frame.getpixel((x, y))[0] > 128 for x in range(width)) for frame in frames]
    assert all(0.3 * width < edge < 0.7 * width for edge in edges)
    if width > height:
        assert 4 <= abs(edges[-1] - edges[0]) <= 0.2 * width
        assert max(abs(after - before) for before, after in pairwise(edges)) <= 2


def test_a_reference_is_shown_as_it_is_meant_to_stand(tmp_path):
    lying = Image.Exif()
    lying[0x0112] = 6  # to be turned by a quarter
    reference = picture("red", "blue", size=(180, 320), form="JPEG", exif=lying, quality=95)

    frame = frames_of(rendered(tmp_path, reference=reference))[0]

    assert frame.getpixel((160, 40))[0] > 180
    assert frame.getpixel((160, 100))[2] > 180


def test_without_a_reference_the_land_moves_past(tmp_path):
    frames = frames_of(rendered(tmp_path, prompt="Green hills", seconds=2))

    band = (40, 80, 280, 120)
    assert frames[0].crop(band).tobytes() != frames[-1].crop(band).tobytes()


@pytest.mark.parametrize("text", ["", "\n\n", "\x00\ud800\u202e", "🐈‍⬛ नमस्ते", "x" * 5000, "字" * 3000])
def test_strange_prompts_and_ids_still_give_a_clip(tmp_path, text):
    assert len(frames_of(rendered(tmp_path, prompt=text, shot=text))) == RATE


@pytest.mark.parametrize("reference", [b"", b"GIF89a", picture("red")[:60]])
def test_a_reference_that_is_no_picture_is_refused_and_leaves_nothing(tmp_path, reference):
    with pytest.raises(ValueError, match="not a picture"):
        rendered(tmp_path, reference=reference)

    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_nothing(tmp_path, monkeypatch):
    from runner.sandbox import encoding

    def break_off(film):
        yield from ()
        raise OSError("no space left")

    monkeypatch.setattr(encoding, "_frames", break_off)
    with pytest.raises(OSError, match="no space left"):
        rendered(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_without_pyav_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "runner.sandbox.encoding", raising=False)
    monkeypatch.delattr(runner.sandbox, "encoding", raising=False)

    with pytest.raises(AnimaticMissing) as raised:
        rendered(tmp_path)

    assert str(raised.value) == "no previews without PyAV: `pip install 'shotlock[preview]'`"
    assert list(tmp_path.iterdir()) == []
