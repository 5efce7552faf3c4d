"""How problems speak: values quoted harmlessly, allowed words listed, the nearest one suggested."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

CONFIDENTIAL: Final = "(?:api[_-]?key|token|secret|password|authorization)"
"""A pattern of what the keys of secrets are called."""

_SHOWN: Final = 40  # characters of a value
_LISTED: Final = 12  # allowed words
_COMPARED: Final = 60  # characters; longer words resemble nothing
_READ: Final = 2000  # characters of a value that are looked at, so that a secret is seen whole
_CONSIDERED: Final = 200  # words that are compared
_BREAKS: Final = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})
_HIDES: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_TURNS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WORD: Final = re.compile(r"\S+")
_BEFORE_AT: Final = re.compile(r"(?<![^\s@\"'])[^\s@\"']++(?=@)")
# Nothing here is tried twice at one place: a hostile file is full of what almost is a secret.
_SECRETS: Final = (
    re.compile(rf"(?i)[?&](?=[\w-]*?(?:{CONFIDENTIAL}|key|sig))[\w-]++=([^\s&]+)"),
    re.compile(r"\bsk-[\w-]{6,}"),
    re.compile(r"(?i)(?<=bearer )\S+"),
    re.compile(rf"(?i)(?:^|[{{,])[\s-]*+[\"']?(?=[\w-]*?{CONFIDENTIAL})[\w-]++[\"']?\s*+:\s*+(.+)"),
)


def quoted(value: Any) -> str:
    """A scalar between backticks: short, on one line, with nothing in it that a terminal obeys."""
    words = value if isinstance(value, str) else _scalar(value)
    words = harmless(words[:_READ].translate(_BREAKS))
    return f"`{words[: _SHOWN - 1]}…`" if len(words) > _SHOWN else f"`{words}`"


def found(value: Any) -> str:
    """What kind of value was found, in plain words."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"text {quoted(value)}"
        case _:
            return quoted(value)


def listing(words: Iterable[object]) -> str:
    """Allowed words, parted by commas; a long list is cut."""
    listed = list(words)
    rest = len(listed) - _LISTED
    return ", ".join(map(str, listed[:_LISTED])) + (f" and {rest} more" if rest > 0 else "")


def suggestion(word: str, allowed: Sequence[str], otherwise: str = "") -> str:
    """A hint: the allowed word that is nearest, or `otherwise`."""
    near = nearest(word, allowed)
    return f"did you mean `{near}`?" if near is not None else otherwise


def nearest(word: str, allowed: Sequence[str]) -> str | None:
    """The word that was probably meant, if one is near enough."""
    if len(word) > _COMPARED:
        return None
    folded = {name.casefold(): name for name in reversed(allowed[:_CONSIDERED])}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def harmless(text: str) -> str:
    """Text of the same length that gives no secret away and that no terminal obeys."""
    return disarmed(_discreet(text))


def disarmed(text: str) -> str:
    """Text of the same length that no terminal obeys."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if _obeyed(letter) else letter for letter in text)


def _discreet(text: str) -> str:
    if "@" in text:
        text = _BEFORE_AT.sub(_login_masked, _WORD.sub(_userinfo_masked, text))
    for secret in _SECRETS:
        text = secret.sub(_masked, text)
    return text


def _userinfo_masked(word: re.Match[str]) -> str:
    """A word with what stands between `://` and its last `@` masked: a password may have @ and / in it."""
    text = word.group()
    begin, end = text.find("://") + 3, text.rfind("@") + 1
    return text if begin < 3 or end <= begin else text[:begin] + "*" * (end - begin) + text[end:]


def _login_masked(run: re.Match[str]) -> str:
    """What stands before an `@`, with `name:password` masked."""
    text = run.group()
    for colon, letter in enumerate(text[1:-1], 1):
        if letter == ":" and text[colon - 1] not in ":/":
            begin = max(text.rfind(sign, 0, colon) for sign in ":/") + 1
            return text[:begin] + "*" * (len(text) - begin)
    return text


def _masked(secret: re.Match[str]) -> str:
    whole, part = secret.group(), secret.re.groups
    kept = secret.start(part) - secret.start()
    return whole[:kept] + "*" * (len(whole) - kept)


def _obeyed(letter: str) -> bool:
    return letter != "\t" and (letter in _TURNS or unicodedata.category(letter) in _HIDES)


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}" if abs(value.adjusted()) < _SHOWN else str(value)
        case _:
            return str(value)[:_SHOWN]
