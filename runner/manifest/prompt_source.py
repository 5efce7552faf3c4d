"""Where prompts come from: texts and named parts of a document, with its variables, every strange use located."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from runner.manifest.document import Document, Steps, name_of
from runner.manifest.limits import Limits
from runner.manifest.problems import MOST, Place, Problem, at
from runner.manifest.prompts import Filled, Strange, filled, sentence, uses
from runner.manifest.wish import Wish
from runner.manifest.wording import listing, quoted, suggestion

_SEARCHED: Final = 1000  # lines of a prompt
_ABSURD: Final = 1_000_000  # characters of a prompt as it is written, of which nothing is filled in


def variables_of(document: Document) -> tuple[dict[str, str], list[Problem]]:
    """What `vars` says, escapes undone, and what is wrong with it."""
    written = document.get(("vars",))
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for name, text in written.items() if isinstance(written, Mapping) else ():
        if isinstance(text, str):
            value = filled(text, {})
            variables[name] = value.text
            if len(problems) < MOST:  # no more are told, and each is looked for in the lines of the file
                problems.extend(_strange(document, ("vars", name), value.strange, ()))
    return variables, problems


def prompt_of(wish: Wish, variables: Mapping[str, str], limits: Limits) -> tuple[str | None, list[Problem]]:
    """The prompt as it is sent, or the problems it has; neither where the schema has spoken of it."""
    texts = _texts(wish)
    written = sum(map(len, texts.values()))
    if written > _ABSURD:
        message = f"has {written:,} characters, at most {limits.prompt_length:,} are allowed"
        return None, [wish.problem(wish.own("prompt"), message, "shorten it")]
    parts = {steps: filled(text, variables) for steps, text in texts.items()}
    problems = [
        problem for steps, part in parts.items() for problem in _strange(wish.document, steps, part.strange, variables)
    ]
    if problems or not parts:
        return None, problems
    prompt = _joined(wish.raw["prompt"], parts, limits.prompt_length)
    length = len(prompt) if prompt is not None else sum(part.length for part in parts.values())
    if prompt is None or length > limits.prompt_length:
        message = f"has {length:,} characters, at most {limits.prompt_length:,} are allowed"
        return None, [wish.problem(wish.own("prompt"), message, "shorten it; variables count as what they stand for")]
    if not prompt.strip():
        return None, [wish.problem(wish.own("prompt"), "is empty", "say what the clip shows")]
    return prompt, []


def _texts(wish: Wish) -> dict[Steps, str]:
    steps = (*wish.steps, "prompt")
    match wish.raw.get("prompt"):
        case str(text):
            return {steps: text}
        case dict() as parts if all(isinstance(text, str) for text in parts.values()):
            return {(*steps, name): text for name, text in parts.items()}
        case _:
            return {}


def _joined(written: object, parts: Mapping[Steps, Filled], most: int) -> str | None:
    """The whole prompt; None where it is too long to be put together."""
    if sum(part.length for part in parts.values()) > most:
        return None
    if isinstance(written, str):
        return "".join(part.text for part in parts.values())
    return sentence({str(steps[-1]): part.text for steps, part in parts.items()})


def _strange(document: Document, steps: Steps, strange: Sequence[Strange], known: Iterable[str]) -> Iterator[Problem]:
    if not strange:
        return
    told, names = strange[:MOST], list(known)
    written = list(islice(_written(document, steps), told[-1].ordinal + 1))
    for one in told:
        place, use = written[one.ordinal] if one.ordinal < len(written) else (None, "")
        exact = place if use == one.use else None
        yield _problem(document, steps, one, exact or document.place_of_value(steps), names)


def _problem(document: Document, steps: Steps, one: Strange, place: Place, names: Sequence[str]) -> Problem:
    literal = "write `$${` where the characters `${` are meant"
    name = name_of(document, steps)
    if one.name is None:
        return at(place, f"{name}: `${{` is never closed", f"write `${{name}}`, or {literal}")
    if steps[0] == "vars":
        return at(place, f"{name} uses {quoted(one.use)}, but a variable cannot use others", literal)
    known = f"`vars` has {listing(names)}; {literal}" if names else f"there are no `vars`; {literal}"
    return at(place, f"{name}: nothing is called {quoted(one.use)}", suggestion(one.name, names, known))


def _written(document: Document, steps: Steps) -> Iterator[tuple[Place, str]]:
    """Uses and escapes as the lines of the file show them, in order."""
    start = document.place_of_value(steps)
    for number in range(start.line, min(start.line + _SEARCHED, len(document.lines) + 1)):
        skipped = start.column - 1 if number == start.line else 0
        for column, use in uses(document.lines[number - 1], skipped):
            yield Place(line=number, column=column + 1, length=len(use)), use
