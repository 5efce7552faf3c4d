"""What the environment says: where to buy, with which key, and where this machine keeps its facts.

Owner of platformdirs. A flag goes before these settings, the manifest and its profile come after them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

BASE_URL = "OPENAI_BASE_URL"
KEY = "OPENAI_API_KEY"
GOALS = "SHOTLOCK_GOALS"
_STATE = "XDG_STATE_HOME"
_NAME = "shotlock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment, read once. What is empty counts as unset."""

    base_url: str | None
    key: str | None = field(repr=False)
    state_home: str
    goals: str  # names of manifests, as make hands them over

    @property
    def state(self) -> Path:
        """The folder of the ledgers, the mutexes and the notes of crashes."""
        named = Path(self.state_home)
        if named.is_absolute():  # the XDG specification says to ignore what is not
            return named / _NAME
        import platformdirs  # takes as long as all else that a quick command imports

        return platformdirs.user_state_path(_NAME, appauthor=False)


def settings_of(environ: Mapping[str, str]) -> Settings:
    """Read the settings from an environment."""
    return Settings(
        base_url=environ.get(BASE_URL) or None,
        key=environ.get(KEY) or None,
        state_home=environ.get(_STATE, ""),
        goals=environ.get(GOALS, "").strip(),
    )
