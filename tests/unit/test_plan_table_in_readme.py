"""README.md says what the code says: the decision, the help texts, the exit codes and its example manifests."""

import re
from pathlib import Path

import pytest
from PIL import Image

from runner.commands.wanted import wanted
from runner.errors import ExitCode
from runner.plan.table import TABLE, Action
from tests.readme_blocks import README, ROOT, blocks, written

TEXT = README.read_text(encoding="utf-8")
MANIFESTS = [block for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL) if "shots:" in block]
PROFILES = [block for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL) if block.startswith("profile:")]
SHOTS = "version: 1\nshots: [{id: beach, prompt: A dog on the beach, seconds: 8}]\n"


@pytest.mark.parametrize("name", ["plan-table", "help", "help-render"])
def test_a_block_that_is_made_from_the_code_is_the_newest(name: str) -> None:
    assert written(TEXT, name) == blocks()[name], "`make readme` writes it anew"


def test_the_table_has_a_row_for_each_row_and_every_action() -> None:
    lines = written(TEXT, "plan-table").splitlines()

    assert len(lines) == len(TABLE) + 2
    assert all(f"**{action}**" in "\n".join(lines) for action in Action)


def test_every_exit_code_is_explained() -> None:
    told = {int(code) for cell in re.findall(r"^\| ([0-9, ]+) \|", TEXT, re.MULTILINE) for code in cell.split(",")}

    assert told == set(ExitCode)


@pytest.mark.parametrize("text", MANIFESTS + [SHOTS + profile for profile in PROFILES])
def test_an_example_is_a_manifest_without_problems(text: str, tmp_path: Path) -> None:
    (tmp_path / "refs").mkdir()
    Image.new("RGB", (800, 600)).save(tmp_path / "refs" / "cat.png")
    (tmp_path / "film.yaml").write_text(text)

    assert wanted(tmp_path / "film.yaml").batch.shots


def test_every_file_that_is_linked_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
