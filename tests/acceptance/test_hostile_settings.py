"""Settings, flags and profiles of every odd kind: refused with the right code before any request, and never obeyed."""

import os
from pathlib import Path

import pytest

from runner.settings import settings_of
from tests.acceptance.desk import KEY, Shop
from tests.acceptance.test_hostile_manifests import MEMORY, assert_bounded, assert_harmless
from tests.acceptance.warm import QuickDesk

COPIED = "hint: a key is one line of visible ASCII: was it copied with a space or a line end?\n"
SHOTS = "\nshots:\n- {id: a, prompt: x}\n"


@pytest.mark.parametrize(
    ("key", "position"),
    [
        (f"{KEY}\n", 21), (f"{KEY}\r", 21), (f"{KEY} ", 21), (f" {KEY}", 1), (" ", 1), ("   ", 1), (f"{KEY}é", 21),
        (f"{KEY[:5]}\t{KEY[5:]}", 6), (f"{KEY}\x7f", 21), (f"{KEY}\x1b[31m", 21), (f"{KEY}\udcff", 21), ("\u202e", 1),
        (f"{'x' * 10_000}\n{KEY}", 10_001),
    ],
)  # fmt: skip
def test_a_key_that_no_header_can_carry_is_refused_by_position(
    quick: QuickDesk, shop: Shop, key: str, position: int
) -> None:
    refused = quick.run("render", "film.yaml", OPENAI_API_KEY=key)
    assert (refused.code, refused.stderr) == (
        4,
        f"error: the key has an illegal character at position {position}\n{COPIED}",
    )
    assert shop.ledger["connections"] == 0


def test_a_key_of_ten_thousand_characters_is_sent_and_told_nowhere(quick: QuickDesk, shop: Shop) -> None:
    refused = quick.run("render", "film.yaml", OPENAI_API_KEY=KEY * 500)
    assert refused.code == 4
    assert_bounded(refused)
    assert shop.billed == 0


BASE_URLS = {
    "https://user:{KEY}@videos.test/v1": "the base URL holds a user name or a password",
    "https://{KEY}@videos.test": "the base URL holds a user name or a password",
    "videos.test/v1": "the base URL is no http or https URL",
    "//videos.test/v1": "the base URL is no http or https URL",
    "ftp://videos.test/v1": "the base URL is no http or https URL",
    "file:///etc/passwd": "the base URL is no http or https URL",
    "gopher://127.0.0.1:70/": "the base URL is no http or https URL",
    "javascript:alert(1)": "the base URL is no http or https URL",
    "{KEY}": "the base URL is no http or https URL",
    "https:///v1": "the base URL names no host",
    "https://:80/v1": "the base URL names no host",
    "https://a b/v1": "the base URL holds a space or a control character",
    "https://videos.test/v 1": "the base URL holds a space or a control character",
    "https://videos.test\\@evil.test/v1": "the base URL holds a space or a control character",
    "https://videos.test/\x1b[31m": "the base URL holds a space or a control character",
    "https://videos.test/\x9b31m": "the base URL holds a space or a control character",
    "https://\u202etset.soediv/v1": "the base URL holds a space or a control character",
    "https://videos.test:99999/v1": "the base URL is no URL",
    "https://videos.test:-1/v1": "the base URL is no URL",
    "https://videos.test:x/v1": "the base URL is no URL",
    "https://[::1/v1": "the base URL is no URL",
    "https://[fe80::1%25eth0]/v1": "the base URL names no host",
    "https://%31/v1": "the base URL names no host",
    "https://①.test/v1": "the base URL names no host that can exist",
    "https://xn--/v1": "the base URL names no host that can exist",
    "https://xn--a.test/v1": "the base URL names no host that can exist",
    "https://videos.test/" + "x" * 70_000: "the base URL has 70,020 characters, at most 2,000 are allowed",
}


@pytest.mark.parametrize(("base_url", "error"), BASE_URLS.items(), ids=[url[:40] for url in BASE_URLS])
def test_a_base_url_that_is_none_is_a_usage_error_and_never_repeated(
    quick: QuickDesk, base_url: str, error: str
) -> None:
    refused = quick.run("render", "film.yaml", OPENAI_BASE_URL=base_url.replace("{KEY}", KEY), OPENAI_API_KEY=KEY)
    assert (refused.code, f"error: {error}\n" in refused.stderr) == (2, True), refused.stderr
    assert_harmless(refused.said)
    assert not list(quick.state.rglob("*.jsonl"))


@pytest.mark.parametrize("command", [("status",), ("verify",), ("plan", "--preview")])
def test_a_base_url_that_is_none_keeps_nobody_from_looking(quick: QuickDesk, command: tuple[str, ...]) -> None:
    looked = quick.run(command[0], "film.yaml", *command[1:], OPENAI_BASE_URL="garbage")
    assert (looked.code, looked.stderr) == (0, "")


@pytest.mark.parametrize("form", ["{}///", " {} ", "{}?x={KEY}#{KEY}"])
def test_a_base_url_has_its_odd_forms_evened(quick: QuickDesk, shop: Shop, form: str) -> None:
    base_url = form.replace("{}", shop.base_url).replace("{KEY}", KEY)
    done = quick.run("render", "film.yaml", OPENAI_BASE_URL=base_url)
    assert (done.code, "OPENAI_BASE_URL is not sent: say `query:` in" in done.stderr) == (0, "?" in form)
    assert ("is not sent" in quick.run("doctor", OPENAI_BASE_URL=base_url).stderr) == ("?" in form)
    assert quick.run("render", "film.yaml").code == 0
    assert shop.billed == 2, "the origin is the same"


@pytest.mark.parametrize("base_url", ["http://[::1]:9/v1"])
def test_a_base_url_where_nobody_is_buys_nothing(quick: QuickDesk, base_url: str) -> None:
    stopped = quick.run("render", "film.yaml", "--stop-after", "0.1s", OPENAI_BASE_URL=base_url, OPENAI_API_KEY=KEY)
    assert stopped.code in (1, 4), stopped.stderr
    assert_bounded(stopped)


@pytest.mark.parametrize("kind", ["a file", "read-only", "below a file", "a pipe"])
def test_a_state_folder_that_cannot_be_written_buys_nothing(quick: QuickDesk, shop: Shop, kind: str) -> None:
    state = quick.folder.parent / "odd"
    match kind:
        case "a file":
            state.write_text("x")
        case "read-only":
            state = Path("/proc/nowhere")
        case "below a file":
            state.write_text("x")
            state = state / "below"
        case _:
            os.mkfifo(state)
    stopped = quick.run("render", "film.yaml", XDG_STATE_HOME=str(state))
    assert (stopped.code, "cannot be written" in stopped.stderr, "Traceback" in stopped.stderr) == (4, True, False)
    assert shop.posts() == 0
    assert quick.run("status", "film.yaml", XDG_STATE_HOME=str(state)).code in (0, 4)


@pytest.mark.parametrize("state", ["state", " ", "~/state"])
def test_a_state_folder_that_is_not_absolute_never_lies_in_the_working_folder(
    quick: QuickDesk, shop: Shop, state: str
) -> None:
    """Else the same manifest would have another ledger wherever one stands, and buy again."""
    home = quick.folder.parent / "home"
    home.mkdir()
    assert quick.run("render", "film.yaml", XDG_STATE_HOME=state, HOME=str(home)).code == 0
    assert {path.name for path in quick.folder.iterdir()} == {"film.yaml", "film.lock", "renders", ".shotlock"}
    (quick.folder / "film.lock").unlink()
    below = quick.folder / "below"
    below.mkdir()
    again = quick.warm.run(
        ["render", "../film.yaml"],
        folder=below,
        environ=quick.whole_environ({"XDG_STATE_HOME": state, "HOME": str(home)}),
    )
    assert (again.code, shop.billed, list(below.iterdir())) == (0, 2, [])


@pytest.mark.parametrize("home", ["home", "", "."])
def test_a_home_that_is_not_absolute_is_no_home(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("HOME", home)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert settings_of({}).state.is_absolute()


FLAGS = [
    ("--limit", "-1"), ("--limit", "9" * 5000), ("--limit", "1e3"), ("--limit", "x\x1b[31m"), ("--slots", "0"),
    ("--slots", "1001"), ("--slots", "9" * 30), ("--settle", "-1"), ("--settle", "86401"), ("--settle", "nan"),
    ("--stop-after", "-1s"), ("--stop-after", "1e9s"), ("--stop-after", "9999999h"), ("--stop-after", "1"),
    ("--stop-after", ""), ("--stop-after", "١s"), ("--max-cost", "-1"), ("--max-cost", "nan"), ("--max-cost", "inf"),
    ("--max-cost", "-0.01"), ("--max-cost", "x" * 5000), ("--max-cost", "sNaN"), ("--only", "nothing\x1b[31m"),
    ("--only", ""), ("--only", "[" * 1000), ("--only", "*a" * 40 + "b"), ("--no-such-flag\x9b", "x"),
    ("--limit", "0x10"),
]  # fmt: skip


@pytest.mark.parametrize("flag", FLAGS, ids=[" ".join(flag)[:30] for flag in FLAGS])
def test_a_flag_with_an_absurd_value_is_a_usage_error(quick: QuickDesk, shop: Shop, flag: tuple[str, str]) -> None:
    refused = quick.run("render", "film.yaml", *flag)
    assert refused.code == 2, refused.stderr
    assert refused.stderr.startswith("error: ")
    assert_bounded(refused)
    assert shop.posts() == 0


@pytest.mark.parametrize("cost", ["1e999999", "1e-999999", "9" * 400])
def test_a_bound_of_any_size_is_a_bound(quick: QuickDesk, shop: Shop, cost: str) -> None:
    result = quick.run("render", "film.yaml", "--frozen", "--max-cost", cost)
    assert result.code == 1, result.stderr
    assert_bounded(result)
    bound = quick.run("render", "film.yaml", "--max-cost", cost)
    assert bound.code == (4 if cost.startswith("1e-") else 0), bound.stderr
    assert_bounded(bound)


def test_the_largest_budget_can_be_told(quick: QuickDesk) -> None:
    for budget in ("1e30", "0.0000000000000000000000000001", "999999999999999999999999999999"):
        (quick.folder / "film.yaml").write_text(f"version: 1\nbudget: {budget}{SHOTS}")
        for flag in ((), ("--json",)):
            assert quick.run("plan", "film.yaml", *flag).code == 0


PROFILES = {
    "../../../etc/passwd": "there is no profile `../../../etc/passwd`",
    "/dev/zero": "there is no profile `/dev/zero`",
    "zero.yaml": "is no file",
    "stdin.yaml": "is no file",
    "pipe.yaml": "is no file",
    "huge.yaml": "the file is larger than 8 MiB",
    "{name}.yaml": "can't be read: file name too long",
    "loop.yaml": "the profiles extend one another in a circle",
    "itself.yaml": "can't be read: too many levels of symbolic links",
    "nowhere.yaml": "is no file",
    "folder.yaml": "is no file",
    "soar": "did you mean `sora`?",
    "{extends: [sora]}": "must be text",
    "{extends: sora, slots: 1e99}": "slots",
    "{extends: sora, slots: 0}": "at least 1 is allowed",
    "{extends: sora, settle: 1e29}": "at most 86400 is allowed",
    "{extends: sora, retention: 1e29}": "is allowed",
    "{extends: sora, longest_render: 1e29}": "is allowed",
    "{extends: sora, typical_render: 0}": "typical_render",
    "{extends: sora, images: {types: [image/png], bytes: 99999999999999999999}}": "at most 104857600 is allowed",
    "{extends: sora, prompt_length: 99999999999999999999}": "at most 1000000 is allowed",
    "{extends: sora, models: {sora-2: null}}": "the profile has no model left",
    "{extends: sora, models: {sora-2: {sizes: [99999x99999x9]}}}": "it must be WIDTHxHEIGHT in pixels",
    "{extends: sora, prices: {per_second: {sora-2: 1e29}}}": "at most 1000000 is allowed",
    "{extends: sora, prices: {per_second: {sora-2: '1'}}}": "must be a number",
    "{extends: sora, list: yes}": "allowed are complete, partial",
    "{extends: sora, on_lost: resubmit}": "which every price must be 0 for",
    "{extends: sora, base_url: https://evil.test}": "unknown key `base_url`",
    "{extends: sora, api_key: x}": "a secret never goes into a file",
}


@pytest.mark.parametrize(("profile", "words"), PROFILES.items(), ids=[profile[:50] for profile in PROFILES])
def test_a_profile_that_means_harm_is_refused(quick: QuickDesk, shop: Shop, profile: str, words: str) -> None:
    os.mkfifo(quick.folder / "pipe.yaml")
    with (quick.folder / "huge.yaml").open("wb") as file:
        file.truncate(1 << 30)
    (quick.folder / "loop.yaml").write_text("extends: ./other.yaml\n")
    (quick.folder / "other.yaml").write_text("extends: ./loop.yaml\n")
    (quick.folder / "itself.yaml").symlink_to("itself.yaml")
    (quick.folder / "zero.yaml").symlink_to("/dev/zero")
    (quick.folder / "stdin.yaml").symlink_to("/dev/stdin")
    (quick.folder / "folder.yaml").mkdir()
    named = profile.replace("{name}", "x" * 300)
    (quick.folder / "film.yaml").write_text(f"version: 1\nprofile: {named}{SHOTS}")
    refused = quick.run("render", "film.yaml")
    (quick.folder / "huge.yaml").unlink()
    assert refused.code == 2, refused.stderr
    assert any(word in refused.stderr for word in words.split("|")), refused.stderr
    assert_bounded(refused)
    assert refused.rss <= MEMORY
    assert shop.ledger["connections"] == 0


def test_a_profile_says_letters_of_every_script(quick: QuickDesk) -> None:
    source = "the reseller's page \U0001f600 \u2028 é"
    profile = f'{{extends: sora, prices: {{source: "{source}", per_second: {{sora-2: 0.2}}}}}}'
    (quick.folder / "film.yaml").write_text(f"version: 1\nprofile: {profile}{SHOTS}", encoding="utf-8")
    planned = quick.run("plan", "film.yaml")
    assert (planned.code, "\U0001f600" in planned.stdout) == (0, True), planned.stderr
    assert_harmless(planned.said)
