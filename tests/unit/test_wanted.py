"""A manifest and its profile, read together."""

from pathlib import Path

import pytest

from runner.commands.wanted import Defective, wanted


def write(folder: Path, text: str, name: str = "film.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def told(path: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(Defective) as raised:
        wanted(path)
    return [
        (Path(each.name).name, problem.line, problem.message)
        for each in raised.value.defects
        for problem in sorted(each.problems)
    ]


SHOT = "shots:\n  - {id: a, prompt: A dog, seconds: 5}\n"


def test_a_misspelled_profile_is_told_along_with_the_problems_of_the_shots(tmp_path: Path) -> None:
    problems = told(write(tmp_path, f"version: 1\nprofile: sorra\n{SHOT}"))
    assert problems == [
        (
            "film.yaml",
            2,
            "there is no profile `sorra`",
        ),
        ("film.yaml", 4, "shot `a`: `seconds` is 5, allowed are 4, 8, 12"),
    ]


def test_a_broken_profile_of_ones_own_says_nothing_of_lengths_that_it_may_allow(tmp_path: Path) -> None:
    write(tmp_path, "extends: sora\nslots: many\n", "own.yaml")
    [problem] = told(write(tmp_path, f"version: 1\nprofile: ./own.yaml\n{SHOT}"))
    assert problem[:2] == ("own.yaml", 2)


def test_what_is_wrong_with_an_adapted_profile_is_told_at_its_place_in_the_manifest(tmp_path: Path) -> None:
    text = "version: 1\nprofile:\n  extends: sora\n  on_lost: resubmit\nshots:\n  - {id: a, prompt: A dog}\n"
    [(name, line, message)] = told(write(tmp_path, text))
    assert (name, line) == ("film.yaml", 4)
    assert message.startswith("`on_lost` is `resubmit`, which every price must be 0 for")


def test_a_file_that_is_no_yaml_has_one_problem_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "version: 1\nshots: [\n")
    with pytest.raises(Defective) as raised:
        wanted(path)
    assert raised.value.text.startswith(f"{path}:")
    assert raised.value.text.endswith("1 problem; nothing was sent\n")


def test_a_link_to_a_folder_leads_to_one_manifest(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "real", "version: 1\nshots:\n  - {id: a, prompt: A dog}\n")
    paths = {wanted(tmp_path / name / "film.yaml").path for name in ("real", "link")}
    assert len(paths) == 1, "else it would have two mutexes and two pasts"
