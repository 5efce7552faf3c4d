"""What a customer orders: the values of a request, checked against the rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from runner.sandbox.forms import Form
from runner.sandbox.reference import Reference, read_reference
from runner.sandbox.refusal import Refusal, bad_size, missing, series, unsupported, wrong_type
from runner.sandbox.rules import Rules

_WHOLE: Final = re.compile(r"[1-9][0-9]{0,2}")
_SIZE: Final = re.compile(r"([1-9][0-9]{1,3})x([1-9][0-9]{1,3})")
_SMALLEST: Final = 16
_LARGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request that may become a job."""

    prompt: str
    model: str
    size: str
    seconds: str
    reference: Reference | None = None
    remix_of: str | None = None
    shot: str = ""  # of the X-Shot-Id header
    sent_as: str = "json"


def read_order(form: Form, rules: Rules, *, shot: str) -> Order:
    """Check a create request.

    Raises:
        Refusal: the first rule that is broken.
    """
    _no_bracket_keys(form.values)
    model = _model(form.values.get("model"), rules)
    prompt = read_prompt(form, rules)
    seconds = _seconds(form.values.get("seconds"), rules)
    size = _size(form.values.get("size"), rules)
    picture = form.values.get("input_reference")
    reference = None if picture is None else read_reference(picture, size)
    return Order(
        prompt=prompt,
        model=model,
        size=size,
        seconds=seconds,
        reference=reference,
        shot=shot,
        sent_as=form.sent_as,
    )


def read_prompt(form: Form, rules: Rules) -> str:
    """Check the prompt of a create or remix request.

    Raises:
        Refusal: it is missing, empty, too long or no text.
    """
    prompt = form.values.get("prompt")
    if prompt is None:
        raise missing("prompt")
    if not isinstance(prompt, str):
        raise wrong_type("prompt", "a string", prompt)
    if not prompt or len(prompt) > rules.prompt_limit:
        raise _wrong_length(len(prompt), rules.prompt_limit)
    if any("\ud800" <= sign <= "\udfff" for sign in prompt):
        raise Refusal("Invalid 'prompt': not valid Unicode.", code="invalid_unicode", param="prompt")
    return prompt


def _wrong_length(length: int, limit: int) -> Refusal:
    if not length:
        message = (
            "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead."
        )
        return Refusal(message, code="empty_string", param="prompt")
    message = (
        f"Invalid 'prompt': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {length} instead."
    )
    return Refusal(message, code="string_above_max_length", param="prompt")


def _no_bracket_keys(values: Mapping[str, Any]) -> None:
    for name in values:
        if name.startswith("input_reference["):
            raise wrong_type("input_reference", "a file", {})
        if "[" in name:
            raise Refusal(f"Unknown parameter: '{name[:100]}'.", code="unknown_parameter", param=name[:100])


def _model(value: Any, rules: Rules) -> str:
    if value is None:
        return rules.default_model
    if not isinstance(value, str):
        raise wrong_type("model", "a string", value)
    if rules.models and value not in rules.models:
        raise unsupported("model", value[:100], rules.models)
    return value


def _seconds(value: Any, rules: Rules) -> str:
    if value is None:
        return rules.default_seconds
    if not isinstance(value, str):
        allowed = f"one of {series(rules.seconds, 'or')}" if rules.seconds else "a string"
        raise wrong_type("seconds", allowed, value)
    if rules.seconds and value not in rules.seconds:
        raise unsupported("seconds", value[:100], rules.seconds)
    if not rules.seconds and not _WHOLE.fullmatch(value):
        message = f"Invalid value: '{value[:100]}'. Supported are whole seconds from '1' to '999'."
        raise Refusal(message, code="invalid_value", param="seconds")
    return value


def _size(value: Any, rules: Rules) -> str:
    if value is None:
        return rules.default_size
    if not isinstance(value, str):
        raise bad_size(rules.sizes)
    if value not in rules.sizes and (rules.sizes or not _renderable(value)):
        raise bad_size(rules.sizes)
    return value


def _renderable(size: str) -> bool:
    sides = _SIZE.fullmatch(size)
    return sides is not None and all(
        _SMALLEST <= int(side) <= _LARGEST and int(side) % 2 == 0 for side in sides.groups()
    )
