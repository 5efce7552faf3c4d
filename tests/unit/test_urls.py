"""Where the routes of a server are."""

import pytest

from runner.provider.manner import Manner
from runner.provider.urls import Urls
from runner.provider.videos import JobId

ORIGIN = "https://h/v1"


def test_usual_routes() -> None:
    urls, job = Urls(ORIGIN, Manner()), JobId("a/b:c?d")
    assert urls.orders == "https://h/v1/videos"
    assert urls.job(job) == "https://h/v1/videos/a%2Fb%3Ac%3Fd"
    assert urls.content(job) == "https://h/v1/videos/a%2Fb%3Ac%3Fd/content"
    assert urls.page(None) == "https://h/v1/videos?limit=100&order=desc"
    assert urls.page("a&b=c") == "https://h/v1/videos?limit=100&order=desc&after=a%26b%3Dc"


def test_what_goes_along_with_every_request_stands_behind_what_a_route_asks() -> None:
    routes = {"job": "tasks?id={id}", "list": "tasks?kind=video"}
    urls, job = Urls(ORIGIN, Manner(path="new", routes=routes, query={"api-version": "a b&c"})), JobId("a&b")
    assert urls.orders == "https://h/v1/new?api-version=a%20b%26c"
    assert urls.job(job) == "https://h/v1/tasks?id=a%26b&api-version=a%20b%26c"
    assert urls.content(job) == "https://h/v1/new/a%26b/content?api-version=a%20b%26c"
    assert urls.page("x") == "https://h/v1/tasks?kind=video&api-version=a%20b%26c&limit=100&order=desc&after=x"


@pytest.mark.parametrize(
    ("location", "base"),
    [
        ("https://h/v1/videos?limit=100", "https://h/v1"),
        ("http://www.h:8080/v1/videos", "http://www.h:8080/v1"),
        ("http://h/v1/videos/", ""),
        ("/v2/videos", ""),
        ("//other/v1/videos", ""),
        ("file://h/v1/videos", ""),
        ("https://user:word@h/v1/videos", ""),
        ("http://h/v1/videos", ""),
        ("", ""),
        ("https://[", ""),
    ],
)
def test_a_base_url_has_moved_if_only_the_host_or_scheme_is_another(location: str, base: str) -> None:
    urls = Urls("http://h/v1", Manner())
    assert urls.moved(urls.page(None), location) == base
