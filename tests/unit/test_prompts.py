import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.manifest.prompts import Strange, filled, sentence
from tests.unit.manifest_factory import make_limits, messages, outcome, request, write

VARS = {"hero": "a dog", "a-b_1": "x", "money": "$5 ${hero}"}


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("${hero} runs", "a dog runs"),
        ("${hero}${hero}", "a doga dog"),
        ("$5, $hero, $$, {hero}, $ {hero}", "$5, $hero, $$, {hero}, $ {hero}"),
        ("$${hero}", "${hero}"),
        ("$$${hero}", "$${hero}"),
        ("$${$${hero}", "${${hero}"),
        ("costs ${money}", "costs $5 ${hero}"),
        ("${a-b_1}", "x"),
        ("  two  spaces\n\nand lines \n", "  two  spaces\n\nand lines \n"),
        ("", ""),
    ],
)
def test_variables_are_put_in_and_all_else_is_untouched(text, sent):
    made = filled(text, VARS)
    assert (made.text, made.length, made.strange) == (sent, len(sent), [])


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("${Hero}", [Strange("${Hero}", "Hero", 0)]),
        ("${hero} $${x} ${ hero } ${}", [Strange("${ hero }", " hero ", 2), Strange("${}", "", 3)]),
        ("a ${hero", [Strange("${", None, 0)]),
        ("a ${he\nro}", [Strange("${", None, 0)]),
        ("${a${hero}", [Strange("${", None, 0)]),
    ],
)
def test_a_use_that_cannot_be_resolved_is_named(text, strange):
    assert filled(text, VARS).strange == strange


@given(st.text(st.characters(exclude_characters="$")))
def test_a_text_without_dollars_is_sent_as_it_is(text):
    assert filled(text, VARS).text == text


@given(st.text(st.sampled_from(list("${}ab "))))
def test_escaping_every_opening_sends_the_text_itself(text):
    assert filled(text.replace("${", "$${"), {}).text == text


def test_an_absurd_prompt_is_refused_without_being_made(tmp_path):
    text = f"version: 1\nvars: {{a: {'x' * 100_000}}}\nshots:\n  - id: s\n    prompt: {'${a}' * 100_000}\n"
    assert messages(tmp_path, text) == ["shot `s`: `prompt` has 10,000,000,000 characters, at most 32,000 are allowed"]


# Kept for ever: another sentence is another clip.
SENTENCES = [
    (
        {
            "camera": "slow dolly in",
            "lighting": "neon",
            "scene": "a night alley",
            "action": "rides a motorcycle",
            "subject": "a cat",
            "shot": "wide",
        },
        "wide, a cat rides a motorcycle, a night alley, neon, slow dolly in",
    ),
    ({"subject": "a cat"}, "a cat"),
    ({"action": "rain falls", "scene": "a street"}, "rain falls, a street"),
    ({"mood": "calm", "subject": "a cat", "film": "35 mm"}, "a cat, calm, 35 mm"),
    ({"shot": " Close-up. ", "subject": "a cat,", "action": "; sleeps...", "scene": "on a\n  red\tsofa"},
     "Close-up, a cat sleeps, on a red sofa"),
    ({"shot": "特写。", "subject": "角马", "action": "吃甜甜圈", "scene": "黄昏,"}, "特写, 角马 吃甜甜圈, 黄昏"),
    ({"shot": ".", "scene": "a street", "camera": " "}, "a street"),
    ({"subject": "J. R. runs at 5 p.m", "camera": "50mm, f/1.8"}, "J. R. runs at 5 p.m, 50mm, f/1.8"),
    ({"shot": " , "}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "text"), SENTENCES)
def test_named_parts_become_one_sentence(parts, text):
    assert sentence(parts) == text


@given(st.permutations(["shot", "subject", "action", "scene", "lighting", "camera"]))
def test_the_order_of_the_six_parts_in_the_file_does_not_matter(names):
    assert sentence({name: f"the {name}" for name in names}) == (
        "the shot, the subject the action, the scene, the lighting, the camera"
    )


def test_variables_are_put_into_named_parts(tmp_path):
    made = request(tmp_path, "prompt: {subject: '${hero}', action: runs for $5}", "vars: {hero: a dog}")
    assert made.prompt == "a dog runs for $5"


def test_a_plain_prompt_is_sent_as_yaml_reads_it(tmp_path):
    assert request(tmp_path, "prompt: |\n  One line,\n    two  lines.\n").prompt == "One line,\n  two  lines.\n"
    assert request(tmp_path, 'prompt: "  spaces  "').prompt == "  spaces  "
    assert request(tmp_path, "prompt: 007").prompt == "007"


def test_a_variable_that_nobody_uses_is_no_problem(tmp_path):
    assert messages(tmp_path, "version: 1\nvars: {a: b}\nshots: [{id: s, prompt: c}]\n") == []


def test_an_escape_in_a_variable_is_undone(tmp_path):
    assert request(tmp_path, "prompt: say ${a}", "vars: {a: '$${x}'}").prompt == "say ${x}"


def test_the_longest_prompt_allowed_is_allowed(tmp_path):
    text = "version: 1\nvars: {a: xyz}\nshots: [{id: s, prompt: 'ab${a}'}]\n"
    assert messages(tmp_path, text, make_limits(prompt_length=5)) == []
    assert messages(tmp_path, text, make_limits(prompt_length=4)) == [
        "shot `s`: `prompt` has 5 characters, at most 4 are allowed"
    ]


@pytest.mark.parametrize(
    ("prompt", "line", "column", "length"),
    [
        ('"go $${a} ${who} on"', 5, 23, 6),
        ("go ${who} on", 5, 16, 6),
        ("|\n      first ${hero}\n      and ${who}", 7, 11, 6),
        (">-\n      猫猫 ${who}", 6, 10, 6),
        ('"\\u0024{who}"', 5, 13, 13),  # written in another way: the whole text
    ],
)
def test_an_unknown_variable_is_located_inside_its_prompt(tmp_path, prompt, line, column, length):
    path = write(tmp_path, f"version: 1\nvars: {{hero: x}}\nshots:\n  - id: s\n    prompt: {prompt}\n")
    (problem,) = outcome(path)[1]
    assert problem.message == "shot `s`: `prompt`: nothing is called `${who}`"
    assert (problem.line, problem.column, problem.length) == (line, column, length)
