"""The body of a request, by JSON or by multipart/form-data, read into named values."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from runner.sandbox.messages import Request
from runner.sandbox.refusal import bad_body

_PARAMETER: Final = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))')
_PARTS_LIMIT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came in a form."""

    data: bytes
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Named values: of JSON any JSON value, of multipart a string or an `Upload`."""

    values: Mapping[str, Any]
    sent_as: str  # "json" or "multipart"


def read_form(request: Request) -> Form:
    """Read a body.

    Raises:
        Refusal: it is of another type, or cannot be read.
    """
    content_type = request.header("content-type")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        boundary = _parameters(content_type).get("boundary", "")
        return Form(values=_multipart(request.body, boundary), sent_as="multipart")
    if media_type in {"", "application/json"}:
        return Form(values=_json(request.body), sent_as="json")
    raise bad_body(f"Unsupported content type: '{media_type}'. Use application/json or multipart/form-data.")


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad_body("We could not parse the JSON body of your request.") from None
    if not isinstance(value, dict):
        raise bad_body("The JSON body of your request must be an object.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _multipart(body: bytes, boundary: str) -> Mapping[str, str | Upload]:
    if not 0 < len(boundary) <= 200:
        raise bad_body("The multipart body of your request has no boundary.")
    values: dict[str, str | Upload] = {}
    for head, data in _parts(body, b"--" + boundary.encode("latin-1", "replace")):
        name, value = _field(head, data)
        values[name] = value
    return values


def _parts(body: bytes, delimiter: bytes) -> Iterator[tuple[bytes, bytes]]:
    sections = (b"\r\n" + body).split(b"\r\n" + delimiter, _PARTS_LIMIT + 1)
    if len(sections) < 2 or len(sections) > _PARTS_LIMIT or not sections[-1].startswith(b"--"):
        raise bad_body("The multipart body of your request is cut short or has too many parts.")
    for section in sections[1:-1]:
        head, blank, data = section.lstrip(b" \t").partition(b"\r\n\r\n")
        if not blank or not head.startswith(b"\r\n"):
            raise bad_body("A part of the multipart body of your request has no headers.")
        yield head, data


def _field(head: bytes, data: bytes) -> tuple[str, str | Upload]:
    headers = dict(_headers(head.decode("utf-8", "replace")))
    parameters = _parameters(headers.get("content-disposition", ""))
    if "name" not in parameters:
        raise bad_body("A part of the multipart body of your request has no name.")
    if "filename" in parameters or "filename*" in parameters:
        filename = parameters.get("filename", "")
        media_type = headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
        return parameters["name"], Upload(data=data, media_type=media_type, filename=filename)
    try:
        return parameters["name"], data.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_body(f"The value of '{parameters['name']}' is not UTF-8.") from None


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\r\n"):
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def _parameters(header: str) -> Mapping[str, str]:
    found = _PARAMETER.findall(header)
    return {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in found}
