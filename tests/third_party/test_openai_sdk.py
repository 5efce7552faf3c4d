"""The official openai SDK drives the sandbox unchanged."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox.dialects.openai import OpenAi
from runner.sandbox.embedded import threaded
from runner.sandbox.faults import Do, Fault, Moment, On
from runner.sandbox.rules import Pace
from runner.sandbox.server import Sandbox
from tests.acceptance.desk import KEY, Shop

EXPECTED = {
    "create": ["queued", "4", "1280x720", "video"],
    "image": "queued",
    "poll": ["completed", 100],
    "pages": True,
    "oldest first": ["A cat", "It walks"],
    "content": ["ftyp", True],
    "stills": [["BadRequestError", "invalid_value", "variant"]] * 2,
    "remix": True,
    "create and poll": "completed",
    "delete": True,
    "unknown": ["NotFoundError", None, None],
    "bad seconds": ["BadRequestError", "invalid_value", "seconds"],
    "bad key": ["AuthenticationError", "invalid_api_key", None],
    "too early": ["NotFoundError", "video_not_ready", None],
}


VERSIONS = ["openai==3.54.0", "openai==2.54.0", "openai==2.2.0"]


def every_call(python: Path, shop: Shop, picture: Path) -> Any:
    script = Path(__file__).with_name("sdk_calls.py")
    done = subprocess.run(
        [python, script, shop.base_url, KEY, picture], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_call_does_what_its_documentation_says(
    python_with: Callable[..., Path], shop: Shop, picture: Path, version: str
) -> None:
    assert every_call(python_with(version), shop, picture) == EXPECTED
    assert shop.billed == 5


@pytest.mark.parametrize("version", VERSIONS)
def test_every_call_does_the_same_at_openais_own_service_which_has_stills_too(
    python_with: Callable[..., Path], picture: Path, version: str
) -> None:
    python, spoken = python_with(version), OpenAi()
    rules = replace(spoken.rules(), key=KEY)
    with threaded(Sandbox(dialect=spoken, rules=rules, pace=Pace(render_seconds=0.3))) as running:
        shop = Shop(running)
        assert every_call(python, shop, picture) == {**EXPECTED, "stills": ["WEBP", "JFIF"]}
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
