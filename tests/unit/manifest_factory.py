"""Limits, documents and batches for the tests of the manifest room, every field with a default."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.manifest import load
from runner.manifest.batch import Batch
from runner.manifest.choices import Lengths, Sizes
from runner.manifest.document import Document
from runner.manifest.limits import Limits, ModelLimits
from runner.manifest.problems import Problem
from runner.manifest.request import Request
from runner.manifest.text import render
from runner.manifest.yaml_source import parse

SORA_2 = ModelLimits(sizes=Sizes(listed=("720x1280", "1280x720")), seconds=Lengths(listed=(4, 8, 12)))


def make_limits(**fields: Any) -> Limits:
    defaults: dict[str, Any] = {
        "profile": "sora",
        "models": {"sora-2": SORA_2},
        "model": "sora-2",
        "size": "720x1280",
        "seconds": 4,
        "prompt_length": 32_000,
        "image_types": ("image/jpeg", "image/png", "image/webp"),
        "image_bytes": 20 * 2**20,
    }
    return Limits(**{**defaults, **fields})


def write(folder: Path, text: str | bytes, name: str = "manifest.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def outcome(path: Path, limits: Limits | None = None) -> tuple[Batch | None, list[Problem]]:
    """What loading a manifest comes to."""
    document, problems = load.read(path)
    if document is None:
        return None, problems
    return load.batch_of(document, path, limits or make_limits())


def screen(path: Path, limits: Limits | None = None) -> str:
    """What a person sees of a manifest's problems."""
    document, _ = load.read(path)
    _, problems = outcome(path, limits)
    return render(problems, path.name, document.lines if document else load.lines_of(path))


def batch(folder: Path, text: str, limits: Limits | None = None) -> Batch:
    made, problems = outcome(write(folder, text), limits)
    assert made is not None, problems
    return made


def request(folder: Path, shot: str, top: str = "") -> Request:
    """The request of one shot: its keys as lines, without indentation."""
    lines = "\n".join(f"    {line}" for line in shot.splitlines())
    return batch(folder, f"version: 1\n{top}\nshots:\n  - id: one\n{lines}\n").shots[0].request


def messages(folder: Path, text: str | bytes, limits: Limits | None = None) -> list[str]:
    _, problems = outcome(write(folder, text), limits)
    return [problem.message for problem in problems]


def written_profile(tree: Mapping[str, Any]) -> Document:
    """What a manifest says of its profile, as a document."""
    document, problems = parse(json.dumps(tree, default=float).encode())
    assert document is not None
    assert problems == []
    return document
