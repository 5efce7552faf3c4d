"""The URLs of a server's routes."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from runner.errors import WrongUsage
from runner.provider.manner import Manner
from runner.provider.origin import origin_of
from runner.provider.videos import JobId

_PAGE: Final = {"limit": "100", "order": "desc"}  # newest first: what was just bought is on the first page


class Urls:
    """Where the orders, the list, a job and its content are.

    Args:
        origin: of the server.
        manner: its path, its routes, and what goes along with every request.
    """

    def __init__(self, origin: str, manner: Manner) -> None:
        self._origin = origin
        self._manner = manner

    @property
    def orders(self) -> str:
        """Where a purchase is posted."""
        return self._url(self._manner.path, {})

    def page(self, after: str | None) -> str:
        """A page of the list: the first one, or the one behind a cursor."""
        return self._url(self._manner.route("list"), {**_PAGE, **({} if after is None else {"after": after})})

    def job(self, job: JobId) -> str:
        """Where a job is."""
        return self._url(self._manner.route("job", quote(job, safe="")), {})

    def content(self, job: JobId) -> str:
        """Where its clip is."""
        return self._url(self._manner.route("content", quote(job, safe="")), {})

    def moved(self, asked: str, location: str) -> str:
        """The base URL that a redirect of `asked` speaks of; empty where it is not just of another host or scheme."""
        try:
            was, to = urlsplit(asked), urlsplit(location)
            if (was.scheme, was.netloc) == (to.scheme, to.netloc) or was.path != to.path:
                return ""
            return origin_of(f"{to.scheme}://{to.netloc}{urlsplit(self._origin).path}")
        except (ValueError, WrongUsage):
            return ""

    def _url(self, route: str, asked: Mapping[str, str]) -> str:
        path, _, own = route.partition("?")
        along = urlencode({**self._manner.query, **asked}, quote_via=quote, safe="")
        query = "&".join(part for part in (own, along) if part)
        return f"{self._origin}/{path}" + (f"?{query}" if query else "")
