"""Where programs of other people come from: an environment for each, made once, or a reason why there is none."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from runner.sandbox.embedded import threaded
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox
from tests.acceptance.desk import KEY, ROOT, Shop

_KEPT = ROOT / ".venv" / "third-parties"
ASKED = "SHOTLOCK_THIRD_PARTIES"


@pytest.fixture(scope="session", autouse=True)
def _asked_for() -> None:
    if not os.environ.get(ASKED):
        pytest.skip("programs of other people are installed and run by `make third-parties` only")


@pytest.fixture(scope="session")
def python_with() -> Callable[..., Path]:
    """An interpreter with some packages; the test is skipped where they cannot be had."""

    def made(*packages: str) -> Path:
        home = _KEPT / "-".join(packages).replace("[", "-").replace("]", "").replace("=", "")
        python = home / "bin" / "python"
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
            done = subprocess.run(install, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"{' '.join(packages)} cannot be installed here: {done.stderr.strip()[-200:]}")
            (home / "ready").touch()
        return python

    return made


@pytest.fixture
def shop() -> Iterator[Shop]:
    """The sandbox as it is shipped, with quick jobs."""
    rules = replace(Rules(), key=KEY, slots=4)
    with threaded(Sandbox(rules=rules, pace=Pace(render_seconds=0.3))) as running:
        yield Shop(running)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A reference image of the right size."""
    path = tmp_path / "reference_image.png"
    Image.new("RGB", (1280, 720), "red").save(path)
    return path


@pytest.fixture
def unused_port() -> int:
    """A port that was free a moment ago, for programs that cannot pick one."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
