import pytest

from runner.manifest.document import Document, dotted, name_of
from runner.manifest.problems import Place
from runner.manifest.yaml_source import parse

TEXT = """\
version: 1
vars: {hero: a dog}
shots:
  - id: walk
    prompt: >
      a cat
      walks
    fit: {mode: cover, focus: [0.5, 0.25]}
  - prompt: 'two
      lines'
    seconds:
"""


@pytest.fixture
def document() -> Document:
    read, problems = parse(TEXT.encode())
    assert read is not None
    assert problems == []
    return read


@pytest.mark.parametrize(
    ("steps", "key", "value"),
    [
        (("version",), (1, 1, 7), (1, 10, 1)),
        (("vars", "hero"), (2, 8, 4), (2, 14, 5)),
        (("vars",), (2, 1, 4), (2, 7, 1)),
        (("shots",), (3, 1, 5), (4, 3, 1)),
        (("shots", 0), (4, 5, 2), (4, 5, 2)),  # a mapping stands where its first key does
        (("shots", 0, "prompt"), (5, 5, 6), (5, 13, 1)),  # text in a block: its sign
        (("shots", 0, "fit", "focus", 1), (8, 37, 4), (8, 37, 4)),
        (("shots", 1, "prompt"), (9, 5, 6), (9, 13, 4)),  # quotes over two lines: to the end of the first
        (("shots", 1, "seconds"), (11, 5, 7), (11, 13, 1)),
        ((), (1, 1, 7), (1, 1, 7)),
    ],
)
def test_every_part_knows_its_place(document, steps, key, value):
    places = document.place_of_key(steps), document.place_of_value(steps)
    assert places == tuple(Place(line=line, column=column, length=length) for line, column, length in (key, value))


@pytest.mark.parametrize(
    ("steps", "nearest"),
    [
        (("shots", 0, "size"), ("shots", 0)),
        (("shots", 0, "fit", "mode", "x"), ("shots", 0, "fit", "mode")),
        (("shots", 7, "id"), ("shots",)),
        (("shots", -1), ("shots",)),
        (("nothing", "at", "all"), ()),
    ],
)
def test_what_is_absent_stands_where_the_nearest_part_above_it_does(document, steps, nearest):
    assert document.place_of_value(steps) == document.place_of_value(nearest)
    assert document.place_of_key(steps) == document.place_of_value(nearest)
    assert document.get(steps) is None


def test_an_alias_stands_where_it_is_written_and_its_parts_where_they_are():
    document, _ = parse(b"a: &x {b: 1}\nc: *x\n")
    assert document.place_of_value(("c",)) == Place(line=2, column=4, length=2)
    assert document.place_of_value(("c", "b")) == Place(line=1, column=11, length=1)


def test_columns_count_characters():
    document, _ = parse("猫: {'é': [一, 二]}\n".encode())
    assert document.place_of_value(("猫", "é", 1)) == Place(line=1, column=14, length=1)


def test_the_source_of_a_scalar_is_what_its_line_shows():
    document, _ = parse(b"a: 1e3\nb: 'x y'\n")
    assert document.source(("a",)) == "1e3"
    assert document.source(("b",)) == "'x y'"


def test_only_bare_scalars_are_plain():
    document, _ = parse(b"a: no\nb: 'no'\nc: [x]\n")
    assert [document.is_plain(steps) for steps in (("a",), ("b",), ("c",), ("c", 0), ("d",))] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_a_part_is_a_document_with_places_in_the_whole_file(document):
    part = document.part(("shots", 0, "fit"))
    assert part.value["mode"] == "cover"
    assert part.place_of_value(("mode",)) == document.place_of_value(("shots", 0, "fit", "mode"))
    with pytest.raises(KeyError):
        document.part(("shots", 9))


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ((), "the file"),
        (("vars", "hero"), "`vars.hero`"),
        (("shots",), "`shots`"),
        (("shots", 0), "shot `walk`"),
        (("shots", 0, "fit", "focus", 1), "shot `walk`: `fit.focus[1]`"),
        (("shots", 1, "prompt"), "shot 2: `prompt`"),
    ],
)
def test_messages_call_a_part_by_the_shot_that_has_it(document, steps, name):
    assert name_of(document, steps) == name


def test_an_id_that_cannot_be_shown_is_replaced_by_the_shots_number():
    document, _ = parse(b'shots: [{id: "a\\nb"}, {id: ' + b"x" * 101 + b"}, {id: ''}, {id: 5}]\n")
    assert [name_of(document, ("shots", index)) for index in range(4)] == ["shot 1", "shot 2", "shot 3", "shot 4"]


def test_steps_are_written_with_dots_and_brackets():
    assert dotted(("a", 0, "b", 12)) == "a[0].b[12]"
