"""Each scripted fault of the sandbox, as a client meets it, and what the server's ledger says of it."""

import contextlib
import gzip
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import httpx
import pytest

from runner.sandbox.embedded import threaded
from runner.sandbox.faults import Fault
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox

KEY = {"authorization": "Bearer sk-test"}


class StillClock:
    def __init__(self):
        self.time = 1_760_627_077.0

    def now(self):
        return self.time

    def advance(self, seconds):
        self.time += seconds


class Served:
    def __init__(self, sandbox, http):
        self.sandbox = sandbox
        self.http = http

    def create(self, prompt="a cat"):
        return self.http.post("/videos", json={"prompt": prompt})

    def finished(self, prompt="a cat"):
        job = self.create(prompt).json()["id"]
        eventually(lambda: self.sandbox.jobs.get(job).result is not None)
        return job

    def script(self, **fields):
        self.sandbox.faults.append(Fault(**fields))

    @property
    def billed(self):
        return len(self.sandbox.ledger()["billed"])


def eventually(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


@pytest.fixture
def serve():
    with ExitStack() as stack:

        def start(**options):
            sandbox = stack.enter_context(threaded(Sandbox(**{"clock": StillClock()} | options)))
            client = httpx.Client(base_url=sandbox.base_url, headers=KEY, timeout=10)
            return Served(sandbox, stack.enter_context(client))

        yield start


@pytest.fixture
def served(serve):
    return serve(rules=Rules(slots=9))


@pytest.fixture
def victim():
    """A process that waits to be killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


# --- the connection and the reply ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"do": "drop"}, httpx.RemoteProtocolError),
        ({"do": "drop", "when": "head"}, (httpx.RemoteProtocolError, httpx.ReadError)),
        ({"do": "reset"}, httpx.ReadError),
        ({"do": "garbage"}, httpx.RemoteProtocolError),
    ],
)
def test_before_the_commit_nothing_is_bought(served, fault, error):
    served.script(on="create", nth=1, **fault)

    with pytest.raises(error):
        served.create()

    assert served.billed == 0
    assert served.create().status_code == 200


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"do": "drop", "when": "after"}, httpx.RemoteProtocolError),
        ({"do": "reset", "when": "after"}, httpx.ReadError),
        ({"do": "garbage", "when": "after"}, httpx.RemoteProtocolError),
        ({"do": "half"}, httpx.RemoteProtocolError),
        ({"do": "drop", "when": "first"}, httpx.RemoteProtocolError),
        ({"do": "reset", "when": "half"}, httpx.ReadError),
    ],
)
def test_after_the_commit_the_job_is_bought_and_the_reply_is_lost(served, fault, error):
    served.script(on="create", nth=1, **fault)

    with pytest.raises(error):
        served.create()

    assert served.billed == 1
    assert len(served.http.get("/videos").json()["data"]) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_status_takes_the_replys_place_before_or_after_the_commit(served, when):
    served.script(on="create", do="status", status=503, headers={"retry-after": "7"}, when=when, times=1)

    reply = served.create()

    assert (reply.status_code, reply.headers["retry-after"]) == (503, "7")
    assert reply.json() == {
        "error": {"message": "Service Unavailable", "type": "server_error", "param": None, "code": None}
    }
    assert served.billed == (when == "after")


def test_a_status_may_have_words_of_its_own(served):
    served.script(on="any", do="status", status=429, code="insufficient_quota", message="You are out of money.")

    error = served.create().json()["error"]

    assert (error["code"], error["message"]) == ("insufficient_quota", "You are out of money.")


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ({}, "application/json", "{}"),
        ([1], "application/json", "[1]"),
        ("", "text/plain", ""),
        ("{", "text/plain", "{"),
    ],
)
def test_a_reply_may_have_the_wrong_body(served, body, content_type, text):
    served.script(on="create", do="status", status=200, body=body, when="after")

    reply = served.create()

    assert (reply.status_code, reply.headers["content-type"], reply.text) == (200, content_type, text)
    assert served.billed == 1


def test_json_can_come_as_video(served):
    job = served.finished()
    served.script(on="content", do="status", status=200, body={"status": "ok"}, headers={"content-type": "video/mp4"})

    reply = served.http.get(f"/videos/{job}/content")

    assert (reply.headers["content-type"], reply.json()) == ("video/mp4", {"status": "ok"})


def test_a_web_page_can_come_instead(served):
    served.script(on="retrieve", do="html")

    reply = served.http.get("/videos/x")

    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.text.startswith("<!doctype html>")


def test_a_delay_before_the_commit_holds_the_commit_back_even_from_a_client_that_left(served):
    served.script(on="create", do="delay", seconds=0.3, nth=1)

    with pytest.raises(httpx.ReadTimeout):
        served.http.post("/videos", json={"prompt": "a cat"}, timeout=0.05)

    eventually(lambda: served.billed == 1)


def test_a_delay_after_the_commit_makes_a_timeout_of_a_purchase(served):
    served.script(on="create", do="delay", seconds=20, when="after")

    with pytest.raises(httpx.ReadTimeout):
        served.http.post("/videos", json={"prompt": "a cat"}, timeout=0.2)

    assert served.billed == 1


def test_connections_can_be_refused_after_they_are_accepted(served):
    served.script(on="connection", do="reset", times=1)

    with pytest.raises(httpx.TransportError):
        served.create()

    assert served.create().status_code == 200


# --- content -------------------------------------------------------------------------------------------------


@pytest.fixture
def clip(served):
    """A finished job and its whole clip."""
    job = served.finished()
    return job, served.http.get(f"/videos/{job}/content").content


def test_half_of_the_content_is_noticed_by_its_length(served, clip):
    job, whole = clip
    served.script(on="content", do="half")
    pieces = []

    with served.http.stream("GET", f"/videos/{job}/content") as reply:
        assert int(reply.headers["content-length"]) == len(whole)
        with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
            pieces.extend(reply.iter_raw())

    assert b"".join(pieces) == whole[: len(whole) // 2]


@pytest.mark.parametrize(("do", "length"), [("short", True), ("cut", False)])
def test_short_and_cut_content_look_whole(served, clip, do, length):
    job, whole = clip
    served.script(on="content", do=do)

    reply = served.http.get(f"/videos/{job}/content")

    assert reply.content == whole[: len(whole) // 2]
    assert ("content-length" in reply.headers) is length
    assert "transfer-encoding" not in reply.headers


def test_content_can_drip(served, clip):
    job, whole = clip
    served.script(on="content", do="drip", step=1000)

    reply = served.http.get(f"/videos/{job}/content")

    assert reply.content == whole


def test_a_slow_drip_outlasts_the_patience_of_a_client(served, clip):
    job, _ = clip
    served.script(on="content", do="drip", step=10, seconds=5)

    with pytest.raises(httpx.ReadTimeout):
        served.http.get(f"/videos/{job}/content", timeout=0.1)


def test_content_can_come_compressed(served, clip):
    job, whole = clip
    served.script(on="content", do="gzip")

    with served.http.stream("GET", f"/videos/{job}/content") as reply:
        raw = b"".join(reply.iter_raw())

    assert reply.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == whole


def test_content_headers_can_be_changed_and_removed(served, clip):
    job, whole = clip
    served.script(on="content", do="rewrite", headers={"ETag": "", "content-type": "application/octet-stream"})

    reply = served.http.get(f"/videos/{job}/content")

    assert "etag" not in reply.headers
    assert (reply.headers["content-type"], reply.content) == ("application/octet-stream", whole)


# --- jobs and what is shown of them --------------------------------------------------------------------------


def test_a_job_can_be_made_to_fail_by_moderation(served):
    served.script(on="create", do="fail", match="a dog")
    good, bad = served.finished("a cat"), served.finished("a dog")

    told = served.http.get(f"/videos/{bad}").json()

    assert told["status"] == "failed"
    assert told["error"] == {
        "message": "Your request was blocked by our moderation system.",
        "code": "moderation_blocked",
    }
    assert served.http.get(f"/videos/{good}").json()["status"] == "completed"


def test_a_stuck_job_never_gives_its_slot_back(serve):
    served = serve(rules=Rules(slots=1))
    served.script(on="create", do="stuck", nth=1)
    job = served.finished()
    served.sandbox.clock.advance(10_000)

    told = served.http.get(f"/videos/{job}").json()

    assert (told["status"], told["progress"]) == ("in_progress", 99)
    assert served.create().status_code == 429


@pytest.mark.parametrize("on", ["create", "retrieve", "content"])
def test_a_purged_job_is_not_found(served, on):
    served.script(on=on, do="purge")
    job = served.create().json()["id"]
    path = f"/videos/{job}/content" if on == "content" else f"/videos/{job}"

    assert served.http.get(path).status_code == 404
    assert served.http.get("/videos").json()["data"] == []
    assert served.billed == 1


def test_a_late_job_appears_after_its_reply_was_lost(served):
    served.script(on="create", do="late", seconds=30, nth=1)

    with pytest.raises(httpx.RemoteProtocolError):
        served.create()
    [bill] = served.sandbox.ledger()["billed"]
    hidden = served.http.get("/videos").json()["data"], served.http.get(f"/videos/{bill['id']}").status_code
    served.sandbox.clock.advance(30)
    [shown] = served.http.get("/videos").json()["data"]

    assert hidden == ([], 404)
    assert (shown["id"], shown["created_at"]) == (bill["id"], bill["billed_at"] + 30)


def test_a_late_job_may_have_a_gateways_answer_instead_of_its_reply(served):
    served.script(on="create", do="late", seconds=30, nth=1)
    served.script(on="create", do="status", status=504, when="after", nth=1)

    assert served.create().status_code == 504
    assert (served.billed, served.http.get("/videos").json()["data"]) == (1, [])


def test_status_words_can_be_foreign(serve):
    served = serve(pace=Pace(render_seconds=60))
    served.script(on="retrieve", do="words", body={"completed": "SUCCESS", "in_progress": "IN_PROGRESS"})
    job = served.finished()
    before = served.http.get(f"/videos/{job}").json()["status"]
    served.sandbox.clock.advance(60)

    assert (before, served.http.get(f"/videos/{job}").json()["status"]) == ("IN_PROGRESS", "SUCCESS")


def test_fields_of_a_job_can_be_replaced_and_removed(served):
    job = served.finished()
    served.script(on="retrieve", do="rewrite", body={"progress": "50%", "status": "in_progress", "object": None})

    told = served.http.get(f"/videos/{job}").json()

    assert (told["progress"], told["status"]) == ("50%", "in_progress")
    assert "object" not in told
    assert told["id"] == job


def test_a_list_can_lack_prompts(served):
    served.create()
    served.script(on="list", do="rewrite", body={"prompt": None})

    [told] = served.http.get("/videos").json()["data"]

    assert "prompt" not in told


def test_a_list_can_be_empty(served):
    served.create()
    served.script(on="list", do="empty")

    assert served.http.get("/videos").json() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


def test_a_list_can_lag(served):
    old = served.create().json()["id"]
    served.sandbox.clock.advance(20)
    new = served.create().json()["id"]
    served.script(on="list", do="lag", seconds=10)

    def listed():
        return [job["id"] for job in served.http.get("/videos").json()["data"]]

    early = listed()
    served.sandbox.clock.advance(10)

    assert (early, listed()) == ([old], [new, old])


@pytest.mark.parametrize(("status", "words"), [(404, "Not Found"), (405, "Method Not Allowed")])
def test_a_route_can_be_missing(served, status, words):
    served.script(on="list", do="no_route", status=status)

    reply = served.http.get("/videos")

    assert (reply.status_code, reply.json()["error"]["message"]) == (status, words)


def test_faults_of_one_request_add_up(served):
    served.script(on="create", do="fail", code="internal_error", message="oh")
    served.script(on="create", do="drop", when="after", nth=1)

    with pytest.raises(httpx.RemoteProtocolError):
        served.create()
    [job] = served.sandbox.jobs
    eventually(lambda: job.result is not None)

    assert served.http.get(f"/videos/{job.id}").json()["error"] == {"message": "oh", "code": "internal_error"}


def test_a_remix_can_be_struck_too(served):
    source = served.finished()
    served.script(on="remix", do="drop", when="after")

    with pytest.raises(httpx.RemoteProtocolError):
        served.http.post(f"/videos/{source}/remix", json={"prompt": "again"})

    assert served.billed == 2


# --- killing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "when"),
    [
        ("connection", "accepted"),
        *[("create", when) for when in ("head", "before", "after", "first", "half", "written")],
        *[("content", when) for when in ("head", "first", "half", "written")],
    ],
)
def test_a_process_is_killed_at_the_named_moment(served, victim, on, when):
    job = served.finished() if on == "content" else ""
    served.http.close()
    served.script(on=on, do="kill", when=when, pid=victim.pid, nth=1)

    with httpx.Client(base_url=served.sandbox.base_url, headers=KEY) as client:
        reply = client.get(f"/videos/{job}/content") if job else client.post("/videos", json={"prompt": "p"})

    assert reply.status_code == 200
    assert victim.wait(10) == -signal.SIGKILL


CLIENT = """
import json, os, sys, httpx
sys.stdin.readline()
headers = {"authorization": "Bearer k"}
sys.stdout.write(httpx.post(sys.argv[1] + "/videos", json={"prompt": "p"}, headers=headers).text)
sys.stdout.flush()
sys.stdin.readline()
"""


@pytest.mark.parametrize("when", ["after", "half"])
def test_a_client_that_is_killed_once_it_is_billed_has_bought_and_never_knows(served, when):
    command = [sys.executable, "-c", CLIENT, served.sandbox.base_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        served.script(on="create", do="kill", when=when, pid=client.pid)
        # A pause after the kill, so that no byte of the rest can be ahead of it.
        served.script(on="create", do="delay", when=when, seconds=0.2)
        client.stdin.write(b"go\n")
        client.stdin.flush()
        heard = client.stdout.read()

    assert (client.returncode, heard) == (-signal.SIGKILL, b"")
    assert served.billed == 1


# --- as a program --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def program(*flags):
    command = [sys.executable, "-m", "runner.sandbox", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_the_program_says_where_it_is_and_can_be_scripted(victim, tmp_path):
    flags = ["--key", "sk-only", "--slots", "1", "--no-list", "--may-kill", "--pace", "100"]
    with program(*flags, "--ledger", str(tmp_path / "ledger")) as (process, url):
        control = url.replace("/v1", "/_sandbox")
        headers = {"authorization": "Bearer sk-only"}
        kill = {"on": "create", "do": "kill", "pid": victim.pid, "when": "written"}
        httpx.post(f"{control}/faults", json=[kill])
        statuses = [
            httpx.get(f"{url}/videos/x", headers=KEY).status_code,
            httpx.get(f"{url}/videos", headers=headers).status_code,
            httpx.post(f"{url}/videos", json={"prompt": "p"}, headers=headers).status_code,
            httpx.post(f"{url}/videos", json={"prompt": "p"}, headers=headers).status_code,
        ]
        ledger = httpx.get(f"{control}/ledger").json()
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=20)

    assert statuses == [401, 404, 200, 429]
    assert victim.wait(10) == -signal.SIGKILL
    assert (len(ledger["billed"]), ledger["running"]) == (1, 1)
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert json.loads((tmp_path / "ledger").read_text())["id"] == ledger["billed"][0]["id"]


def test_the_program_says_in_a_line_that_its_port_is_taken(served):
    port = served.sandbox.base_url.rpartition(":")[2].removesuffix("/v1")
    with program("--port", port) as (process, url):
        _, complaint = process.communicate(timeout=20)

    assert (url, process.returncode) == ("", 4)
    assert complaint.startswith("sandbox: ")
    assert complaint.count("\n") == 1


def test_many_clients_are_served_at_once_and_no_more_than_two_jobs_run(serve):
    served = serve(pace=Pace(render_seconds=60))
    statuses = []

    def buy():
        with httpx.Client(base_url=served.sandbox.base_url, headers=KEY) as client:
            statuses.append(client.post("/videos", json={"prompt": "p"}).status_code)

    buyers = [threading.Thread(target=buy) for _ in range(8)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()

    assert sorted(statuses) == [200, 200, *[429] * 6]
    assert served.sandbox.ledger()["max_running"] == 2
