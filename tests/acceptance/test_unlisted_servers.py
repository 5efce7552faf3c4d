"""Servers that no profile is shipped for, made to work by a profile that a user writes, without touching code."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from runner.sandbox.blank import render
from runner.sandbox.clip import ClipSpec
from tests.acceptance.desk import KEY, Desk
from tests.acceptance.warm import at_once

desk = pytest.fixture(at_once)

SHOTS = """\
  - id: beach
    prompt: A dog runs on the beach
  - id: alley
    prompt: A cat in an alley
"""


@dataclass(kw_only=True)
class Accent:
    """A server's own way, from the facts about one that was seen, and the profile by which a user describes it."""

    profile: str
    key: Callable[[Any], bool]
    ordered: Callable[[dict[str, Any]], dict[str, Any]]  # fields of the purchase that it wants to see
    created: tuple[int, Callable[[str], dict[str, Any]]]
    states: tuple[dict[str, Any], ...]  # one question after the other; the last one stays
    path: str = "videos"
    content: Callable[[str, str], tuple[int, Any]] | None = None  # id, address of the clip -> status, words
    routes: tuple[str, str] = (
        "",
        "content",
    )  # of jobs, where they have another than purchases, and of clips below them
    name: str = "video_{number}"
    asked: tuple[str, str] = ("", "")  # the query that names a job, where none of its paths does, and where its clip is
    along: dict[str, str] = field(default_factory=dict)  # what the query of every request must have


def bearer(headers: Any) -> bool:
    return headers.get("Authorization") == f"Bearer {KEY}"


ACCENTS = {
    "a key without a word before it, lengths of its own, ids with a colon": Accent(
        profile="{extends: sora, auth: plain, models: {sora-2: {seconds: [10, 15]}}, defaults: {seconds: 10}}",
        key=lambda headers: headers.get("Authorization") == KEY,
        ordered=lambda body: {"seconds": body["seconds"] == "10"},
        created=(200, lambda job: {"id": job, "object": "video", "status": "submitted", "progress": "0%"}),
        states=({"status": "processing", "progress": "50%"}, {"status": "completed", "progress": "100%"}),
        name="sora-2:task_{number}",
    ),
    "names and words of its own, and an address in place of a clip": Accent(
        profile=(
            "{extends: sora, path: generations, names: {seconds: duration, size: resolution}, seconds_as: number, "
            "states: {queued: [waiting], in_progress: [cooking], completed: [Served], failed: [burnt]}}"
        ),
        key=bearer,
        ordered=lambda body: {"duration": body["duration"] == 4, "resolution": body["resolution"] == "720x1280"},
        created=(
            200,
            lambda job: {"id": job, "object": "video.generation", "created": 1760627077, "status": "waiting"},
        ),
        states=({"status": "cooking"}, {"status": "served", "video_url": "ADDRESS"}),
        path="generations",
        content=lambda _job, _address: (404, {"error": {"message": "Invalid URL (GET /content)", "type": "x"}}),
    ),
    "JSON in place of the clip's bytes": Accent(
        profile="sora",
        key=bearer,
        ordered=lambda body: {"size": body["size"] == "720x1280"},
        created=(200, lambda job: {"id": job, "status": "queued"}),
        states=({"status": "in_progress", "progress": 99}, {"status": "completed"}),
        content=lambda job, address: (200, {"id": job, "status": "completed", "url": address, "video_url": address}),
    ),
    "three fields and a 202, times in words, a clip at another address": Accent(
        profile="{extends: sora, auth: api-key, body: form}",
        key=lambda headers: headers.get("api-key") == KEY,
        ordered=lambda body: {"form": body == {}},
        created=(202, lambda job: {"id": job, "status": "pending", "polling_url": f"/v1/videos/{job}"}),
        states=(
            {"status": "in_progress", "created_at": "2026-10-20T06:57:18.154804Z"},
            {"status": "completed", "outputs": {"video_url": "ADDRESS", "cost": 0.4}},
        ),
        content=lambda _job, _address: (405, {"detail": "Method Not Allowed"}),
    ),
    "a job within an envelope": Accent(
        profile="{extends: new-api}",
        key=bearer,
        ordered=lambda body: {"model": body["model"] == "sora-2"},
        created=(200, lambda job: {"code": "success", "data": {"task_id": job, "status": "NOT_START"}}),
        states=(
            {"code": "success", "data": {"status": "IN_PROGRESS"}},
            {"code": "success", "data": {"status": "SUCCESS"}},
        ),
    ),
    "a header, routes and fields of its own, sizes in other words, an address deep within": Accent(
        profile=(
            "{extends: sora, auth: {header: X-Api-Key, before: 'Token '}, path: generate, "
            "routes: {job: 'tasks/{id}', content: 'tasks/{id}/download', list: tasks}, names: {prompt: text}, "
            "replies: {id: result.request_id, status: result.state, url: result.output.0.link}, "
            "size_as: {720x1280: {resolution: 720p, aspect_ratio: '9:16'}}, seconds_as: number}"
        ),
        key=lambda headers: headers.get("X-Api-Key") == f"Token {KEY}" and "Authorization" not in headers,
        ordered=lambda body: {
            "text": body["text"].startswith("A "),
            "size": "size" not in body,
            "resolution": (body["resolution"], body["aspect_ratio"]) == ("720p", "9:16"),
        },
        created=(201, lambda job: {"result": {"request_id": job, "state": "queued"}}),
        states=(
            {"result": {"state": "running", "output": []}},
            {"result": {"state": "done", "output": [{"link": "/clip.mp4"}]}},
        ),
        path="generate",
        routes=("tasks", "download"),
        content=lambda _job, _address: (404, {"message": "no such file"}),
    ),
    "jobs that are counted, clips on a shelf of their own, and no choice of size": Accent(
        profile="{extends: sora, routes: {content: 'files/{id}'}, replies: {id: number}, size_as: {720x1280: {}}}",
        key=bearer,
        ordered=lambda body: {"size": "size" not in body},
        created=(200, lambda job: {"number": int(job), "status": "queued"}),
        states=({"status": "processing"}, {"status": "completed"}),
        name="{number}",
    ),
    "jobs asked for by a query, the API's version with every request, fields within objects": Accent(
        profile=(
            "{extends: sora, query: {api-version: 2026-04-01, tier: 2}, path: tasks, "
            "routes: {job: 'query/task?task_id={id}', content: 'query/file?as=mp4&task_id={id}', list: 'tasks?a=b'}, "
            "names: {prompt: input.prompt, size: parameters.size}, replies: {id: output.task_id, status: output.state}}"
        ),
        key=bearer,
        ordered=lambda body: {
            "input": set(body["input"]) == {"prompt"},
            "parameters": body["parameters"] == {"size": "720x1280"},
        },
        created=(200, lambda job: {"output": {"task_id": job, "state": "PENDING"}}),
        states=({"output": {"state": "RUNNING"}}, {"output": {"state": "SUCCEEDED"}}),
        path="tasks",
        asked=("task_id", "/v1/query/file"),
        along={"api-version": "2026-04-01", "tier": "2"},
        name="task/{number}+1",
    ),
}


@dataclass
class Unlisted:
    """Such a server on loopback."""

    accent: Accent
    clip: bytes
    bills: list[str] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        path, _, query = target.partition("?")
        if path == "/clip.mp4":
            return 200, self.clip
        asked = dict(parse_qsl(query))
        self.wrong += [name for name, value in self.accent.along.items() if asked.get(name) != value]
        if not self.accent.key(headers):
            return 401, {"error": {"message": "no key", "type": "x"}}
        base = f"/v1/{self.accent.path}"
        if method == "POST" and path == base:
            return self._bought(json.loads(body) if headers["Content-Type"] == "application/json" else {})
        jobs, below = self.accent.routes
        within = path.removeprefix(f"/v1/{jobs or self.accent.path}/").removeprefix("/v1/files/")
        job, _, part = within.replace("%3A", ":").partition("/")
        by_query, clips = self.accent.asked
        job = asked.get(by_query, "") if by_query else job
        if job not in self.bills:
            return 404, {"error": {"message": "Invalid URL"}}
        if part == below or path == clips or path.startswith("/v1/files/"):
            return self.accent.content(job, self.address) if self.accent.content else (200, self.clip)
        self.asked[job] = self.asked.get(job, 0) + 1
        state = self.accent.states[min(self.asked[job], len(self.accent.states)) - 1]
        told = state if self.accent.routes[0] or by_query else {"id": job, **state}
        return 200, json.loads(json.dumps(told).replace("ADDRESS", self.address))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/clip.mp4"

    def _bought(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.wrong += [name for name, right in self.accent.ordered(body).items() if not right]
        job = self.accent.name.format(number=len(self.bills) + 1)
        self.bills.append(job)
        status, told = self.accent.created
        return status, told(job)


@pytest.fixture
def open_server(tmp_path: Path) -> Iterator[Callable[[Accent], Unlisted]]:
    running: list[ThreadingHTTPServer] = []
    clip = tmp_path / "clip.mp4"
    render(ClipSpec(prompt="a", width=720, height=1280, seconds=4), clip)

    def opened(accent: Accent) -> Unlisted:
        it = Unlisted(accent, clip.read_bytes())

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, told = it.answer(self.command, self.path, self.headers, body)
                data = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "video/mp4" if isinstance(told, bytes) else "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = _do  # noqa: N815 - the names that the library looks for

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        it.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return it

    yield opened
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("accent", ACCENTS)
def test_a_profile_is_enough(desk: Desk, open_server: Callable[[Accent], Unlisted], accent: str) -> None:
    it = open_server(ACCENTS[accent])
    profile = it.accent.profile
    adapted = (
        profile.replace("{", "{typical_render: 1, ", 1)
        if "{" in profile
        else f"{{extends: {profile}, typical_render: 1}}"
    )
    desk.write(f"version: 1\nprofile: {adapted}\nshots:\n{SHOTS}")
    desk.environ |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{it.port}/v1", "OPENAI_API_KEY": KEY}
    done = desk.run("render", "film.yaml")
    assert (done.code, it.wrong) == (0, []), done.stderr
    assert len(it.bills) == len(desk.clips()) == 2
    assert "not known here" not in done.stderr
    assert desk.run("render", "film.yaml").code == 0
    assert len(it.bills) == 2
