import pytest

from runner.sandbox import blank, renderers
from runner.sandbox.clip import ClipSpec
from runner.sandbox.renderers import Clips, renderer


def test_blank_clips_need_nothing(monkeypatch):
    monkeypatch.setattr(renderers, "find_spec", lambda name: None)

    assert renderer(Clips.BLANK) is blank.render


def test_animatics_without_pyav_are_refused_at_the_start(monkeypatch):
    monkeypatch.setattr(renderers, "find_spec", lambda name: None)

    with pytest.raises(ImportError, match="no previews without PyAV"):
        renderer(Clips.ANIMATIC)


def test_an_animatic_is_drawn_from_the_same_spec(tmp_path):
    av = pytest.importorskip("av")
    target = tmp_path / "clip.mp4"

    renderer(Clips.ANIMATIC)(ClipSpec(prompt="a cat", width=320, height=180, seconds=1, shot="s"), target)

    with av.open(target) as file:
        video = file.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 320, 180)
