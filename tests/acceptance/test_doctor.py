"""`doctor` and `profiles`: whether a server will do, and what kinds of servers are known; nothing is bought."""

import json

import pytest

from runner.provider import profiles
from runner.sandbox.faults import Do, Fault, On
from tests.acceptance.desk import Desk, Shop
from tests.acceptance.warm import at_once

desk = pytest.fixture(at_once)


def test_a_good_server_is_told_line_by_line(desk: Desk, shop: Shop) -> None:
    shop.order("A dog")
    seen = desk.run("doctor")
    assert (seen.code, seen.stderr) == (0, "")
    server, key, jobs, unknown, clock, profile, _, last = seen.stdout.splitlines()
    assert server.startswith("server       HOST answers in ")
    assert key == "key          let in"
    assert jobs == "list         there is one, with 1 job on its first page"
    assert unknown.startswith("unknown job  404: ")
    assert clock == "clock        as this machine's"
    assert profile == "profile      it looks like `openai`: its errors are OpenAI's; now `sora` is used"
    assert last == "nothing was bought"
    assert shop.billed == 1, "by the other client"


def test_the_same_as_data(desk: Desk, shop: Shop) -> None:
    tree = json.loads(desk.run("doctor", "--json").stdout)
    assert tree.pop("latency") > 0
    assert abs(tree.pop("clock_ahead")) < 3
    assert tree == {
        "server": "HOST", "key_refused": None, "listed": 0, "unread": False,
        "no_list": None, "profile": "sora", "looks_like": "openai", "because": "its errors are OpenAI's",
    }  # fmt: skip


def test_a_page_of_long_prompts_is_read_as_a_render_reads_it(desk: Desk, shop: Shop) -> None:
    jobs = [{"id": f"video_{n}", "object": "video", "status": "queued", "prompt": "x" * 12_000} for n in range(100)]
    page = {"object": "list", "data": jobs, "has_more": False}
    shop.sandbox.faults.append(Fault(on=On.LIST, do=Do.STATUS, status=200, body=page))
    seen = desk.run("doctor")
    assert (seen.code, "list         there is one, with 100 jobs" in seen.stdout) == (0, True), seen.stdout


@pytest.mark.parametrize(
    ("key", "words"), [("sk-canary-wrong-one", "refused: "), ("", "none is set, and it wants one: ")]
)
def test_a_key_that_will_not_do_is_told_and_not_shown(desk: Desk, shop: Shop, key: str, words: str) -> None:
    seen = desk.run("doctor", OPENAI_API_KEY=key)
    assert seen.code == 4
    assert f"key          {words}" in seen.stdout
    assert not key or key not in seen.stdout + seen.stderr
    assert shop.billed == 0


def test_the_manifests_profile_counts(desk: Desk, shop: Shop) -> None:
    desk.edit("extends: sora", "extends: azure")
    seen = desk.run("doctor", "film.yaml")
    assert seen.code == 4, "that profile shows the key in another header, and this server does not look there"
    desk.edit("extends: azure", "extends: openai")
    assert "profile      it looks like `openai`" in desk.run("doctor", "film.yaml").stdout


def test_without_a_server_it_says_what_to_set(desk: Desk) -> None:
    for arguments in ((), ("film.yaml",)):
        seen = desk.run("doctor", *arguments)
        assert (seen.code, seen.stdout) == (2, "")
        assert seen.stderr == "error: no server is set\nhint: set OPENAI_BASE_URL and OPENAI_API_KEY\n"


def test_a_server_that_is_not_there_stops_it(desk: Desk) -> None:
    seen = desk.run("doctor", OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY="sk-canary-x")
    assert seen.code == 4
    assert seen.stderr.startswith("error: HOST cannot be reached: ")


def test_profiles_are_listed_and_shown(desk: Desk) -> None:
    table = desk.run("profiles").stdout.splitlines()
    assert [line.split()[0] for line in table] == ["profile", *profiles.names()]
    for name in profiles.names():
        shown = desk.run("profiles", name).stdout
        (desk.folder / "own.yaml").write_text(shown)
        assert profiles.load("./own.yaml", beside=desk.folder).limits.models
    missing = desk.run("profiles", "vllm")
    assert (missing.code, missing.stderr) == (2, "error: there is no profile `vllm`\nhint: did you mean `vllm-omni`?\n")
