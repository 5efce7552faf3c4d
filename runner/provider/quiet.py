"""The HTTP libraries' own logs: kept from telling what is nobody else's business, at whatever level others ask for."""

import logging
from typing import Final

# Whole URLs, and those of clips can be signed; whole heads, with whatever a server puts there.
_TALKATIVE: Final = ("", ".connection", ".http11", ".http2", ".proxy", ".socks")


def hush() -> None:
    """Let them speak of warnings alone."""
    for name in ("httpx", *(f"httpcore{part}" for part in _TALKATIVE)):
        logging.getLogger(name).setLevel(logging.WARNING)
