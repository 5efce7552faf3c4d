import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from runner.manifest import load
from runner.manifest.choices import Lengths, Sizes
from runner.manifest.limits import ModelLimits
from runner.manifest.problems import Place
from runner.manifest.text import render
from tests.unit.manifest_factory import SORA_2, batch, make_limits, messages, outcome, request, screen, write

SMALL = "version: 1\nshots: [{id: a, prompt: b}]\n"


def test_a_batch_says_what_the_manifest_says(tmp_path):
    made = batch(
        tmp_path,
        "version: 1\nprofile: {extends: sora, settle: 1.50}\nbase_url: https://a.example/v1\n"
        "budget: 12.10\nretries: 2\n"
        "prices: {currency: EUR, per_second: {sora-2: {720x1280: 0.10}, '*': 1}}\nstore: ../clips\n"
        "shots:\n  - {id: one, prompt: b}\n  - {id: two, prompt: c}\n",
    )
    assert made.path == tmp_path / "manifest.yaml"
    assert made.profile == {"extends": "sora", "settle": Decimal("1.50")}
    assert made.base_url == "https://a.example/v1"
    assert (made.budget, made.retries, made.store) == (Decimal("12.10"), 2, tmp_path / "../clips")
    assert made.prices == {"currency": "EUR", "per_second": {"sora-2": {"720x1280": Decimal("0.10")}, "*": 1}}
    assert [(shot.id, shot.place) for shot in made.shots] == [
        ("one", Place(line=9, column=5, length=1)),
        ("two", Place(line=10, column=5, length=1)),
    ]


def test_a_batch_has_defaults_where_the_manifest_is_silent(tmp_path):
    made = batch(tmp_path, SMALL)
    assert (made.profile, made.base_url, made.budget, made.prices, made.store, made.retries) == (
        "sora",
        None,
        None,
        None,
        None,
        0,
    )


@pytest.mark.parametrize(("written", "budget"), [("5", Decimal(5)), ("0", Decimal(0)), ("0.30", Decimal("0.30"))])
def test_money_is_exact(tmp_path, written, budget):
    made = batch(tmp_path, f"budget: {written}\n{SMALL}")
    assert made.budget == budget
    assert isinstance(made.budget, Decimal)


def test_a_store_may_be_a_shared_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert batch(tmp_path, f"store: /mnt/clips\n{SMALL}").store == Path("/mnt/clips")
    assert batch(tmp_path, f"store: ~/clips\n{SMALL}").store == Path("/home/me/clips")


def test_the_profile_gives_what_nobody_says(tmp_path):
    limits = make_limits(model="sora-2", size="1280x720", seconds=12)
    (shot,) = batch(tmp_path, SMALL, limits).shots
    assert (shot.request.model, shot.request.size, shot.request.seconds) == ("sora-2", "1280x720", "12")


def test_a_shot_goes_before_the_defaults_and_they_before_the_profile(tmp_path):
    made = request(tmp_path, "prompt: a\nseconds: 12", "defaults: {seconds: 8, size: 1280x720}")
    assert (made.seconds, made.size, made.model) == ("12", "1280x720", "sora-2")


@pytest.mark.parametrize(
    ("pixels", "size"), [((300, 400), "720x1280"), ((400, 300), "1280x720"), ((300, 300), "1280x720")]
)
def test_the_size_can_come_from_the_reference(tmp_path, pixels, size):
    Image.new("RGB", pixels).save(tmp_path / "a.png")
    assert request(tmp_path, "prompt: x\nsize: from_reference\nfit: cover\ninput_reference: a.png").size == size


def test_the_size_comes_from_the_reference_as_it_is_displayed(tmp_path):
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.new("RGB", (400, 300)).save(tmp_path / "a.jpg", exif=tags)
    made = request(tmp_path, "prompt: x\nsize: from_reference\nfit: cover\ninput_reference: a.jpg")
    assert made.size == "720x1280"


def test_a_size_from_the_reference_must_be_one_that_the_model_has(tmp_path):
    Image.new("RGB", (300, 400)).save(tmp_path / "a.png")
    limits = make_limits(
        models={"sora-2": ModelLimits(sizes=Sizes(listed=("1280x720",)), seconds=Lengths(listed=(4,)))}, size="1280x720"
    )
    text = "version: 1\nshots: [{id: s, prompt: x, size: from_reference, fit: cover, input_reference: a.png}]\n"
    assert messages(tmp_path, text, limits) == [
        "shot `s`: `size` is `from_reference`, which is 720x1280 here, allowed are 1280x720"
    ]


def test_what_is_allowed_is_said_of_the_model_where_models_differ(tmp_path):
    pro = ModelLimits(sizes=Sizes(listed=("1024x1792",)), seconds=Lengths(listed=(4, 8, 12, 16)))
    limits = make_limits(models={"sora-2": SORA_2, "sora-2-pro": pro})
    text = "version: 1\nshots:\n  - {id: a, prompt: x, seconds: 16}\n  - {id: b, prompt: x, model: sora-2-pro}\n"
    assert messages(tmp_path, text, limits) == [
        "shot `a`: `seconds` is 16, allowed are 4, 8, 12 with `sora-2`",
        "shot `b`: `size`, which the profile gives, is `720x1280`, allowed are 1024x1792 with `sora-2-pro`",
    ]


def test_with_a_model_that_is_not_known_only_what_no_model_allows_is_a_problem(tmp_path):
    pro = ModelLimits(sizes=Sizes(listed=("1024x1792",)), seconds=Lengths(listed=(16,)))
    limits = make_limits(models={"sora-2": SORA_2, "sora-2-pro": pro})
    text = "version: 1\nshots:\n  - {id: a, prompt: x, model: sora-3, seconds: 16}\n"
    text += "  - {id: b, prompt: x, model: sora-3, seconds: 5}\n"
    assert messages(tmp_path, text, limits) == [
        "shot `a`: `model` is `sora-3`, the profile `sora` has sora-2, sora-2-pro",
        "shot `b`: `model` is `sora-3`, the profile `sora` has sora-2, sora-2-pro",
        "shot `b`: `seconds` is 5, allowed are 4, 8, 12, 16",
    ]


def test_four_mistakes_of_four_kinds_are_told_at_once(tmp_path):
    text = (
        "version: 1\nversion: 1\nshots:\n  - {id: a, prompt: x, secnds: 8}\n  - {id: A, prompt: '${x}', seconds: 5}\n"
    )
    assert messages(tmp_path, text) == [
        "the key `version` is written twice, on lines 1 and 2",
        "shot `a`: unknown key `secnds`",
        "the id `A` is taken by `a` on line 4",
        "shot `A`: `prompt`: nothing is called `${x}`",
        "shot `A`: `seconds` is 5, allowed are 4, 8, 12",
    ]


@pytest.mark.parametrize(("name", "other"), [("a.yaml", "a.yml"), ("a.yml", "a.yaml")])
def test_two_manifests_may_not_share_a_lockfile(tmp_path, name, other):
    write(tmp_path, SMALL, other)
    _, problems = outcome(write(tmp_path, SMALL, name))
    assert [problem.message for problem in problems] == [f"`{other}` stands beside `{name}`: both would write `a.lock`"]


def test_a_name_that_previews_use_is_refused(tmp_path):
    _, problems = outcome(write(tmp_path, SMALL, "a.Preview.yaml"))
    assert len(problems) == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080/v1", "https://videos.example.com", "HTTPS://A.example/v1/", "http://[::1]:80/v1"],
)
def test_a_base_url_is_taken_as_it_is_written(tmp_path, url):
    assert batch(tmp_path, f"base_url: '{url}'\n{SMALL}").base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https://:80/",
        "http://a b/",
        "http://a.example:port/",
        "http://[::1/",
        "ftp://a.example",
        "a.example/v1",
    ],
)
def test_a_base_url_that_leads_nowhere_is_a_problem(tmp_path, url):
    (message,) = messages(tmp_path, f"base_url: '{url}'\n{SMALL}")
    assert message.startswith("`base_url` ")


@pytest.mark.parametrize(
    "url",
    [
        "https://bob:s3cr3tW0rd@a.example/v1",
        "https://s3cr3tW0rd@a.example/v1",
        "https://bob:s3cr3tW0rd@",
        "https://bob:s3cr3t/s3cr3tW0rd@a.example/v1",
        "https://a.example/v1?key=s3cr3tW0rd",
        "ftp://bob:s3cr3tW0rd@a.example/v1",
        "bob:s3cr3tW0rd@a.example",
        "https://bob:" + "s3cr3tW0rd" * 40 + "@a.example",
    ],
)
def test_a_secret_in_a_base_url_is_refused_and_never_shown(tmp_path, url):
    path = write(tmp_path, f"base_url: {url}\n{SMALL}")
    assert outcome(path)[0] is None
    assert "s3cr3tW0rd" not in screen(path)


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path):
    for path, message in [
        (tmp_path / "gone.yaml", "the file cannot be read: no such file or directory"),
        (tmp_path, "this is no file"),
        (Path("/dev/zero"), "this is no file"),
    ]:
        document, problems = load.read(path)
        assert document is None
        assert [problem.message for problem in problems] == [message]
        assert load.lines_of(path) == ()


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.yaml")
    assert load.read(tmp_path / "a.yaml")[0] is None


def test_a_document_keeps_the_problems_that_reading_found(tmp_path):
    document, problems = load.read(write(tmp_path, "version: 1\nshots: [{id: a, prompt: b, c: d}]\n"))
    assert document is not None
    assert document.problems == tuple(problems)
    assert load.batch_of(document, tmp_path / "manifest.yaml", make_limits()) == (None, problems)


@pytest.mark.parametrize(
    ("written", "profile"),
    [
        ("", "sora"),
        ("profile: sandbox\n", "sandbox"),
        ("profile: {extends: sora, slots: 1}\n", {"extends": "sora", "slots": 1}),
        ("profile: 5\n", "sora"),
        ("profile: {list: complete}\n", "sora"),
    ],
)
def test_the_profile_can_be_asked_of_any_document(tmp_path, written, profile):
    document, _ = load.read(write(tmp_path, written + SMALL))
    assert document is not None
    assert load.profile_of(document) == profile


def test_many_problems_are_cut_short(tmp_path):
    shots = "".join(f"  - {{id: s{number}, prompt: x, model: m{number}}}\n" for number in range(5_000))
    path = write(tmp_path, f"version: 1\nshots:\n{shots}")
    _, problems = outcome(path)
    assert len(problems) == 200
    told = render(problems, "a.yaml", load.lines_of(path))
    assert told.endswith("and 150 more\n\n200 or more problems; nothing was sent\n")


NAMES = """version profile base_url budget prices store retries defaults vars shots id prompt model size seconds fit
mode focus input_reference remix_of matrix takes extends currency per_second subject x"""
KEYS = st.sampled_from(NAMES.split())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 9_999),
    st.floats(-2, 2),
    st.sampled_from(
        ["", "a", "A", "${x}", "cover", "exact", "1280x720", "from_reference", "8", "/x", "refs", "a://b", "\u2028"]
    ),
    st.text(max_size=8),
)
TOP = ("vars", "defaults", "base_url", "profile", "prices", "budget", "x")
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({"shots": st.lists(TREES, max_size=4)}, optional=dict.fromkeys(TOP, TREES)))
def test_whatever_a_manifest_holds_comes_to_a_batch_or_to_problems(tmp_path, tree):
    tree = {"version": 1, **tree}
    path = write(tmp_path, json.dumps(tree))
    made, problems = outcome(path)
    assert (made is None) == bool(problems)
    assert all(problem.hint and len(problem.message) <= 300 for problem in problems)
    assert screen(path).endswith("nothing was sent\n")


def test_what_is_not_needed_is_not_imported(tmp_path):
    path = write(tmp_path, SMALL)
    code = (
        "import sys, runner.manifest.load as load, runner.manifest.references\n"
        "assert 'jsonschema' not in sys.modules\n"
        "from pathlib import Path\n"
        "from tests.unit.manifest_factory import outcome\n"
        f"assert outcome(Path({str(path)!r}))[0]\n"
        "assert 'PIL' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
