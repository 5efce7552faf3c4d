"""What a close look at the clips found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.report.columns import table
from runner.report.wording import counted, near, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One clip that is not what it should be."""

    shot: str
    clip: Path
    trouble: str


def verify_text(findings: Sequence[Finding], ok: int) -> str:
    """Every clip that is not whole, and how many are."""
    rows = [(shown(each.shot), near(each.clip), shown(each.trouble)) for each in findings]
    return "\n".join([*table(rows), *([""] if rows else []), _count(len(findings), ok)]) + "\n"


def verify_json(findings: Sequence[Finding], ok: int) -> dict[str, Any]:
    """The same as data."""
    return {
        "whole": ok,
        "findings": [{"shot": each.shot, "clip": str(each.clip), "trouble": each.trouble} for each in findings],
    }


def _count(bad: int, ok: int) -> str:
    if not bad and not ok:
        return "there are no clips to look at"
    whole = f"{counted(ok, 'clip')} {'is' if ok == 1 else 'are'} whole"
    return f"{whole}, {bad:,} {'is' if bad == 1 else 'are'} not" if bad else whole
