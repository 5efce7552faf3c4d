"""What no schema can say about one shot: whether the profile allows it, and whether its parts fit together."""

import re
from collections.abc import Iterator
from typing import Final

from runner.manifest.batch import Reference
from runner.manifest.document import shot_name
from runner.manifest.limits import Limits, ModelLimits, joined
from runner.manifest.problems import Problem, at
from runner.manifest.wish import EXACT, FROM_REFERENCE, Setting, Wish, mode_of, seconds_of
from runner.manifest.wording import found, listing, quoted, suggestion

_ANY: Final = "*"
_SIZE: Final = re.compile(r"[1-9][0-9]{1,4}x[1-9][0-9]{1,4}")
_PORTRAIT: Final = "720x1280"
_LANDSCAPE: Final = "1280x720"


def problems_of_shot(wish: Wish, reference: Reference | None, limits: Limits) -> Iterator[Problem]:
    """Everything that a shot does wrong by itself. What the schema has spoken of is passed over."""
    yield from _model(wish, limits)
    yield from _size(wish, reference, limits)
    yield from _seconds(wish, limits)
    yield from _extra(wish, limits)
    yield from _fit(wish)
    if reference is not None:
        yield from _pixels(wish, reference)


def size_of(wish: Wish, reference: Reference | None) -> str | None:
    """The size as it is sent; None where it depends on a reference that is not there, or is no size."""
    size = wish.size.value
    if size != FROM_REFERENCE:
        return size if isinstance(size, str) else None
    if reference is None:
        return None
    return _PORTRAIT if reference.height > reference.width else _LANDSCAPE


def fits(reference: Reference, size: str) -> bool:
    """Whether an image can be sent untouched."""
    return not reference.turned and f"{reference.width}x{reference.height}" == size


def _model(wish: Wish, limits: Limits) -> Iterator[Problem]:
    model = wish.model.value
    if model == _ANY:
        message = "is no name of a model"
        if wish.model.steps is None:
            message = f"is missing: the profile `{limits.profile}` takes any, and names none"
        place = wish.document.place_of_value(wish.steps if wish.model.steps is None else wish.model.steps)
        yield at(place, f"{_shot(wish)}: `model` {message}", "say under `defaults` what your server calls its model")
    elif isinstance(model, str) and model and _limits_of(model, limits) is None:
        names = list(limits.models)
        message = f"is {quoted(model)}, the profile `{limits.profile}` has {listing(names)}"
        yield wish.problem(wish.model, message, suggestion(model, names, "write one of these, or change the profile"))


def _size(wish: Wish, reference: Reference | None, limits: Limits) -> Iterator[Problem]:
    if wish.size.value == FROM_REFERENCE and not wish.raw.get("input_reference"):
        hint = "add an `input_reference`, or write a size"
        yield wish.problem(wish.size, f"is `from_reference`, and {_shot(wish)} has no `input_reference`", hint)
        return
    size = size_of(wish, reference)
    allowed = _allowed(wish, limits).sizes
    if size is not None and _is_size(size) and size not in allowed:
        message = f"is {_resolved(wish, size)}, allowed are {allowed}{_of_model(wish, limits, 'sizes')}"
        yield wish.problem(wish.size, message, f"the nearest is {allowed.nearest(size)}")


def _seconds(wish: Wish, limits: Limits) -> Iterator[Problem]:
    seconds = seconds_of(wish.seconds.value)
    allowed = _allowed(wish, limits).seconds
    if seconds is None or seconds < 1 or seconds in allowed:
        return
    message = f"is {seconds}, allowed are {allowed}{_of_model(wish, limits, 'seconds')}"
    yield wish.problem(wish.seconds, message, f"the nearest is {allowed.nearest(seconds)}")


def _extra(wish: Wish, limits: Limits) -> Iterator[Problem]:
    if limits.guessed:
        return
    for name, setting in wish.extra.items():
        field = limits.fields.get(name)
        if field is None:
            names = list(limits.fields)
            known = f"known are {listing(names)}" if names else "it knows none"
            message = f"is no field that the profile `{limits.profile}` knows; {known}"
            hint = suggestion(name, names, "leave it out, or describe it under `fields` in a profile of your own")
            yield wish.problem(setting, message, hint)
        elif field.value_of(setting.value) is None:
            yield wish.problem(setting, f"is {found(setting.value)}, the profile wants {field}", "write such a value")


def _fit(wish: Wish) -> Iterator[Problem]:
    fit = wish.fit
    if "fit" in wish.raw and "input_reference" not in wish.raw:
        place = wish.document.place_of_key((*wish.steps, "fit"))
        hint = "add an `input_reference`, or leave `fit` out"
        yield at(place, f"{_shot(wish)}: `fit` is given, but no `input_reference`", hint)
    if isinstance(fit.value, dict) and "focus" in fit.value and mode_of(fit.value) in {EXACT, "contain", "stretch"}:
        focus = Setting("focus", fit.value["focus"], (*(fit.steps or ()), "focus"))
        yield wish.problem(focus, f"means nothing to `{mode_of(fit.value)}`", "leave it out, or say `mode: cover`")


def _pixels(wish: Wish, reference: Reference) -> Iterator[Problem]:
    size = size_of(wish, reference)
    if size is None or not _is_size(size) or mode_of(wish.fit.value) != EXACT or fits(reference, size):
        return
    if f"{reference.width}x{reference.height}" == size:
        message = "is stored turned or mirrored (EXIF), and a server may not turn it back"
        yield wish.problem(wish.own("input_reference"), message, "say `fit: cover` to have it turned")
        return
    message = f"is {reference.width}x{reference.height}, `size` is {size}"
    hint = f"say `fit: cover` to have it cropped, or name an image of {size}"
    yield wish.problem(wish.own("input_reference"), message, hint)


def _shot(wish: Wish) -> str:
    return shot_name(wish.document, wish.index)


def _resolved(wish: Wish, size: str) -> str:
    return f"`from_reference`, which is {size} here" if wish.size.value == FROM_REFERENCE else quoted(size)


def _is_size(size: str) -> bool:
    return _SIZE.fullmatch(size) is not None


def _limits_of(model: str, limits: Limits) -> ModelLimits | None:
    return limits.models.get(model) or limits.models.get(_ANY)


def _allowed(wish: Wish, limits: Limits) -> ModelLimits:
    """What the shot's model accepts; of a model that is not known: what any accepts."""
    return _known(wish, limits) or joined(limits.models.values())


def _of_model(wish: Wish, limits: Limits, kind: str) -> str:
    """How to say whose limits these are, where models differ."""
    of_one = _known(wish, limits)
    alike = of_one is None or all(getattr(model, kind) == getattr(of_one, kind) for model in limits.models.values())
    return "" if alike else f" with {quoted(wish.model.value)}"


def _known(wish: Wish, limits: Limits) -> ModelLimits | None:
    model = wish.model.value
    return _limits_of(model, limits) if isinstance(model, str) else None
