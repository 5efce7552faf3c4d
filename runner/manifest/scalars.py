"""What a scalar means: the core of YAML 1.2, less what its readers disagree about.

`no`, `12:30`, `2026-11-23`, `1_000` and `010` are text, whatever YAML 1.1 made of them.
"""

import re
from decimal import Decimal
from typing import Any, Final

_WORDS: Final[dict[str, Any]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_STARTS: Final = frozenset("0123456789+-.")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FRACTION: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DIGITS: Final = 30  # of a number, and of its power of ten
_OTHERWISE: Final = re.compile(
    r"(?i:yes|no|on|off|true|false|null)"
    r"|[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?"
    r"|0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
)


class OutOfRange(ValueError):
    """A number that nobody means: infinite, not a number, or of absurd length."""


def meaning(text: str) -> Any:
    """The value of a scalar written without quotes; a number that is no integer is an exact `Decimal`."""
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _STARTS else text


def read_otherwise(text: str) -> bool:
    """Whether other YAML readers may take this bare word for something that is not text."""
    return _OTHERWISE.fullmatch(text) is not None


def _number(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(_bounded(text))
    if _BASED.fullmatch(text):
        return int(_bounded(text), 0)
    if _FRACTION.fullmatch(text):
        return _decimal(_bounded(text))
    if _NOT_FINITE.fullmatch(text):
        raise OutOfRange(text)
    return text


def _decimal(text: str) -> Decimal:
    mantissa, _, power = text.lower().partition("e")
    if power and abs(int(power)) > _DIGITS:
        raise OutOfRange(text)
    return Decimal(f"{mantissa}e{power or 0}")


def _bounded(text: str) -> str:
    if len(text) > _DIGITS:
        raise OutOfRange(text)
    return text
