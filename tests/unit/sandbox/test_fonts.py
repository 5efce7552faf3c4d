import sys

import pytest

from runner.sandbox import font_files, fonts


@pytest.fixture
def bare_machine(monkeypatch):
    """A machine whose only font is Pillow's own."""
    monkeypatch.setattr(fonts, "known_faces", lambda: ())
    monkeypatch.setattr(fonts, "asked_faces", lambda character: ())


@pytest.mark.usefixtures("bare_machine")
@pytest.mark.parametrize("text", ["", "A plain prompt, 50% of it.", "naïve café – ÅÄÖ ½", "tab\t and\nline", "e\u0301"])
def test_latin_needs_no_other_font(text):
    assert fonts.missing_script_hint(text) is None


@pytest.mark.usefixtures("bare_machine")
@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("a cat, 一只猫", "Chinese, Japanese or Korean"),
        ("ねこ", "Chinese, Japanese or Korean"),
        ("고양이", "Chinese, Japanese or Korean"),
        ("नमस्ते", "Devanagari"),
        ("a 🐈", "`cat`"),
        ("ß", "`latin small letter sharp s`"),
    ],
)
def test_a_script_that_no_font_draws_is_named_in_one_line(text, script):
    hint = fonts.missing_script_hint(text)

    assert hint is not None
    assert hint.startswith(f"no font here draws {script}: install one")
    assert "\n" not in hint


@pytest.mark.usefixtures("bare_machine")
def test_accents_and_dashes_give_way_where_no_font_has_them():
    assert fonts.nearest_forms("é–猫") == {"é": "e", "–": "-", "猫": ""}


@pytest.mark.skipif(fonts.missing_script_hint("猫") is not None, reason="this machine has no font for Chinese")
def test_a_font_of_the_system_draws_what_pillows_own_cannot():
    own, other = fonts.faces_for("a 猫")

    assert not fonts.draws(own, "猫")
    assert fonts.draws(other, "猫")
    assert fonts.faces_for("a") == (own,)


def test_a_font_that_cannot_be_opened_is_passed_over(tmp_path, monkeypatch):
    broken = tmp_path / "PingFang.ttc"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "known_faces", lambda: (font_files.Face(broken),))
    monkeypatch.setattr(fonts, "asked_faces", lambda character: ())

    assert fonts.nearest_forms("猫") == {"猫": ""}
    assert fonts.faces_for("猫") == (font_files.Face(),)


def test_known_fonts_are_found_by_name_in_any_folder_the_handsome_first(tmp_path, monkeypatch):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("wqy-microhei.ttc", "deep/er/pingfang.ttc", "deep/Unknown.ttf"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr(font_files, "_folders", lambda: [tmp_path, tmp_path / "not-there"])

    found = font_files.known_faces.__wrapped__()

    assert [face.path.name for face in found] == ["pingfang.ttc", "wqy-microhei.ttc"]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_system_has_folders_to_look_in(platform, monkeypatch):
    monkeypatch.setattr(font_files.sys, "platform", platform)

    assert len(font_files._folders()) >= 2


def test_without_fontconfig_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(font_files.shutil, "which", lambda name: None)

    assert font_files.asked_faces.__wrapped__("猫") == ()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fontconfig on Windows")
def test_fontconfig_names_faces_for_a_character_and_they_come_in_a_steady_order(tmp_path, monkeypatch):
    program = tmp_path / "fc-list"
    program.write_text('#!/bin/sh\nprintf "/fonts/b.ttc\\t2\\n/fonts/a.otf\\t0\\n/fonts/$1.ttf\\t\\n"\n')
    program.chmod(0o755)
    monkeypatch.setattr(font_files.shutil, "which", lambda name: str(program))

    faces = font_files.asked_faces.__wrapped__("猫")

    assert [(face.path.name, face.index) for face in faces] == [
        (":charset=732b:scalable=true.ttf", 0),
        ("a.otf", 0),
        ("b.ttc", 2),
    ]


def test_a_fontconfig_that_fails_is_as_good_as_none(monkeypatch):
    monkeypatch.setattr(font_files.shutil, "which", lambda name: "/nowhere/fc-list")

    assert font_files.asked_faces.__wrapped__("猫") == ()
