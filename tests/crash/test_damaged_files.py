"""A facts file that conflicts, was mangled, or is no file at all: it can be looked at, and is not bought upon.

`render` refuses and says what to do, nothing of the file is lost, `lock fold` mends what can be mended; and once it
is mended, the batch is whole as before.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from runner.lock.lines import HEADER
from runner.lock.scan import scan
from runner.sandbox.rules import Pace
from tests.acceptance.desk import wait_for
from tests.crash.cradle import Cradle
from tests.crash.side_by_side import asked, side_by_side
from tests.crash.stage import PROMPTS, Stage, folder, stage

READING = ("status", "plan", "verify")
Mangle = Callable[[bytes], bytes]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What happens to a file, and what is said of it; without words it is no damage."""

    mangle: Mangle
    says: str = ""
    hint: str = "shotlock lock fold"
    mends: bool = True  # `lock fold` makes it good
    loses: int = 0  # lines that it puts aside
    tells: str = "nothing is lost"  # it says of them


def conflict(data: bytes, *, style: str = "", depth: int = 1) -> bytes:
    """Both sides of a merge, and around them the marks that git makes."""
    header, first, *rest = data.splitlines(keepends=True)
    middle = b"".join(rest[1:])
    for level in range(depth):
        marks = 7 + level
        base = b"|" * marks + b" base\n" + first if style == "diff3" else b""
        ends = (b"<" * marks + b" ours\n", b"=" * marks + b"\n", b">" * marks + b" theirs\n")
        middle = ends[0] + rest[0] + base + ends[1] + middle + ends[2]
    return header + first + middle


def replaced(old: bytes, new: bytes, data: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


def half_of(number: int, lines: list[bytes]) -> bytes:
    return b"".join([*lines[:number], lines[number][:90], b"\n", *lines[number + 1 :]])


CASES: Mapping[str, Case] = {
    "a conflict": Case(mangle=conflict, says="a conflict marker (and 2 more lines)"),
    "a conflict, diff3": Case(mangle=partial(conflict, style="diff3"), says="a conflict marker (and 3 more lines)"),
    "a conflict in a conflict": Case(mangle=partial(conflict, depth=3), says="a conflict marker (and 8 more lines)"),
    "carriage returns": Case(mangle=lambda data: data.replace(b"\n", b"\r\n")),
    "a byte order mark": Case(mangle=lambda data: b"\xef\xbb\xbf" + data),
    "lines twice": Case(mangle=lambda data: data + data[len(HEADER) :]),
    "headers twice": Case(mangle=lambda data: data + HEADER),
    "lines in another order": Case(mangle=lambda data: b"".join(data.splitlines(keepends=True)[::-1])),
    "no last line end": Case(mangle=bytes.rstrip),
    "an empty file": Case(mangle=lambda _: b""),
    "only a header": Case(mangle=lambda _: HEADER),
    "a torn header": Case(mangle=lambda _: HEADER[:30]),
    "zeros at the end": Case(mangle=lambda data: data + bytes(4096)),
    "zeros in the middle": Case(
        mangle=partial(replaced, b'"take":1', bytes(8)),
        says="not a record",
        loses=1,
    ),
    "an edited prompt": Case(
        mangle=partial(replaced, b"A dog runs", b"A cow runs"),
        says="the request does not give the fingerprint",
        loses=1,
    ),
    "no record": Case(
        mangle=lambda data: data + b"what is this\n",
        says="not a record",
        loses=1,
        tells="what they told cannot be read",
    ),
    "half a line in the middle": Case(
        mangle=lambda data: half_of(1, data.splitlines(keepends=True)),
        says="not a record",
        loses=1,
        tells="nothing else tells what they told of `alley`",
    ),
    "a later version": Case(
        mangle=partial(replaced, b'{"lock":1', b'{"lock":2'),
        says="it is of version 2, and this shotlock reads version 1",
        hint="update shotlock",
        mends=False,
    ),
}  # fmt: skip


def play(name: str, cradle: Cradle) -> str:
    with folder() as root, stage(root, pace=Pace(render_seconds=0.05), cradle=cradle) as it:
        assert it.run("render", "film.yaml").code == 0
        path = it.folder / "film.lock"
        if name in CASES:
            return it.verdict(_mangled(it, path, CASES[name]))
        if name in STRANGE:
            return it.verdict(_strange(it, path, STRANGE[name]))
        OTHERS[name](it, path)
        return it.verdict(it.incomplete() + it.violations())


def _mangled(it: Stage, path: Path, case: Case) -> Iterator[str]:
    data = case.mangle(path.read_bytes())
    path.write_bytes(data)
    yield from _readable(it, case.says)
    if path.read_bytes() != data:
        yield "looking has changed it"
    if case.says:
        yield from _refused(it, case.says, case.hint)
        if path.read_bytes() != data:
            yield "a run that was refused has changed it"
    yield from _folded(it, path, data, case)


def _readable(it: Stage, says: str) -> Iterator[str]:
    for command in READING:
        seen = it.run(command, "film.yaml")
        if seen.code != 0 or bool(says) != (says in seen.stderr if says else "warning" in seen.stderr):
            yield f"{command} ended with {seen.code} and said {seen.stderr}"


def _refused(it: Stage, says: str, hint: str, *, code: int = 4) -> Iterator[str]:
    refused = it.run("render", "film.yaml")
    if refused.code != code or says not in refused.stderr or hint not in refused.stderr:
        yield f"render ended with {refused.code} and said {refused.stderr}"


def _folded(it: Stage, path: Path, data: bytes, case: Case) -> Iterator[str]:
    """What is wrong about folding it, and about the run after that."""
    folded = it.run("lock", "fold", "film.lock")
    if not case.mends:
        if folded.code != 4 or path.read_bytes() != data:
            yield f"fold ended with {folded.code} and said {folded.stderr}"
        return
    aside = path.with_name("film.lock.bad")
    lost = aside.read_bytes().splitlines() if aside.exists() else []
    if folded.code != 0 or len(lost) != case.loses or any(line not in data for line in lost):
        yield f"fold ended with {folded.code}, put {len(lost)} lines aside and said {folded.stderr}"
    if case.loses and case.tells not in folded.stderr:
        yield f"it does not tell what is lost: {folded.stderr}"
    kept = {each.id for each in scan(data).records}
    if not kept <= {each.id for each in it.facts()} or scan(path.read_bytes()).bad:
        yield "fold has lost a fact, or left damage"
    yield from it.come_home(resumes=1)


# -- no file at all


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link_to_nothing(path: Path) -> None:
    path.symlink_to("elsewhere/film.lock")


STRANGE: Mapping[str, Callable[[Path], None]] = {
    "a folder": _folder,
    "a pipe": _pipe,
    "a link to nothing": _link_to_nothing,
}


def _strange(it: Stage, path: Path, put: Callable[[Path], None]) -> Iterator[str]:
    whole = path.read_bytes()
    path.unlink()
    put(path)
    yield from _readable(it, "film.lock cannot be read: it is no file")
    if path.is_symlink():  # a link is refused wherever it leads
        yield from _refused(it, "film.lock is a link", "put the file itself there", code=2)
    else:
        yield from _refused(it, "film.lock cannot be read: it is no file", "move it away")
    if it.run("lock", "fold", "film.lock").code != 2:
        yield "it was folded"
    if path.is_file():
        yield "it was replaced"
    path.rename(path.with_name("aside"))
    path.write_bytes(whole)
    yield from it.come_home(resumes=1)


# -- large ones, and ledgers


def a_large_file_of_no_records_is_refused_and_put_aside(it: Stage, path: Path) -> None:
    with path.open("ab") as file:
        for _ in range(50):
            file.write(b"x" * 1_000_000 + b"\n")
    assert it.run("status", "film.yaml").code == 0
    assert it.run("render", "film.yaml").code == 4
    assert it.run("lock", "fold", "film.lock").code == 0
    assert path.stat().st_size < 10_000
    assert path.with_name("film.lock.bad").stat().st_size == 50 * 1_000_001
    assert it.run("render", "film.yaml").code == 0
    path.with_name("film.lock.bad").unlink()


def a_damaged_ledger_is_refused_and_folded(it: Stage, path: Path) -> None:
    (ledger,) = it.state.glob("*.jsonl")
    before = {each.id: each for each in scan(ledger.read_bytes()).records}
    ledger.write_bytes(ledger.read_bytes().replace(b'"take":1', b'"take":2', 1))
    assert it.run("status", "film.yaml").code == 0
    refused = it.run("render", "film.yaml")
    assert refused.code == 4
    assert f"{ledger}:2: the crc does not fit" in refused.stderr
    folded = it.run("lock", "fold", str(ledger))
    assert folded.code == 0
    assert "nothing is lost" in folded.stderr
    assert ledger.with_name(f"{ledger.name}.bad").exists()
    assert it.run("render", "film.yaml").code == 0
    after = {each.id: each for each in scan(ledger.read_bytes()).records}
    assert {**after, **before} == after


def a_ledger_is_not_folded_while_a_run_reads_it(it: Stage, path: Path) -> None:
    (ledger,) = it.state.glob("*.jsonl")
    whole = ledger.read_bytes()
    it.write("other", about=" again")
    run = it.start("render", "other.yaml", "--slots", "1", fate=("hasty", 1))
    wait_for(lambda: len(it.billed) > len(PROMPTS), "the other manifest is bought")
    refused = it.run("lock", "fold", str(ledger))
    assert refused.code == 4
    assert "a run is going on" in refused.stderr
    assert it.end(run).code == 0
    assert ledger.read_bytes().startswith(whole)
    assert it.run("lock", "fold", str(ledger)).code == 0


def lines_of_a_ledger_that_were_put_aside_hold_their_shots(it: Stage, path: Path) -> None:
    (ledger,) = it.state.glob("*.jsonl")
    data = ledger.read_bytes()
    ledger.write_bytes(HEADER + data[len(HEADER) :].replace(b'"take":1', b'"take":2'))
    path.unlink()
    assert it.run("render", "film.yaml").code == 4
    assert it.run("lock", "fold", str(ledger)).code == 0
    held = it.run("render", "film.yaml")
    assert (held.code, len(it.billed)) == (1, len(PROMPTS))
    assert all(
        f"{shot}: held: maybe bought before: a damaged line in {ledger.name}.bad" in held.stderr for shot in PROMPTS
    )
    for shot in PROMPTS:
        assert it.run("resolve", "film.yaml", shot, "--adopt", str(it.job_of(shot))).code == 0
    assert it.run("render", "film.yaml").code == 0
    ledger.with_name(f"{ledger.name}.bad").unlink()


def a_line_that_told_of_no_purchase_holds_nothing(it: Stage, path: Path) -> None:
    path.with_name("film.lock.bad").write_bytes(b'{"shot":"fresh","state":"unsent","attempt":"00ff"\n')
    text = (it.folder / "film.yaml").read_text(encoding="utf-8")
    (it.folder / "film.yaml").write_text(text + "  - {id: fresh, prompt: Something new}\n", encoding="utf-8")
    assert it.run("render", "film.yaml").code == 0
    assert len(it.billed) == len(PROMPTS) + 1
    path.with_name("film.lock.bad").unlink()


OTHERS: Mapping[str, Callable[[Stage, Path], None]] = {
    "fifty megabytes": a_large_file_of_no_records_is_refused_and_put_aside,
    "a damaged ledger": a_damaged_ledger_is_refused_and_folded,
    "a ledger in use": a_ledger_is_not_folded_while_a_run_reads_it,
    "a ledger's lines put aside": lines_of_a_ledger_that_were_put_aside_hold_their_shots,
    "a line about nothing": a_line_that_told_of_no_purchase_holds_nothing,
}


@pytest.mark.parametrize("case", [*CASES, *STRANGE, *OTHERS])
def test_a_damaged_file_of_facts(case: str, played: Mapping[str, "Future[str]"]) -> None:
    assert played[case].result() == ""


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Mapping[str, "Future[str]"]]:
    with side_by_side(asked(request, "case"), play) as results:
        yield results
