"""From a profile as it is written to what a manifest must keep to: models, sizes, lengths and further fields."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from runner.manifest.choices import Lengths, Sides, Sizes, Span, sides_of
from runner.manifest.fields import Field
from runner.manifest.limits import Limits, ModelLimits

_ANY: Final = "*"


def limits_of(name: str, tree: Mapping[str, Any]) -> Limits:
    """What a merged profile without defects says of requests."""
    models = {model: model_limits(limits) for model, limits in tree["models"].items()}
    defaults = tree.get("defaults", {})
    model = defaults.get("model", next(iter(models)))
    usual = models.get(model) or models[_ANY]
    return Limits(
        profile=name,
        models=models,
        model=model,
        size=defaults.get("size", usual.sizes.first),
        seconds=defaults.get("seconds", usual.seconds.first),
        prompt_length=tree["prompt_length"],
        image_types=tuple(tree["images"]["types"]),
        image_bytes=tree["images"]["bytes"],
        fields={name: _field(field) for name, field in tree.get("fields", {}).items()},
    )


def model_limits(limits: Mapping[str, Any]) -> ModelLimits:
    """What one model accepts, as a profile writes it."""
    sizes, seconds = limits["sizes"], limits["seconds"]
    return ModelLimits(
        sizes=_sizes(sizes) if isinstance(sizes, Mapping) else Sizes(listed=tuple(sizes)),
        seconds=Lengths(spans=(_span(seconds),)) if isinstance(seconds, Mapping) else Lengths(listed=tuple(seconds)),
    )


def _sizes(written: Mapping[str, Any]) -> Sizes:
    least, most, step = sides_of(written["from"]), sides_of(written["to"]), written.get("step", 1)
    width, height = (Span(least=low, most=high, step=step) for low, high in zip(least, most, strict=True))
    return Sizes(spans=(Sides(width=width, height=height),))


def _span(written: Mapping[str, Any]) -> Span:
    return Span(least=written["from"], most=written["to"], step=written.get("step", 1))


def is_span(written: Mapping[str, Any]) -> bool:
    """Whether a span goes from less to more."""
    least, most = written["from"], written["to"]
    if isinstance(least, str):
        return all(low <= high for low, high in zip(sides_of(least), sides_of(most), strict=True))
    return bool(least <= most)


def _field(written: Mapping[str, Any]) -> Field:
    return Field(
        kind=written["type"],
        least=_plain(written.get("from")),
        most=_plain(written.get("to")),
        longest=written.get("longest"),
        choices=tuple(map(_plain, written.get("choices", ()))),
    )


def _plain(value: Any) -> Any:
    """A value of the profile as one of a request is compared with it."""
    return float(value) if isinstance(value, Decimal) else value
