"""What every test may take. Unit tests open no socket."""

import socket
from typing import Any

import pytest

pytest_plugins = ["tests.servers.kafka", "tests.servers.postgres", "tests.vendor_material"]


@pytest.fixture(autouse=True)
def _unit_tests_open_no_socket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "/tests/unit/" in str(request.path):

        def refuse(_self: socket.socket, address: Any) -> None:
            raise AssertionError(f"a unit test tried to connect to {address}")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "bind", refuse)
