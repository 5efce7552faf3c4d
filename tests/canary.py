"""The one scanner for the key: in whatever form it comes, it must be in no byte that was written and on no screen."""

import base64
import json
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

_PIECE: Final = 1 << 22  # bytes of a file that are looked at together
_END: Final = 8  # characters; both ends in one line give a key away, whatever stands between them


def leaks(folder: Path, screens: Iterable[str], key: str, *, but: Collection[Path] = ()) -> list[str]:
    """Where the key is: in the files below a folder (their names too), and on screens. Empty where all is well.

    Args:
        folder: everything below it is looked at; links are not followed, pipes and devices are not opened.
        screens: what processes wrote to stdout and stderr.
        key: the canary. A word of its own, of 16 characters at least.
        but: files that a test wrote the key into itself.
    """
    assert len(key) >= 2 * _END, "the ends of a shorter key are no evidence"
    found = [f"the key is {how} on a screen: {text[-2000:]}" for text in screens for how in forms_in(text, key)]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        found += [f"the key is {how} in the name {name}" for how in forms_in(str(name), key)]
        if path.is_file() and not path.is_symlink() and path not in but:
            found += [f"the key is {how} in {name}" for how in _in_file(path, key)]
    return found


def forms_in(text: str | bytes, key: str) -> list[str]:
    """The forms in which the key stands in a text."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    small = data.lower()
    found = [how for how, needle in forms_of(key).items() if needle in (data if needle.lower() != needle else small)]
    return found or (["split"] if _is_split(data, key) else [])


@cache
def forms_of(key: str) -> dict[str, bytes]:
    """What the key looks like in every form. What has no capitals is looked for among capitals, too."""
    raw = key.encode()
    forms = {
        "plain": raw.lower(),
        "reversed": raw[::-1],
        "in hex": raw.hex().encode(),
        "in hex, reversed": raw.hex()[::-1].encode(),
        "reversed, in hex": raw[::-1].hex().encode(),
        "in hex with spaces": raw.hex(" ").encode(),
        "URL-encoded": quote(key, safe="").encode().lower(),
        "URL-encoded with +": quote_plus(key).encode().lower(),
        "URL-encoded whole": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "as repr": repr(key)[1:-1].encode(),
        "as JSON": json.dumps(key)[1:-1].encode(),
        "as \\x escapes": "".join(f"\\x{byte:02x}" for byte in raw).encode(),
        "as \\u escapes": "".join(f"\\u{ord(letter):04x}" for letter in key).encode(),
        "as HTML entities": "".join(f"&#{ord(letter)};" for letter in key).encode(),
        "as a list of numbers": ", ".join(map(str, raw)).encode(),
        "as UTF-16": key.encode("utf-16-le"),
        "as UTF-32": key.encode("utf-32-le"),
    }
    for offset in range(3):
        forms |= {f"in base64, {offset} bytes in": _base64(raw, offset)}
        forms |= {f"in URL-safe base64, {offset} bytes in": _base64(raw, offset).translate(_SAFE)}
    return forms


_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def _base64(raw: bytes, offset: int) -> bytes:
    """The characters of base64 that depend on the key alone, where so many bytes stand before it."""
    text = base64.b64encode(bytes(offset) + raw + bytes((-offset - len(raw)) % 3))
    return text[(0, 2, 3)[offset] : 4 * (offset + len(raw)) // 3]


def _is_split(data: bytes, key: str) -> bool:
    first, last = key[:_END].encode(), key[-_END:].encode()
    if first not in data or last not in data:
        return False
    return any(first in line and last in line for line in data.splitlines())


def _in_file(path: Path, key: str) -> list[str]:
    return list(dict.fromkeys(how for piece in _pieces(path, 8 * len(key)) for how in forms_in(piece, key)))


def _pieces(path: Path, overlap: int) -> Iterator[bytes]:
    """A file piece by piece, each with the end of the one before it; holes are passed over."""
    before = b""
    with path.open("rb") as reading:
        while data := reading.read(_PIECE):
            if data.count(0) < len(data):
                yield before + data
            before = data[-overlap:]
