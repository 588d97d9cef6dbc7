import asyncio
import json

import httpx
import pytest
import structlog.testing

from relay.clock import FakeClock
from relay.telemetry.health import LAG_EVERY_S, Health, watch_loop_lag
from relay.telemetry.metrics import LOOP_LAG_SECONDS


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def never() -> bool:
    return await asyncio.Event().wait()


async def broken() -> bool:
    raise ConnectionError("refused")


async def ask(health: Health, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(health), base_url="http://admin") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/metrics", 200),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("POST", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/webhooks/ghl", 404),
    ],
)
async def test_the_admin_port_has_these_pages(method: str, path: str, status: int) -> None:
    assert (await ask(Health({"log": yes}), path, method)).status_code == status


async def test_metrics_are_served_as_prometheus_reads_them() -> None:
    answer = await ask(Health({}), "/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "# HELP relay_deliveries_total Requests from vendors, by our answer." in answer.text


async def test_readiness_names_what_is_not_ready_whether_it_says_no_hangs_or_fails() -> None:
    health = Health({"log": yes, "database": no, "kafka": never, "spool": broken}, deadline_s=0.01)

    with structlog.testing.capture_logs() as lines:
        answer = await ask(health, "/readyz")

    assert answer.status_code == 503
    assert json.loads(answer.content) == {"ready": False, "not_ready": ["database", "kafka", "spool"]}
    assert [(line["event"], line["check"]) for line in lines] == [("check.failed", "spool")]


async def test_a_process_is_alive_while_it_is_not_ready() -> None:
    assert (await ask(Health({"log": no}), "/livez")).status_code == 200


async def test_another_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="lifespan"):
        await Health({})({"type": "lifespan"}, yes, yes)


async def test_the_lag_of_the_loop_is_how_late_it_wakes() -> None:
    clock = FakeClock()

    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(watch_loop_lag(clock))
        await asyncio.sleep(0)
        clock.advance(LAG_EVERY_S + 0.25)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        watch.cancel()

    assert LOOP_LAG_SECONDS._value.get() == pytest.approx(0.25)
