"""Profiles: the built-in ones to the letter, a user's own, and everything that can be wrong with one."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runner.manifest.choices import Lengths, Sizes
from runner.manifest.limits import Limits, ModelLimits
from runner.manifest.schema import schema_folder
from runner.provider import profiles
from runner.provider.manner import Manner
from runner.provider.profile import Answer, Prices, Profile
from runner.provider.profiles import ProfileProblems, load, names
from tests.unit.manifest_factory import written_profile

SCHEMA = json.loads((schema_folder() / "profile.schema.json").read_text())
NOT_FREE = "`on_lost` is `resubmit`, which every price must be 0 for: `sora-2` at 720x1280"
WHOLE = """\
models: {wan-2: {sizes: [832x480, 480x832], seconds: [5]}}
prompt_length: 500
images: {types: [image/png], bytes: 1000}
slots: 1
auth: none
retention: 3600
settle: 0
longest_render: 600
typical_render: 30.5
"""

THERE_ARE = (
    "there are sora, openai, azure, new-api, litellm, vllm-omni, sglang, sandbox; one of your own is a path: "
    "`./NAME.yaml`"
)


def written(folder: Path, text: str, name: str = "mine.yaml") -> Profile:
    (folder / name).write_text(text)
    return load(f"./{name}", beside=folder)


def refused(spec: str | Mapping[str, Any], folder: Path, prices: Mapping[str, Any] | None = None) -> ProfileProblems:
    with pytest.raises(ProfileProblems) as caught:
        load(spec if isinstance(spec, str) else written_profile(spec), beside=folder, prices=prices)
    return caught.value


def told(problems: ProfileProblems) -> list[str]:
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in problems.problems]


def test_the_built_in_profiles_are_those_in_the_folder() -> None:
    folder = Path(profiles.__file__).with_name("profiles")
    assert names() == ("sora", "openai", "azure", "new-api", "litellm", "vllm-omni", "sglang", "sandbox")
    assert {path.stem for path in folder.iterdir()} == set(names())


def test_sora_is_the_users_document_to_the_letter() -> None:
    assert load("sora", beside=Path()) == Profile(
        name="sora",
        limits=Limits(
            profile="sora",
            models={
                "sora-2": ModelLimits(sizes=Sizes(listed=("720x1280", "1280x720")), seconds=Lengths(listed=(4, 8, 12)))
            },
            model="sora-2",
            size="720x1280",
            seconds=4,
            prompt_length=32000,
            image_types=("image/jpeg", "image/png", "image/webp"),
            image_bytes=20971520,
        ),
        prices=Prices(
            currency="USD",
            date="2026-09-24",
            source="OpenAI's published price list, as it stood until the shutdown of its API on 2026-09-24",
            per_second={"sora-2": {"720x1280": Decimal("0.10"), "1280x720": Decimal("0.10")}},
        ),
        slots=2,
        manner=Manner(),
        list_complete=False,
        settle=480.0,
        longest_render=1200.0,
        retention=86400.0,
        typical_render=90.0,
        not_admitted=(),
        resubmit_lost=False,
    )


def test_the_sandbox_is_sora_for_nothing_and_in_a_hurry() -> None:
    sandbox, sora = load("sandbox", beside=Path()), load("sora", beside=Path())
    assert sandbox.limits.models == sora.limits.models
    assert sandbox.prices is not None
    assert sandbox.prices.of("sora-2", "1280x720", "12") == 0
    assert (sandbox.list_complete, sandbox.resubmit_lost) == (True, True)
    assert (sandbox.settle, sandbox.typical_render) == (5.0, 2.0)


def test_a_profile_of_its_own_says_everything(tmp_path: Path) -> None:
    profile = written(tmp_path, WHOLE)
    assert profile.name == "mine"
    assert (profile.limits.model, profile.limits.size, profile.limits.seconds) == ("wan-2", "832x480", 5)
    assert (profile.prices, profile.manner.auth, profile.list_complete) == (None, "none", False)
    assert (profile.settle, profile.typical_render) == (0.0, 30.5)


def test_models_and_prices_are_joined_and_all_else_is_replaced(tmp_path: Path) -> None:
    text = """\
extends: sora
models: {sora-2: {seconds: [4, 8, 12, 16]}, sora-2-pro: {sizes: [1792x1024], seconds: [4]}}
defaults: {model: sora-2-pro}
prices: {per_second: {sora-2-pro: 0.50, sora-2: {1280x720: 0.2}}}
not_admitted: [{status: 503, code: full}, {status: 502}]
"""
    profile = written(tmp_path, text)
    assert profile.limits.models["sora-2"] == ModelLimits(
        sizes=Sizes(listed=("720x1280", "1280x720")), seconds=Lengths(listed=(4, 8, 12, 16))
    )
    assert (profile.limits.model, profile.limits.size, profile.limits.seconds) == ("sora-2-pro", "1792x1024", 4)
    assert profile.prices is not None
    assert profile.prices.currency == "USD"
    assert profile.prices.of("sora-2", "1280x720", "10") == Decimal("2.0")
    assert profile.prices.of("sora-2", "720x1280", "10") == Decimal("1.00")
    assert profile.prices.of("sora-2-pro", "1792x1024", "4") == Decimal("2.00")
    assert profile.not_admitted == (Answer(status=503, code="full"), Answer(status=502))


def test_null_takes_away_what_is_extended(tmp_path: Path) -> None:
    text = (
        f"extends: sora\n{WHOLE.splitlines()[0].replace('{wan', '{sora-2: null, wan')}\ndefaults: {{}}\nprices: null\n"
    )
    profile = written(tmp_path, text)
    assert list(profile.limits.models) == ["wan-2"]
    assert profile.prices is None


def test_profiles_extend_one_another_from_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "base.yaml").write_text("extends: sora\nslots: 7\nsettle: 9\n")
    (tmp_path / "shared" / "mine.yml").write_text("extends: ./base.yaml\nsettle: 8\n")
    profile = load("shared/mine.yml", beside=tmp_path)
    assert (profile.name, profile.slots, profile.settle, profile.retention) == ("mine", 7, 8.0, 86400.0)


def test_a_mapping_in_the_manifest_adapts_a_profile() -> None:
    profile = load(written_profile({"extends": "sora", "list": "complete", "settle": Decimal("1.5")}), beside=Path())
    assert (profile.name, profile.list_complete, profile.settle) == ("sora, adapted", True, 1.5)


def test_prices_of_the_manifest_replace_those_of_the_profile() -> None:
    prices = {"currency": "EUR", "per_second": {"*": {"*": Decimal("0.08")}}}
    profile = load("sora", beside=Path(), prices=prices)
    assert profile.prices == Prices(currency="EUR", date="", source="", per_second={"*": {"*": Decimal("0.08")}})


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("extends: sora\nslot: 3\n", ["2:1: unknown key `slot`"]),
        (
            "extends: sroa\n",
            ["1:10: there is no profile `sroa`"],
        ),
        ("extends: ./gone.yaml\n", ["1:10: the profile `./gone.yaml` is no file"]),
        ("extends: ./mine.yaml\n", ["1:10: the profiles extend one another in a circle"]),
        ("extends: 5\n", ["1:10: `extends` must be text, found `5`"]),
        ("slots: 3\n", ["1:1: `extends` is missing"]),
        (WHOLE.replace("slots: 1\n", ""), ["1:1: `slots` is missing"]),
        ("[]\n", ["1:1: the file must be a mapping, found a list"]),
        ("extends: sora\nmodels: {sora-2: null}\n", ["2:9: the profile has no model left"]),
        (
            "extends: sora\nmodels: {wan: {sizes: [832x480]}}\n",
            ["2:15: the model `wan` has no `seconds`"],
        ),
        (
            "extends: sora\ndefaults: {model: sora-3, size: 1x1}\n",
            ["2:33: `defaults.size` is `1x1`, it must be WIDTHxHEIGHT in pixels"],
        ),
        (
            "extends: sora\ndefaults: {model: sora-3}\n",
            ["2:19: `defaults.model` is `sora-3`, the profile has sora-2"],
        ),
        (
            "extends: sora\ndefaults: {seconds: 5, size: 480x832}\n",
            [
                "2:21: `defaults.seconds` is `5`, the profile has 4, 8, 12",
                "2:30: `defaults.size` is `480x832`, the profile has 720x1280, 1280x720",
            ],
        ),
        (
            "extends: sora\non_lost: resubmit\n",
            [f"2:10: {NOT_FREE} costs 0.10 a second"],
        ),
        (
            "extends: sora\nprices: null\non_lost: resubmit\n",
            [f"3:10: {NOT_FREE} has no known price"],
        ),
        (
            "extends: vllm-omni\nprices: {per_second: {'*': 0, big: 0.5}}\n",
            ["1:1: `on_lost` is `resubmit`, which every price must be 0 for: `big` at any size costs 0.5 a second"],
        ),
        (
            "extends: vllm-omni\nprices: {per_second: {'*': {'*': 0, 1280x720: 0.5}}}\n",
            ["1:1: `on_lost` is `resubmit`, which every price must be 0 for: `*` at 1280x720 costs 0.5 a second"],
        ),
        (
            "extends: sora\nlist: yes\nnot_admitted: [{status: 200}]\n",
            [
                "2:7: `list` is `yes`, allowed are complete, partial",
                "3:25: `not_admitted[0].status` is `200`, at least 400 is allowed",
            ],
        ),
        (
            "extends: sora\nprices: {per_second: {sora-2: -1}, currency: usd}\n",
            [
                "2:31: `prices.per_second.sora-2` is `-1`, at least 0 is allowed",
                "2:46: `prices.currency` is `usd`, it must be a code of three capital letters",
            ],
        ),
    ],
)
def test_a_wrong_profile_is_told_where_it_stands(tmp_path: Path, text: str, problems: list[str]) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    found = refused("./mine.yaml", tmp_path)
    assert told(found) == problems
    assert found.path == tmp_path / "mine.yaml"
    assert found.lines[0] == text.splitlines()[0]


def test_what_is_taken_away_need_not_have_been_there(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: sora\nfields: {seed: null}\nmodels: {gone: null}\n")
    assert [*load("./mine.yaml", beside=tmp_path).limits.models] == ["sora-2"]
    (tmp_path / "mine.yaml").write_text(f"models: {{gone: null}}\n{WHOLE.partition(chr(10))[2]}")
    assert told(refused("./mine.yaml", tmp_path)) == ["1:9: the profile has no model left"]


@pytest.mark.parametrize("text", ["", "a: [", "a: \x00", "a: 1\na: 2\n"])
def test_what_is_no_yaml_is_told_where_it_stands(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    assert refused("./mine.yaml", tmp_path).path == tmp_path / "mine.yaml"


def test_a_defect_of_an_extended_file_is_told_in_that_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: sora\n\nsolts: 3\n")
    (tmp_path / "mine.yaml").write_text("extends: ./base.yaml\n")
    found = refused("./mine.yaml", tmp_path)
    assert (found.path, told(found)) == (tmp_path / "base.yaml", ["3:1: unknown key `solts`"])


@pytest.mark.parametrize(
    ("spec", "message", "hint"),
    [
        (
            "sroa",
            "there is no profile `sroa`",
            "did you mean `sora`?",
        ),
        (
            "studio",
            "there is no profile `studio`",
            THERE_ARE,
        ),
        ("./gone.yaml", "the profile `./gone.yaml` is no file", "the path starts from the folder of this file"),
        ({"extends": "sora", "lst": "complete"}, "unknown key `lst`", "did you mean `list`?"),
        ({"list": "complete"}, "`extends` is missing", "add `extends: sora`"),
    ],
)
def test_a_defect_in_the_manifest_has_no_file(tmp_path: Path, spec: Any, message: str, hint: str) -> None:
    found = refused(spec, tmp_path)
    (problem,) = found.problems
    assert (found.path, problem.message, problem.hint) == (None, message, hint)


def test_lost_clips_are_not_made_again_where_the_manifest_says_that_they_cost(tmp_path: Path) -> None:
    found = refused("sandbox", tmp_path, prices={"per_second": {"sora-2": Decimal("0.1")}})
    (problem,) = found.problems
    assert found.path is None
    assert problem.message.endswith("`sora-2` at 720x1280 costs 0.1 a second")


def schemas_within(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    below = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            below.append(schema[key])
    for inner in below:
        yield from schemas_within(inner)


def test_the_schema_explains_everything() -> None:
    for schema in schemas_within(SCHEMA):
        if set(schema) != {"$ref"} and schema is not SCHEMA:
            assert {"title", "description", "examples"} <= set(schema), schema
        if schema.get("type") == "object" and "properties" in schema:
            assert schema["additionalProperties"] is False


def test_the_examples_of_the_schema_keep_to_it() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(SCHEMA)
    for schema in schemas_within(SCHEMA):
        for example in schema.get("examples", ()):
            whole = {"$defs": SCHEMA["$defs"], **schema}
            Draft202012Validator(whole).validate(example)


def test_profiles_are_read_without_the_network_libraries() -> None:
    code = (
        "import sys; import runner.provider.profiles; "
        "sys.exit(', '.join(name for name in ('httpx', 'tenacity', 'jsonschema') if name in sys.modules) or None)"
    )
    root = Path(profiles.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_word_of_a_file_is_shown_that_is_no_yaml_file(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("root:x:0:0\n")
    found = refused("./passwords", tmp_path)
    (problem,) = found.problems
    assert (found.path, problem.hint) == (
        None,
        THERE_ARE,
    )
    assert not found.lines
