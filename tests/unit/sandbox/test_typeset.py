import pytest

from runner.sandbox import fonts, typeset
from runner.sandbox.typeset import drawable, fit, typeface, wrap

TEXT = "The keeper climbs the stairs, lights the lamp, and looks out at the sea until the morning comes."


@pytest.fixture
def face():
    return typeface(fonts.faces_for(TEXT), 20)


@pytest.fixture
def draws_everything(monkeypatch):
    """As if Pillow's own font held every script, so that the rules can be tried on any machine."""
    monkeypatch.setattr(fonts, "draws", lambda face, character: True)
    monkeypatch.setattr(typeset, "draws", lambda face, character: True)


@pytest.mark.parametrize("width", [60, 100, 250, 5000])
def test_no_line_is_wider_than_the_box_and_no_word_is_lost(face, width):
    lines = list(wrap(face, TEXT, width))

    assert all(face.length(line) <= width for line in lines)
    assert " ".join(lines).split() == TEXT.split() or width < 100


def test_a_word_wider_than_the_box_is_broken(face):
    lines = list(wrap(face, "a " + "x" * 100, 200))

    assert all(face.length(line) <= 200 for line in lines)
    assert "".join(lines).replace(" ", "") == "a" + "x" * 100


def test_line_breaks_of_the_text_are_kept_and_blank_lines_are_not(face):
    assert list(wrap(face, "one\n\n  two  three \r\nfour", 500)) == ["one", "two three", "four"]


@pytest.mark.usefixtures("draws_everything")
def test_closing_signs_begin_no_line_and_opening_signs_end_none(face):
    text = "“走吧！”它说，（雨还在下）《夜》。" * 8

    for width in range(80, 300, 7):
        lines = list(wrap(face, text, width))
        assert "".join(lines) == text
        assert not any(line[0] in "，。！）》”" for line in lines)
        assert not any(line[-1] in "（《“" for line in lines)


@pytest.mark.usefixtures("draws_everything")
def test_ideographs_may_part_but_latin_words_between_them_may_not(face):
    lines = list(wrap(face, "一台 camera 拍摄 lighthouse 的灯光" * 4, 160))

    assert len(lines) > 3
    assert "".join(lines).count("camera") == 4
    assert sum(line.count("lighthouse") for line in lines) == 4


def test_the_largest_size_that_fits_is_taken():
    faces = fonts.faces_for(TEXT)

    assert fit("short", faces, 600, 100, (40, 30, 20)).face.size == 40
    assert fit(TEXT, faces, 900, 100, (40, 30, 20)).face.size == 30
    assert fit(TEXT, faces, 900, 60, (40, 30, 20)).face.size == 20


def test_what_fits_in_no_size_is_cut_with_an_ellipsis():
    paragraph = fit(TEXT * 9, fonts.faces_for(TEXT), 300, 100, (30, 20))

    assert paragraph.height <= 100
    assert paragraph.width <= 300
    assert paragraph.lines[-1].endswith("…")
    assert not any("…" in line for line in paragraph.lines[:-1])


def test_what_cannot_be_drawn_becomes_one_ellipsis_a_run(monkeypatch):
    monkeypatch.setattr(fonts, "known_faces", lambda: ())
    monkeypatch.setattr(fonts, "asked_faces", lambda character: ())

    assert drawable("雨夜, a cat 一只 猫") == "…, a cat …"
    assert drawable("a cat 一只 猫 runs नमस्ते") == "a cat … runs …"
    assert drawable("tabs\tand\nlines stay, \x07bells and \ufe0f selectors go") == (
        "tabs\tand\nlines stay, bells and  selectors go"
    )
