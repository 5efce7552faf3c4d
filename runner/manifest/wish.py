"""A shot as it is written, with the defaults filled in: what rules judge and requests are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from runner.manifest.document import Document, Steps, name_of
from runner.manifest.limits import Limits
from runner.manifest.problems import Problem, at
from runner.manifest.request import Fit

FROM_REFERENCE: Final = "from_reference"
EXACT: Final = "exact"
_MIDDLE: Final = (0.5, 0.5)


class Setting(NamedTuple):
    """A value and where it was written; nowhere if the profile gave it."""

    key: str
    value: Any
    steps: Steps | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One item of `shots`, believed in so far that it is a mapping."""

    document: Document
    index: int
    raw: Mapping[str, Any]
    model: Setting
    size: Setting
    seconds: Setting
    fit: Setting
    extra: Mapping[str, Setting]  # further fields of the request, by name

    @property
    def steps(self) -> Steps:
        """The way to this shot."""
        return ("shots", self.index)

    def problem(self, setting: Setting, message: str, hint: str) -> Problem:
        """A problem with a setting, at the place where it was written, said of whoever wrote it."""
        steps = (*self.steps, setting.key) if setting.steps is None else setting.steps
        subject = name_of(self.document, steps)
        given = "" if setting.steps is not None else ", which the profile gives,"
        return at(self.document.place_of_value(steps), f"{subject}{given} {message}", hint)

    def own(self, key: str) -> Setting:
        """A value that only the shot itself can have; None where it has not."""
        return Setting(key, self.raw.get(key), (*self.steps, key))


def wish_of(document: Document, index: int, limits: Limits) -> Wish | None:
    """The shot at a position, or None where something else than a mapping stands there."""
    raw = document.get(("shots", index))
    if not isinstance(raw, Mapping):
        return None
    above = document.get(("defaults",))
    written = _Written(("shots", index), raw), _Written(("defaults",), above if isinstance(above, Mapping) else {})
    return Wish(
        document=document,
        index=index,
        raw=raw,
        model=_setting(written, "model", limits.model),
        size=_setting(written, "size", limits.size),
        seconds=_setting(written, "seconds", limits.seconds),
        fit=_setting(written, "fit", EXACT),
        extra=_extra(written),
    )


def seconds_of(value: Any) -> int | None:
    """Seconds as a number, however they are written."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len("3600"):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def mode_of(value: Any) -> str:
    """The mode of a fit, however it is written; empty where there is none that makes sense."""
    mode = value.get("mode") if isinstance(value, Mapping) else value
    return mode if isinstance(mode, str) else ""


def fit_of(value: Any) -> Fit:
    """A fit that the schema has nothing against; the focus counts for `cover` alone."""
    mode = mode_of(value)
    focus = value.get("focus") if isinstance(value, Mapping) and mode == "cover" else None
    if focus is None:
        return Fit(mode=mode, focus=_MIDDLE)
    # Adding 0.0 makes a plain zero of a negative one.
    return Fit(mode=mode, focus=(float(focus[0]) + 0.0, float(focus[1]) + 0.0))


class _Written(NamedTuple):
    """Where settings can be written."""

    steps: Steps
    values: Mapping[str, Any]


def _extra(written: Sequence[_Written]) -> Mapping[str, Setting]:
    """The further fields of a shot over those of the defaults; None takes a default away."""
    found: dict[str, Setting] = {}
    for steps, values in reversed(written):
        extra = values.get("extra")
        if isinstance(extra, Mapping):
            found |= {name: Setting(name, value, (*steps, "extra", name)) for name, value in extra.items()}
    return {name: setting for name, setting in found.items() if setting.value is not None}


def _setting(written: Sequence[_Written], key: str, otherwise: Any) -> Setting:
    """What the first of them says."""
    for steps, values in written:
        if key in values:
            return Setting(key, values[key], (*steps, key))
    return Setting(key, otherwise, None)
