"""The environment, read."""

from pathlib import Path

import platformdirs
import pytest

from runner.settings import settings_of


def test_what_is_empty_counts_as_unset() -> None:
    settings = settings_of({"OPENAI_BASE_URL": "", "OPENAI_API_KEY": ""})
    assert (settings.base_url, settings.key, settings.goals) == (None, None, "")


def test_what_is_set_is_taken_as_it_is() -> None:
    environ = {
        "OPENAI_BASE_URL": "https://videos.test/v1",
        "OPENAI_API_KEY": "sk-abcdef",
        "SHOTLOCK_GOALS": " film.yaml ",
    }
    settings = settings_of(environ)
    assert (settings.base_url, settings.key) == ("https://videos.test/v1", "sk-abcdef")
    assert settings.goals == "film.yaml"


def test_the_key_is_in_no_repr() -> None:
    assert "sk-abcdef" not in repr(settings_of({"OPENAI_API_KEY": "sk-abcdef"}))


def test_the_state_folder_is_that_of_xdg_on_every_system() -> None:
    assert settings_of({"XDG_STATE_HOME": "/var/state"}).state == Path("/var/state/shotlock")


@pytest.mark.parametrize("named", ["", "state"])
def test_a_state_folder_that_is_not_absolute_is_ignored(named: str) -> None:
    usual = platformdirs.user_state_path("shotlock", appauthor=False)
    assert settings_of({"XDG_STATE_HOME": named}).state == usual
