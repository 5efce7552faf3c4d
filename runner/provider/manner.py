"""How a server wants to be spoken to, where servers of this shape differ: the key, and the form of a purchase."""

from dataclasses import dataclass
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
