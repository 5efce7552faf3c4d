"""A small form of `python -m tests.crash.fuzz`: a few cases of each kind, always the same ones."""

import warnings
from pathlib import Path

import pytest

from tests.crash.fuzz.__main__ import KINDS
from tests.crash.fuzz.bench import Violation, tried

# Cases that once were wrong: kept, whatever number of others is tried.
FIRST = {"manifests": 0, "lockfiles": 0, "replies": 0, "images": 700}


@pytest.mark.parametrize("kind", KINDS)
def test_no_case_breaks_what_must_hold(tmp_path: Path, kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow speaks of odd files
        findings = tried(kind, KINDS[kind], range(FIRST[kind], FIRST[kind] + 150), tmp_path)
    # Memory is that of the whole test process here; the command measures each kind by itself.
    assert [wrong for wrong in findings.wrong if " MB" not in wrong] == []
    assert len(findings.ends) > 1, "all came to the same: the cases are no good"


def test_a_case_that_breaks_a_rule_is_told_with_its_number(tmp_path: Path) -> None:
    def broken(_: object, __: Path) -> str:
        raise Violation("it broke")

    findings = tried("manifests", broken, range(7, 20), tmp_path)
    assert len(findings.wrong) == 5
    assert findings.wrong[0].startswith("manifests #7\n")
