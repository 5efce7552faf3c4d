"""How a server speaks, where servers of this shape differ: the key, the form of a purchase, its words for a state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Auth(StrEnum):
    """How a key is shown to the server."""

    BEARER = "bearer"
    API_KEY = "api-key"
    PLAIN = "plain"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What a client must know of a server before it says a word."""

    auth: Auth = Auth.BEARER
    form: bool = False  # whether a purchase is a multipart form though no image goes along
    path: str = "videos"  # below the base URL
    names: Mapping[str, str] = field(default_factory=dict)  # what it calls fields of a request, by our name
    numbers: bool = False  # whether seconds are sent as a number, not as text
    states: Mapping[str, str] = field(default_factory=dict)  # what its own words for a state mean, in lower case

    def state(self, word: str) -> str:
        """A word for a state, as others say it."""
        return self.states.get(word.strip().lower(), word)


def shown(key: str, auth: Auth) -> dict[str, str]:
    """The header that shows a key."""
    match auth:
        case Auth.BEARER:
            return {"Authorization": f"Bearer {key}"}
        case Auth.API_KEY:
            return {"api-key": key}
        case Auth.PLAIN:
            return {"Authorization": key}
        case Auth.NONE:
            return {}
