"""Fixtures of the integration tests."""

import os
import ssl
from collections.abc import Iterator
from functools import lru_cache
from unittest.mock import patch

import httpx
import pytest

_read = httpx.create_ssl_context


@lru_cache
def _certificates(file: str | None, folder: str | None) -> ssl.SSLContext:
    return _read()


@pytest.fixture(scope="module", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Reading them takes longer than all else that a client needs, and there is a client in every test."""
    known = lambda: _certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))  # noqa: E731
    with patch.object(httpx, "create_ssl_context", known):
        yield
