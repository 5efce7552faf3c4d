"""Whatever bytes come, the sandbox answers with a refusal or hangs up, and then serves the next client."""

import contextlib
import socket

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.sandbox.embedded import threaded
from runner.sandbox.rules import Rules
from runner.sandbox.server import Sandbox

KEY = {"authorization": "Bearer k"}
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELD = st.sampled_from(["prompt", "size", "seconds", "model", "input_reference", "input_reference[file_id]", ""])
METHOD = st.sampled_from(["GET", "POST", "DELETE", "PUT", "OPTIONS"])
TARGET = st.sampled_from(
    ["/v1/videos", "/v1/videos/x", "/v1/videos/x/content", "/v1/videos/x/remix", "/_sandbox/faults"]
)


@pytest.fixture(scope="module")
def sandbox():
    with threaded(Sandbox(rules=Rules(slots=10_000))) as running:
        yield running


def said_to(sandbox, data):
    """Everything that comes back for some bytes and an end of file."""
    port = int(sandbox.base_url.rpartition(":")[2].removesuffix("/v1"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        # The server may hang up before it has everything.
        with contextlib.suppress(OSError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    return received


def still_serves(sandbox):
    return httpx.get(f"{sandbox.base_url}/videos", headers=KEY, timeout=20).status_code == 200


@FEW
@given(data=st.binary(min_size=1, max_size=400))
def test_bytes_that_are_no_request_are_refused(sandbox, data):
    received = said_to(sandbox, data)

    assert received == b"" or received.startswith(b"HTTP/1.1 4")
    assert still_serves(sandbox)


@FEW
@given(
    method=METHOD,
    target=TARGET | st.text(min_size=1).map(lambda text: "/" + text),
    headers=st.lists(st.tuples(st.sampled_from(["Range", "Host", "Content-Type", "X-Shot-Id"]), st.text()), max_size=3),
    body=st.binary(max_size=200),
)
def test_strange_requests_are_refused_and_not_bought(sandbox, method, target, headers, body):
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Authorization: Bearer k", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers] + [f"Content-Length: {len(body)}", "", ""]

    received = said_to(sandbox, "\r\n".join(lines).encode("utf-8", "replace") + body)

    status = received[9:12]
    assert (
        status[:1] == b"4"
        or (status == b"200" and (method, target) == ("GET", "/v1/videos"))
        or (status == b"200" and target == "/_sandbox/faults")
    )
    assert still_serves(sandbox)


@FEW
@given(order=st.dictionaries(FIELD, JSON, max_size=4) | JSON)
def test_any_json_is_an_order_or_is_refused_with_an_error_object(sandbox, order):
    try:
        content = httpx.Request("POST", "http://x", json=order).content
    except ValueError:  # NaN or lone surrogates, which httpx does not send
        return

    reply = httpx.post(
        f"{sandbox.base_url}/videos",
        content=content,
        headers=KEY | {"content-type": "application/json"},
        timeout=20,
    )

    if reply.status_code != 200:
        assert reply.status_code == 400
        assert set(reply.json()["error"]) >= {"message", "code"}


@FEW
@given(fields=st.dictionaries(FIELD, st.text() | st.binary(), min_size=1, max_size=4))
def test_any_form_is_an_order_or_is_refused_with_an_error_object(sandbox, fields):
    files = {name: (None if isinstance(value, str) else "f.png", value) for name, value in fields.items()}

    reply = httpx.post(f"{sandbox.base_url}/videos", files=files, headers=KEY, timeout=20)

    if reply.status_code != 200:
        assert reply.status_code == 400
        assert set(reply.json()["error"]) >= {"message", "code"}


@FEW
@given(data=st.data())
def test_a_form_cut_or_changed_anywhere_is_refused_or_taken(sandbox, data):
    request = httpx.Request(
        "POST", "http://x", data={"prompt": "p"}, files={"input_reference": ("a.png", b"x", "image/png")}
    )
    body = bytearray(request.read())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(body)))

    headers = KEY | {"content-type": request.headers["content-type"]}
    reply = httpx.post(f"{sandbox.base_url}/videos", content=bytes(body[:end]), headers=headers, timeout=20)

    assert reply.status_code in {200, 400}
