"""Finding and reading profiles: built-in ones by name, a user's by path, and mappings that extend one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from runner.manifest.content import NoFile, content_of
from runner.manifest.document import Document, Steps
from runner.manifest.problems import Problem, at
from runner.manifest.schema import problems_of
from runner.manifest.tree import MOST_BYTES
from runner.manifest.wording import listing, quoted, suggestion
from runner.manifest.yaml_source import parse, source_lines
from runner.provider.profile import Profile
from runner.provider.profile_rules import built, defects, merged

_FOLDER: Final = Path(__file__).with_name("profiles")
_NAMES: Final = ("sora", "openai", "azure", "new-api", "litellm", "vllm-omni", "sglang", "sandbox")
_SCHEMA: Final = "profile.schema.json"
_DEEPEST: Final = 8  # profiles that extend one another
_NOT_THERE: Final = (NoFile, FileNotFoundError, NotADirectoryError)


class ProfileProblems(Exception):
    """A profile can't be used.

    `path` is the file in which the problems stand, and `lines` is its text. Where `path` is None, they concern what
    the manifest says under `profile`: their places are those of the manifest if it is `placed`, else they mean nothing.
    """

    def __init__(
        self,
        problems: tuple[Problem, ...],
        *,
        path: Path | None = None,
        lines: tuple[str, ...] = (),
        placed: bool = False,
    ) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
        self.path = path
        self.lines = lines
        self.placed = placed


def names() -> tuple[str, ...]:
    """The built-in profiles, the default one first."""
    return _NAMES


def text_of(name: str) -> str:
    """A built-in profile as it is written."""
    return (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def load(spec: str | Document, *, beside: Path, prices: Mapping[str, Any] | None = None) -> Profile:
    """The profile that a manifest names.

    Args:
        spec: a built-in name, a path, or what a manifest says instead.
        beside: the folder that paths start from.
        prices: what the manifest says of prices; replaces the profile's.

    Raises:
        ProfileProblems: there is none such, it is wrong, or it does not fit together.
    """
    top = _named(spec, beside, None) if isinstance(spec, str) else _written(spec, beside)
    layers = _layers(top)
    tree = merged([layer.document.value for layer in reversed(layers)])
    if prices is not None:
        tree["prices"] = prices
    found = tuple(top.problem(steps, message, hint) for steps, message, hint in defects(tree))
    if found:
        raise top.refuse(*found)
    return built(top.name if isinstance(spec, str) or len(layers) == 1 else f"{layers[1].name}, adapted", tree)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """One profile as it is written: a file, or what stands in the manifest."""

    name: str
    document: Document
    path: Path | None  # None: not a file of the user
    beside: Path
    placed: bool = False  # whether it stands in a manifest, with its lines

    def problem(self, steps: Steps, message: str, hint: str = "") -> Problem:
        return at(self.document.place_of_value(steps), message, hint)

    def refuse(self, *problems: Problem) -> ProfileProblems:
        return ProfileProblems(
            tuple(sorted(problems)), path=self.path, lines=tuple(self.document.lines), placed=self.placed
        )


def _layers(top: _Layer) -> list[_Layer]:
    """The profile and those that it extends, the furthest last."""
    layers = [top]
    while (base := layers[-1].document.get(("extends",))) is not None:
        if len(layers) == _DEEPEST:
            raise top.refuse(top.problem(("extends",), "the profiles extend one another in a circle"))
        layers.append(_named(base, layers[-1].beside, layers[-1]))
    return layers


def _named(name: str, beside: Path, above: _Layer | None) -> _Layer:
    if name in _NAMES:
        return replace(_read(name, _FOLDER / f"{name}.yaml"), path=None)
    path = beside / name
    if not name.endswith((".yaml", ".yml")):  # and no other file's words are shown because a manifest names it
        hint = suggestion(name, _NAMES, f"there are {listing(_NAMES)}; one of your own is a path: `./NAME.yaml`")
        raise _refusal(above, f"there is no profile {quoted(name)}", hint)
    try:
        return _read(path.stem, path)
    except OSError as error:
        why = "is no file" if isinstance(error, _NOT_THERE) else f"can't be read: {(error.strerror or 'error').lower()}"
        message = f"the profile {quoted(name)} {why}"
        raise _refusal(above, message, "the path starts from the folder of this file") from None


def _refusal(above: _Layer | None, message: str, hint: str) -> ProfileProblems:
    if above is None:
        return ProfileProblems((Problem(line=1, column=1, message=message, hint=hint),))
    return above.refuse(above.problem(("extends",), message, hint))


def _read(name: str, path: Path) -> _Layer:
    data = content_of(path, MOST_BYTES + 1)
    document, problems = parse(data)
    found = [*problems, *(problems_of(document, _SCHEMA) if document else [])]
    if document is None or found:
        raise ProfileProblems(tuple(sorted(found)), path=path, lines=tuple(source_lines(data)))
    return _Layer(name=name, document=document, path=path, beside=path.parent)


def _written(document: Document, beside: Path) -> _Layer:
    """What stands in a manifest."""
    if found := problems_of(document, _SCHEMA):
        raise ProfileProblems(tuple(found), placed=True)
    return _Layer(name="own", document=document, path=None, beside=beside, placed=True)
