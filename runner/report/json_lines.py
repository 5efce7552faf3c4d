"""Progress for programs: one JSON object a line for each event, named and keyed as in `runner.events`."""

import json
import re
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from runner.events import Event
from runner.report.outlet import Outlet

_INNER_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OBEYED: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class JsonLines:
    """Tells a run as JSON lines."""

    def __init__(self, out: Outlet) -> None:
        self.patience = 60.0
        self._out = out

    def hear(self, event: Event) -> None:
        """Print the event."""
        self._out.line(json_line(event))

    def show(self) -> None:
        """Every line is printed already."""

    def close(self) -> None:
        """Every line is printed already."""


def json_line(event: Event) -> str:
    """An event as one JSON object: `{"event": "shot_moved", "shot": ...}`; all ASCII."""
    name = _INNER_CAPITAL.sub("_", type(event).__name__).lower()
    return json.dumps({"event": name, **asdict(event)}, default=plain_value)


def json_text(tree: Any) -> str:
    """A tree as JSON to be read by people, too: what a terminal would obey stands in it as an escape."""
    text = json.dumps(tree, indent=2, ensure_ascii=False)
    return _OBEYED.sub(lambda letter: json.dumps(letter.group())[1:-1], text)


def plain_value(value: Any) -> Any:
    """What JSON has no type for: amounts become numbers, paths become text.

    Raises:
        TypeError: it is neither.
    """
    match value:
        case Decimal():
            return float(value)
        case Path():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} does not go into JSON")
