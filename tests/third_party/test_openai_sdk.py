"""The official openai SDK drives the sandbox unchanged."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.sandbox.faults import Do, Fault, Moment, On
from tests.acceptance.desk import KEY, Shop

EXPECTED = {
    "create": ["queued", "4", "1280x720", "video"],
    "image": "queued",
    "poll": ["completed", 100],
    "pages": True,
    "oldest first": ["A cat", "It walks"],
    "content": ["ftyp", True],
    "remix": True,
    "create and poll": "completed",
    "delete": True,
    "unknown": ["NotFoundError", None, None],
    "bad seconds": ["BadRequestError", "invalid_value", "seconds"],
    "bad key": ["AuthenticationError", "invalid_api_key", None],
    "too early": ["NotFoundError", "video_not_ready", None],
}


@pytest.mark.parametrize("version", ["openai==3.54.0", "openai==2.54.0", "openai==2.2.0"])
def test_every_call_does_what_its_documentation_says(
    python_with: Callable[..., Path], shop: Shop, picture: Path, version: str
) -> None:
    python = python_with(version)
    script = Path(__file__).with_name("sdk_calls.py")
    done = subprocess.run(
        [python, script, shop.base_url, KEY, picture], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == EXPECTED
    assert shop.billed == 5


@pytest.mark.parametrize(("version", "bought"), [("openai==3.54.0", 3), ("openai==2.54.0", 3)])
def test_why_a_runner_is_needed_the_sdk_buys_again_when_the_answer_is_lost(
    python_with: Callable[..., Path], shop: Shop, version: str, bought: int
) -> None:
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.STATUS, status=500, when=Moment.AFTER))
    code = (
        "import sys, warnings; warnings.simplefilter('ignore'); import openai\n"
        "openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2]).videos.create(prompt='A cat')"
    )
    subprocess.run([python_with(version), "-c", code, shop.base_url, KEY], capture_output=True, check=False, timeout=60)
    assert shop.billed == bought
