"""Without memory nothing is bought that nobody asked for; and what is held says why, and how it goes on."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.sandbox.rules import Pace
from tests.crash.cradle import Cradle
from tests.crash.no_memory import CELLS, JOBS, LISTS, LOSSES, SHOTS, held_on, play, remembered
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import Stage, folder, stage

# Every cell in which something is forgotten; of the others, one kind of list each. `no_memory` itself plays all.
ROTATED = {
    (lost, jobs, LISTS[(number + age) % len(LISTS)])
    for number, lost in enumerate(LOSSES)
    for age, jobs in enumerate(JOBS)
}
PLAYED = [
    name
    for name, cell in CELLS.items()
    if remembered(cell) != {*SHOTS} or (cell.lost, cell.jobs, cell.listed) in ROTATED
]


# -- other ways to know too little, or too much


def a_colleague_goes_on_with_my_jobs_and_i_with_theirs(mine: Stage) -> None:
    theirs = beside(mine, "colleague")
    _git(mine.folder, "init", "-q", "-b", "main")
    (mine.folder / ".gitignore").write_text("renders/\n")
    mine.run("render", "film.yaml", "--only", "beach")
    _git(mine.folder, "add", ".")
    _git(mine.folder, "commit", "-qm", "beach")
    shutil.rmtree(theirs.folder)
    _git(theirs.root, "clone", "-q", str(mine.folder), str(theirs.folder))
    assert theirs.run("render", "film.yaml").code == 0
    assert len(mine.billed) == len(SHOTS)
    _git(theirs.folder, "add", ".")
    _git(theirs.folder, "commit", "-qm", "the others")
    _git(mine.folder, "pull", "-q", str(theirs.folder), "main")
    assert mine.run("render", "film.yaml").code == 0
    assert len(mine.billed) == len(SHOTS)
    assert mine.incomplete() + theirs.incomplete() == []


def a_rotated_key_forgets_nothing(it: Stage) -> None:
    object.__setattr__(it.sandbox._rules, "key", None)
    it.run("render", "film.yaml", "--only", "beach")
    environ = {**it.environ(), "OPENAI_API_KEY": "sk-canary-another-key"}
    it.environ = lambda: environ
    (it.folder / "film.lock").unlink()
    shutil.rmtree(it.folder / "renders")
    shutil.rmtree(it.folder / ".shotlock")
    assert it.run("render", "film.yaml").code == 0
    assert len(it.billed) == len(SHOTS)
    assert it.incomplete() == []


def a_second_clone_on_the_machine_is_told_what_the_first_has_bought(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    clone = beside(it, "clone", state=it.state)
    looked = clone.run("render", "film.yaml", "--frozen")
    told = f"this machine has bought 3 of these clips for {it.folder}/film.yaml; to use them here: cat"
    assert told in looked.stderr
    _shell(clone, re.findall("to use them here: (.*)", looked.stderr)[0])
    assert clone.run("render", "film.yaml").code == 0
    assert len(it.billed) == len(SHOTS)
    assert it.incomplete() + clone.incomplete() == []


def what_a_second_clone_buys_is_said_before_it_is_bought(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    clone = beside(it, "clone", state=it.state)
    ordered = clone.run("render", "film.yaml")
    assert len(it.billed) == 2 * len(SHOTS)
    first, second, *_ = ordered.stderr.splitlines()
    assert first.endswith("3 clips, 12 s, at most $1.20")
    assert second.startswith("this machine has bought 3 of these clips for ")


def a_manifest_that_was_renamed_without_its_lockfile_is_held(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    (it.folder / "film.yaml").rename(it.folder / "movie.yaml")
    looked = it.run("plan", "movie.yaml")
    assert "maybe bought before" in looked.stdout
    assert "3 unconfirmed" in it.run("status", "movie.yaml").stdout
    assert "$" not in looked.stdout.partition("to buy")[2].partition("\n")[0]
    held = it.run("render", "movie.yaml")
    assert (held.code, len(it.billed)) == (1, len(SHOTS))
    told = held_on(held.stderr)
    assert {*told} == {*SHOTS}
    why, hint = told["beach"]
    assert why.startswith("maybe bought before: it is in film.lock, whose manifest is gone; if that was renamed: cat")
    assert hint == "shotlock retake movie.yaml beach"
    _shell(it, re.findall("if that was renamed: (.*)", why)[0])
    assert it.run("render", "movie.yaml").code == 0
    assert len(it.billed) == len(SHOTS)
    assert it.incomplete("movie") == []


def a_shot_of_a_renamed_manifest_is_bought_again_when_a_person_says_so(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    (it.folder / "film.yaml").rename(it.folder / "movie.yaml")
    assert it.run("retake", "movie.yaml", "beach").code == 0
    assert it.run("resolve", "movie.yaml", "alley", "--resubmit").code == 0
    assert it.run("render", "movie.yaml").code == 1, "the third one is held as before"
    assert len(it.billed) == len(SHOTS) + 2


def a_manifest_that_was_renamed_and_lost_its_lockfile_is_held(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    (it.folder / "film.yaml").rename(it.folder / "movie.yaml")
    (it.folder / "film.lock").unlink()
    said = "this machine has bought 3 of these clips for film.yaml; under that name they come back by themselves"
    assert said in it.run("plan", "movie.yaml").stderr
    held = it.run("render", "movie.yaml")
    assert (held.code, len(it.billed)) == (1, len(SHOTS))
    assert said in held.stderr
    (whys,) = {why for why, _ in held_on(held.stderr).values()}
    assert whys.startswith("maybe bought before: for film.yaml, which is gone; if that was renamed or moved: shotlock ")
    taken = it.run(*re.findall(r"shotlock (resolve \S+ --all --adopt [\w.]+)", whys)[0].split())
    assert taken.code == 0
    assert taken.stderr == "".join(
        f"shot `{shot}` is job {it.job_of(shot)}: the next render fetches it\n" for shot in SHOTS
    )
    assert it.run("resolve", "movie.yaml", "--all", "--adopt", "film.yaml").code == 2
    shutil.rmtree(it.folder / "renders" / "film")
    assert it.run("render", "movie.yaml").code == 0
    assert len(it.billed) == len(SHOTS)
    assert it.incomplete("movie") == []


def one_shot_of_a_renamed_manifest_adopts_its_job(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    (it.folder / "film.yaml").rename(it.folder / "movie.yaml")
    (it.folder / "film.lock").unlink()
    job = it.job_of("cliff")
    assert job is not None
    assert it.run("resolve", "movie.yaml", "cliff", "--adopt", job).code == 0
    shutil.rmtree(it.folder / "renders" / "film")
    assert it.run("render", "movie.yaml").code == 1, "the others are held as before"
    assert [path.name for path in (it.folder / "renders" / "movie").iterdir()] == ["cliff.mp4"]
    assert len(it.billed) == len(SHOTS)


def a_manifest_that_lost_its_lockfile_comes_back_under_its_name(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    moved = it.folder.rename(it.folder.with_name("moved"))
    it.folder.mkdir()
    (moved / "film.lock").unlink()
    (moved / "film.yaml").rename(it.folder / "movie.yaml")
    assert it.run("render", "movie.yaml").code == 1
    (it.folder / "movie.yaml").rename(it.folder / "film.yaml")
    assert it.run("render", "film.yaml").code == 0
    assert len(it.billed) == len(SHOTS)
    assert it.incomplete() == []


def a_purchase_for_a_manifest_that_is_gone_can_be_made_again(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    (it.folder / "film.yaml").rename(it.folder / "movie.yaml")
    (it.folder / "film.lock").unlink()
    assert it.run("resolve", "movie.yaml", "beach", "--resubmit").code == 0
    assert it.run("retake", "movie.yaml", "alley").code == 0
    taken = it.run("resolve", "movie.yaml", "cliff", "--adopt", it.job_of("beach") or "")
    assert (taken.code, "is that of shot `beach` of film.yaml already" in taken.stderr) == (2, True)
    assert it.run("render", "movie.yaml").code == 1, "the third one is held as before"
    assert len(it.billed) == len(SHOTS) + 2


def what_a_copy_of_a_manifest_without_lockfile_can_do_is_said(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    shutil.copy(it.folder / "film.yaml", it.folder / "movie.yaml")
    (it.folder / "film.lock").unlink()
    shutil.rmtree(it.folder / "renders")
    looked = it.run("plan", "movie.yaml")
    way = "shotlock render film.yaml --frozen; cat film.lock >> movie.lock"
    assert f"this machine has bought 3 of these clips for film.yaml; to use them here: {way}" in looked.stderr
    assert it.run("render", "film.yaml", "--frozen").code == 0
    _shell(it, "cat film.lock >> movie.lock")
    assert it.run("render", "movie.yaml").code == 0
    assert len(it.billed) == len(SHOTS)
    assert it.incomplete() + it.incomplete("movie") == []


def a_line_that_was_put_aside_holds_its_shot_until_a_person_decides(it: Stage) -> None:
    assert it.run("render", "film.yaml").code == 0
    lockfile = it.folder / "film.lock"
    lockfile.write_bytes(lockfile.read_bytes().replace(b"A cat in an alley", b"A cap in an alley"))
    for lost in (it.state, it.folder / "renders", it.folder / ".shotlock"):
        shutil.rmtree(lost)
    assert it.run("render", "film.yaml").code == 4
    assert it.run("lock", "fold", "film.lock").code == 0
    held = it.run("render", "film.yaml")
    assert (held.code, len(it.billed)) == (1, len(SHOTS))
    ((shot, (why, _)),) = held_on(held.stderr).items()
    job = it.job_of("alley")
    assert shot == "alley"
    assert why.startswith(f"maybe bought before: a damaged line in film.lock.bad may be about it, job {job}: shotlock")
    adopt = re.findall(r"shotlock (resolve \S+ \S+ --adopt \w+)", why)[0]
    assert it.run(*adopt.split()).code == 0
    assert it.run("render", "film.yaml").code == 0
    assert len(it.billed) == len(SHOTS)
    assert it.incomplete() == []


SCENES: Mapping[str, Callable[[Stage], None]] = {
    "a colleague's branch": a_colleague_goes_on_with_my_jobs_and_i_with_theirs,
    "a rotated key": a_rotated_key_forgets_nothing,
    "a second clone, told": a_second_clone_on_the_machine_is_told_what_the_first_has_bought,
    "a second clone, buying": what_a_second_clone_buys_is_said_before_it_is_bought,
    "a renamed manifest": a_manifest_that_was_renamed_without_its_lockfile_is_held,
    "a renamed manifest, bought again": a_shot_of_a_renamed_manifest_is_bought_again_when_a_person_says_so,
    "a renamed manifest without lockfile": a_manifest_that_was_renamed_and_lost_its_lockfile_is_held,
    "a renamed manifest without lockfile, one shot": one_shot_of_a_renamed_manifest_adopts_its_job,
    "a renamed manifest under its old name": a_manifest_that_lost_its_lockfile_comes_back_under_its_name,
    "a renamed manifest without lockfile, bought again": a_purchase_for_a_manifest_that_is_gone_can_be_made_again,
    "a copy without lockfile, told": what_a_copy_of_a_manifest_without_lockfile_can_do_is_said,
    "a line put aside": a_line_that_was_put_aside_holds_its_shot_until_a_person_decides,
}


def test_the_cells_that_are_played_meet_every_loss_every_list_and_every_age() -> None:
    played = [CELLS[name] for name in PLAYED]
    assert {(cell.lost, cell.jobs) for cell in played} == {(lost, jobs) for lost in LOSSES for jobs in JOBS}
    assert {(cell.listed, cell.jobs) for cell in played} == {(listed, jobs) for listed in LISTS for jobs in JOBS}


@pytest.mark.parametrize("case", PLAYED)
def test_without_memory_nothing_is_bought_that_nobody_asked_for(case: str, played: Mapping[str, "Future[str]"]) -> None:
    assert played[case].result() == ""


@pytest.mark.parametrize("case", SCENES)
def test_who_knows_too_little_buys_nothing_unasked(case: str, played: Mapping[str, "Future[str]"]) -> None:
    assert played[case].result() == ""


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Mapping[str, "Future[str]"]]:
    with side_by_side(asked(request, "case"), _played) as results:
        yield results


def _played(case: str, cradle: Cradle) -> str:
    if case in CELLS:
        return play(case, cradle)
    with folder() as root, _bare_stage(root, cradle) as it:
        SCENES[case](it)
        return it.verdict(f"a traceback: {said}" for said in it.said if "Traceback" in said)


@contextmanager
def _bare_stage(root: Path, cradle: Cradle) -> Iterator[Stage]:
    with stage(root, pace=Pace(render_seconds=0.05), cradle=cradle) as it:
        it.shots = SHOTS
        it.write()
        yield it


def beside(it: Stage, name: str, *, state: Path | None = None) -> Stage:
    """Another folder with the same manifest, on another machine, or on the same one where a state folder is given."""
    other = Stage(root=it.root / name, sandbox=it.sandbox, cradle=it.cradle, shots=SHOTS)
    other.write()
    if state:
        environ = {**other.environ(), "XDG_STATE_HOME": str(state.parent)}
        other.environ = lambda: environ
    return other


def _shell(it: Stage, command: str) -> None:
    subprocess.run(command, shell=True, check=True, cwd=it.folder)


def _git(where: Path, *arguments: str) -> None:
    named = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *named, *arguments], cwd=where, check=True, capture_output=True)
