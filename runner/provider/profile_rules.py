"""From a profile as it is written to a profile that can be used: joining, the rules no schema can say, and defaults."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from runner.manifest.choices import Lengths, Sizes
from runner.manifest.document import Steps
from runner.manifest.wording import listing, quoted, suggestion
from runner.provider.clashes import Defect, clashes
from runner.provider.manner import Auth, Manner
from runner.provider.profile import Answer, Prices, Profile
from runner.provider.profile_limits import is_span, limits_of, model_limits

Tree = dict[str, Any]

_JOINED: Final = ("models", "prices", "fields")  # entry by entry; all other keys are replaced whole
_ANY: Final = "*"


def merged(layers: Sequence[Mapping[str, Any]]) -> Tree:
    """The layers as one, later ones over earlier ones; an entry set to None is taken away."""
    result: Tree = {}
    for layer in layers:
        above = {key: _joined(result.get(key), layer[key]) if key in _JOINED else layer[key] for key in layer}
        result = {key: value for key, value in {**result, **above}.items() if value is not None}
    return result


def defects(tree: Mapping[str, Any]) -> Iterator[Defect]:
    """What does not fit together in a merged profile."""
    models = tree.get("models", {})
    if not models:
        yield ("models",), "the profile has no model left", "name one under `models`"
        return
    incomplete = list(_incomplete(models))
    yield from incomplete
    if not incomplete:
        yield from _strange_defaults(tree.get("defaults", {}), models)
    yield from _strange_sizes(tree.get("size_as", {}), models)
    yield from clashes(tree)
    if tree.get("on_lost") == "resubmit" and (dear := _first_not_free(tree)) is not None:
        message = f"`on_lost` is `resubmit`, which every price must be 0 for: {dear}"
        yield ("on_lost",), message, "say `on_lost: hold`"


def built(name: str, tree: Mapping[str, Any]) -> Profile:
    """The profile that a merged tree without defects describes."""
    answers = tuple(
        Answer(status=answer["status"], code=answer.get("code", "")) for answer in tree.get("not_admitted", ())
    )
    return Profile(
        name=name,
        limits=limits_of(name, tree),
        prices=_prices(tree),
        slots=tree["slots"],
        manner=_manner(tree),
        list_complete=tree.get("list") == "complete",
        settle=float(tree["settle"]),
        longest_render=float(tree["longest_render"]),
        retention=float(tree["retention"]),
        typical_render=float(tree["typical_render"]),
        not_admitted=answers,
        resubmit_lost=tree.get("on_lost") == "resubmit",
    )


def _manner(tree: Mapping[str, Any]) -> Manner:
    words = {word.strip().lower(): state for state, given in tree.get("states", {}).items() for word in given}
    auth = tree["auth"]
    own = isinstance(auth, Mapping)
    return Manner(
        auth=Auth.HEADER if own else Auth(auth),
        header=(auth["header"], auth.get("before", "")) if own else ("", ""),
        form=tree.get("body") == "form",
        path=tree.get("path", "videos").strip("/"),
        routes={name: route.strip("/") for name, route in tree.get("routes", {}).items()},
        query={name: str(value) for name, value in tree.get("query", {}).items()},
        names=tree.get("names", {}),
        numbers=tree.get("seconds_as") == "number",
        sizes=tree.get("size_as", {}),
        image_in_json=tree.get("image_as") == "data_uri",
        replies=tree.get("replies", {}),
        states=words,
    )


def _joined(below: Any, above: Any) -> Any:
    if not isinstance(above, Mapping):
        return above
    below = below if isinstance(below, Mapping) else {}
    both = {**below, **{key: _joined(below.get(key), value) for key, value in above.items()}}
    return {key: value for key, value in both.items() if value is not None}


def _incomplete(models: Mapping[str, Any]) -> Iterator[Defect]:
    for model, limits in models.items():
        for key in ("sizes", "seconds"):
            if not limits.get(key):
                yield ("models", model), f"the model {quoted(model)} has no `{key}`", f"list its `{key}`"
            elif isinstance(limits[key], Mapping) and not is_span(limits[key]):
                yield ("models", model, key), f"the `{key}` of {quoted(model)} go from more to less", "swap them"


def _strange_defaults(defaults: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[Defect]:
    model = defaults.get("model", next(iter(models)))
    if model not in models and _ANY not in models:
        yield _not_among(("defaults", "model"), model, list(models))
        return
    limits = model_limits(models.get(model) or models[_ANY])
    for key, allowed in (("size", limits.sizes), ("seconds", limits.seconds)):
        if key in defaults and defaults[key] not in allowed:
            yield _not_among(("defaults", key), defaults[key], allowed)


def _strange_sizes(stand_ins: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[Defect]:
    if any(not limits.get("sizes") for limits in models.values()):
        return
    for size in stand_ins:
        if not any(size in model_limits(limits).sizes for limits in models.values()):
            yield ("size_as", size), f"no model has the size {quoted(size)}", "name a size that stands under `models`"


def _not_among(steps: Steps, value: Any, allowed: list[str] | Sizes | Lengths) -> Defect:
    named = allowed if isinstance(allowed, list) else [str(word) for word in allowed.listed]
    has = listing(allowed) if isinstance(allowed, list) else allowed
    message = f"`{'.'.join(map(str, steps))}` is {quoted(value)}, the profile has {has}"
    return steps, message, suggestion(str(value), named, "say under `defaults` which one is meant")


def _first_not_free(tree: Mapping[str, Any]) -> str | None:
    """The first model and size that costs something, or may."""
    prices = _prices(tree)
    for model, size in (*_offered(tree["models"]), *_priced(prices)):
        rate = None if prices is None else prices.of(model, size, "1")
        if rate != 0:
            cost = "has no known price" if rate is None else f"costs {rate} a second"
            where = "any size" if size == _ANY else size
            return f"{quoted(model)} at {where} {cost}"
    return None


def _offered(models: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for model, limits in models.items():
        sizes = limits.get("sizes", ())
        yield from ((model, size) for size in ((_ANY,) if isinstance(sizes, Mapping) else sizes))


def _priced(prices: Prices | None) -> Iterator[tuple[str, str]]:
    """What the table knows: where any model or any size will do, it may have one that is not offered by its name."""
    for model, rates in prices.per_second.items() if prices else ():
        yield from ((model, size) for size in rates)


def _prices(tree: Mapping[str, Any]) -> Prices | None:
    prices = tree.get("prices")
    if not prices:
        return None
    return Prices(
        currency=prices.get("currency", "USD"),
        date=prices.get("date", ""),
        source=prices.get("source", ""),
        per_second={model: _rates(rates) for model, rates in prices["per_second"].items() if rates is not None},
    )


def _rates(rates: Any) -> dict[str, Decimal]:
    """The price of each size; a plain number is the price of all."""
    by_size = rates if isinstance(rates, Mapping) else {_ANY: rates}
    return {size: Decimal(str(rate)) for size, rate in by_size.items() if rate is not None}
