"""Manifests, profiles and everything in them: they are believed, or their problems are told in few harmless words."""

import json
import random
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

from PIL import Image

from runner.commands.wanted import Defective, Wanted, wanted
from tests.crash.fuzz.bench import Violation
from tests.crash.fuzz.mutation import STRANGE, bytes_changed, raw_json, tree_changed

ROOT: Final = Path(__file__).parents[3]
_MOST_WORDS: Final = 2000  # bytes of a problem on the screen, beyond the two paths in it
_MOST_PROBLEMS: Final = 60
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_OBEYED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_WHOLE: Final[dict[str, Any]] = {
    "version": 1,
    "profile": {"extends": "sora", "list": "complete", "settle": 1, "prompt_length": 500},
    "base_url": "https://videos.test/v1",
    "budget": 12.5,
    "prices": {"currency": "USD", "per_second": {"sora-2": 0.1, "*": {"1280x720": 0.2}}},
    "store": "clips",
    "retries": 1,
    "defaults": {"model": "sora-2", "size": "1280x720", "seconds": 8, "fit": "cover"},
    "vars": {"hero": "a golden retriever"},
    "shots": [
        {"id": "beach", "prompt": "${hero} runs"},
        {"id": "alley", "prompt": {"shot": "wide", "subject": "a cat", "action": "sits", "mood": "calm"}},
        {"id": "walk", "prompt": "x", "size": "from_reference", "input_reference": "cat.png"},
        {"id": "pier", "prompt": "x", "fit": {"mode": "cover", "focus": [0.5, 0.25]}, "input_reference": "cat.png"},
    ],
}


def case(rng: random.Random, folder: Path) -> str:
    """One manifest."""
    if not (folder / "cat.png").exists():
        Image.new("RGB", (720, 1280)).save(folder / "cat.png")
    path = folder / "film.yaml"
    path.write_bytes(_manifest(rng, folder))
    try:
        return _sane(wanted(path))
    except Defective as defective:
        return _told(defective)


def _manifest(rng: random.Random, folder: Path) -> bytes:
    match rng.randrange(6):
        case 0 | 1:
            return bytes_changed(rng, rng.choice(_examples()), _examples())
        case 2:
            return rng.randbytes(rng.choice((0, 1, 50, 5000)))
        case 3:
            (folder / "own.yaml").write_bytes(bytes_changed(rng, _profile(), _examples()))
            return _text({**_WHOLE, "profile": "./own.yaml"})
        case _:
            tree = tree_changed(rng, _WHOLE)
            if rng.random() < 0.1 and isinstance(tree, dict):
                tree["shots"] = [tree_changed(rng, shot) for shot in _WHOLE["shots"]] * rng.choice((1, 100))
            return raw_json(rng, tree) if rng.random() < 0.9 else raw_json(rng, rng.choice(STRANGE))


@cache
def _examples() -> tuple[bytes, ...]:
    return (*(path.read_bytes() for path in sorted((ROOT / "manifests").glob("*.yaml"))), _text(_WHOLE), _BLOCKS)


@cache
def _profile() -> bytes:
    return (ROOT / "runner" / "provider" / "profiles" / "sora.yaml").read_bytes()


def _text(tree: Any) -> bytes:
    return json.dumps(tree, indent=1).encode()


_BLOCKS: Final = b"""\
version: 1
vars: {a: &text "one", b: *text}
shots:
  - &shot
    id: one
    prompt: |
      A long ${a}
      prompt: with a colon
  - id: two
    prompt: >-
      folded $${ text
"""


def _sane(batch: Wanted) -> str:
    for shot in batch.shots:
        if not _SAFE.fullmatch(shot):
            raise Violation(f"the id {shot!r} was let in")
    for shot in batch.batch.shots:
        if not shot.request.prompt.strip() or len(shot.request.prompt) > batch.profile.limits.prompt_length:
            raise Violation("an impossible prompt was let in")
        _ = shot.request.fingerprint
    if len({shot.casefold() for shot in batch.shots}) < len(batch.shots):
        raise Violation("two shots would be one file")
    budget = batch.batch.budget
    if budget is not None and not (budget.is_finite() and budget >= 0):
        raise Violation(f"the budget {budget} was let in")
    return "accepted"


def _told(defective: Defective) -> str:
    text = defective.text
    problems = text.split("\n\n")
    if not all(each.problems for each in defective.defects):
        raise Violation("it was refused, and no problem is told")
    if len(problems) > _MOST_PROBLEMS * len(defective.defects):
        raise Violation(f"{len(problems)} problems are told at once")
    for problem in problems:
        if len(problem.encode()) > _MOST_WORDS:
            raise Violation(f"{len(problem.encode())} bytes for one problem: {problem[:500]}")
    for letter in set(text) - {"\n"}:
        if letter in _TURNS or unicodedata.category(letter) in _OBEYED:
            raise Violation(f"U+{ord(letter):04X} reaches the screen: {text[:500]!r}")
    for each in defective.defects:
        for problem in each.problems:
            if problem.line < 1 or problem.column < 1 or not problem.message:
                raise Violation(f"a problem without a place: {problem}")
    return "refused"
