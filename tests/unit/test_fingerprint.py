"""Fingerprints are kept for ever: a digest that changes here would buy every clip again."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runner.manifest.request import Fit, ReferenceImage, Request, canonical_json
from tests.unit.manifest_factory import batch, request

IMAGE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def make(prompt="A golden retriever runs along the beach at sunset", **fields):
    return Request(**{"model": "sora-2", "prompt": prompt, "size": "720x1280", "seconds": "4", **fields})


def fitted(mode, focus=(0.5, 0.5)):
    return make(reference=ReferenceImage(sha256=IMAGE, fit=Fit(mode=mode, focus=focus)))


GOLDEN = {
    "text": (make(), "b272642cec52daec8a1c72b2de51fedc7db13d5c69637720def65607a636a2f9"),
    "chinese": (make("角马吃甜甜圈"), "f5a4f6018e06b7c748c4c08096cb513a819fffd11201f5687d9169d36a35b305"),
    "emoji and lines": (
        make('first \U0001f408\n\tsecond "quoted" \\ line\n'),
        "060cf582e952aad8d14c0ae10608819af487b2854df512eba42cc0e365e7e9e8",
    ),
    "decomposed": (make("cafe\u0301"), "283bb87e14c02935ff0cfe5134baee94a8c6daefb39c62b3baea82f3eca456be"),
    "landscape": (make(size="1280x720"), "a6f1cb7b81a048758ab1010b9872fde9cf52cd8c1d13c46f38bd819c6ad0faf6"),
    "longer": (make(seconds="12"), "b0e3a2dfb1e08954db3719423e57b98141ee3601072b5aa516713acaa9b96fae"),
    "other model": (make(model="sora-2-pro"), "96a9c8c63a1693a9bd3bb89e6350564986bd95e5f70591656a796a447ec72935"),
    "reference untouched": (
        make(reference=ReferenceImage(sha256=IMAGE)),
        "3b38b4f1a11cf2b746cedf10d96c74c255c24d27e2c76e0305969243a06a768d",
    ),
    "cover": (fitted("cover"), "247697caeb0fb7b995005b61792574c7be551cc220b85a930753239c1df6ded7"),
    "contain": (fitted("contain"), "bb07900a15e5e889fbe4614a2a7614006ddb1a1855b4055fb8211edf6ff0b74c"),
    "stretch": (fitted("stretch"), "c2e1680ccb6e6b522cb7c89483d7b4c7a2eaa8992f0ad2173601fdf3ef856e9a"),
    "cover with a focus": (
        fitted("cover", (0.0, 1.0)),
        "cc4ae48a050db59895d50baf35874fe52b64efb0325a6a3824a464de7b62f7a2",
    ),
    "cover with a fine focus": (
        fitted("cover", (0.3333, 0.1)),
        "f4165b7caeafd45350caea1707b9f7d297c40740f9b2c79519408cf050c747fa",
    ),
    "extra": (make(extra={"quality": "high"}), "c4dddc9f008589b94b8baf186157484850a33c51b150400e21b896ba2316e13c"),
    "extra, nested": (
        make(extra={"b": [1, None, {"z": True, "a": "é"}], "a": 0.5}),
        "5849202e1305508bd61b65b726c49261dff6506b1300c17ee10266410483d79c",
    ),
}


@pytest.mark.parametrize(("made", "digest"), GOLDEN.values(), ids=GOLDEN.keys())
def test_a_fingerprint_never_changes(made, digest):
    assert made.fingerprint == digest


def test_a_fingerprint_is_the_digest_of_canonical_json():
    assert canonical_json(fitted("cover", (0.0, 1.0)).canonical()).decode() == (
        '{"extra":{},"model":"sora-2","prompt":"A golden retriever runs along the beach at sunset",'
        f'"reference":{{"fit":{{"focus":[0.0,1.0],"mode":"cover","recipe":1}},"sha256":"{IMAGE}"}},'
        '"seconds":"4","size":"720x1280"}'
    )


def test_every_golden_request_has_a_fingerprint_of_its_own():
    assert len({digest for _, digest in GOLDEN.values()}) == len(GOLDEN)


# The same, all the way from what a person writes.
WRITTEN = {
    "plain": ("prompt: A dog runs", "", "8462752d38dae90676d4373a135a85523854da73b5cbb62e3e81ec7dcb91a0f8"),
    "defaults": (
        "prompt: A dog runs",
        "defaults: {size: 1280x720, seconds: 8}",
        "bafad0f27e7bca618a7a4a9120c51ffb9b677dfbe5e117dc980be74f9c9ac0da",
    ),
    "parts": (
        "prompt: {subject: a cat, action: sleeps, shot: wide, mood: calm}",
        "",
        "a4b873d644692cd0ed3ea0905223c4cd98f029d0a9ce31fb09933bbf187d6b32",
    ),
    "variable": (
        "prompt: ${hero} runs for $5",
        "vars: {hero: 一只狗}",
        "6576a0b4dbe8043fddcdb931c9e1a3f3331c34f27ee1580610832667b648e85e",
    ),
    "folded": ("prompt: >\n  A dog\n  runs\n", "", "e0b9639501d65088f5d6cef9092930631489d71c6ca3a141e4a01b05f7f331a8"),
}


@pytest.mark.parametrize(("shot", "top", "digest"), WRITTEN.values(), ids=WRITTEN.keys())
def test_the_fingerprint_of_what_is_written_never_changes(tmp_path, shot, top, digest):
    assert request(tmp_path, shot, top).fingerprint == digest


@pytest.mark.parametrize(
    ("shot", "top"),
    [
        ("prompt: A dog runs\nseconds: 4", ""),
        ("prompt: A dog runs\nseconds: '4'", ""),
        ("prompt: A dog runs\nsize: 720x1280\nmodel: sora-2", ""),
        ("# a comment\nprompt: 'A dog runs' # another", ""),
        ("prompt: ${who} runs", "vars: {who: A dog}"),
        ("prompt: A ${x}${y}", "vars: {y: runs, x: 'dog '}"),
        ("prompt: A dog runs", "defaults: {model: sora-2, size: 720x1280, seconds: 4, fit: cover}"),
        ("prompt: A dog runs\nseconds: 4\nsize: 720x1280", "defaults: {size: 1280x720, seconds: 12}"),
        ("prompt: A dog runs", "budget: 5\nretries: 3\nstore: clips\nbase_url: http://127.0.0.1:1/v1"),
        ("prompt: A dog runs", "profile: {extends: sora, list: complete}"),
    ],
)
def test_what_does_not_change_the_clip_does_not_change_the_fingerprint(tmp_path, shot, top):
    assert request(tmp_path, shot, top).fingerprint == WRITTEN["plain"][2]


@pytest.mark.parametrize(
    "shot",
    [
        "prompt: A dog runs.",
        "prompt: a dog runs",
        "prompt: 'A dog runs '",
        "prompt: A dog runs\nseconds: 8",
        "prompt: A dog runs\nsize: 1280x720",
    ],
)
def test_what_changes_the_clip_changes_the_fingerprint(tmp_path, shot):
    assert request(tmp_path, shot).fingerprint != WRITTEN["plain"][2]


WORDS = st.text(st.sampled_from("abc 猫é.,"), min_size=1, max_size=12).map(lambda text: f"x{text}x")
SHOTS = st.lists(
    st.fixed_dictionaries(
        {"prompt": WORDS},
        optional={"seconds": st.sampled_from([4, 8, 12]), "size": st.sampled_from(["720x1280", "1280x720"])},
    ),
    min_size=1,
    max_size=6,
)


def written(shots, names, rng=None, comments=False):
    lines = ["version: 1", "shots:"]
    for name, shot in zip(names, shots, strict=True):
        keys = [f"id: {name}", *(f"{key}: '{value}'" for key, value in shot.items())]
        if rng:
            rng.shuffle(keys)
        lines += [f"{'  - ' if number == 0 else '    '}{key}" for number, key in enumerate(keys)]
        lines += ["", "# a comment", ""] if comments else []
    return "\n".join(lines) + "\n"


def prints(folder, text):
    return [shot.request.fingerprint for shot in batch(folder, text).shots]


@settings(max_examples=60, deadline=None)
@given(SHOTS, st.randoms(use_true_random=False))
def test_ids_comments_and_order_do_not_matter(tmp_path_factory, shots, rng: random.Random):
    folder = tmp_path_factory.mktemp("prints")
    before = prints(folder, written(shots, [f"a{number}" for number in range(len(shots))]))
    moved = list(shots)
    rng.shuffle(moved)
    after = prints(folder, written(moved, [f"Z-{number}.b" for number in range(len(shots))], rng, comments=True))
    assert sorted(before) == sorted(after)


@settings(max_examples=60, deadline=None)
@given(SHOTS)
def test_defaults_may_be_left_out_or_written_out(tmp_path_factory, shots):
    folder = tmp_path_factory.mktemp("prints")
    names = [f"a{number}" for number in range(len(shots))]
    full = [{"seconds": 4, "size": "720x1280", "model": "sora-2", **shot} for shot in shots]
    assert prints(folder, written(shots, names)) == prints(folder, written(full, names))


@settings(max_examples=60, deadline=None)
@given(SHOTS, st.lists(st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_-]{0,9}\Z"), min_size=6, max_size=6, unique=True))
def test_names_of_variables_do_not_matter(tmp_path_factory, shots, variables):
    folder = tmp_path_factory.mktemp("prints")
    names = [f"a{number}" for number in range(len(shots))]
    used = [{**shot, "prompt": f"${{{name}}}"} for shot, name in zip(shots, variables, strict=False)]
    said = ", ".join(f"'{name}': '{shot['prompt']}'" for shot, name in zip(shots, variables, strict=False))
    text = written(used, names).replace("shots:", f"vars: {{{said}}}\nshots:", 1)
    assert prints(folder, text) == prints(folder, written(shots, names))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cover", "{mode: cover}"),
        ("cover", "{mode: cover, focus: [0.5, 0.5]}"),
        ("cover", "{focus: [0.50, 5e-1], mode: cover}"),
        ("{mode: cover, focus: [0, 1]}", "{mode: cover, focus: [0.0, 1.0]}"),
        ("{mode: cover, focus: [0, 1]}", "{mode: cover, focus: [-0.0, 1]}"),
        ("stretch", "{mode: stretch}"),
    ],
)
def test_a_fit_may_be_written_shortly_or_out(tmp_path, one, other):
    Image.new("RGB", (30, 40)).save(tmp_path / "a.png")
    shot = "prompt: x\ninput_reference: a.png\nfit: "
    assert request(tmp_path, shot + one).fingerprint == request(tmp_path, shot + other).fingerprint
    assert request(tmp_path, shot + one).reference.fit is not None


def test_a_fit_that_is_not_needed_does_not_count(tmp_path):
    Image.new("RGB", (720, 1280)).save(tmp_path / "a.png")
    shot = "prompt: x\ninput_reference: a.png\n"
    made = {request(tmp_path, shot + fit).fingerprint for fit in ("", "fit: exact", "fit: cover", "fit: stretch")}
    assert len(made) == 1


def test_the_name_and_place_of_a_reference_do_not_count(tmp_path):
    (tmp_path / "refs").mkdir()
    Image.new("RGB", (720, 1280)).save(tmp_path / "a.png")
    (tmp_path / "refs" / "b").write_bytes((tmp_path / "a.png").read_bytes())
    shot = "prompt: x\ninput_reference: "
    assert request(tmp_path, shot + "a.png").fingerprint == request(tmp_path, shot + "refs/../refs/b").fingerprint
