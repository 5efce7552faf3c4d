"""The error boundary: whatever is raised becomes words and an exit code."""

from pathlib import Path

import pytest

from runner import cli
from runner.commands import check
from runner.errors import DiskFailed

KEY = "sk-canary-4f9d2c71aa"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return tmp_path / "shotlock"


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def raise_it(*_: object) -> None:
        raise error

    monkeypatch.setattr(check, "manifests_of", raise_it)


def test_a_bug_is_written_down_without_the_key(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, ZeroDivisionError(f"with {KEY}"))
    assert cli.main(["check", "film.yaml"]) == 3
    [note] = (state / "crashes").iterdir()
    text = note.read_text()
    assert "ZeroDivisionError: with [key]" in text
    assert "Traceback" in text
    assert KEY not in text
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert stderr == (
        f"error: a bug of shotlock: ZeroDivisionError; it is written down in {note}\n"
        "hint: nothing is lost: what was bought is recorded; please report this file\n"
    )


def test_a_bug_that_cannot_be_written_down_is_told_all_the_same(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state.write_text("a file, where the folder should be")
    raising(monkeypatch, ZeroDivisionError())
    assert cli.main(["check", "film.yaml"]) == 3
    assert capsys.readouterr().err == "error: a bug of shotlock: ZeroDivisionError\n"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (DiskFailed("no room", hint="make some"), 4, "error: no room\nhint: make some\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
        (PermissionError(13, "Permission denied", "/x"), 4, "error: /x: permission denied\n"),
    ],
)
def test_what_stops_a_command_has_a_code_and_words(
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    words: str,
) -> None:
    raising(monkeypatch, error)
    assert cli.main(["check", "film.yaml"]) == code
    assert capsys.readouterr().err.startswith(words)
    assert not state.exists()
