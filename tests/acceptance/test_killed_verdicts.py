"""A kill at any fact of a verdict: saying the same again makes it good, and nothing is counted twice."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.acceptance.desk import Desk, Shop
from tests.acceptance.test_giving_up import desk, lost, of_beach, renamed, resolve, slow
from tests.crash.cradle import Cradle

__all__ = ["desk", "lost", "slow"]  # fixtures


@pytest.fixture(scope="module")
def cradle() -> Iterator[Cradle]:
    """Where the commands that are killed begin at once."""
    with Cradle() as bearing:
        yield bearing


def called_off(desk: Desk, lost: Shop) -> list[str]:
    return ["film.yaml", "beach", "--resubmit"]


def taken_back(desk: Desk, lost: Shop) -> list[str]:
    assert resolve(desk, "--resubmit").code == 0
    return ["film.yaml", "beach", "--adopt", lost.ledger["billed"][0]["id"]]


def found_after_all(desk: Desk, lost: Shop) -> list[str]:
    """What nobody remembered was ordered again, and is a job of the manifest's former name."""
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    renamed(desk)
    assert desk.run("resolve", "movie.yaml", "beach", "--resubmit").code == 0
    return ["movie.yaml", "beach", "--adopt", lost.ledger["billed"][0]["id"]]


def taken_over(desk: Desk, lost: Shop) -> list[str]:
    """What was left alone is taken over with all else of the manifest's former name."""
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    renamed(desk)
    assert desk.run("resolve", "movie.yaml", "beach", "--abandon").code == 0
    return ["movie.yaml", "--all", "--adopt", "film.yaml"]


def found_without_a_trace(desk: Desk, lost: Shop) -> list[str]:
    """What was left alone is a job after all, when nothing tells of it any more but a person."""
    assert desk.run("render", "film.yaml", "--only", "beach").code == 0
    renamed(desk)
    assert desk.run("resolve", "movie.yaml", "beach", "--abandon").code == 0
    shutil.rmtree(desk.state)
    shutil.rmtree(desk.folder / "renders")
    return ["movie.yaml", "beach", "--adopt", lost.ledger["billed"][0]["id"]]


@pytest.mark.parametrize("story", [called_off, taken_back, found_after_all, taken_over, found_without_a_trace])
def test_it_is_made_good_by_saying_the_same_again(
    desk: Desk, lost: Shop, cradle: Cradle, story: Callable[[Desk, Shop], list[str]]
) -> None:
    words = story(desk, lost)
    desk.state.mkdir(exist_ok=True)
    before = desk.folder.parent / "before"
    shutil.copytree(desk.folder.parent, before)
    asked = of_beach(desk, words[0])
    assert desk.run("resolve", *words).code == 0
    outcome, wanted, kills = desk.run("plan", words[0]).stdout, of_beach(desk, words[0]), 0
    for point in ("ledger.sync.after", "lockfile.sync.after", "lockfile.write.after"):
        for nth in range(1, 20):
            for name in (desk.folder.name, desk.state.name):
                shutil.rmtree(desk.folder.parent / name)
                shutil.copytree(before / name, desk.folder.parent / name)
            if _survives(desk, cradle, point, nth, words):
                break
            kills += 1
            assert "submit" not in of_beach(desk, words[0]) or "submit" in asked + wanted, (point, nth)
            desk.run("resolve", *words)
            assert desk.run("plan", words[0]).stdout == outcome, (point, nth)
    assert kills >= 4


def _survives(desk: Desk, cradle: Cradle, point: str, nth: int, words: Sequence[str]) -> bool:
    """Whether the command has ended before it was to be killed."""
    screen = desk.folder.parent / "screen"
    life = cradle.start(
        [point, str(nth), "--", "resolve", *words], folder=desk.folder, environ=desk.whole_environ({}), screen=screen
    )
    code = life.end(within=60)
    talk = [Path(f"{screen}.{kind}").read_text(encoding="utf-8") for kind in ("out", "err")]
    desk.said += talk
    assert code in (0, -9), talk
    return code == 0
