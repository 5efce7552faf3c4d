import json

import pytest
from jsonschema import Draft202012Validator

from runner.manifest.schema import problems_of, schema_folder
from runner.manifest.yaml_source import parse

SCHEMA = json.loads((schema_folder() / "manifest.schema.json").read_text(encoding="utf-8"))


def told(text):
    document, _ = parse(text.encode())
    problems = problems_of(document, "manifest.schema.json")
    return [(problem.line, problem.column, problem.message) for problem in problems]


def schemas_in(node, name="top"):
    """Every schema in a schema, with the name it has there."""
    yield name, node
    for keyword in ("properties", "$defs"):
        for key, below in node.get(keyword, {}).items():
            yield from schemas_in(below, f"{name}.{key}")
    for keyword in ("items", "additionalProperties", "propertyNames"):
        if isinstance(node.get(keyword), dict):
            yield from schemas_in(node[keyword], f"{name}.{keyword}")
    for number, below in enumerate(node.get("anyOf", ())):
        yield from schemas_in(below, f"{name}.anyOf[{number}]")


EACH = dict(schemas_in(SCHEMA))


def test_the_schemas_of_a_checkout_stand_beside_the_package(tmp_path):
    assert schema_folder(tmp_path / "runner") == tmp_path / "schemas"
    assert (schema_folder() / "manifest.schema.json").is_file()


def test_the_schemas_of_a_wheel_are_inside_the_package(tmp_path):
    inside = tmp_path / "runner" / "_schemas"
    inside.mkdir(parents=True)
    assert schema_folder(tmp_path / "runner") == inside


def test_the_manifest_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("schema", EACH.values(), ids=EACH.keys())
def test_everything_in_the_manifest_schema_helps_an_editor(schema):
    if "$ref" not in schema:
        assert schema.get("title")
        assert schema.get("description", "").endswith(".")
        assert schema.get("examples")


@pytest.mark.parametrize("schema", EACH.values(), ids=EACH.keys())
def test_the_examples_in_the_manifest_schema_keep_to_it(schema):
    if schema.get("not") == {}:
        return
    validator = Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})
    for example in schema.get("examples", ()):
        validator.validate(example)


def test_a_schema_can_be_named_by_its_file_or_its_stem():
    document, _ = parse(b"extends: 5\n")
    assert problems_of(document, "profile") == problems_of(document, "profile.schema.json") != []


def test_an_end_of_line_after_a_name_does_not_slip_through_its_pattern():
    (problem,) = told('version: 1\nshots: [{id: "a\\n", prompt: b}]\n')
    assert problem[2].startswith(r"shot 1: `id` is `a\n`, it must be")


def test_one_mistake_is_one_problem():
    assert told("version: 1\nshots: [{id: a, promt: b}]\n") == [(2, 17, "shot `a`: unknown key `promt`")]
    assert told("version: 1\nshots: [{id: a, prompt: b, fit: {mode: covr}}]\n") == [
        (2, 40, "shot `a`: `fit.mode` is `covr`, allowed are exact, cover, contain, stretch")
    ]


def test_no_message_repeats_a_huge_value():
    huge = "x" * 100_000
    text = f"version: {huge}\nprofile: {{extends: [{huge}]}}\n{huge[:900]}: 1\nshots: {{a: {huge}}}\n"
    messages = [message for _, _, message in told(text)]
    assert len(messages) == 4
    assert all(len(message) <= 300 for message in messages)


def test_no_more_problems_are_looked_for_than_anyone_mends():
    shots = "".join(f"  - {{id: s{number}, prompt: x, sec: 1}}\n" for number in range(5_000))
    assert len(told(f"version: 1\nshots:\n{shots}")) == 200


@pytest.mark.parametrize(
    "key", ["api_key", "apiKey", "OPENAI_API_KEY", "token", "Authorization", "key", "client_secret"]
)
def test_a_key_that_would_hold_a_secret_is_told_where_secrets_go(key):
    document, _ = parse(f"version: 1\n{key}: sk-0123456789abc\nshots: [{{id: a, prompt: b}}]\n".encode())
    (problem,) = problems_of(document, "manifest")
    assert problem.message == f"unknown key `{key}`"
    assert problem.hint == "a secret never goes into a file: the key is read from OPENAI_API_KEY in the environment"
