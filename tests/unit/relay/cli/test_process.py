import pytest

from relay.cli.output import CommandFailed
from relay.cli.process import serving


async def nothing(_scope, _receive, _send):
    raise AssertionError("nobody called")


async def test_a_port_that_cannot_be_taken_names_the_setting_that_chooses_it():
    with pytest.raises(CommandFailed, match="RELAY_ADMIN_PORT"):
        async with serving(nothing, "no host", 1, "RELAY_ADMIN_PORT"):
            raise AssertionError("it listens")
