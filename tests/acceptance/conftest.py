"""Fixtures of the acceptance tests: a desk, and shops to buy from."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.sandbox import blank
from runner.sandbox.clip import Renderer
from runner.sandbox.dialect import Dialect
from runner.sandbox.embedded import threaded
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox
from tests.acceptance.desk import KEY, TWO_SHOTS, Desk, Shop
from tests.acceptance.warm import Warm, at_once
from tests.canary import leaks


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A folder with a manifest of two shots, and no server. In the end the key is in nothing that was written."""
    folder = tmp_path / "project"
    folder.mkdir()
    desk = Desk(folder=folder, state=tmp_path / "state")
    desk.write(TWO_SHOTS)
    yield desk
    assert leaks(tmp_path, desk.said, KEY) == []


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """A process that bears commands."""
    with Warm() as bearing:
        yield bearing


quick = pytest.fixture(at_once)


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    """Opens servers that close at the end of the test."""
    running: list[Any] = []

    def opened(
        *,
        rules: Rules | None = None,
        pace: Pace | None = None,
        port: int = 0,
        dialect: Dialect | None = None,
        renderer: Renderer = blank.render,
    ) -> Shop:
        rules = rules or replace((dialect or Dialect()).rules(), key=KEY)
        context = threaded(Sandbox(dialect=dialect, rules=rules, pace=pace, renderer=renderer), port)
        running.append(context)
        return Shop(context.__enter__())

    yield opened
    for context in reversed(running):
        context.__exit__(None, None, None)


@pytest.fixture
def shop(open_shop: Callable[..., Shop], desk: Desk) -> Shop:
    """A server that the desk buys from."""
    shop: Shop = open_shop()
    desk.environ |= {"OPENAI_BASE_URL": shop.base_url, "OPENAI_API_KEY": KEY}
    return shop
