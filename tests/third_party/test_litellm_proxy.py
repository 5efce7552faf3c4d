"""The real LiteLLM proxy between Shotlock and the sandbox: bills are counted behind it."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from runner.sandbox.faults import Do, Fault, Moment, On
from tests.acceptance.desk import KEY, Desk, Shop

MASTER = "sk-canary-litellm-7f3a9b2c"
MANIFEST = """\
version: 1
profile: {extends: litellm, typical_render: 1, settle: 1, longest_render: 5}
defaults: {size: 1280x720, seconds: 4}
shots:
  - {id: beach, prompt: A dog runs on the beach}
  - {id: alley, prompt: A cat in an alley}
  - {id: cliff, prompt: Waves below a cliff}
"""


@pytest.fixture
def proxy(python_with: Callable[..., Path], shop: Shop, tmp_path: Path, unused_port: int) -> Iterator[str]:
    """The proxy's base URL."""
    python = python_with("litellm[proxy]==1.108.7")
    model = {"model": "openai/sora-2", "api_base": shop.base_url, "api_key": KEY}
    config = {
        "model_list": [{"model_name": "sora-2", "litellm_params": model}],
        "general_settings": {"master_key": MASTER},
        "litellm_settings": {"num_retries": 0, "telemetry": False},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with (tmp_path / "proxy.log").open("wb") as log:
        running = subprocess.Popen(
            [python.with_name("litellm"), "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(unused_port)],
            cwd=tmp_path,
            env={**environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(f"http://127.0.0.1:{unused_port}/health/liveliness", running)
            yield f"http://127.0.0.1:{unused_port}/v1"
        finally:
            running.terminate()
            running.wait(20)


@pytest.fixture
def desk(tmp_path: Path, proxy: str) -> Desk:
    folder = tmp_path / "project"
    folder.mkdir()
    desk = Desk(folder=folder, state=tmp_path / "state")
    desk.write(MANIFEST)
    desk.environ = {"OPENAI_BASE_URL": proxy, "OPENAI_API_KEY": MASTER}
    return desk


def _wait_for(url: str, running: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and running.poll() is None:
        with suppress(URLError, OSError), urlopen(url, timeout=2):
            return
        time.sleep(0.3)
    pytest.skip("the proxy does not start here")


def test_each_clip_is_bought_once_through_the_proxy(desk: Desk, shop: Shop) -> None:
    done = desk.run("render", "film.yaml")
    assert done.code == 0, done.stderr
    assert (shop.billed, len(desk.clips())) == (3, 3)
    assert desk.run("render", "film.yaml").code == 0
    assert shop.billed == 3
    assert "it looks like `litellm`" in desk.run("doctor", "film.yaml").stdout


def test_a_full_server_behind_it_is_waited_for(desk: Desk, shop: Shop) -> None:
    object.__setattr__(shop.sandbox._rules, "slots", 1)
    done = desk.run("render", "film.yaml")
    assert done.code == 0, done.stderr
    assert (shop.billed, len(desk.clips())) == (3, 3)


def test_a_run_that_is_killed_is_gone_on_with(desk: Desk, shop: Shop) -> None:
    running = desk.start("render", "film.yaml")
    until = time.monotonic() + 30
    while not shop.billed and time.monotonic() < until:
        time.sleep(0.01)
    running.kill()
    running.communicate()
    again = desk.run("render", "film.yaml")
    held = again.stderr.count("\nheld ")
    assert shop.billed == 3, again.stderr
    assert len(desk.clips()) == 3 - held


def test_an_answer_that_the_proxy_lost_waits_for_a_person(desk: Desk, shop: Shop) -> None:
    shop.sandbox.faults.append(Fault(on=On.CREATE, do=Do.STATUS, status=500, when=Moment.AFTER, nth=1, match="dog"))
    held = desk.run("render", "film.yaml")
    assert held.code == 1
    assert "shotlock resolve film.yaml beach --adopt JOB_ID | --resubmit | --abandon" in held.stderr
    billed = shop.billed
    assert desk.run("render", "film.yaml").code == 1
    assert shop.billed == billed, "whatever the proxy did, nothing was sent again from here"
    assert len(desk.clips()) == 2
