"""A folder that somebody else prepared: nothing is written through its links, and nothing of it is waited for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

from runner.lock import lines
from runner.lock.facts import State
from runner.lock.lockfile import folded
from runner.sandbox.faults import Do, Fault, Moment, On
from tests.acceptance.desk import ROOT, Shop
from tests.acceptance.test_hostile_manifests import assert_bounded, assert_harmless
from tests.acceptance.warm import QuickDesk
from tests.unit.factories import make_attempt, make_clip, make_request

BEACH = make_request("A dog runs on the beach", seconds="4")


def tree(folder: Path) -> dict[str, str]:
    """Everything in a folder: what it is, or where it leads."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.stat().st_mode.__format__("o")
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def outside(quick: QuickDesk) -> Path:
    """A folder that is none of ours."""
    folder = quick.folder.parent / "outside"
    folder.mkdir()
    (folder / "precious.mp4").write_bytes(b"precious")
    return folder


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        *((link, "to a folder") for link in ("renders", "renders/film", ".shotlock", ".shotlock/store")),
        (".shotlock/parts", "to nothing"),
        (".shotlock/displaced", "by steps"),
    ],
)
def test_a_link_that_leads_out_of_the_folder_stops_a_run_before_it_buys(
    quick: QuickDesk, shop: Shop, outside: Path, link: str, kind: str
) -> None:
    path = quick.folder / link
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "to a folder":
            path.symlink_to(outside)
        case "to nothing":
            path.symlink_to(outside / "new")
        case _:
            (quick.folder / "step").symlink_to("..")
            path.symlink_to(quick.folder / "step" / "outside")
    before = tree(outside)
    refused = quick.run("render", "film.yaml")
    assert (refused.code, f"{link} is a link that leads out of" in refused.stderr) == (2, True), refused.stderr
    assert shop.ledger["connections"] == 0
    assert tree(outside) == before
    assert quick.run("resolve", "film.yaml", "beach", "--resubmit").code == 2
    assert tree(outside) == before


STATE = ".shotlock/preview/film/state"


@pytest.mark.parametrize("link", [".shotlock/preview", f"{STATE}", f"{STATE}/mutex"])
def test_a_link_that_leads_out_of_the_folder_stops_previews(quick: QuickDesk, outside: Path, link: str) -> None:
    path = quick.folder / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside)
    before = tree(outside)
    refused = quick.run("render", "film.yaml", "--preview")
    assert (refused.code, f"{link} is a link that leads out of" in refused.stderr) == (2, True), refused.stderr
    assert tree(outside) == before


@pytest.mark.parametrize("name", ["a.jsonl", "rescue.jsonl", "ledger.mutex", "mutex/a.holder"])
def test_no_file_of_the_memory_of_previews_is_written_or_cut_through_a_link(
    quick: QuickDesk, outside: Path, name: str
) -> None:
    """A stranger's folder can bring such a link along: the file that it led to was emptied as a torn ledger."""
    path = quick.folder / STATE / name
    path.parent.mkdir(parents=True)
    path.symlink_to(outside / "precious.mp4")
    refused = quick.run("render", "film.yaml", "--preview")
    assert (refused.code, f"{path.name} is a link" in refused.stderr) == (2, True), refused.stderr
    assert (outside / "precious.mp4").read_bytes() == b"precious"


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing"])
def test_what_is_no_ledger_is_not_waited_for(quick: QuickDesk, shop: Shop, kind: str) -> None:
    path = quick.state / "shotlock" / "odd.jsonl"
    path.parent.mkdir(parents=True)
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to("nowhere")
    refused = quick.run("render", "film.yaml")
    assert (refused.code, "odd.jsonl cannot be read: it is no file" in refused.stderr) == (4, True), refused.stderr
    assert shop.posts() == 0
    for command in ("status", "plan"):
        assert quick.run(command, "film.yaml").code == 0


def test_who_only_looks_sees_the_lockfile_though_there_is_no_state_folder(quick: QuickDesk, shop: Shop) -> None:
    assert quick.run("render", "film.yaml").code == 0
    shutil.rmtree(quick.state / "shotlock")
    (quick.state / "shotlock").write_bytes(b"a file")
    looked = quick.run("status", "film.yaml")
    assert (looked.code, "2 done" in looked.stdout, "cannot be read" in looked.stderr) == (0, True, True), looked.stderr


def test_a_run_whose_working_folder_is_removed_goes_on(quick: QuickDesk, shop: Shop) -> None:
    gone = quick.folder / "gone"
    gone.mkdir()
    manifest = quick.folder / "film.yaml"
    shell = f'rmdir ../gone; exec {quote(sys.executable)} -m runner "$@"'
    for arguments, code in ((["render", str(manifest)], 0), (["init"], 4)):
        gone.mkdir(exist_ok=True)
        ended = subprocess.run(
            ["sh", "-c", shell, "sh", *arguments],
            cwd=gone,
            env=quick.whole_environ({"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr
    assert shop.billed == 2


def test_a_manifest_that_begins_with_a_dash_is_named_so_that_no_command_takes_it_for_an_option(
    quick: QuickDesk, shop: Shop
) -> None:
    manifest = (quick.folder / "film.yaml").read_bytes()
    (quick.folder / "-m.yaml").write_bytes(manifest)
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.DROP, when=Moment.AFTER, nth=1))
    shop.sandbox.faults.append(Fault(on=On.LIST, do=Do.NO_ROUTE))
    held = quick.run("render", "./-m.yaml")
    assert "shotlock resolve ./-m.yaml " in held.stderr, held.stderr


@pytest.mark.parametrize("stem", ["sk-teaser film", "two  spaces"])
def test_a_hint_names_a_file_as_it_is(quick: QuickDesk, shop: Shop, stem: str) -> None:
    path = quick.folder / f"{stem}.yaml"
    path.write_bytes((quick.folder / "film.yaml").read_bytes())
    path.with_suffix(".lock").write_bytes(lines.HEADER + b"what is this\n")
    refused = quick.run("render", path.name)
    assert refused.code == 4
    assert f"hint: shotlock lock fold 'FOLDER/{stem}.lock'" in refused.stderr


def test_a_link_that_stays_in_the_folder_is_followed(quick: QuickDesk, shop: Shop) -> None:
    (quick.folder / "out").mkdir()
    (quick.folder / "renders").symlink_to("out")
    assert quick.run("render", "film.yaml").code == 0
    assert {path.name for path in (quick.folder / "out/film").iterdir()} == {"beach.mp4", "alley.mp4"}


def test_a_store_elsewhere_is_named_by_the_manifest_alone(quick: QuickDesk, shop: Shop, outside: Path) -> None:
    quick.edit("version: 1\n", "version: 1\nstore: ../outside\n")
    assert quick.run("render", "film.yaml").code == 0
    assert len(list(outside.glob("*.mp4"))) == 3
    assert (outside / "precious.mp4").read_bytes() == b"precious"


@pytest.mark.parametrize("target", ["outside/x.lock", "outside/precious.mp4", "/dev/zero", "film.lock"])
def test_a_lockfile_that_is_a_link_stops_a_run_before_it_buys(
    quick: QuickDesk, shop: Shop, outside: Path, target: str
) -> None:
    (quick.folder / "film.lock").symlink_to(target if target in ("film.lock", "/dev/zero") else f"../{target}")
    before = tree(outside)
    refused = quick.run("render", "film.yaml")
    assert (refused.code, "is a link" in refused.stderr) == (2, True), refused.stderr
    assert (shop.posts(), tree(outside)) == (0, before)
    for command in ("plan", "status", "verify"):
        looked = quick.run(command, "film.yaml")
        assert looked.code in (0, 4)
        assert_bounded(looked)


@pytest.mark.parametrize("name", ["film.lock", ".shotlock/film.seen.json"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "/dev/zero", "deep"])
def test_what_is_no_file_is_not_waited_for(quick: QuickDesk, shop: Shop, name: str, kind: str) -> None:
    path = quick.folder / name
    path.parent.mkdir(exist_ok=True)
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "/dev/zero":
            path.symlink_to("/dev/zero")
        case _:
            path.write_bytes(b"[" * 200_000)
    clip = quick.folder / "renders/film/beach.mp4"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"x" * 1001)
    if name != "film.lock":
        done = make_attempt(State.DONE, request=BEACH, clip=make_clip(sha256="1" * 64, bytes=1001))
        (quick.folder / "film.lock").write_bytes(folded([done]))
    for command in ("status", "render"):
        looked = quick.run(command, "film.yaml", *(["--frozen"] if command == "render" else []))
        assert looked.code in (0, 1, 2, 4), looked.stderr
        assert_bounded(looked)
    assert shop.posts() == 0


def test_a_strangers_digest_is_no_path(quick: QuickDesk, shop: Shop, outside: Path) -> None:
    """Such a clip would be `restored`: it is not what it says, so it would be removed as damaged."""
    clip = make_clip(sha256="../../../outside/precious", bytes=len(b"precious"))
    (quick.folder / "film.lock").write_bytes(folded([make_attempt(State.DONE, request=BEACH, clip=clip)]))
    refused = quick.run("render", "film.yaml")
    assert (refused.code, "film.lock:2: a record with a part missing or damaged" in refused.stderr) == (4, True)
    for command in ("plan", "status", "verify"):
        assert_bounded(quick.run(command, "film.yaml"))
    assert (outside / "precious.mp4").read_bytes() == b"precious"
    assert shop.posts() == 0


def test_a_clip_is_not_restored_through_a_link_that_waits_for_it(quick: QuickDesk, shop: Shop, outside: Path) -> None:
    """The digest of what a stranger put into the store is known beforehand, and so was the name of its copy."""
    quick.run("render", "film.yaml", "--only", "beach")
    whole = (quick.folder / "renders/film/beach.mp4").read_bytes()
    (stored,) = (quick.folder / ".shotlock/store").iterdir()
    (quick.folder / "renders/film/beach.mp4").unlink()
    (quick.folder / ".shotlock/parts" / f"{stored.stem[:24]}.restored").symlink_to(outside / "precious.mp4")
    assert quick.run("render", "film.yaml", "--only", "beach").code == 0
    assert (quick.folder / "renders/film/beach.mp4").read_bytes() == whole
    assert (outside / "precious.mp4").read_bytes() == b"precious"
    assert shop.billed == 1


def test_a_link_in_the_place_of_a_clip_is_moved_aside_and_not_followed(
    quick: QuickDesk, shop: Shop, outside: Path
) -> None:
    place = quick.folder / "renders/film/beach.mp4"
    place.parent.mkdir(parents=True)
    place.symlink_to(outside / "precious.mp4")
    assert quick.run("render", "film.yaml").code == 0
    assert not place.is_symlink()
    assert (outside / "precious.mp4").read_bytes() == b"precious"
    assert (quick.folder / ".shotlock/displaced/beach.mp4").is_symlink()


def test_the_file_that_git_ignores_by_is_not_written_through_a_link(
    quick: QuickDesk, shop: Shop, outside: Path
) -> None:
    (quick.folder / ".shotlock").mkdir()
    (quick.folder / ".shotlock/.gitignore").symlink_to(outside / "new")
    quick.run("render", "film.yaml")
    assert not (outside / "new").exists()
    assert shop.posts() == 0


@pytest.mark.parametrize("shot", ["../../../outside/x", "/tmp/x", "a/b", "..", "x\x1b[31m", ""])
def test_a_strangers_shot_in_flight_is_fetched_into_no_place_of_its_choice(
    quick: QuickDesk, shop: Shop, outside: Path, shot: str
) -> None:
    quick.run("render", "film.yaml", "--only", "alley")
    (bought,) = shop.ledger["billed"]
    (quick.folder / "film.lock").unlink()
    for path in quick.state.rglob("*.jsonl"):
        path.unlink()
    before = tree(quick.folder.parent)
    request = make_request("A cat in an alley, asked for before", seconds="4")
    intent = {"origin": shop.base_url, "request": request, "shot": shot, "job": bought["id"]}
    (quick.folder / "film.lock").write_bytes(folded([make_attempt(State.SUBMITTED, **intent)]))
    result = quick.run("render", "film.yaml", "--frozen")
    assert result.code == 1, result.stderr
    assert_harmless(result.said)
    new = tree(quick.folder.parent).keys() - before.keys()
    assert {path.partition("/")[0] for path in new} <= {"state", "project"}
    assert not [
        path for path in new if path.startswith("project/") and "/." not in path and path != "project/film.lock"
    ]


def test_a_manifest_is_no_lockfile_to_be_folded(quick: QuickDesk) -> None:
    before = (quick.folder / "film.yaml").read_bytes()
    refused = quick.run("lock", "fold", "film.yaml")
    assert (refused.code, refused.stderr.partition("\n")[0]) == (2, "error: `film.yaml` is no lockfile")
    assert (quick.folder / "film.yaml").read_bytes() == before


def test_a_name_of_a_manifest_is_exactly_that_to_git(quick: QuickDesk) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("there is no git")
    names = ["my film", "x[1]", "a*", 'q"q', "new\nline * filter=evil", "!a", "#a", "é"]
    for name in names:
        quick.write("version: 1\nshots:\n- {id: a, prompt: x}\n", f"{name}.yaml")
    subprocess.run([git, "init", "-q"], cwd=quick.folder, check=True)
    assert quick.run("init").code == 0
    asked = [*(f"{name}.lock" for name in names), "x1.lock", "ab.lock", "other"]
    command = [git, "check-attr", "-z", "merge", "filter", "--", *asked]
    told = subprocess.run(command, cwd=quick.folder, check=True, capture_output=True, text=True).stdout.split("\0")
    attributes = {(told[at], told[at + 1]): told[at + 2] for at in range(0, len(told) - 1, 3)}
    assert {attributes[f"{name}.lock", "merge"] for name in names} == {"union"}
    assert {attributes[name, "merge"] for name in ("x1.lock", "ab.lock", "other")} == {"unspecified"}
    assert {attributes[name, "filter"] for name in asked} == {"unspecified"}


@pytest.mark.parametrize("command", [("check",), ("render",), ("lock", "fold")])
def test_a_link_to_a_folder_whose_name_is_no_utf8_is_told(
    quick: QuickDesk, shop: Shop, command: tuple[str, ...]
) -> None:
    folder = quick.folder / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "film.yaml").write_bytes((quick.folder / "film.yaml").read_bytes())
    (folder / "film.lock").write_bytes(lines.HEADER)
    (quick.folder / "link").symlink_to(folder)
    refused = quick.run(*command, "link/film.lock" if "fold" in command else "link/film.yaml")
    assert (refused.code, "is no UTF-8" in refused.stderr, shop.posts()) == (2, True, 0), refused.stderr


@pytest.mark.parametrize("command", ["check", "plan", "render", "status"])
def test_a_name_that_is_no_utf8_is_told_before_anything_is_done(quick: QuickDesk, shop: Shop, command: str) -> None:
    name = os.fsdecode(b"caf\xe9.yaml")
    (quick.folder / name).write_bytes((quick.folder / "film.yaml").read_bytes())
    refused = quick.run(command, name)
    assert (refused.code, "is no UTF-8" in refused.stderr, shop.posts()) == (2, True, 0), refused.stderr
    assert_harmless(refused.said)


def test_nothing_is_written_but_where_it_belongs(quick: QuickDesk, shop: Shop) -> None:
    home = quick.folder.parent / "home"
    home.mkdir()
    before = tree(quick.folder.parent).keys()
    for command in ("check", "plan", "status", "verify"):
        quick.run(command, "film.yaml", HOME=str(home))
    assert tree(quick.folder.parent).keys() == before
    quick.run("render", "film.yaml", HOME=str(home))
    new = tree(quick.folder.parent).keys() - before
    tops = {"/".join(path.split("/")[:2]) for path in new}
    assert tops == {"project/renders", "project/.shotlock", "project/film.lock", "state", "state/shotlock"}
    assert lines.HEADER in quick.lock()
