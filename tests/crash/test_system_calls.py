"""The order of things as the kernel sees it: what is acted upon is durable before, in the ledger and in the lockfile.

A real `python -m runner render`, traced by strace: no door of ours tells this story.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.stage import PROMPTS, Stage, stage
from tests.crash.system_calls import Call, Trace, traced

INTENT, SUBMITTED, DONE = ('"state":"intent"',), ('"state":"submitted"',), ('"state":"done"',)
_JOB = re.compile(r"GET /v1/videos/(video_\w+) HTTP")


class Seen:
    """One run, whose calls are known."""

    def __init__(self, it: Stage, trace: Trace) -> None:
        self.trace = trace
        self.folder, self.state = it.folder, it.state
        self.lockfile = it.folder / "film.lock"
        self.job_of = {prompt: it.job_of(shot) or "" for shot, prompt in PROMPTS.items()}
        (self.ledger,) = it.state.glob("*.jsonl")

    @property
    def books(self) -> tuple[Path, Path]:
        return self.ledger, self.lockfile

    def posts(self) -> list[tuple[str, Call]]:
        """The prompt of each POST, and the first call that sent a byte of it."""
        heads = self.trace.sent("POST /v1/videos HTTP/1.1")
        bodies = [call for call in self.trace.sent('"prompt":') if call.name == "sendto"]
        return [(_prompt(body), head) for head, body in zip(heads, bodies, strict=True)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    root = tmp_path_factory.mktemp("traced")
    with stage(root / "stage") as it:
        command = [sys.executable, "-m", "runner", "render", "film.yaml"]
        trace = traced(command, folder=it.folder, environ=it.environ(), log=root / "strace.log")
        if isinstance(trace, str):
            pytest.skip(trace)
        assert it.verdict(it.incomplete() + it.violations()) == ""
        yield Seen(it, trace)


def test_no_byte_of_a_post_is_sent_before_its_intent_is_durable_in_both_files(seen: Seen) -> None:
    posts = seen.posts()
    assert sorted(prompt for prompt, _ in posts) == sorted(PROMPTS.values())
    for prompt, head in posts:
        for path in seen.books:
            assert seen.trace.durable(path, prompt, *INTENT) < head.begun, (prompt, path)


def test_the_ledger_has_every_fact_durably_before_the_lockfile_begins_to(seen: Seen) -> None:
    for prompt in PROMPTS.values():
        for fact in (INTENT, SUBMITTED, DONE):
            assert seen.trace.durable(seen.ledger, prompt, *fact) < seen.trace.written(seen.lockfile, prompt, *fact)


def test_new_files_and_folders_have_durable_names_before_the_first_post(seen: Seen) -> None:
    first = min(head.begun for _, head in seen.posts())
    created = next(
        call for call in seen.trace.of("openat") if f'"{seen.ledger}"' in call.told and "O_CREAT" in call.told
    )
    assert seen.trace.synced(seen.state, after=created.ended) < first
    renamed = next(
        call for call in seen.trace.of("rename", "renameat", "renameat2") if f'"{seen.lockfile}"' in call.told
    )
    assert seen.trace.synced(seen.folder, after=renamed.ended) < first
    for call in seen.trace.of("mkdir", "mkdirat"):
        folder = Path(re.findall(r'"([^"]+)"', call.told)[0])
        if folder == seen.state:
            assert seen.trace.synced(folder.parent, after=call.ended) < first


def test_no_job_is_asked_for_before_its_id_is_durable_in_both_files(seen: Seen) -> None:
    polls = seen.trace.sent("GET /v1/videos/video_")
    asked = {match[1] for call in polls if (match := _JOB.search(call.told))}
    assert asked == set(seen.job_of.values())
    for job in asked:
        first = min(call.begun for call in polls if job in call.told)
        for path in seen.books:
            assert seen.trace.durable(path, f'"job":"{job}"', *SUBMITTED) < first, (job, path)


def test_no_clip_has_its_name_before_it_is_kept_and_recorded_durably(seen: Seen) -> None:
    for shot, prompt in PROMPTS.items():
        place = seen.folder / "renders" / "film" / f"{shot}.mp4"
        named = next(call for call in seen.trace.of("rename", "renameat", "renameat2") if f'"{place}"' in call.told)
        part = Path(re.findall(r'"([^"]+)"', named.told)[0])
        recorded = [seen.trace.written(path, prompt, *DONE) for path in seen.books]
        last = max(call.ended for call in seen.trace.of("write") if call.path == str(part))
        assert seen.trace.synced(part, after=last) < min(recorded)
        assert all(seen.trace.durable(path, prompt, *DONE) < named.begun for path in seen.books)
        assert seen.trace.synced(place.parent, after=named.ended)


def test_the_stored_clip_is_durable_before_it_is_recorded(seen: Seen) -> None:
    store = seen.folder / ".shotlock" / "store"
    for call in seen.trace.of("rename", "renameat", "renameat2"):
        paths = [Path(name) for name in re.findall(r'"([^"]+)"', call.told)]
        if paths[-1].parent == store:
            recorded = seen.trace.written(seen.ledger, paths[-1].stem, *DONE)
            assert seen.trace.synced(store, after=call.ended) < recorded
            assert any(sync.path == str(paths[0]) and sync.ended < call.begun for sync in seen.trace.of("fsync"))


def _prompt(body: Call) -> str:
    return next(prompt for prompt in PROMPTS.values() if f'"{prompt}"' in body.told)
