"""The sandbox as a client sees it: over real HTTP, every rule with its whole answer."""

import io
import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from PIL import Image

from runner.sandbox.blank import render as blank
from runner.sandbox.dialects.openai import OpenAi
from runner.sandbox.embedded import embedded, threaded
from runner.sandbox.renderers import Clips
from runner.sandbox.rules import Pace, Rules
from runner.sandbox.server import Sandbox

NOON = 1_760_627_077.0
DAY = 86_400
KEY = {"authorization": "Bearer sk-test"}
UNKNOWN = "video_00000000000081900000000000000000"


class StillClock:
    """Time that only moves when it is told to."""

    def __init__(self):
        self.time = NOON

    def now(self):
        return self.time

    def advance(self, seconds):
        self.time += seconds


class Served:
    """A running sandbox and a client of it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.http = httpx.Client(base_url=sandbox.base_url, headers=KEY, timeout=10)

    def create(self, **changes):
        return self.http.post("/videos", json={"prompt": "a cat"} | changes)

    def bought(self, **changes):
        reply = self.create(**changes)
        assert reply.status_code == 200, reply.text
        return reply.json()["id"]

    def rendered(self, job_id):
        job = self.sandbox.jobs.get(job_id)
        eventually(lambda: job.result is not None)
        return job_id

    def finished(self, **changes):
        return self.rendered(self.bought(**changes))

    def advance(self, seconds):
        self.sandbox.clock.advance(seconds)

    def control(self, method, path, **content):
        url = self.sandbox.base_url.replace("/v1", f"/_sandbox/{path}")
        return self.http.request(method, url, **content)


def eventually(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


@pytest.fixture
def serve():
    with ExitStack() as stack:

        def start(**options):
            sandbox = Sandbox(**{"clock": StillClock()} | options)
            served = Served(stack.enter_context(threaded(sandbox)))
            stack.callback(served.http.close)
            return served

        yield start


def picture(width=1280, height=720, form="JPEG"):
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, form)
    return file.getvalue()


def error_of(reply):
    assert reply.json().keys() == {"error"}
    return reply.json()["error"]


# --- the document's own examples -----------------------------------------------------------------------------


def test_the_documents_json_example_is_answered_with_the_documents_object(serve):
    served = serve(rules=Rules(echo_prompt=False))
    order = {
        "model": "sora-2",
        "prompt": "A video of a cool cat on a motorcycle in the night",
        "size": "1280x720",
        "seconds": "8",
    }

    reply = served.http.post("/videos", json=order)

    assert reply.status_code == 200
    told = reply.json()
    assert told.pop("id").startswith("video_68f10985")
    assert told == {
        "object": "video",
        "model": "sora-2",
        "status": "queued",
        "progress": 0,
        "created_at": 1760627077,
        "completed_at": None,
        "expires_at": None,
        "seconds": "8",
        "size": "1280x720",
        "remixed_from_video_id": None,
        "error": None,
    }


def test_the_documents_form_example_is_taken_as_curl_sends_it(serve):
    served = serve()
    form = {
        "model": "sora-2",
        "prompt": "The cat starts walking slowly towards the camera",
        "size": "1280x720",
        "seconds": "8",
    }

    reply = served.http.post(
        "/videos", data=form, files={"input_reference": ("reference_image.jpg", picture(), "image/jpeg")}
    )

    assert reply.status_code == 200
    assert (reply.json()["size"], reply.json()["seconds"]) == ("1280x720", "8")
    [bill] = served.sandbox.ledger()["billed"]
    assert (bill["sent_as"], bill["reference"]["media_type"]) == ("multipart", "image/jpeg")


def test_the_documents_script_with_a_fitted_portrait_is_taken(serve):
    served = serve()
    with Image.open(io.BytesIO(picture(900, 1601, "PNG"))) as image:
        fitted = io.BytesIO()
        image.resize((720, 1280), Image.Resampling.LANCZOS).save(fitted, format="JPEG", quality=95)
        fitted.seek(0)
    form = {"model": "sora-2", "prompt": "角马吃甜甜圈", "size": "720x1280", "seconds": "4"}

    reply = served.http.post("/videos", data=form, files={"input_reference": ("image.jpg", fitted, "image/jpeg")})

    assert reply.status_code == 200
    assert reply.json()["prompt"] == "角马吃甜甜圈"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_three_picture_formats_are_taken(serve, form):
    files = {"input_reference": ("x", picture(720, 1280, form), f"image/{form.lower()}")}

    assert serve().http.post("/videos", data={"prompt": "p"}, files=files).status_code == 200


def test_what_is_left_out_has_the_documents_defaults(serve):
    told = serve().create().json()

    assert (told["model"], told["size"], told["seconds"]) == ("sora-2", "720x1280", "4")


# --- the rules -----------------------------------------------------------------------------------------------

SECONDS = "Supported values are: '4', '8', and '12'."
MEDIA_TYPE = "Invalid file 'input_reference': unsupported mimetype ('application/octet-stream')."
MEDIA = "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
INVALID = "invalid_request_error"


def sent(**changes):
    return {"json": {"prompt": "a cat"} | changes}


def form(file=None, **changes):
    return {"data": {"prompt": "a cat", "size": "1280x720"} | changes, "files": {"input_reference": file}}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (
            sent(size="1920x1080"),
            {"message": "Invalid parameter: size must be 720x1280 or 1280x720", "code": "invalid_parameter"},
        ),
        (
            sent(size=720),
            {"message": "Invalid parameter: size must be 720x1280 or 1280x720", "code": "invalid_parameter"},
        ),
        (
            sent(seconds="10"),
            {
                "message": f"Invalid value: '10'. {SECONDS}",
                "type": INVALID,
                "param": "seconds",
                "code": "invalid_value",
            },
        ),
        (
            sent(seconds=8),
            {
                "message": "Invalid type for 'seconds': expected one of '4', '8', or '12', but got an integer instead.",
                "type": INVALID,
                "param": "seconds",
                "code": "invalid_type",
            },
        ),
        (
            {"json": {"model": "sora-2"}},
            {
                "message": "Missing required parameter: 'prompt'.",
                "type": INVALID,
                "param": "prompt",
                "code": "missing_required_parameter",
            },
        ),
        (
            sent(prompt=""),
            {
                "message": "Invalid 'prompt': empty string. Expected a string with minimum length 1, "
                "but got an empty string instead.",
                "type": INVALID,
                "param": "prompt",
                "code": "empty_string",
            },
        ),
        (
            sent(prompt="x" * 32_001),
            {
                "message": "Invalid 'prompt': string too long. Expected a string with maximum length 32000, "
                "but got a string with length 32001 instead.",
                "type": INVALID,
                "param": "prompt",
                "code": "string_above_max_length",
            },
        ),
        (
            sent(prompt=["a cat"]),
            {
                "message": "Invalid type for 'prompt': expected a string, but got an array instead.",
                "type": INVALID,
                "param": "prompt",
                "code": "invalid_type",
            },
        ),
        (
            sent(model="sora-3"),
            {
                "message": "Invalid value: 'sora-3'. Supported values are: 'sora-2'.",
                "type": INVALID,
                "param": "model",
                "code": "invalid_value",
            },
        ),
        (
            sent(input_reference="cat.png"),
            {
                "message": "Invalid type for 'input_reference': expected a file, but got a string instead.",
                "type": INVALID,
                "param": "input_reference",
                "code": "invalid_type",
            },
        ),
        (
            {
                "data": {"prompt": "p", "input_reference[image_url]": "https://x/y.png"},
                "files": {"model": (None, "sora-2")},
            },
            {
                "message": "Invalid type for 'input_reference': expected a file, but got an object instead.",
                "type": INVALID,
                "param": "input_reference",
                "code": "invalid_type",
            },
        ),
        (
            {"data": {"prompt": "p", "characters[][id]": "c"}, "files": {"model": (None, "sora-2")}},
            {
                "message": "Unknown parameter: 'characters[][id]'.",
                "type": INVALID,
                "param": "characters[][id]",
                "code": "unknown_parameter",
            },
        ),
        (
            form(("cat.png", picture(), "application/octet-stream")),
            {
                "message": f"{MEDIA_TYPE} {MEDIA}",
                "type": INVALID,
                "param": "input_reference",
                "code": "unsupported_file_mimetype",
            },
        ),
        (
            form(("cat.png", b"GIF89a" + bytes(50), "image/png")),
            {
                "message": f"{MEDIA_TYPE} {MEDIA}",
                "type": INVALID,
                "param": "input_reference",
                "code": "unsupported_file_mimetype",
            },
        ),
        (
            form(("cat.png", picture(form="PNG")[:400], "image/png")),
            {
                "message": "Invalid file 'input_reference': cannot be decoded.",
                "type": INVALID,
                "param": "input_reference",
                "code": "invalid_image",
            },
        ),
        (
            form(("cat.png", picture(1280, 719), "image/jpeg")),
            {
                "message": "Inpaint image must match the requested width and height",
                "type": INVALID,
                "param": "input_reference",
                "code": None,
            },
        ),
    ],
    ids=lambda value: "" if "message" in value else None,
)
def test_a_broken_rule_is_told_in_the_providers_words(serve, request_, error):
    served = serve()

    reply = served.http.post("/videos", **request_)

    assert (reply.status_code, error_of(reply)) == (400, error)
    assert served.sandbox.ledger()["billed"] == []


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic abc", "sk-test"])
def test_a_bearer_is_asked_for(serve, authorization):
    served = serve()
    headers = {} if authorization is None else {"authorization": authorization}

    reply = httpx.get(f"{served.sandbox.base_url}/videos", headers=headers)

    assert (reply.status_code, error_of(reply)["code"]) == (401, "invalid_api_key")


def test_only_the_configured_key_is_let_in_and_no_key_is_repeated(serve):
    served = serve(rules=Rules(key="sk-right"))

    wrong = served.create()
    right = served.http.get("/videos", headers={"authorization": "bearer sk-right"})

    assert wrong.status_code == 401
    assert error_of(wrong)["message"] == "Incorrect API key provided."
    assert right.status_code == 200


def test_a_server_may_ask_for_no_key(serve):
    served = serve(rules=Rules(auth=False))

    assert httpx.get(f"{served.sandbox.base_url}/videos").status_code == 200


def test_two_jobs_run_and_a_third_has_to_wait(serve):
    served = serve(pace=Pace(queue_seconds=5, render_seconds=60))
    jobs = [served.bought(), served.bought()]

    refused = served.create()
    [served.rendered(job) for job in jobs]
    served.advance(65)
    admitted = served.create()

    assert refused.status_code == 429
    assert error_of(refused) == {
        "message": "Too many running tasks",
        "type": "video_generation_user_error",
        "param": None,
        "code": None,
    }
    assert admitted.status_code == 200
    ledger = served.sandbox.ledger()
    assert (len(ledger["billed"]), ledger["max_running"], ledger["too_many"]) == (3, 2, 1)


def test_wider_rules_are_a_matter_of_data(serve):
    rules = Rules(sizes=(), seconds=(), models=(), slots=9)
    served = serve(rules=rules)

    assert served.create(size="832x480", seconds="5", model="wan").status_code == 200
    assert served.create(size="833x480").json()["error"]["code"] == "invalid_parameter"
    assert served.create(seconds="0").json()["error"]["code"] == "invalid_value"


# --- the life of a job ---------------------------------------------------------------------------------------


def test_a_job_is_queued_then_in_progress_then_completed(serve):
    served = serve(pace=Pace(queue_seconds=10, render_seconds=40, poll_after=2.5))
    job = served.finished()

    seen = []
    for step in (0, 10, 20, 20):
        served.advance(step)
        reply = served.http.get(f"/videos/{job}")
        told = reply.json()
        seen.append((told["status"], told["progress"], reply.headers.get("openai-poll-after-ms")))

    assert seen == [
        ("queued", 0, "2500"),
        ("in_progress", 0, "2500"),
        ("in_progress", 50, "2500"),
        ("completed", 100, None),
    ]
    assert (told["completed_at"], told["expires_at"]) == (NOON + 50, NOON + 50 + DAY)


def test_a_job_is_not_completed_before_its_clip_exists(serve):
    gate = threading.Event()

    def slow(spec, target):
        assert gate.wait(20)
        blank(spec, target)

    served = serve(renderer=slow)
    job = served.bought()
    before = served.http.get(f"/videos/{job}").json()
    early = served.http.get(f"/videos/{job}/content")
    gate.set()
    after = served.http.get(f"/videos/{served.rendered(job)}").json()

    assert (before["status"], before["progress"]) == ("in_progress", 99)
    assert early.status_code == 404
    assert error_of(early)["message"] == "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
    assert after["status"] == "completed"


def test_a_renderer_that_raises_fails_the_job(serve):
    def broken(spec, target):
        raise RuntimeError("no ink")

    served = serve(renderer=broken)
    job = served.finished()

    told = served.http.get(f"/videos/{job}").json()

    assert told["status"] == "failed"
    assert told["error"] == {"message": "The video could not be generated: no ink", "code": "video_generation_failed"}
    assert served.http.get(f"/videos/{job}/content").json()["error"]["code"] == "video_failed"


def test_the_renderer_is_told_everything_about_the_shot(serve):
    specs = []

    def watching(spec, target):
        specs.append(spec)
        blank(spec, target)

    served = serve(renderer=watching)
    data = picture(form="PNG")
    named = served.http.post(
        "/videos",
        data={"prompt": "p", "size": "1280x720", "seconds": "12"},
        files={"input_reference": ("x.png", data, "image/png")},
        headers={"x-shot-id": "beach"},
    ).json()["id"]
    served.rendered(named)
    unnamed = served.finished()

    assert (specs[0].prompt, specs[0].width, specs[0].height, specs[0].seconds) == ("p", 1280, 720, 12)
    assert (specs[0].shot, specs[0].reference) == ("beach", data)
    assert (specs[1].shot, specs[1].reference) == (unnamed[-6:], None)
    assert [bill["shot"] for bill in served.sandbox.ledger()["billed"]] == ["beach", None]


def test_a_clip_expires_after_a_day_and_its_job_is_still_known(serve):
    served = serve()
    job = served.finished()
    served.advance(DAY - 1)
    in_time = served.http.get(f"/videos/{job}/content")
    served.advance(2)
    too_late = served.http.get(f"/videos/{job}/content")

    assert in_time.status_code == 200
    assert (too_late.status_code, error_of(too_late)["code"]) == (404, "video_expired")
    assert served.http.get(f"/videos/{job}").json()["status"] == "completed"


def test_a_forgetful_server_knows_nothing_of_an_expired_job(serve):
    served = serve(rules=Rules(forgets=True))
    job = served.finished()
    served.advance(DAY + 1)

    assert served.http.get(f"/videos/{job}").status_code == 404
    assert served.http.get("/videos").json()["data"] == []


# --- list, delete, remix, routes -----------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["desc", "asc"])
def test_the_list_is_paged_in_both_orders(serve, order):
    served = serve(rules=Rules(slots=9))
    jobs = []
    for _ in range(5):
        jobs.append(served.bought())
        served.advance(1)
    expected = jobs if order == "asc" else jobs[::-1]

    pages, after = [], {}
    while True:
        page = served.http.get("/videos", params={"limit": 2, "order": order} | after).json()
        pages.append([job["id"] for job in page["data"]])
        assert (page["object"], page["first_id"], page["last_id"]) == ("list", pages[-1][0], pages[-1][-1])
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}

    assert pages == [expected[:2], expected[2:4], expected[4:]]


def test_the_list_is_newest_first_and_may_be_empty(serve):
    served = serve()
    empty = served.http.get("/videos").json()
    first, second = served.bought(), served.bought()

    assert empty == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert [job["id"] for job in served.http.get("/videos").json()["data"]] == [second, first]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 400),
        ("limit=101", 400),
        ("limit=x", 400),
        ("limit=²", 400),
        ("order=up", 400),
        (f"after={UNKNOWN}", 404),
    ],
)
def test_a_list_query_that_makes_no_sense_is_refused(serve, query, status):
    assert serve().http.get(f"/videos?{query}").status_code == status


def test_a_server_may_have_no_list(serve):
    reply = serve(rules=Rules(lists=False)).http.get("/videos")

    assert (reply.status_code, error_of(reply)["message"]) == (404, "Invalid URL (GET /v1/videos)")


def test_a_finished_job_can_be_deleted_once(serve):
    served = serve()
    job = served.finished()

    deleted = served.http.delete(f"/videos/{job}")
    again = served.http.delete(f"/videos/{job}")

    assert deleted.json() == {"id": job, "object": "video.deleted", "deleted": True}
    assert again.status_code == 404
    assert len(served.sandbox.ledger()["billed"]) == 1


def test_a_running_job_cannot_be_deleted(serve):
    served = serve(pace=Pace(render_seconds=60))

    assert served.http.delete(f"/videos/{served.bought()}").json()["error"]["code"] == "video_running"


def test_a_remix_is_a_new_job_of_the_same_kind(serve):
    served = serve()
    source = served.finished(size="1280x720", seconds="8")

    told = served.http.post(f"/videos/{source}/remix", json={"prompt": "the same, at night"}).json()

    assert told["id"] != source
    assert told["remixed_from_video_id"] == source
    assert (told["prompt"], told["size"], told["seconds"]) == ("the same, at night", "1280x720", "8")
    assert len(served.sandbox.ledger()["billed"]) == 2


def test_only_what_is_finished_can_be_remixed(serve):
    served = serve(pace=Pace(render_seconds=60))

    reply = served.http.post(f"/videos/{served.bought()}/remix", json={"prompt": "p"})

    assert (reply.status_code, error_of(reply)["code"]) == (404, "video_not_ready")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/videos/{UNKNOWN}"),
        ("GET", f"/videos/{UNKNOWN}/content"),
        ("DELETE", f"/videos/{UNKNOWN}"),
        ("POST", f"/videos/{UNKNOWN}/remix"),
    ],
)
def test_an_unknown_id_is_not_found(serve, method, path):
    reply = serve().http.request(method, path)

    assert reply.status_code == 404
    assert error_of(reply) == {
        "message": f"Video with id '{UNKNOWN}' not found.",
        "type": INVALID,
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize("path", ["/", "/videos/", "/images", "/videos/x/y", "/videos/x/content/y", "/../videos"])
def test_an_unknown_route_is_not_found(serve, path):
    reply = serve().http.get(path)

    assert reply.status_code == 404
    assert error_of(reply)["message"].startswith("Invalid URL (GET /")


def test_paths_without_the_version_are_not_served(serve):
    served = serve()

    assert httpx.get(served.sandbox.base_url.replace("/v1", "/videos"), headers=KEY).status_code == 404


def test_a_wrong_method_is_told_the_right_ones(serve):
    reply = serve().http.put("/videos")

    assert (reply.status_code, reply.headers["allow"]) == (405, "POST, GET")
    assert error_of(reply)["code"] == "method_not_supported"


# --- content -------------------------------------------------------------------------------------------------


def test_content_is_the_clip_with_its_length_and_a_strong_etag(serve):
    served = serve()
    job = served.finished()

    first = served.http.get(f"/videos/{job}/content")
    second = served.http.get(f"/videos/{job}/content", params={"variant": "video"})

    assert first.headers["content-type"] == "video/mp4"
    assert int(first.headers["content-length"]) == len(first.content)
    assert first.headers["accept-ranges"] == "bytes"
    assert first.headers["etag"].startswith('"')
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert first.content[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-50", 206, slice(-50, None)),
        ("bytes=0-99999999", 206, slice(0, None)),
        ("bytes=-99999999", 206, slice(0, None)),
        ("bytes=5-2", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
        ("bytes=0-1,5-6", 200, slice(0, None)),
        ("lines=0-1", 200, slice(0, None)),
    ],
)
def test_a_range_of_a_clip_can_be_had(serve, asked, status, part):
    served = serve()
    job = served.finished()
    whole = served.http.get(f"/videos/{job}/content").content

    reply = served.http.get(f"/videos/{job}/content", headers={"range": asked})

    assert (reply.status_code, reply.content) == (status, whole[part])
    if status == 206:
        start, stop, _ = part.indices(len(whole))
        assert reply.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_outside_the_clip_is_refused_with_its_length(serve, asked):
    served = serve()
    job = served.finished()
    size = len(served.http.get(f"/videos/{job}/content").content)

    reply = served.http.get(f"/videos/{job}/content", headers={"range": asked})

    assert (reply.status_code, reply.headers["content-range"]) == (416, f"bytes */{size}")


def test_a_range_holds_only_for_the_clip_it_was_meant_for(serve):
    served = serve()
    job = served.finished()
    etag = served.http.get(f"/videos/{job}/content").headers["etag"]

    def status(if_range):
        headers = {"range": "bytes=5-", "if-range": if_range}
        return served.http.get(f"/videos/{job}/content", headers=headers).status_code

    assert [status(etag), status('"another"'), status(f"W/{etag}")] == [206, 200, 200]


@pytest.mark.parametrize(("variant", "kind"), [("thumbnail", "WEBP"), ("spritesheet", "JPEG")])
def test_openais_own_service_has_stills(serve, variant, kind):
    pytest.importorskip("av")
    served = serve(dialect=OpenAi())
    job = served.finished(seconds="4")

    reply = served.http.get(f"/videos/{job}/content", params={"variant": variant})

    assert (reply.status_code, reply.headers["content-type"]) == (200, f"image/{kind.lower()}")
    assert Image.open(io.BytesIO(reply.content)).format == kind
    unknown = served.http.get(f"/videos/{job}/content", params={"variant": "poster"})
    assert (unknown.status_code, error_of(unknown)["code"]) == (400, "invalid_value")


def test_only_the_video_variant_is_there(serve):
    served = serve()

    reply = served.http.get(f"/videos/{served.finished()}/content", params={"variant": "thumbnail"})

    assert (reply.status_code, error_of(reply)["message"]) == (
        400,
        "Invalid value: 'thumbnail'. Supported values are: 'video'.",
    )


# --- the wire ------------------------------------------------------------------------------------------------


def raw(served):
    host, _, port = served.sandbox.base_url.removeprefix("http://").removesuffix("/v1").partition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def reply_on(connection):
    """One reply with a Content-Length, read from a raw connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(4096)
    return head, body


def test_a_connection_is_kept_and_requests_may_come_in_a_row(serve):
    served = serve()
    line = b"GET /v1/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n"

    with raw(served) as connection:
        connection.sendall(line)
        first = reply_on(connection)
        connection.sendall(line)
        second = reply_on(connection)

    assert first[0].startswith(b"HTTP/1.1 200 OK")
    assert first[1] == second[1]
    assert served.sandbox.ledger()["connections"] == 1
    assert served.sandbox.ledger()["requests"]["list"] == 2


def test_pipelined_requests_are_answered_in_order(serve):
    served = serve()
    lines = [f"GET /v1/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for name in ("a", "b")]

    with raw(served) as connection:
        connection.sendall(b"".join(lines) + b"GET /v1/c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))

    assert [received.count(f"/v1/{name})".encode()) for name in "abc"] == [1, 1, 1]
    assert received.index(b"/v1/a") < received.index(b"/v1/b") < received.index(b"/v1/c")


def test_a_client_that_waits_for_leave_to_send_gets_it(serve):
    served = serve()
    body = b'{"prompt": "a cat"}'

    with raw(served) as connection:
        connection.sendall(
            b"POST /v1/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        head, _ = reply_on(connection)

    assert head.startswith(b"HTTP/1.1 200")


def test_a_chunked_body_is_taken(serve):
    reply = serve().http.post("/videos", content=iter([b'{"prompt"', b': "a cat"}']))

    assert reply.status_code == 200


def test_a_body_that_is_too_long_is_refused_in_words(serve):
    served = serve(rules=Rules(body_limit=1000))

    reply = served.http.post("/videos", content=b"x" * 3_000_000)

    assert (reply.status_code, error_of(reply)["message"]) == (413, "The request is longer than 1000 bytes.")


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\x00\r\n\r\n", b"HELLO\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_nonsense_is_answered_with_400(serve, nonsense):
    with raw(serve()) as connection:
        connection.sendall(nonsense)

        assert connection.recv(4096).startswith(b"HTTP/1.1 400")


def test_the_date_is_the_servers_own(serve):
    served = serve()
    served.advance(DAY)

    assert served.http.get("/videos").headers["date"] == "Fri, 17 Oct 2025 15:04:37 GMT"


# --- control, ledger, closing --------------------------------------------------------------------------------


def test_the_ledger_counts_requests_by_kind(serve):
    served = serve()
    job = served.finished()
    served.http.get(f"/videos/{job}")
    served.http.get(f"/videos/{job}")
    served.http.get(f"/videos/{job}/content")
    served.http.get("/nowhere")

    ledger = served.control("GET", "ledger").json()

    assert ledger["requests"] == {
        "create": 1,
        "retrieve": 2,
        "list": 0,
        "content": 1,
        "delete": 0,
        "remix": 0,
        "unknown": 1,
    }
    [bill] = ledger["billed"]
    assert (bill["id"], bill["prompt"], bill["size"], bill["seconds"]) == (job, "a cat", "720x1280", "4")
    assert (bill["created_at"], bill["status"]) == (NOON, "completed")


def test_the_ledger_is_written_to_a_file_as_it_grows(serve, tmp_path):
    served = serve(ledger_path=tmp_path / "ledger.jsonl")
    served.bought(prompt="角马")

    assert '"prompt": "角马"' in (tmp_path / "ledger.jsonl").read_text(encoding="utf-8")


def test_the_clock_can_be_moved_from_outside(serve):
    served = serve()

    assert served.control("POST", "clock", json={"advance": DAY}).json() == {"now": NOON + DAY}
    assert served.control("POST", "clock", json={"advance": "a day"}).status_code == 400


def test_faults_can_be_scripted_from_outside_and_cleared(serve):
    served = serve()
    fault = {"on": "retrieve", "do": "status", "status": 503, "nth": 1}

    added = served.control("POST", "faults", json=[fault])
    told = served.control("GET", "faults").json()
    struck = served.http.get(f"/videos/{UNKNOWN}").status_code
    served.control("POST", "faults", json=fault)
    cleared = served.control("DELETE", "faults").json()

    assert (added.json(), told, struck, cleared) == ({"faults": 1}, [fault], 503, {"faults": 0})
    assert served.http.get(f"/videos/{UNKNOWN}").status_code == 404


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"json": [{"on": "create"}]}, "a fault is an object with at least `on` and `do`"),
        ({"json": {"on": "create", "do": "kill", "pid": 99}}, "`kill` is not allowed on this server"),
        ({"content": b"{"}, "The body is no JSON."),
    ],
)
def test_a_script_that_cannot_be_played_is_refused(serve, content, message):
    reply = serve().control("POST", "faults", **content)

    assert (reply.status_code, error_of(reply)["message"]) == (400, message)


@pytest.mark.parametrize("headers", [{"origin": "https://example.com"}, {"host": "rebound.example.com"}])
def test_a_web_page_cannot_reach_the_control_routes(serve, headers):
    reply = serve().control("GET", "ledger", headers=headers)

    assert reply.status_code == 403


def test_closing_does_not_wait_for_a_clip_or_a_client():
    gate, begun, folders = threading.Event(), threading.Event(), []

    def endless(spec, target):
        folders.append(target.parent)
        begun.set()
        assert gate.wait(20)
        blank(spec, target)

    with threaded(Sandbox(renderer=endless)) as sandbox:
        served = Served(sandbox)
        served.bought()
        assert begun.wait(20)
        with raw(served) as idle:
            idle.sendall(b"POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            eventually(lambda: sandbox.ledger()["requests"]["create"] == 2)
    # The clip is still in the making here: the gate is shut.
    served.http.close()

    assert not folders[0].exists()
    gate.set()


def test_embedded_serves_for_as_long_as_its_block_lasts():
    with embedded(clips=Clips.BLANK) as base_url:
        assert base_url.startswith("http://127.0.0.1:")
        assert base_url.endswith("/v1")
        assert httpx.get(f"{base_url}/videos", headers=KEY).status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base_url}/videos", headers=KEY)


def test_a_port_that_is_taken_is_said_to_the_caller():
    with threaded(Sandbox()) as sandbox:
        port = int(sandbox.base_url.rpartition(":")[2].removesuffix("/v1"))

        with pytest.raises(OSError, match="address already in use"), threaded(Sandbox(), port):
            pass


def test_clips_are_removed_when_the_server_closes(tmp_path):
    with threaded(Sandbox()) as sandbox:
        served = Served(sandbox)
        served.finished()
        [job] = sandbox.jobs
        folder = Path(job.result.path).parent
        assert folder.is_dir()
        served.http.close()

    assert not folder.exists()
