"""Addresses that are nobody's on the internet: a reply must not lead us to them, for it may come from a stranger."""

import ipaddress
import socket
from typing import Final

from runner.provider.origin import is_loopback

_NOT_PUBLIC: Final = tuple(  # though `is_global` says so of some of them
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",
            "192.88.99.0/24",
            "224.0.0.0/4",
            "::/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "2002::/16",
            "3fff::/20",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)


def leads_astray(home: str, target: str) -> bool:
    """Whether a server must not lead us to a host: into this machine from outside, or into a network it is not in."""
    if target == home or not is_private(target):
        return False
    return not is_loopback(home) if is_loopback(target) else is_loopback(home) or not is_private(home)


def is_private(host: str) -> bool:
    """Whether a host, without a port, is an address that is not public, or a name of this machine."""
    address = _address(host.strip("[]"))
    if address is None:
        return is_loopback(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    plain = mapped or address
    return not plain.is_global or any(plain in network for network in _NOT_PUBLIC)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, also in the short, hexadecimal and octal spellings that resolvers know."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
