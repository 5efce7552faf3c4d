"""The HTTP libraries' own logs: kept from telling what is nobody else's business, at whatever level others ask for."""

import logging
from typing import Final

# Whole URLs, and those of clips can be signed; whole heads, with whatever a server puts there.
_TALKATIVE: Final = ("", ".connection", ".http11", ".http2", ".proxy", ".socks")
_FORKS: Final = ("", "2")  # httpx2 stands in where somebody has it in the place of httpx


def hush() -> None:
    """Let them speak of warnings alone."""
    for fork in _FORKS:
        for name in (f"httpx{fork}", *(f"httpcore{fork}{part}" for part in _TALKATIVE)):
            logging.getLogger(name).setLevel(logging.WARNING)
