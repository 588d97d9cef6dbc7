import asyncio
from typing import Any

import pytest

from relay.sandbox.xero import SCOPES
from tests.givens.xero_sandbox import a_world, an_invoice


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        pytest.param({"Authorization": ""}, 401, "AuthenticationUnsuccessful", id="no token"),
        pytest.param({"Authorization": "Bearer x"}, 401, "AuthenticationUnsuccessful", id="an unknown token"),
        pytest.param({"xero-tenant-id": ""}, 403, "AuthenticationUnsuccessful", id="no tenant"),
        pytest.param({"xero-tenant-id": "x"}, 403, "AuthenticationUnsuccessful", id="a tenant that is not connected"),
    ],
)
async def test_who_may_not_enter_is_told_in_json(headers: dict[str, str], status: int, detail: str) -> None:
    async with a_world() as world:
        answer = await world.ask("GET", "Organisation", headers=headers)

    assert (answer.status_code, answer.json()["Detail"]) == (status, detail)


async def test_an_expired_token_is_told_so() -> None:
    async with a_world() as world:
        world.clock.advance(1800)
        answer = await world.ask("GET", "Organisation")

    assert answer.status_code == 401
    assert answer.json()["Detail"].startswith("TokenExpired: token expired at ")


@pytest.mark.parametrize(
    ("scopes", "method", "status"),
    [
        (SCOPES, "GET", 200),
        (["accounting.invoices.read"], "GET", 200),
        (["accounting.transactions"], "PUT", 200),
        (["accounting.invoices.read"], "PUT", 401),
        (["accounting.contacts"], "GET", 401),
    ],
)
async def test_a_scope_opens_its_own_endpoints(scopes: list[str], method: str, status: int) -> None:
    async with a_world(scopes) as world:
        answer = await world.ask(method, "Invoices", {"Invoices": [an_invoice()]})

    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "insufficent_scope"
        assert answer.json()["Detail"] == "AuthorizationUnsuccessful"


async def test_every_answer_says_what_is_left() -> None:
    async with a_world() as world:
        answer = await world.ask("GET", "Organisation")

    assert answer.headers["x-daylimit-remaining"] == "4999"
    assert answer.headers["x-minlimit-remaining"] == "59"
    assert answer.headers["x-appminlimit-remaining"] == "9999"
    assert answer.headers["xero-correlation-id"]


@pytest.mark.parametrize("accept", ["", "*/*", "application/xml"])
async def test_who_does_not_ask_for_json_gets_xml(accept: str) -> None:
    async with a_world() as world:
        answer = await world.ask("GET", "Organisation", headers={"Accept": accept or "*/*"})

    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text.startswith("<Response>")


async def test_the_envelope_is_xeros() -> None:
    async with a_world() as world:
        unpaged = (await world.ask("GET", "Invoices")).json()
        paged = (await world.ask("GET", "Invoices", page=1)).json()

    assert list(unpaged) == ["Id", "Status", "ProviderName", "DateTimeUTC", "Invoices"]
    assert unpaged["DateTimeUTC"] == "/Date(1795521600000)/"
    assert paged["pagination"] == {"page": 1, "pageSize": 100, "pageCount": 0, "itemCount": 0}


async def test_an_unknown_path_is_no_json() -> None:
    async with a_world() as world:
        answer = await world.ask("GET", "Nothing")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_a_key_brings_the_first_answer_byte_for_byte_and_costs_quota() -> None:
    async with a_world() as world:
        body = {"Invoices": [an_invoice(InvoiceNumber="A-1")]}
        first = await world.ask("PUT", "Invoices", body, headers={"Idempotency-Key": "k"})
        second = await world.ask("PUT", "Invoices", body, headers={"idempotency-key": "k"})

    assert first.content == second.content
    assert second.headers["x-minlimit-remaining"] == "58"
    assert world.fired.kinds() == ["CONTACT CREATE", "INVOICE CREATE"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "Invoices", {"Invoices": [an_invoice(InvoiceNumber="A-2")]}),
        ("POST", "Invoices", {"Invoices": [an_invoice(InvoiceNumber="A-1")]}),
        ("PUT", "Invoices?unitdp=4", {"Invoices": [an_invoice(InvoiceNumber="A-1")]}),
    ],
)
async def test_a_key_belongs_to_one_request(method: str, path: str, body: dict[str, Any]) -> None:
    async with a_world() as world:
        key = {"Idempotency-Key": "k"}
        await world.ask("PUT", "Invoices", {"Invoices": [an_invoice(InvoiceNumber="A-1")]}, headers=key)
        answer = await world.ask(method, path, body, headers=key)

    assert answer.status_code == 400
    assert answer.json()["Message"] == "Idempotency Key: k is used with a different request."


async def test_a_refusal_is_kept_under_its_key_too() -> None:
    async with a_world() as world:
        body = {"Invoices": [an_invoice(InvoiceNumber="A-1", DueDate=None)]}
        first = await world.ask("PUT", "Invoices", body, headers={"Idempotency-Key": "k"})
        again = await world.ask("PUT", "Invoices", body, headers={"Idempotency-Key": "k"})

    assert (first.status_code, first.content) == (400, again.content)


async def test_a_throttled_call_is_not_kept_under_its_key() -> None:
    async with a_world() as world:
        body = {"Invoices": [an_invoice()]}
        world.sandbox.throttle(world.tenant_id, "minute", 3)
        throttled = await world.ask("PUT", "Invoices", body, headers={"Idempotency-Key": "k"})
        world.clock.advance(3)
        done = await world.ask("PUT", "Invoices", body, headers={"Idempotency-Key": "k"})

    assert (throttled.status_code, throttled.headers["retry-after"], done.status_code) == (429, "3", 200)


async def test_reading_knows_no_keys() -> None:
    async with a_world() as world:
        for path in ("Organisation", "Invoices"):
            answer = await world.ask("GET", path, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 200


async def test_a_slow_call_counts_among_the_five_at_once() -> None:
    async with a_world() as world:
        world.sandbox.gate.latency_s = 1.0
        async with asyncio.TaskGroup() as tasks:
            calls = [tasks.create_task(world.ask("GET", "Organisation")) for _ in range(7)]
            while world.sandbox.limits.most_at_once[world.tenant_id] < 5 or len(world.sandbox.calls) < 2:
                await asyncio.sleep(0)
            world.clock.advance(1)

        answers = [call.result() for call in calls]
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 2
        assert {answer.headers.get("x-rate-limit-problem") for answer in answers} == {None, "concurrent"}


async def test_calls_are_remembered_with_what_was_said() -> None:
    async with a_world() as world:
        await world.ask("PUT", "Invoices", {"Invoices": [an_invoice()]}, headers={"Idempotency-Key": "k"}, unitdp=4)

        (call,) = world.sandbox.calls.writes("/Invoices")
        assert (call.method, call.path, call.query, call.status) == ("PUT", "/api.xro/2.0/Invoices", "unitdp=4", 200)
        assert (call.tenant_id, call.idempotency_key) == (world.tenant_id, "k")
        assert b"Sample Customer" in call.request_body
        assert call.response_body.startswith(b'{"Id"')
