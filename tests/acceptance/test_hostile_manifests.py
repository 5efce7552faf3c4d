"""Manifests that mean harm: refused in few words with their place, before anything is sent, and at little cost."""

import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.acceptance.desk import Shop
from tests.acceptance.warm import Measured, QuickDesk

MIB = 1 << 20
MEMORY = 200 * MIB  # of a command, the imports included
SECONDS = 10.0  # of a core, for what takes about one on a quiet machine; what is quadratic takes minutes
PROBLEM = 2000  # bytes
PROBLEMS = 51
TOP = b"version: 1\nshots:\n"
SHOT = TOP + b"- {id: a, prompt: x}\n"


def letters(first: str, line: bytes, last: str = "i") -> bytes:
    """A line for each letter; `@` stands for it, and `^` for the letter before it."""
    names = [bytes([code]) for code in range(ord(first), ord(last) + 1)]
    return b"".join(line.replace(b"@", name).replace(b"^", bytes([name[0] - 1])).replace(b"~", b"\n") for name in names)


def counted(line: bytes, number: int) -> bytes:
    return b"".join(line.replace(b"@", b"%d" % each) for each in range(number))


def checked(desk: QuickDesk, data: bytes, *flags: str, code: int = 2) -> Measured:
    """What `check` makes of a manifest: the right code, within all bounds."""
    (desk.folder / "film.yaml").write_bytes(data)
    result = desk.run("check", *flags, "film.yaml")
    (desk.folder / "film.yaml").unlink()
    assert result.code == code, result.said[:2000]
    assert_bounded(result)
    return result


def assert_bounded(result: Measured) -> None:
    assert result.rss <= MEMORY, f"{result.rss / MIB:.0f} MB"
    assert result.seconds <= SECONDS
    problems = result.stderr.split("\n\n")
    assert len(problems) <= PROBLEMS + 1
    assert max(len(problem.encode()) for problem in problems) <= PROBLEM
    assert_harmless(result.said)


def assert_harmless(text: str) -> None:
    odd = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")} - {"\n"}
    odd |= set(text) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert not odd, [f"U+{ord(letter):04X}" for letter in odd]


BOMBS: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "aliases of aliases": (
        lambda: b"a: &a [x,x,x,x,x,x,x,x,x]\n" + letters("b", b"@: &@ [*^,*^,*^,*^,*^,*^,*^,*^,*^]~"),
        "film.yaml:2:8: the alias `*a` stands inside an anchored part",
    ),
    "merge keys of merge keys": (
        lambda: b"a: &a {x: 1}\n" + letters("b", b"@: &@ {<<: [*^,*^,*^,*^,*^,*^,*^,*^,*^]}~"),
        "film.yaml:2:8: merge keys (`<<`) are not read",
    ),
    "lists in lists": (lambda: b"[" * 100_000, "film.yaml:1:21: the file nests deeper than 20 levels"),
    "lists in lists, 8 MiB": (lambda: b"[" * (8 * MIB), "film.yaml:1:21: the file nests deeper than 20 levels"),
    "mappings in mappings": (lambda: b"{a: " * 100_000, "film.yaml:1:81: the file nests deeper than 20 levels"),
    "anchors on everything": (lambda: b"- &a x\n" * MIB, "film.yaml:300000:3: the file has more than 300,000 parts"),
    "anchors on nothing": (lambda: b"&a " * 100_000, "text cannot begin with `&`"),
    "two million parts": (lambda: b"- a\n" * (2 * MIB), "film.yaml:300000:3: the file has more than 300,000 parts"),
    "documents": (lambda: b"---\n" * (2 * MIB - 1), "film.yaml:2:1: a second document begins here"),
    "handles of tags": (lambda: counted(b"%TAG !a@! b\n", 400_000), "film.yaml:21:1: tags are not allowed"),
    "one long key": (lambda: b"? " + b"x" * (8 * MIB - 100) + b"\n: 1", "unknown key `xxx"),
    "quotes": (lambda: b"'" * (8 * MIB - 1), "film.yaml:1:1: a quote is not closed"),
    "empty lines": (lambda: b"\n" * (8 * MIB - 1), "film.yaml:1:1: the file is empty"),
    "9 MiB": (lambda: b"a" * (9 * MIB), "film.yaml:1:1: the file is larger than 8 MiB"),
    "keys": (lambda: counted(b"k@: 1\n", 40_000), "film.yaml:1:1: unknown key `k0`"),
    "the same key": (lambda: b"a: 1\n" * 50_000, "the key `a` is written twice, on lines 1 and 2"),
    "shots that are none": (lambda: TOP + b"- 1\n" * 100_001, "`shots` is too long: it has 100,001, at most 100,000"),
    "shots with one id": (lambda: TOP + b"- {id: a, prompt: x}\n" * 5_000, "the id `a` is taken by the shot on line 3"),
    "a prompt of 8 MiB": (
        lambda: TOP + b"- {id: a, prompt: '" + b"x" * (8 * MIB - 100) + b"'}",
        "at most 32,000 are allowed",
    ),
    "a prompt of variables": (
        lambda: b"vars: {a: " + b"b" * 1000 + b"}\n" + TOP + b"- {id: a, prompt: '" + b"${a}" * 200_000 + b"'}",
        "has 200,000,000 characters, at most 32,000 are allowed",
    ),
    "a prompt of openings": (
        lambda: TOP + b"- {id: a, prompt: '" + b"${" * (4 * MIB - 100) + b"'}",
        "at most 32,000 are",
    ),
    "variables": (
        lambda: (
            b"vars: {" + counted(b"v@: x,", 20_000) + b"}\n" + TOP + counted(b"- {id: a@, prompt: '${w@}'}\n", 5_000)
        ),
        "`vars` is too long: it has 20,000",
    ),
    "variables that use others, on one line": (
        lambda: b"vars: {" + counted(b'v@: "${x}",', 100_000) + b"}\n" + SHOT,
        "uses `${x}`, but a variable cannot use others",
    ),
    "prices": (
        lambda: b"prices: {per_second: {" + counted(b"m@: 1,", 30_000) + b"}}\n" + SHOT,
        "`prices.per_second` is too long: it has 30,000",
    ),
    "models": (
        lambda: (
            b"profile: {extends: sora, models: {"
            + counted(b"m@" + b"x" * 200 + b": {sizes: [1x1]},", 6_000)
            + b"}}\n"
            + SHOT
        ),
        "`models` is too long: it has 6,000, at most 1,000 are allowed",
    ),
    "sizes": (
        lambda: (
            b"profile: {extends: sora, models: {m: {sizes: ["
            + counted(b"1@x100,", 9000)
            + b"], seconds: [4]}}}\n"
            + SHOT
        ),
        "`models.m.sizes` is too long: it has 9,000",
    ),
    "what is nearly a secret": (
        lambda: (
            TOP
            + counted(b"- {id: '" + b"-" * 1900 + b"@'}\n", 100)
            + counted(b"- {id: '" + b"a:" * 900 + b"@'}\n", 100)
        ),
        "film.yaml:3:3: shot 1: `prompt` is missing",
    ),
}


@pytest.mark.parametrize(("data", "words"), BOMBS.values(), ids=BOMBS.keys())
def test_a_file_that_stands_for_much_more_is_refused_at_little_cost(
    quick: QuickDesk, data: Callable[[], bytes], words: str
) -> None:
    assert words in checked(quick, data()).stderr


def test_a_file_of_a_gigabyte_is_not_read(quick: QuickDesk) -> None:
    with (quick.folder / "film.yaml").open("wb") as file:
        file.truncate(1 << 30)
    result = quick.run("check", "film.yaml")
    (quick.folder / "film.yaml").unlink()
    assert (result.code, result.stderr.partition("\n")[0]) == (2, "film.yaml:1:1: the file is larger than 8 MiB")
    assert result.rss <= MEMORY


@pytest.mark.parametrize("kind", ["pipe", "folder", "/dev/zero", "a link to nowhere", "a link to itself"])
def test_what_is_no_file_is_neither_waited_for_nor_read(quick: QuickDesk, kind: str) -> None:
    path = quick.folder / "film.yaml"
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "/dev/zero":
            path.symlink_to("/dev/zero")
        case "a link to nowhere":
            path.symlink_to("nowhere")
        case _:
            path.symlink_to("film.yaml")
    result = quick.run("check", "film.yaml")
    assert result.code == 2
    assert result.stderr.startswith("film.yaml:1:1: "), result.stderr
    assert_bounded(result)


REFUSED = {
    "NUL": (b"version: 1\0", "film.yaml:1:11: the control character U+0000 is not allowed"),
    "escape": (b"version: 1 # \x1b[31m", "film.yaml:1:14: the control character U+001B is not allowed"),
    "8-bit escape": (b"version: 1 # \xc2\x9b31m", "film.yaml:1:14: the control character U+009B is not allowed"),
    "escaped escape": (b'version: "\\x1b[31m"', "film.yaml:1:10: text cannot have control characters in it"),
    "escaped key": (b'"\\e[2J": 1', "film.yaml:1:1: text cannot have control characters in it"),
    "Latin-1": (b"version: 1\nvars: {a: caf\xe9}\n", "film.yaml:2:14: the file is not UTF-8"),
    "UTF-16": ("version: 1\n".encode("utf-16"), "film.yaml:1:1: the file is not UTF-8"),
    "UTF-32": ("version: 1\n".encode("utf-32"), "film.yaml:1:1: the file is not UTF-8"),
    "overlong": (b"version: \xc0\xb1", "film.yaml:1:10: the file is not UTF-8"),
    "half a character": (b"version: \xed\xa0\x80", "film.yaml:1:10: the file is not UTF-8"),
    "tab": (b"version: 1\nshots:\n\t- {id: a}\n", "film.yaml:3:1: a tab cannot indent"),
    "same key": (b"version: 1\nretries: 1\nshots: []\nretries: 2\n", "`retries` is written twice, on lines 2 and 4"),
    "Python tag": (
        b"version: !!python/object/apply:os.system [id]",
        "film.yaml:1:10: the tag `!!python/object/apply:os.",
    ),
    "binary tag": (b"version: !!binary aGk=", "film.yaml:1:10: the tag `!!binary` is not allowed"),
    "own tag": (b"version: !x 1", "film.yaml:1:10: the tag `!x` is not allowed"),
    "1e400": (SHOT + b"budget: 1e400\n", "film.yaml:4:9: `1e400` is no number that can be used"),
    "-1e400": (SHOT + b"budget: -1e400\n", "film.yaml:4:9: `-1e400` is no number that can be used"),
    "NaN": (SHOT + b"budget: .nan\n", "film.yaml:4:9: `.nan` is no number that can be used"),
    "infinity": (SHOT + b"budget: .inf\n", "film.yaml:4:9: `.inf` is no number that can be used"),
    "tiny": (SHOT + b"budget: 1e-99999999999999\n", "is no number that can be used"),
    "huge": (b"version: " + b"9" * 100_000, "is no number that can be used"),
    "huge hex": (b"version: 0x" + b"f" * 100_000, "is no number that can be used"),
    "negative budget": (SHOT + b"budget: -0.01\n", "film.yaml:4:9: `budget` is `-0.01`, at least 0 is allowed"),
    "NaN as text": (SHOT + b"budget: 'NaN'\n", "film.yaml:4:9: `budget` must be a number, found text `NaN`"),
    "negative price": (SHOT + b"prices: {per_second: {sora-2: -1}}\n", "is `-1`, at least 0 is allowed"),
    "NaN price": (SHOT + b"prices: {per_second: {sora-2: .NaN}}\n", "is no number that can be used"),
    "infinite price": (SHOT + b"prices: {per_second: {sora-2: {'*': .inf}}}\n", "is no number that can be used"),
    "octal seconds": (TOP + b"- {id: a, prompt: x, seconds: 010}\n", "it must be a whole number of seconds"),
    "sexagesimal": (TOP + b"- {id: a, prompt: x, seconds: 12:30:45}\n", "it must be a whole number of seconds"),
    "no": (TOP + b"- {id: no, prompt: x}\n", "shot `no`: `id` is `no`, which some YAML readers do not read as text"),
    "a date": (TOP + b"- {id: 2026-01-01, prompt: x}\n", "which some YAML readers do not read as text"),
    "true": (TOP + b"- {id: true, prompt: x}\n", "`id` must be text, found `true`"),
    "a prompt from a file": (TOP + b"- {id: a, prompt: [prompts/a.txt]}\n", "must be text or a mapping, found a list"),
    "a key": (SHOT + b"api_key: sk-0123456789abcdef\n", "unknown key `api_key`"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_readers_of_yaml_disagree_about_is_refused_at_its_place(quick: QuickDesk, data: bytes, words: str) -> None:
    assert words in checked(quick, data).stderr


@pytest.mark.parametrize(
    "name",
    [
        "../x", "/x", "a/b", "a\\b", "C:\\\\", "C:x", ".", "..", ".x", "x.", "con", "CON", "nul.txt", "com1", "LPT9.a",
        "x" * 101, "x" * 300, "", " ", "a b", "é", "e\u0301", "ａ", "a\u200b", "\u202ea", "-x", "_x",
        "a\\x07", "a\\n", "~", "$(id)", "a;b", "x.mp4/..", "%2e%2e", "*", "a|b",
    ],
)  # fmt: skip
def test_an_id_that_is_no_safe_name_of_a_file_is_refused(quick: QuickDesk, shop: Shop, name: str) -> None:
    (quick.folder / "film.yaml").write_text(f'version: 1\nshots:\n- {{id: "{name}", prompt: x}}\n', encoding="utf-8")
    result = quick.run("render", "film.yaml")
    assert result.code == 2
    assert result.stderr.startswith("film.yaml:3:8: ")
    assert_bounded(result)
    assert shop.ledger["connections"] == 0
    assert {path.name for path in quick.folder.iterdir()} == {"film.yaml"}


@pytest.mark.parametrize(("one", "other"), [("walk", "WALK"), ("Straße", "STRASSE"), ("caf\u00e9", "cafe\u0301")])
def test_ids_that_would_be_one_file_somewhere_are_refused(quick: QuickDesk, one: str, other: str) -> None:
    text = f"version: 1\nshots:\n- {{id: {one}, prompt: x}}\n- {{id: {other}, prompt: y}}\n"
    assert "film.yaml:4:8: " in checked(quick, text.encode()).stderr


def test_as_data_no_letter_of_a_file_is_obeyed_by_a_terminal(quick: QuickDesk) -> None:
    keys = "\u202e\u2066\u200f" + "k" * 5000
    text = f"version: 1\nshots:\n- id: a\n  prompt:\n    ? {keys}\n    : []\n  ? {keys}2\n  : 1\n"
    result = checked(quick, text.encode(), "--json")
    assert "\\u202e" in result.stdout or "\ufffd" in result.stdout
    assert len(result.stdout) < 3 * PROBLEM


def test_a_name_of_a_file_is_not_obeyed_by_a_terminal(quick: QuickDesk) -> None:
    name = "evil\x1b[31m\u202e\x9b.yaml"
    (quick.folder / name).write_text("version: 2\n", encoding="utf-8")
    assert_harmless(quick.run("check", name).said)
    assert_harmless(quick.run("check", f"x{name}").said)
    (quick.folder / name).write_bytes(SHOT)
    for command in ("check", "plan", "status", "render"):
        assert_harmless(quick.run(command, name).said)
    (quick.folder / name).with_suffix(".lock").write_bytes(b'{"lock":2}\n')
    refused = quick.run("status", name)
    assert "is of version 2" in refused.stderr
    assert_harmless(refused.said)


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 200 + "x.yaml", "x" * 249 + ".yaml"])
def test_a_name_that_is_too_long_is_a_usage_error(quick: QuickDesk, name: str) -> None:
    result = quick.run("check", name)
    assert (result.code, "there is no manifest" in result.stderr) == (2, True)
    assert_bounded(result)


def test_many_names_that_make_hands_over_are_many_names(quick: QuickDesk) -> None:
    names = [f"{number:03}-{'x' * 60}.yaml" for number in range(20)]
    for name in names:
        (quick.folder / name).write_bytes(SHOT)
    result = quick.run("check", SHOTLOCK_GOALS=" ".join(names))
    assert (result.code, result.stdout.count("ok: 1 shot")) == (0, 20), result.stderr


def test_the_bounds_hold_in_a_cold_process_too(quick: QuickDesk, tmp_path: Path) -> None:
    (quick.folder / "film.yaml").write_bytes(TOP + b"- []\n" * 290_000)  # the largest of those that were tried
    # Not by getrusage, which remembers how large the process was that became this one.
    measure = "import runner.cli; runner.cli.main(['check', 'film.yaml']); print(open('/proc/self/status').read())"
    done = subprocess.run(
        [sys.executable, "-c", measure],
        cwd=quick.folder, env=quick.whole_environ({}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "at most 100,000 are allowed" in done.stderr
    most = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    assert most is not None
    assert int(most[1]) * 1024 <= MEMORY
