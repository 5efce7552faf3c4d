"""What decoding says of a clip, and what it does not say of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import DecoderBroken
from runner.execute import decode

_NO_FILE_LEFT = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 64))\n"


def test_what_is_no_clip_cannot_be_decoded() -> None:
    assert decode.trouble(Path(__file__)).startswith("it cannot be decoded: ")


def test_that_no_file_can_be_opened_is_not_said_of_the_clip() -> None:
    said = _in_a_process(f"""
from pathlib import Path
from runner.execute import decode
decode.load()
{_NO_FILE_LEFT}
try:
    print(decode.trouble(Path({__file__!r})))
except OSError as error:
    print(error.strerror, error.filename)
""")
    assert said == f"Too many open files {__file__}"


def test_a_decoder_that_cannot_be_loaded_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(decode, "available", lambda: True)
    with pytest.raises(DecoderBroken, match="PyAV is installed and cannot be loaded: ") as stop:
        decode.load()
    assert "pip uninstall av" in stop.value.hint


def test_what_is_left_of_a_decoder_is_told_before_anything_is_bought(tmp_path: Path) -> None:
    (tmp_path / "av").mkdir()
    said = _in_a_process(f"""
import sys
from runner.execute import decode
from runner.errors import DecoderBroken
sys.path[:] = [{str(tmp_path)!r}, *(path for path in sys.path if "site-packages" not in path)]
try:
    decode.load()
except DecoderBroken as broken:
    print(broken.message)
""")
    assert said == "PyAV is installed and cannot be loaded: No module named 'av.error'"


def test_a_decoder_that_is_not_installed_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(decode, "available", lambda: False)
    decode.load()


def _in_a_process(lines: str) -> str:
    """What a process of its own says: the files that it may not open are ours otherwise."""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()
