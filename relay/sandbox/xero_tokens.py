"""Access and refresh tokens of the simulated app, per user, and which organisations the user has connected.

An access token lives 30 minutes; a refresh token rotates with each use, and the previous one works 30 more minutes,
so that a lost answer is no disaster (Xero's OAuth 2 guide).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from relay.clock import Clock
from relay.sandbox.xero_errors import unauthorised

ACCESS_S: Final = 1800.0
GRACE: Final = timedelta(minutes=30)
REFRESH: Final = timedelta(days=60)
OFFLINE: Final = "offline_access"


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a user's consent gives; without `offline_access` there is no refresh token."""

    access_token: str
    refresh_token: str | None
    expires_in: int
    scope: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One user's consent to the app."""

    grant_id: str
    user: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Connection:
    """An organisation that a user has connected."""

    connection_id: str
    auth_event_id: str
    user: str
    tenant_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Refresh:
    grant_id: str
    until: datetime
    used: bool = False


class InvalidGrantError(Exception):
    """The refresh token is used up, expired, revoked or unknown."""


class Tokens:
    """All tokens and connections. `access_s` is how long an access token lives from now on."""

    def __init__(self, clock: Clock, new_id: Callable[[], str], *, access_s: float = ACCESS_S) -> None:
        self.access_s = access_s
        self.connections: dict[str, Connection] = {}
        self._clock = clock
        self._new_id = new_id
        self._grants: dict[str, Grant] = {}
        self._access: dict[str, tuple[str, datetime]] = {}  # token -> grant, end
        self._refresh: dict[str, _Refresh] = {}

    def issue(self, user: str, tenants: Iterable[str], scopes: Iterable[str]) -> TokenPair:
        """Return tokens as if the user had consented now, with these organisations connected."""
        grant = Grant(self._new_id(), user, frozenset(scopes))
        self._grants[grant.grant_id] = grant
        for tenant_id in tenants:
            if tenant_id not in self.connected(user):
                connection = Connection(self._new_id(), grant.grant_id, user, tenant_id, self._clock.now())
                self.connections[connection.connection_id] = connection
        return self._pair(grant)

    def refresh(self, token: str) -> TokenPair:
        """Return a new pair; the token presented works 30 minutes more from its first use.

        Raises:
            InvalidGrantError: it does not work, or not any more.
        """
        now = self._clock.now()
        presented = self._refresh.get(token)
        if presented is None or presented.until <= now:
            raise InvalidGrantError
        for other, known in self._refresh.items():
            if known.grant_id == presented.grant_id and not known.used:
                self._refresh[other] = replace(known, used=True, until=min(known.until, now + GRACE))
        return self._pair(self._grants[presented.grant_id])

    def expire_access_tokens(self) -> None:
        """End every access token now."""
        self._access = {token: (grant, self._clock.now()) for token, (grant, _) in self._access.items()}

    def revoke(self, token: str) -> None:
        """End a grant by its refresh token, and drop the user's connections, as Xero does."""
        presented = self._refresh.get(token)
        if presented is None:
            return
        user = self._grants[presented.grant_id].user
        ended = {grant.grant_id for grant in self._grants.values() if grant.user == user}
        self._refresh = {each: known for each, known in self._refresh.items() if known.grant_id not in ended}
        self._access = {each: known for each, known in self._access.items() if known[0] not in ended}
        self.connections = {each: known for each, known in self.connections.items() if known.user != user}

    def grant_of(self, authorization: str | None) -> Grant:
        """Return the grant of an `Authorization` header.

        Raises:
            Refusal: 401, it is missing, unknown or expired.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or token not in self._access:
            raise unauthorised()
        grant_id, until = self._access[token]
        if until <= self._clock.now():
            raise unauthorised(f"TokenExpired: token expired at {until:%m/%d/%Y %H:%M:%S}")
        return self._grants[grant_id]

    def connected(self, user: str) -> set[str]:
        """Return the organisations that the user has connected."""
        return {connection.tenant_id for connection in self.connections.values() if connection.user == user}

    def disconnect(self, tenant_id: str) -> None:
        """Drop an organisation's connections, as a person does in Xero: nobody is told."""
        self.connections = {each: known for each, known in self.connections.items() if known.tenant_id != tenant_id}

    def _pair(self, grant: Grant) -> TokenPair:
        now = self._clock.now()
        access = f"access-{self._new_id()}"
        self._access[access] = (grant.grant_id, now + timedelta(seconds=self.access_s))
        refresh = f"refresh-{self._new_id()}" if OFFLINE in grant.scopes else None
        if refresh:
            self._refresh[refresh] = _Refresh(grant.grant_id, now + REFRESH)
        return TokenPair(access, refresh, int(self.access_s), " ".join(sorted(grant.scopes)))
