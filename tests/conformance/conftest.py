"""Gemini's client speaks nothing but TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators import tls
from worker.line import gemini_model


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    tls.write_bundle(tmp_path / "authorities.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    gemini_model._trusted.cache_clear()
    yield
    gemini_model._trusted.cache_clear()
