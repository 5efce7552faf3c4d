import httpx
import pytest

from runner.sandbox.forms import Upload, read_form
from runner.sandbox.messages import Head, Request
from runner.sandbox.refusal import Refusal


def make_request(body=b"", content_type="application/json"):
    return Request(head=Head(method="POST", target="/", headers={"content-type": content_type}), body=body)


def sent_by_httpx(**content):
    request = httpx.Request("POST", "http://x/", **content)
    return make_request(request.read(), request.headers["content-type"])


def test_json_values_keep_their_types():
    form = read_form(make_request('{"prompt": "猫", "seconds": 8}'.encode()))

    assert (form.sent_as, form.values) == ("json", {"prompt": "猫", "seconds": 8})


def test_multipart_gives_text_and_files():
    form = read_form(
        sent_by_httpx(
            data={"prompt": "角马", "size": "1x2"}, files={"input_reference": ("a.png", b"\r\n--\x00", "image/png")}
        )
    )

    assert form.sent_as == "multipart"
    assert form.values == {
        "prompt": "角马",
        "size": "1x2",
        "input_reference": Upload(data=b"\r\n--\x00", media_type="image/png", filename="a.png"),
    }


def test_multipart_without_a_file_is_text_only():
    assert read_form(sent_by_httpx(files={"prompt": (None, "a cat")})).values == {"prompt": "a cat"}


def test_multipart_may_have_a_quoted_boundary_and_words_around_it():
    body = b'hello\r\n--a b\r\ncontent-disposition: FORM-DATA; name="prompt"\r\n\r\na\r\n--a\r\n--a b--\r\nbye'

    assert read_form(make_request(body, 'Multipart/Form-Data; Boundary="a b"')).values == {"prompt": "a\r\n--a"}


def test_a_part_without_a_type_is_unknown_bytes():
    body = b'--b\r\nContent-Disposition: form-data; name=f; filename="x \\"y\\".png"\r\n\r\nbytes\r\n--b--\r\n'
    form = read_form(make_request(body, "multipart/form-data; boundary=b"))

    assert form.values == {"f": Upload(data=b"bytes", media_type="application/octet-stream", filename='x "y".png')}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"],
    ids=["empty", "cut", "not UTF-8", "NaN", "deep", "a number too long"],
)
def test_a_body_that_is_no_json_is_refused(body):
    with pytest.raises(Refusal, match="We could not parse the JSON body of your request"):
        read_form(make_request(body))


def test_json_that_is_no_object_is_refused():
    with pytest.raises(Refusal, match="must be an object"):
        read_form(make_request(b"[1]"))


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"", "multipart/form-data", "has no boundary"),
        (b"nothing", "multipart/form-data; boundary=b", "cut short"),
        (b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", "multipart/form-data; boundary=b", "cut short"),
        (b"--b\r\nno blank line\r\n--b--", "multipart/form-data; boundary=b", "has no headers"),
        (b"--b\r\nX: y\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", "has no name"),
        (
            b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\r\n--b--",
            "multipart/form-data; boundary=b",
            "The value of 'a' is not UTF-8",
        ),
        (b"a=b", "application/x-www-form-urlencoded", "Unsupported content type"),
        (b"--b\r\n" + b"\r\n--b" * 200 + b"--", "multipart/form-data; boundary=b", "too many parts"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body, content_type, message):
    with pytest.raises(Refusal, match=message):
        read_form(make_request(body, content_type))
