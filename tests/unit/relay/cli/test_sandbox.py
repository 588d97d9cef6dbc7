from relay.cli.sandbox import relay_environment
from relay.clock import FakeClock
from relay.sandbox.app import opened_sandbox
from relay.settings import read_settings


async def test_a_relay_can_read_the_settings_that_a_sandbox_prints():
    async with opened_sandbox(clock=FakeClock()) as sandbox:
        environment = relay_environment(sandbox, "http://127.0.0.1:1")

    settings = read_settings(environment)
    assert settings.xero_api_url == "http://127.0.0.1:1/xero"
    assert settings.ghl_public_keys[0].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert all("\n" not in value for value in environment.values())
