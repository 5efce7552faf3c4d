"""Replies of the sandbox that are framed, packed, paged or named in odd ways, and time that is made to pass."""

import gc
import json
import socket
import threading
import time
import zlib

import httpx
import pytest

from runner.sandbox.embedded import threaded
from runner.sandbox.faults import Fault
from runner.sandbox.rules import Rules
from runner.sandbox.server import Sandbox

KEY = {"authorization": "Bearer sk-test"}


class Served:
    def __init__(self, sandbox, http):
        self.sandbox = sandbox
        self.http = http

    def finished(self, prompt="a cat"):
        job = self.http.post("/videos", json={"prompt": prompt}).json()["id"]
        until = time.monotonic() + 20
        while self.sandbox.jobs.get(job).result is None:
            assert time.monotonic() < until, "it was never made"
            time.sleep(0.002)
        return job

    def clip(self, job):
        return self.http.get(f"/videos/{job}/content").content

    def script(self, **fields):
        self.sandbox.faults.append(Fault(**fields))


@pytest.fixture
def served():
    with (
        threaded(Sandbox(rules=Rules(slots=9))) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=KEY, timeout=20) as http,
    ):
        yield Served(sandbox, http)


def test_a_whole_body_may_end_with_the_connection(served):
    job = served.finished()
    whole = served.clip(job)
    served.script(on="content", do="close")

    reply = served.http.get(f"/videos/{job}/content")

    assert "content-length" not in reply.headers
    assert reply.content == whole


@pytest.mark.parametrize(
    ("told", "error"), [("5", None), ("999999", httpx.RemoteProtocolError), ("-1", httpx.HTTPError)]
)
def test_a_length_may_be_a_lie(served, told, error):
    job = served.finished()
    served.script(on="retrieve", do="frame", headers={"content-length": told})

    if error is None:
        assert served.http.get(f"/videos/{job}").content == b'{"id"'
    else:
        with pytest.raises(error):
            served.http.get(f"/videos/{job}")


def test_chunks_may_stop_before_the_last_one(served):
    job = served.finished()
    whole = served.clip(job)
    served.script(on="content", do="chunks", step=1000)
    pieces = []

    with (
        served.http.stream("GET", f"/videos/{job}/content") as reply,
        pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"),
    ):
        pieces.extend(reply.iter_raw())

    assert b"".join(pieces) == whole


def test_a_small_packet_may_hold_much(served):
    job = served.finished()
    served.script(on="retrieve", do="deflate", size=1 << 20)

    with served.http.stream("GET", f"/videos/{job}") as reply:
        raw = b"".join(reply.iter_raw())

    assert len(raw) < 10_000
    assert len(zlib.decompress(raw)) == 1 << 20
    assert json.loads(zlib.decompress(raw))["id"] == job


def test_words_may_be_filled_up(served):
    served.script(on="list", do="status", status=200, body="{}", size=100_000)

    assert served.http.get("/videos").text == "{}" + " " * 99_998


def test_a_job_may_be_known_by_another_id_too(served):
    served.script(on="any", do="rewrite", body={"id": "a/b"})
    served.script(on="create", do="alias", code="a/b")
    job = served.http.post("/videos", json={"prompt": "a cat"}).json()["id"]

    assert job == "a/b"
    assert served.http.get("/videos/a%2Fb").json()["id"] == "a/b"


def test_a_clip_may_be_another_one_from_now_on(served):
    job = served.finished()
    before = served.http.get(f"/videos/{job}/content")
    served.script(on="content", do="swap", nth=1)

    after = served.http.get(
        f"/videos/{job}/content", headers={"range": "bytes=10-", "if-range": before.headers["etag"]}
    )

    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert after.content.startswith(before.content)
    assert len(after.content) > len(before.content)


def test_a_list_may_come_in_small_pages(served):
    jobs = [served.finished() for _ in range(3)]
    served.script(on="list", do="pages", step=2)

    first = served.http.get("/videos", params={"limit": 100}).json()
    rest = served.http.get("/videos", params={"limit": 100, "after": first["last_id"]}).json()

    assert [first["has_more"], rest["has_more"]] == [True, False]
    assert sorted(job["id"] for job in first["data"] + rest["data"]) == sorted(jobs)


def test_a_list_may_repeat_reverse_and_lie_about_its_end(served):
    jobs = [served.finished() for _ in range(2)]
    plain = [job["id"] for job in served.http.get("/videos").json()["data"]]
    for do in ("double", "reverse"):
        served.script(on="list", do=do)
    served.script(on="list", do="envelope", body={"has_more": True, "last_id": jobs[0]})

    told = served.http.get("/videos").json()

    assert [job["id"] for job in told["data"]] == [plain[1], plain[1], plain[0], plain[0]]
    assert (told["has_more"], told["last_id"]) == (True, jobs[0])


def test_time_that_passes_at_once_ends_what_faults_keep_waiting(served):
    served.script(on="list", do="delay", seconds=600)
    replies = []
    asking = threading.Thread(target=lambda: replies.append(served.http.get("/videos")))
    asking.start()
    until = time.monotonic() + 20
    while not served.sandbox.kept_waiting():
        assert time.monotonic() < until, "it never waited"
        time.sleep(0.002)
    [rest] = served.sandbox.kept_waiting()
    before = served.sandbox.clock.now()

    served.sandbox.advance(rest)
    asking.join(timeout=20)

    assert 580 < rest <= 600
    assert served.sandbox.clock.now() - before >= rest - 1
    assert replies[0].status_code == 200
    assert served.sandbox.kept_waiting() == []


def test_who_left_is_not_kept_waiting(served):
    served.script(on="list", do="delay", seconds=600)

    with pytest.raises(httpx.ReadTimeout):
        served.http.get("/videos", timeout=0.2)

    until = time.monotonic() + 20
    while served.sandbox.kept_waiting():
        assert time.monotonic() < until, "its leaving was never noticed"
        time.sleep(0.002)


def test_whoever_connects_at_the_very_end_is_let_go():
    for _ in range(40):
        with threaded(Sandbox()) as sandbox:
            port = httpx.URL(sandbox.base_url).port
            callers = [socket.socket() for _ in range(8)]
            for caller in callers:
                caller.connect(("127.0.0.1", port))
        for caller in callers:
            caller.close()
    gc.collect()  # what was left open would be told now
