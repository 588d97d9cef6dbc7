"""What every test may take. Unit tests open no socket; time decides no test; no test leaves its logs configured."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import settings

pytest_plugins = ["tests.servers.kafka", "tests.servers.postgres", "tests.vendor_material"]

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _unit_tests_open_no_socket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "/tests/unit/" in str(request.path):

        def refuse(_self: socket.socket, address: Any) -> None:
            raise AssertionError(f"a unit test tried to connect to {address}")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "bind", refuse)
