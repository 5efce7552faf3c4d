"""What no schema can say about a manifest as a whole: the name of its file, and its base URL."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from runner.manifest.document import Document
from runner.manifest.problems import Place, Problem, at

_SUFFIXES: Final = (".yaml", ".yml")
_PREVIEW: Final = ".preview"
_TOP: Final = Place(line=1, column=1)


def problems_of_name(path: Path) -> Iterator[Problem]:
    """Names of manifests whose lockfiles would be one file."""
    for suffix in _SUFFIXES:
        sibling = path.with_suffix(suffix)
        if sibling.name != path.name and os.path.exists(sibling):
            message = f"`{sibling.name}` stands beside `{path.name}`: both would write `{path.stem}.lock`"
            yield at(_TOP, message, "rename one of them")
    if path.stem.casefold().endswith(_PREVIEW):
        message = f"`{path.name}` would write `{path.stem}.lock`, where previews of another manifest are kept"
        yield at(_TOP, message, f"choose a name that does not end in `{_PREVIEW}`")


def problems_of_base_url(document: Document) -> Iterator[Problem]:
    """Parts of a base URL that do not belong there. They may be secret: nothing of it is repeated."""
    written = document.get(("base_url",))
    if not isinstance(written, str) or "://" not in written:
        return
    place = document.place_of_value(("base_url",))
    for message, hint in _strange_parts(written):
        yield at(place, f"`base_url` {message}", hint)


def _strange_parts(url: str) -> Iterator[tuple[str, str]]:
    parts = _split(url)
    if parts is None or not parts.hostname or any(letter.isspace() for letter in url):
        yield "does not name a server", "such as https://videos.example.com/v1"
        return
    if "@" in parts.netloc:
        yield "has a user name or password in it", "take it out: the key is read from OPENAI_API_KEY"
    if parts.query or parts.fragment:
        yield "has a `?` or `#` part", "take it out; what goes along with every request is `query:` in a profile"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        return None
    return parts
