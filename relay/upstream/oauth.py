"""Access tokens that are good now. Refresh tokens rotate with both vendors: one refresh at a time, anywhere.

In this process callers share a flight; between processes a lease row `grant:<id>` keeps others out. What the vendor
gave is stored before it is used. A flight is not cut short when a caller is cancelled: HighLevel has no grace, so an
answer that nobody stores would cost the authorisation.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from relay.clock import Clock
from relay.store.errors import LeaseLost, LeaseTaken, StoreUnavailable
from relay.store.grants import Grant, Grants
from relay.store.leases import Leases
from relay.telemetry.metrics import TOKEN_EXPIRY_SECONDS
from relay.upstream.errors import Unauthorised, Unavailable
from relay.upstream.token_endpoint import AnswerLost, Given, InvalidGrant, TokenEndpoint
from relay.vault import VaultError
from schemas.reasons import Reason

log = structlog.get_logger()

MARGIN: Final = timedelta(seconds=60)
GRACE: Final = timedelta(minutes=30)  # of Xero's previous refresh token
# its first failed renewal is noticed after a refresh has surely ended (two questions): it never cuts one short
LEASE_TTL_S: Final = 15.0  # renewed while held; so long a dead process keeps others out
LEASE_WAIT_S: Final = 30.0


class Tokens:
    """Access tokens by grant. Made by `opened_tokens`, which sees the refreshes under way to their end."""

    def __init__(
        self,
        grants: Grants,
        leases: Leases,
        clock: Clock,
        endpoints: Mapping[str, TokenEndpoint],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._grants = grants
        self._leases = leases
        self._clock = clock
        self._endpoints = endpoints
        self._tasks = tasks
        self._good: dict[str, Grant] = {}  # as many as there are grants
        self._unstored: dict[str, Grant] = {}  # given, but the store would not have it: offered again before asking
        self._flights: dict[str, asyncio.Task[Grant | Exception]] = {}

    async def access_token(self, grant_id: str, *, rejected: str | None = None) -> str:
        """Return a token good for a minute at least, another one than `rejected`. Called before every call.

        Mostly answers from memory; else waits for the store, and for a refresh as long as the vendor's deadline allows.

        Raises:
            Unauthorised: the vendor takes the grant no more: a person must authorise again. It is not asked twice.
            Unavailable: no new token just now, from the vendor or the store; the grant stands.
            Throttled: the vendor's token endpoint is over a limit.
        """
        grant = self._good.get(grant_id)
        if grant is None or not self._serves(grant, rejected):
            grant = self._good[grant_id] = await self._landed(grant_id, rejected)
        left_s = (grant.expires_at - self._clock.now()).total_seconds()
        TOKEN_EXPIRY_SECONDS.labels(grant.vendor, grant.id).set(left_s)
        return grant.access_token

    def _serves(self, grant: Grant, rejected: str | None) -> bool:
        return grant.access_token != rejected and grant.expires_at - self._clock.now() > MARGIN

    async def _landed(self, grant_id: str, rejected: str | None) -> Grant:
        while True:
            flight = self._flights.get(grant_id)
            ours = flight is None
            if flight is None:
                flight = self._tasks.create_task(self._flight(grant_id, rejected))
                self._flights[grant_id] = flight
            result = await asyncio.shield(flight)
            if isinstance(result, Exception):
                raise result
            if ours or self._serves(result, rejected):  # another's flight may not have known that this one is rejected
                return result

    async def _flight(self, grant_id: str, rejected: str | None) -> Grant | Exception:
        try:
            return await self._current(grant_id, rejected)
        except Exception as error:  # noqa: BLE001 - the edge of a task: raised where it is waited for
            return error
        finally:
            del self._flights[grant_id]

    async def _current(self, grant_id: str, rejected: str | None) -> Grant:
        try:
            grant = await self._stored(grant_id)
            if self._serves(grant, rejected):
                return grant
            async with self._leases.held(f"grant:{grant_id}", ttl_s=LEASE_TTL_S, wait_s=LEASE_WAIT_S):
                grant = await self._stored(grant_id)  # who held the lease before us may have refreshed it
                return grant if self._serves(grant, rejected) else await self._refreshed(grant)
        except (LeaseTaken, LeaseLost) as error:
            raise Unavailable("another process refreshes this authorisation") from error
        except StoreUnavailable as error:
            raise Unavailable("the authorisation could not be read or stored just now") from error
        except VaultError as error:
            raise Unauthorised(f"the authorisation cannot be decrypted: {error}", Reason.KEY_MISSING) from error

    async def _stored(self, grant_id: str) -> Grant:
        grant = await self._grants.get(grant_id)
        if grant is None:
            raise Unauthorised(f"there is no authorisation {grant_id}", Reason.NOT_CONNECTED)
        if grant.broken is not None:
            raise Unauthorised(f"the authorisation is no longer accepted: {grant.broken}")
        return grant

    async def _refreshed(self, grant: Grant) -> Grant:
        kept = self._unstored.get(grant.id)
        if kept is not None and kept.previous_refresh_token == grant.refresh_token:
            return await self._kept(kept)
        asked_at = self._clock.now()
        try:
            used, given = await self._rotated(grant)
        except InvalidGrant as error:
            if (newer := await self._stored(grant.id)).refresh_token != grant.refresh_token:
                return newer  # a person has authorised again meanwhile, which takes no lease
            why = f"{grant.vendor} answered invalid_grant on {asked_at:%Y-%m-%d %H:%M} UTC"
            await self._grants.mark_broken(grant.id, why)
            log.error("grant.broken", grant=grant.id, vendor=grant.vendor)
            raise Unauthorised(why) from error
        except AnswerLost as error:
            raise Unavailable(f"{grant.vendor} did not answer a refresh: {error}") from error
        renewed = replace(
            grant,
            access_token=given.access_token,
            refresh_token=given.refresh_token or used,
            expires_at=asked_at + timedelta(seconds=given.expires_in_s),
            scope=given.scope or grant.scope,
            previous_refresh_token=used,
            rotated_at=asked_at,
        )
        return await self._kept(renewed)

    async def _kept(self, renewed: Grant) -> Grant:
        self._unstored[renewed.id] = renewed
        await self._grants.put(renewed)
        del self._unstored[renewed.id]
        log.info("grant.refreshed", grant=renewed.id, vendor=renewed.vendor)
        return renewed

    async def _rotated(self, grant: Grant) -> tuple[str, Given]:
        """Return the refresh token that was taken and what it gave; tries what the vendor's grace allows."""
        endpoint = self._endpoints[grant.vendor]
        try:
            return grant.refresh_token, await endpoint.refresh(grant.refresh_token)
        except AnswerLost:
            # if it was rotated, ours is the previous one now: Xero takes that for 30 minutes, HighLevel answers
            # invalid_grant; if it was not, asking again costs nothing
            log.warning("refresh.lost", grant=grant.id, vendor=grant.vendor)
            return grant.refresh_token, await endpoint.refresh(grant.refresh_token)
        except InvalidGrant:
            previous, rotated_at = grant.previous_refresh_token, grant.rotated_at
            recent = rotated_at is not None and self._clock.now() - rotated_at < GRACE
            if not (endpoint.previous_works and previous and recent):
                raise
            return previous, await endpoint.refresh(previous)


@asynccontextmanager
async def opened_tokens(
    grants: Grants, leases: Leases, clock: Clock, endpoints: Mapping[str, TokenEndpoint]
) -> AsyncIterator[Tokens]:
    """Yield the tokens of all grants; on leaving, refreshes under way end and are stored first."""
    tasks = asyncio.TaskGroup()
    await tasks.__aenter__()
    try:
        yield Tokens(grants, leases, clock, endpoints, tasks)
    finally:
        # no `async with`: what ends the body must not cut a refresh short, nor come out of here in a group
        await tasks.__aexit__(None, None, None)
