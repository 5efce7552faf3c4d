"""Traces of purchases that no fact tells of, and what a person is told before buying."""

from dataclasses import replace
from pathlib import Path

import pytest

from runner.commands.look import plan_of
from runner.commands.notices import notices
from runner.commands.place import place_of
from runner.commands.traces import traces_of
from runner.commands.wanted import Wanted, wanted
from runner.disk import SystemDisk
from runner.lock import lines
from runner.lock.aside import Remnant, put_aside, remnants, unexplained
from runner.lock.facts import Attempt, Claim, State
from runner.lock.lockfile import folded
from runner.lock.memory import Memory
from runner.lock.scan import Bad
from runner.settings import Settings
from tests.crash.flips import entry
from tests.unit.factories import make_clip, make_owner, make_request

DISK = SystemDisk()
MANIFEST = """\
version: 1
defaults: {size: 1280x720, seconds: 8}
shots:
  - {id: beach, prompt: a cat}
  - {id: walk, prompt: a dog}
"""
ORIGIN = entry(State.DONE, 1).intent.origin
BEACH = make_request("a cat")


class Film:
    """A manifest of two shots on a real disk."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "project"
        self.state = root / "state" / "shotlock"
        self.folder.mkdir()
        self.state.mkdir(parents=True)
        (self.folder / "film.yaml").write_text(MANIFEST, encoding="utf-8")
        self.place = place_of(self.wanted, self.settings, preview=False)
        self.shelf = self.place.shelf(DISK)

    @property
    def settings(self) -> Settings:
        return Settings(base_url=None, key=None, state_home=str(self.state.parent), goals="")

    @property
    def wanted(self) -> Wanted:
        return wanted(self.folder / "film.yaml")

    def memory(self, *facts: Attempt) -> Memory:
        """What is remembered of a lockfile with these facts."""
        if facts:
            self.place.lockfile.write_bytes(folded(facts))
        return Memory.open(DISK, self.place.where("key"), {BEACH.fingerprint})

    def traces(self, *facts: Attempt) -> dict[str, str]:
        return {**traces_of(self.wanted, self.place, self.memory(*facts), self.shelf, ORIGIN)}

    def notices(self, *facts: Attempt) -> list[str]:
        memory = self.memory(*facts)
        return [*notices(plan_of(self.wanted, memory, self.place, self.shelf, ORIGIN), memory, self.place)]

    def teach(self, fact: Attempt, manifest: Path) -> None:
        """Let the ledger know what was bought for another manifest."""
        with (memory := self.memory()).ledger.held():
            memory.ledger.add(replace(fact, owner=make_owner(str(manifest))), key="key")

    def put_clip(self, data: bytes, *, stored: bool = True) -> None:
        """Put a clip into the place of the first shot, and into the store."""
        self.shelf.make_ready()
        self.shelf.place("beach").write_bytes(data)
        if stored:
            self.shelf.keep(self.shelf.place("beach"), DISK.digest(self.shelf.place("beach")))

    def put_aside(self, line: bytes, path: Path | None = None) -> None:
        put_aside(DISK, path or self.place.lockfile, [Bad(number=2, why="not a record", text=line)])


@pytest.fixture
def film(tmp_path: Path) -> Film:
    return Film(tmp_path)


def line_of(attempt: Attempt) -> bytes:
    """Its line, with a byte damaged that tells nothing."""
    return lines.write(attempt, crc=False, owner=False).rstrip(b"\n").replace(b'"take":', b'"tape":')


# -- clips in their places


def test_where_nothing_was_there_is_no_trace(film: Film) -> None:
    assert film.traces() == {}


def test_a_clip_of_ours_that_no_fact_explains_is_a_trace(film: Film) -> None:
    film.put_clip(b"a clip")
    assert film.traces() == {
        "beach": (
            "its clip lies in renders/film/beach.mp4, and film.lock does not know how it came there: "
            "bring film.lock back from git"
        )
    }


def test_a_file_that_is_not_in_the_store_is_not_ours(film: Film) -> None:
    film.put_clip(b"somebody's film", stored=False)
    assert film.traces() == {}


def test_a_clip_that_a_fact_explains_is_no_trace_though_its_request_has_changed(film: Film) -> None:
    film.put_clip(b"a clip")
    clip = make_clip(sha256=DISK.digest(film.shelf.place("beach")))
    assert film.traces(entry(State.DONE, 1, prompt="as it was", clip=clip)) == {}


def test_a_clip_that_only_the_ledger_explains_is_no_trace(film: Film) -> None:
    film.put_clip(b"a clip")
    clip = make_clip(sha256=DISK.digest(film.shelf.place("beach")))
    film.memory(entry(State.DONE, 1, prompt="as it was", clip=clip))
    film.place.lockfile.unlink()
    assert film.traces() == {}


def test_a_shot_with_facts_needs_no_trace(film: Film) -> None:
    film.put_clip(b"another clip")
    assert film.traces(entry(State.SUBMITTED, 1)) == {}


def test_an_order_settles_older_traces(film: Film) -> None:
    film.put_clip(b"a clip")
    film.put_aside(line_of(entry(State.DONE, 1)))
    assert film.traces(entry(State.ABANDONED, 2, resubmit=True)) == {}
    film.put_aside(line_of(entry(State.DONE, 3)))
    assert {*film.traces()} == {"beach"}, "that line is of a purchase after the order"


def test_an_order_settles_nothing_that_was_bought_after_it_under_another_name(film: Film) -> None:
    film.teach(entry(State.DONE, 1), film.folder / "movie.yaml")
    assert film.traces(entry(State.ABANDONED, 2, resubmit=True)) == {}
    film.teach(entry(State.DONE, 3), film.folder / "movie.yaml")
    assert "--all --adopt" in film.traces()["beach"]


@pytest.mark.parametrize(("bought", "told"), [(1, False), (3, True)])
def test_an_order_settles_what_older_lockfiles_tell(film: Film, bought: int, told: bool) -> None:
    (film.folder / "movie.lock").write_bytes(folded([entry(State.EXPIRED, bought)]))
    assert bool(film.traces(entry(State.ABANDONED, 2, resubmit=True))) is told


@pytest.mark.parametrize(("state", "told"), [(State.EXPIRED, False), (State.ABANDONED, False), (State.DONE, True)])
def test_where_clips_cost_nothing_what_is_lost_is_no_trace(film: Film, state: State, told: bool) -> None:
    free = replace(film.wanted, profile=replace(film.wanted.profile, resubmit_lost=True))
    (film.folder / "movie.lock").write_bytes(folded([entry(state, 1)]))
    assert bool(traces_of(free, film.place, film.memory(), film.shelf, ORIGIN)) is told
    (film.folder / "movie.lock").unlink()
    film.teach(entry(state, 1), film.folder / "movie.yaml")
    assert bool(traces_of(free, film.place, film.memory(), film.shelf, ORIGIN)) is told


def test_an_order_for_a_manifest_that_is_gone_is_no_purchase(film: Film) -> None:
    (film.folder / "movie.lock").write_bytes(folded([entry(State.ABANDONED, 1, resubmit=True)]))
    assert film.traces() == {}


# -- lines put aside


def test_a_line_is_about_its_shot_and_its_request(film: Film) -> None:
    film.put_aside(line_of(entry(State.SUBMITTED, 1, shot="shore", job="video_7")))
    film.put_aside(b'{"shot":"walk","state":"subm')
    assert film.traces() == {
        "beach": (
            "a damaged line in film.lock.bad may be about it, job video_7: "
            f"shotlock resolve {film.wanted.name} beach --adopt video_7"
        ),
        "walk": "a damaged line in film.lock.bad may be about it",
    }


@pytest.mark.parametrize("known", ["attempt", "job"])
def test_a_line_that_another_explains_is_no_trace(film: Film, known: str) -> None:
    bad = entry(State.SUBMITTED, 1, job="video_7")
    film.put_aside(line_of(bad))
    number = 1 if known == "attempt" else 2
    assert film.traces(entry(State.FAILED, number, shot="gone", job="video_7" if known == "job" else "video_8")) == {}


def test_a_line_of_a_ledger_counts_where_it_names_the_manifest(film: Film) -> None:
    ledger = film.state / "host-key.jsonl"
    film.put_aside(line_of(entry(State.SUBMITTED, 1, manifest="other.yaml")), ledger)
    assert film.traces() == {}
    film.put_aside(line_of(entry(State.SUBMITTED, 2)), ledger)
    assert {*film.traces()} == {"beach"}


def test_a_job_that_could_be_a_command_is_quoted(film: Film) -> None:
    film.put_aside(line_of(entry(State.SUBMITTED, 1, job="x; rm -rf ~")))
    assert film.traces()["beach"].endswith("--adopt 'x; rm -rf ~'")


NOTHING = Remnant(file="f.bad", shot="", manifest="", fingerprint="", attempt="", jobs=())


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"shot":"a \\"b\\"","state":"done"', replace(NOTHING, shot='a "b"')),
        (b'"job":["one","two"],"attempt":"00ff"}', replace(NOTHING, attempt="00ff", jobs=("one", "two"))),
        (b'"manifest":"f.yaml","fingerprint":"' + b"a" * 64, NOTHING),
        (b'"manifest":"f.yaml","fingerprint":"' + b"a" * 64 + b'"', replace(NOTHING, fingerprint="a" * 64)),
        (b'"shot":"\\ud8"', replace(NOTHING, shot="\\ud8")),
        (b"\xff\x00", NOTHING),
    ],
)
def test_what_can_be_read_of_a_damaged_line(tmp_path: Path, line: bytes, found: Remnant) -> None:
    (tmp_path / "f.bad").write_bytes(line + b"\n")
    (read,) = remnants(DISK, tmp_path / "f")
    assert replace(read, manifest="") == found
    assert read.manifest == ("f.yaml" if b"manifest" in line else "")


@pytest.mark.parametrize("state", ["unsent", "rejected"])
def test_a_line_by_which_nothing_was_bought_is_passed_over(tmp_path: Path, state: str) -> None:
    (tmp_path / "f.bad").write_bytes(f'{{"shot":"beach","state":"{state}","ta\n'.encode())
    assert remnants(DISK, tmp_path / "f") == ()
    assert remnants(DISK, tmp_path / "no such file") == ()


def test_lines_that_believed_ones_explain_are_left_out() -> None:
    telling = Remnant(file="", shot="a", manifest="", fingerprint="", attempt="00ff", jobs=("video_1",))
    assert unexplained([telling], []) == (telling,)
    assert unexplained([telling], [entry(State.SUBMITTED, 1, job="video_1")]) == ()
    assert unexplained([replace(telling, jobs=())], [entry(State.SUBMITTED, 1, job="video_1")]) != ()


# -- lockfiles that a rename left behind


def test_a_lockfile_without_a_manifest_is_a_trace_of_what_it_bought(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(film.folder)
    (film.folder / "movie.lock").write_bytes(folded([entry(State.DONE, 1), entry(State.UNSENT, 2, prompt="a dog")]))
    way = "cat movie.lock >> film.lock && rm movie.lock"
    assert film.traces() == {"beach": f"it is in movie.lock, whose manifest is gone; if that was renamed: {way}"}


def test_the_command_for_a_lockfile_that_was_left_behind_works_from_where_it_is_said(
    film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the folder above it removed another manifest's lockfile of the same name."""
    (film.folder / "movie.lock").write_bytes(folded([entry(State.DONE, 1)]))
    monkeypatch.chdir(film.folder.parent)
    way = "cat project/movie.lock >> project/film.lock && rm project/movie.lock"
    assert film.traces() == {"beach": f"it is in movie.lock, whose manifest is gone; if that was renamed: {way}"}


def test_a_manifest_that_cannot_be_looked_at_is_not_gone(film: Film) -> None:
    """It lies on a disk that is not at hand, or in a folder that is closed: every other manifest was stopped by it."""
    film.teach(entry(State.DONE, 1), film.folder / ("x" * 300 + ".yaml"))
    assert film.traces() == {}


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_lockfile_with_its_manifest_is_no_trace(film: Film, suffix: str) -> None:
    (film.folder / "movie.lock").write_bytes(folded([entry(State.DONE, 1)]))
    (film.folder / f"movie{suffix}").touch()
    assert film.traces() == {}


@pytest.mark.parametrize("name", ["movie.preview.lock", "movie.lock.txt"])
def test_what_is_no_lockfile_of_purchases_is_no_trace(film: Film, name: str) -> None:
    (film.folder / name).write_bytes(folded([entry(State.DONE, 1)]))
    assert film.traces() == {}


def test_lockfiles_of_other_tools_are_left_alone(film: Film) -> None:
    (film.folder / "uv.lock").write_bytes(b"version = 1\n" * 1000)
    (film.folder / "flake.lock").write_bytes(b'{"nodes": {}}')
    (film.folder / "folder.lock").mkdir()
    assert film.traces() == {}


# -- manifests that are gone


@pytest.mark.parametrize("state", [State.INTENT, State.SUBMITTED, State.DONE, State.EXPIRED, State.ABANDONED])
def test_what_was_bought_for_a_manifest_that_is_gone_is_a_trace(film: Film, state: State) -> None:
    before = film.folder / "movie.yaml"
    film.teach(entry(state, 1, job="video_7"), before)
    adopt = f"shotlock resolve {film.wanted.name} --all --adopt {before}"
    told = {"beach": f"for {before}, which is gone; if that was renamed or moved: {adopt}"}
    assert film.traces() == told
    film.teach(entry(state, 1, job="video_7"), film.folder.parent / "their" / "movie.yaml")
    assert film.traces() == told, "none of its manifests is there"
    before.touch()
    assert film.traces() == {}


@pytest.mark.parametrize("state", [State.UNSENT, State.REJECTED, State.FAILED])
def test_what_came_to_nothing_for_a_manifest_that_is_gone_is_no_trace(film: Film, state: State) -> None:
    film.teach(entry(state, 1), film.folder / "movie.yaml")
    assert film.traces() == {}


def test_what_was_bought_elsewhere_for_a_manifest_that_is_gone_is_no_trace(film: Film) -> None:
    film.teach(entry(State.DONE, 1, origin="https://elsewhere.example/v1"), film.folder / "movie.yaml")
    assert film.traces() == {}


# -- before buying


def test_what_another_manifest_has_is_said(film: Film) -> None:
    theirs = film.folder.parent / "clone" / "film.yaml"
    film.teach(entry(State.DONE, 1), theirs)
    bought = f"this machine has bought 1 of these clips for {theirs}; "
    assert film.notices() == [f"{bought}under that name they come back by themselves"]
    theirs.parent.mkdir()
    theirs.touch()
    way = f"cat {theirs.with_suffix('.lock')} >> {film.place.lockfile}"
    assert film.notices() == [f"{bought}to use them here: shotlock render {theirs} --frozen; {way}"]
    theirs.with_suffix(".lock").touch()
    assert film.notices() == [f"{bought}to use them here: {way}"]


def test_what_is_not_bought_anew_is_not_said(film: Film) -> None:
    assert film.notices(entry(State.DONE, 1), entry(State.DONE, 2, shot="walk", prompt="a dog")) == []


def test_a_shot_that_two_branches_bought_is_named_once(film: Film) -> None:
    facts = [entry(State.DONE, 1, job="video_1"), entry(State.SUBMITTED, 2, job="video_2")]
    said = "shot `beach` was bought twice, on two branches: video_1 and video_2"
    assert said in film.notices(*facts)
    assert said not in film.notices(), "it is no news any more"


@pytest.mark.parametrize(
    "facts",
    [
        [entry(State.DONE, 1), entry(State.DONE, 2, take=2)],
        [entry(State.DONE, 1, job="video_1"), entry(State.DONE, 2, job="video_1")],
        [entry(State.FAILED, 1), entry(State.DONE, 2)],
        [entry(State.ABANDONED, 1, resubmit=True), entry(State.DONE, 2)],
    ],
    ids=["takes", "one job under two names", "a failed one", "an order"],
)
def test_these_are_not_bought_twice(film: Film, facts: list[Attempt]) -> None:
    assert not any("twice" in said for said in film.notices(*facts))


def test_of_a_shot_that_took_an_attempt_over_both_are_named(film: Film) -> None:
    renamed = replace(entry(State.DONE, 1, shot="shore", job="video_1"), claims=(Claim(number=1, shot="beach"),))
    assert "shot `beach` was bought twice, on two branches: video_1 and video_2" in film.notices(
        renamed, entry(State.DONE, 2, job="video_2")
    )
