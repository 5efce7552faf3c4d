"""One spelling for one server."""

import pytest

from runner.errors import WrongUsage
from runner.provider.origin import host_of, is_loopback, origin_of


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("https://api.example.com/v1///", "https://api.example.com/v1"),
        ("  https://api.example.com/v1\n", "https://api.example.com/v1"),
        ("HTTPS://API.Example.COM/V1", "https://api.example.com/V1"),
        ("https://api.example.com:443/v1", "https://api.example.com/v1"),
        ("http://api.example.com:80", "http://api.example.com"),
        ("http://api.example.com:443/v1", "http://api.example.com:443/v1"),
        ("https://api.example.com:/v1", "https://api.example.com/v1"),
        ("http://127.0.0.1:8080/openai/v1/", "http://127.0.0.1:8080/openai/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://h/v1?api-version=preview#top", "https://h/v1"),
        ("https://h", "https://h"),
    ],
)
def test_a_base_url_has_one_spelling(base_url: str, origin: str) -> None:
    assert origin_of(base_url) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.example.com/v1",
        "ftp://h/v1",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://h:99999/v1",
        "https://h:x/v1",
        "https://[::1/v1",
        "https://h h/v1",
        "https://h\\@evil/v1",
        "https://h\x00/v1",
        "https://%68/v1",
    ],
)
def test_what_is_no_http_url_is_refused(base_url: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        origin_of(base_url)
    assert caught.value.message.startswith("the base URL ")


@pytest.mark.parametrize("base_url", ["https://user:sk-secret@h/v1", "https://sk-secret@h/v1", "https://@h/v1"])
def test_userinfo_is_refused_and_not_repeated(base_url: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        origin_of(base_url)
    assert "secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("origin", "host"),
    [("https://api.example.com/v1", "api.example.com"), ("http://127.0.0.1:80801/v1", "127.0.0.1:80801")],
)
def test_the_host_has_its_port(origin: str, host: str) -> None:
    assert host_of(origin) == host


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("a.localhost.", True),
        ("10.0.0.1", False),
        ("localhost.evil.com", False),
        ("127.0.0.1.evil.com", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback_is_this_machine_alone(host: str, here: bool) -> None:
    assert is_loopback(host) is here
