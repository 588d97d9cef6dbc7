import socket

import pytest

from relay import serving


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_the_socket_is_of_the_hosts_family(
    host: str, family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(socket, "create_server", lambda address, **options: made.append((address, options["family"])))

    serving.listening(host, 8080)

    assert made == [((host, 8080), family)]


def test_a_connection_is_kept_longer_than_a_vendors_agent_keeps_it_idle() -> None:
    assert serving.KEEP_ALIVE_S >= 60
