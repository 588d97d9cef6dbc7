"""Tokens that expire, rotate and are lost on the way, and grants that end, on the simulated vendors."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import pytest

from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind
from relay.sandbox.xero import SCOPES
from relay.upstream.errors import Unauthorised, Unavailable
from schemas.reasons import Reason
from tests.givens.joined_vendors import Joined, invoice, joined


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Joined]:
    async with joined(**getattr(request, "param", {})) as one:
        yield one


async def test_an_expired_token_is_renewed_in_the_middle_of_a_write(world: Joined) -> None:
    before = world.grants.rows["xero-grant"]
    await world.xero.invoices.by_numbers(["A-1"])
    world.sandbox.xero.tokens.expire_access_tokens()

    await world.xero.invoices.create([invoice("A-1")], key="k1")

    after = world.grants.rows["xero-grant"]
    assert after.previous_refresh_token == before.refresh_token
    assert after.access_token != before.access_token


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_refresh_whose_answer_xero_lost_is_no_disaster(world: Joined, lost: int) -> None:
    world.fault(FaultKind.DROP_ANSWER, Vendor.XERO, "/connect/token", times=lost)
    world.clock.advance(1800)

    for _ in range(lost - 1):
        with pytest.raises(Unavailable):
            await world.xero.invoices.read(["x"])
    await world.xero.invoices.by_numbers(["A-1"])

    assert world.grants.rows["xero-grant"].broken is None


@pytest.mark.parametrize("world", [{"refused_grant": HTTPStatus(status)} for status in (400, 401)], indirect=True)
async def test_a_refresh_whose_answer_highlevel_lost_ends_the_grant(world: Joined) -> None:
    world.fault(FaultKind.DROP_ANSWER, Vendor.GHL, "/oauth/token")
    world.clock.advance(timedelta(days=1).total_seconds())

    for _ in range(2):
        with pytest.raises(Unauthorised) as error:
            await world.ghl.invoices.listed(limit=1)

    assert error.value.reason == Reason.AUTHORISATION_EXPIRED
    assert world.grants.rows["ghl-grant"].broken
    assert sum(call.path == "/oauth/token" for call in world.sandbox.ghl.calls) == 2


async def test_highlevels_token_is_renewed_once_for_all_who_wait(world: Joined) -> None:
    world.clock.advance(timedelta(days=1).total_seconds())

    await asyncio.gather(*(world.ghl.invoices.listed(limit=1) for _ in range(8)))

    assert sum(call.path == "/oauth/token" for call in world.sandbox.ghl.calls) == 1


async def test_an_organisation_that_was_disconnected_is_told_apart(world: Joined) -> None:
    world.sandbox.xero.tokens.disconnect(world.tenant)

    with pytest.raises(Unauthorised) as error:
        await world.xero.invoices.by_numbers(["A-1"])

    assert error.value.reason == Reason.ORGANISATION_DISCONNECTED


async def test_a_missing_scope_is_told_apart(world: Joined) -> None:
    narrow = world.sandbox.xero.tokens.issue("user-2", [world.tenant], [one for one in SCOPES if "payments" not in one])
    row = replace(world.grants.rows["xero-grant"], access_token=narrow.access_token)
    await world.grants.put(row)

    with pytest.raises(Unauthorised) as error:
        await world.xero.payments.read("11111111-1111-1111-1111-111111111111")

    assert error.value.reason == Reason.SCOPE_MISSING
