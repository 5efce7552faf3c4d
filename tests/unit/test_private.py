"""Where a server may not lead us."""

import pytest

from runner.provider.private import is_private, leads_astray

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.255",
    "255.255.255.255",
    "::1",
    "::",
    "[::1]",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::10.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "localhost",
    "videos.localhost",
    "127.1",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "10.1",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_an_address_that_is_not_public_is_private_however_it_is_spelled(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700::1111", "videos.example", "::ffff:8.8.8.8", "10.example", ""])
def test_public_addresses_and_names_are_not(host: str) -> None:
    assert not is_private(host)


@pytest.mark.parametrize("home", ["videos.example", "8.8.8.8"])
@pytest.mark.parametrize("host", PRIVATE)
def test_a_server_out_there_leads_to_nothing_private(home: str, host: str) -> None:
    assert leads_astray(home, host)


@pytest.mark.parametrize(
    ("home", "target", "astray"),
    [
        ("127.0.0.1", "localhost", False),
        ("videos.localhost", "127.0.0.1", False),
        ("127.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "127.0.0.1", True),
        ("10.0.0.1", "videos.example", False),
        ("videos.example", "clips.example", False),
    ],
)
def test_who_is_in_a_network_may_lead_within_it(home: str, target: str, astray: bool) -> None:
    assert leads_astray(home, target) is astray
