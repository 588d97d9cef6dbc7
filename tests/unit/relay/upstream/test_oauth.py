import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from relay.clock import FakeClock
from relay.store.grants import Grant
from relay.upstream.errors import Throttled, Unauthorised, Unavailable, UpstreamError
from relay.upstream.oauth import Tokens, opened_tokens
from relay.upstream.token_endpoint import TokenEndpoint
from relay.vault import VaultError
from schemas.reasons import Reason
from tests.givens.upstream import (
    NOON,
    Handler,
    InMemoryGrants,
    InMemoryLeases,
    Script,
    TokenVendor,
    answer,
    grant,
    http,
)

OLD = grant(expires_at=NOON + timedelta(seconds=59))


@asynccontextmanager
async def opened(
    vendor: Handler,
    grants: InMemoryGrants,
    *,
    leases: InMemoryLeases | None = None,
    clock: FakeClock | None = None,
    grace: bool = True,
) -> AsyncIterator[Tokens]:
    endpoint = TokenEndpoint("xero", http(vendor), "https://x/token", {}, None, previous_works=grace)
    both = {"xero": endpoint, "ghl": endpoint}
    async with opened_tokens(grants, leases or InMemoryLeases(), clock or FakeClock(NOON), both) as tokens:
        yield tokens


async def test_a_good_token_is_used_as_it_is() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(grant())

    async with opened(vendor, grants) as tokens:
        token = await tokens.access_token("grant-1")

    assert (token, vendor.questions) == ("access-0", [])


async def test_within_a_minute_of_its_end_a_token_is_refreshed_and_stored() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(OLD)

    async with opened(vendor, grants) as tokens:
        token = await tokens.access_token("grant-1")

    assert token == "access-1"
    assert grants.rows["grant-1"] == replace(
        OLD,
        access_token="access-1",
        refresh_token="refresh-1",
        previous_refresh_token="refresh-0",
        expires_at=NOON + timedelta(seconds=1800),
        rotated_at=NOON,
        scope="s",
    )


async def test_a_new_token_is_stored_before_anybody_gets_it_and_not_lost_when_that_fails() -> None:
    vendor, grants = TokenVendor(grace=False), InMemoryGrants(OLD)
    grants.away = 2

    async with opened(vendor, grants, grace=False) as tokens:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await tokens.access_token("grant-1")
        token = await tokens.access_token("grant-1")

    assert (token, len(vendor.questions)) == ("access-1", 1)
    assert grants.rows["grant-1"].refresh_token == vendor.current


async def test_a_token_that_could_not_be_stored_is_dropped_once_another_process_has_a_newer_one() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(OLD)
    grants.away = 1

    async with opened(vendor, grants) as tokens:
        with pytest.raises(Unavailable):
            await tokens.access_token("grant-1")
        await grants.put(replace(OLD, refresh_token="refresh-1"))
        token = await tokens.access_token("grant-1")

    assert token == "access-2"


async def test_a_grant_that_no_key_opens_waits_for_its_key() -> None:
    class Sealed(InMemoryGrants):
        async def get(self, grant_id: str) -> Grant | None:
            raise VaultError("none of the encryption keys opens this token")

    async with opened(TokenVendor(), Sealed()) as tokens:
        with pytest.raises(Unauthorised) as error:
            await tokens.access_token("grant-1")

    assert error.value.reason == Reason.KEY_MISSING


async def test_many_callers_share_one_refresh() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(OLD)

    async with opened(vendor, grants) as tokens:
        found = await asyncio.gather(*(tokens.access_token("grant-1") for _ in range(20)))

    assert set(found) == {"access-1"}
    assert len(vendor.questions) == 1


async def test_processes_share_one_refresh_by_a_lease() -> None:
    vendor, grants, leases = TokenVendor(), InMemoryGrants(OLD), InMemoryLeases()
    vendor.hold = asyncio.Event()

    async with (
        opened(vendor, grants, leases=leases) as one,
        opened(vendor, grants, leases=leases) as other,
        asyncio.TaskGroup() as tasks,
    ):
        found = [tasks.create_task(process.access_token("grant-1")) for process in (one, other)]
        await vendor.arrived.wait()
        vendor.hold.set()

    assert [task.result() for task in found] == ["access-1", "access-1"]
    assert (len(vendor.questions), leases.names) == (1, ["grant:grant-1", "grant:grant-1"])


async def test_a_rejected_token_is_replaced_though_it_has_not_expired() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(grant())

    async with opened(vendor, grants) as tokens:
        found = await asyncio.gather(*(tokens.access_token("grant-1", rejected="access-0") for _ in range(5)))
        again = await tokens.access_token("grant-1")

    assert (set(found), again) == ({"access-1"}, "access-1")
    assert len(vendor.questions) == 1


async def test_who_rejects_a_token_does_not_get_it_back_from_a_flight_that_did_not_know() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(grant())

    async with opened(vendor, grants) as tokens:
        unaware, rejecting = await asyncio.gather(
            tokens.access_token("grant-1"), tokens.access_token("grant-1", rejected="access-0")
        )

    assert (unaware, rejecting) == ("access-0", "access-1")


async def test_a_token_that_another_process_renewed_is_taken_from_the_store() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(grant())

    async with opened(vendor, grants) as tokens:
        await tokens.access_token("grant-1")
        grants.rows["grant-1"] = grant(access_token="access-of-another")
        token = await tokens.access_token("grant-1", rejected="access-0")

    assert (token, vendor.questions) == ("access-of-another", [])


async def test_a_lost_answer_is_asked_for_with_the_same_token() -> None:
    vendor, grants = TokenVendor(lose=1), InMemoryGrants(OLD)

    async with opened(vendor, grants) as tokens:
        token = await tokens.access_token("grant-1")

    assert token == "access-2"
    assert grants.rows["grant-1"].refresh_token == vendor.current


async def test_answers_lost_twice_leave_the_grant_as_it_was() -> None:
    vendor, grants = TokenVendor(lose=2), InMemoryGrants(OLD)

    async with opened(vendor, grants) as tokens:
        with pytest.raises(Unavailable):
            await tokens.access_token("grant-1")

        assert grants.rows["grant-1"] == OLD
        assert await tokens.access_token("grant-1") == "access-3"


async def test_an_answer_that_highlevel_lost_after_rotating_ends_the_grant() -> None:
    vendor, grants = TokenVendor(grace=False, lose=1), InMemoryGrants(replace(OLD, vendor="ghl"))

    async with opened(vendor, grants, grace=False) as tokens:
        with pytest.raises(Unauthorised):
            await tokens.access_token("grant-1")

    assert grants.rows["grant-1"].broken


@pytest.mark.parametrize(
    ("minutes", "grace", "questions"),
    [
        pytest.param(10, True, ["stale", "refresh-0"], id="Xero takes it for half an hour"),
        pytest.param(31, True, ["stale"], id="not longer"),
        pytest.param(10, False, ["stale"], id="HighLevel never does"),
    ],
)
async def test_the_previous_refresh_token_is_tried_while_it_may_work(
    minutes: int, grace: bool, questions: list[str]
) -> None:
    rotated = NOON - timedelta(minutes=minutes)
    row = replace(OLD, refresh_token="stale", previous_refresh_token="refresh-0", rotated_at=rotated)
    vendor, grants = TokenVendor(), InMemoryGrants(row)

    async with opened(vendor, grants, grace=grace) as tokens:
        await asyncio.gather(tokens.access_token("grant-1"), return_exceptions=True)

    assert [question["refresh_token"] for question in vendor.questions] == questions


async def test_a_grant_that_is_no_longer_taken_is_marked_and_never_asked_about_again() -> None:
    vendor, grants = TokenVendor("another"), InMemoryGrants(OLD)

    async with opened(vendor, grants) as tokens:
        for _ in range(3):
            with pytest.raises(Unauthorised) as error:
                await tokens.access_token("grant-1")

    assert error.value.reason == Reason.AUTHORISATION_EXPIRED
    assert grants.rows["grant-1"].broken == "xero answered invalid_grant on 2026-11-24 12:00 UTC"
    assert len(vendor.questions) == 1


async def test_an_authorisation_given_anew_while_the_old_one_is_refused_is_not_marked() -> None:
    vendor, grants = TokenVendor("another"), InMemoryGrants(OLD)
    vendor.hold = asyncio.Event()

    async with opened(vendor, grants) as tokens, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(tokens.access_token("grant-1"))
        await vendor.arrived.wait()
        await grants.put(grant(access_token="anew", refresh_token="anew"))
        vendor.hold.set()

    assert waiting.result() == "anew"
    assert grants.rows["grant-1"].broken is None


async def test_a_grant_works_again_once_a_person_has_authorised() -> None:
    vendor, grants = TokenVendor("another"), InMemoryGrants(OLD)

    async with opened(vendor, grants) as tokens:
        with pytest.raises(Unauthorised):
            await tokens.access_token("grant-1")
        await grants.put(grant(access_token="anew"))

        assert await tokens.access_token("grant-1") == "anew"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer({"error": "invalid_client"}, 401), Unauthorised),
        (answer({}, 429, retry_after="9"), Throttled),
    ],
    ids=["wrong secret", "over a limit"],
)
async def test_what_is_not_the_grants_fault_does_not_break_it(response: object, error: type[UpstreamError]) -> None:
    grants = InMemoryGrants(OLD)

    async with opened(Script(response), grants) as tokens:
        with pytest.raises(error):
            await tokens.access_token("grant-1")

    assert grants.rows["grant-1"] == OLD


async def test_a_vendor_that_cannot_be_reached_breaks_nothing() -> None:
    vendor, grants = TokenVendor(), InMemoryGrants(OLD)
    vendor.unreachable = 1

    async with opened(vendor, grants) as tokens:
        with pytest.raises(Unavailable):
            await tokens.access_token("grant-1")
        token = await tokens.access_token("grant-1")

    assert token == "access-1"


async def test_an_unknown_grant_is_not_connected() -> None:
    async with opened(TokenVendor(), InMemoryGrants()) as tokens:
        with pytest.raises(Unauthorised) as error:
            await tokens.access_token("grant-1")

    assert error.value.reason == Reason.NOT_CONNECTED


async def test_a_lease_that_another_process_keeps_is_waited_out_later() -> None:
    vendor = TokenVendor()

    async with opened(vendor, InMemoryGrants(OLD), leases=InMemoryLeases(taken={"grant:grant-1"})) as tokens:
        with pytest.raises(Unavailable):
            await tokens.access_token("grant-1")

    assert vendor.questions == []


async def test_a_refresh_under_way_is_stored_though_its_caller_is_cancelled() -> None:
    vendor, grants = TokenVendor(grace=False), InMemoryGrants(OLD)
    vendor.hold = asyncio.Event()

    async def stopped() -> None:
        async with opened(vendor, grants, grace=False) as tokens, asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(tokens.access_token("grant-1"))
            await vendor.arrived.wait()
            waiting.cancel()
            assert vendor.hold is not None
            vendor.hold.set()

    await stopped()

    assert (grants.rows["grant-1"].refresh_token, grants.writes) == (vendor.current, 1)


async def test_leaving_by_an_error_brings_out_that_error() -> None:
    async def fails() -> None:
        async with opened(TokenVendor(), InMemoryGrants(OLD)) as tokens:
            await tokens.access_token("grant-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
