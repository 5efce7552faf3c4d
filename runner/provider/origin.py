"""An origin: the base URL in the one spelling that names an account's server in facts and on the screen."""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from runner.errors import WrongUsage

_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[^\s/?#@\\\[\]:<>\"`{}|^%]+|\[[0-9A-Fa-f:.]+\]")
_LONGEST: Final = 2000  # characters
_HINT: Final = "it looks like `https://HOST/v1`"


def origin_of(base_url: str) -> str:
    """The base URL with scheme and host in lower case, without default port, trailing slash, query or fragment.

    Raises:
        WrongUsage: it is no http or https URL, or it holds a user name or password. The URL is not repeated.
    """
    text = base_url.strip()
    if len(text) > _LONGEST:
        raise WrongUsage(f"the base URL has {len(text):,} characters, at most {_LONGEST:,} are allowed", hint=_HINT)
    if any(not character.isprintable() or character in " \\" for character in text):
        raise WrongUsage("the base URL holds a space or a control character", hint=_HINT)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise WrongUsage("the base URL is no URL", hint=_HINT) from None
    return f"{parts.scheme}://{_authority(parts, port)}{parts.path.rstrip('/')}"


def host_of(origin: str) -> str:
    """The host of an origin, with its port where that is not the default one."""
    return urlsplit(origin).netloc


def is_loopback(host: str) -> bool:
    """Whether a host, without a port, is this machine."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _authority(parts: SplitResult, port: int | None) -> str:
    if parts.scheme not in _PORTS:
        raise WrongUsage("the base URL is no http or https URL", hint=_HINT)
    if "@" in parts.netloc:
        raise WrongUsage("the base URL holds a user name or a password", hint="put the key into `OPENAI_API_KEY`")
    host = re.sub(r":\d*$", "", parts.netloc).lower()
    if not _HOST.fullmatch(host):
        raise WrongUsage("the base URL names no host", hint=_HINT)
    return host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
