"""HighLevel's OAuth: who holds which token, for which location, with which scopes.

A refresh token works once. An access token lives a day. Words of the refusals: facts 4.5.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from relay.clock import Clock
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_errors import Refusal, unprocessable
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import Document

SCOPES: Final = (
    *("invoices.readonly", "invoices.write", "payments/transactions.readonly", "payments/orders.readonly"),
    *("contacts.readonly", "contacts.write", "opportunities.readonly", "opportunities.write"),
    *("locations.readonly", "locations/customFields.readonly"),
)
COMPANY_SCOPES: Final = (*SCOPES, "oauth.readonly", "oauth.write")
LOCATION: Final = "Location"
COMPANY: Final = "Company"


@dataclass(frozen=True, slots=True)
class Token:
    """A token set. `location_id` is None on a company's."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    scopes: tuple[str, ...]
    user_type: str
    company_id: str
    location_id: str | None
    user_id: str

    @property
    def resource(self) -> str:
        """Return what limits are counted for: the location, or the company."""
        return self.location_id or self.company_id


class OAuthRefused(Exception):
    """The token endpoint says no, in OAuth's own shape."""

    def __init__(self, status: HTTPStatus, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body: Document = {"error": error, "error_description": description}


class Access:
    """The tokens of one marketplace app."""

    def __init__(self, *, clock: Clock, ids: Ids, behaviour: Behaviour, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.app_id = client_id.split("-", maxsplit=1)[0]
        self._clock = clock
        self._ids = ids
        self._behaviour = behaviour
        self._by_access: dict[str, Token] = {}
        self._by_refresh: dict[str, Token] = {}
        self._codes: dict[str, tuple[str, str | None]] = {}

    def issue(self, company_id: str, location_id: str | None, scopes: Iterable[str] = SCOPES) -> Token:
        """Return a new token set, as an installation brings it; None as location: a company's."""
        return self._new(company_id, location_id, tuple(scopes), self._ids.record())

    def code(self, company_id: str, location_id: str | None) -> str:
        """Return an authorisation code, good for one exchange, as the redirect after an installation carries it."""
        code = self._ids.document()
        self._codes[code] = (company_id, location_id)
        return code

    def expire(self) -> None:
        """Let every access token run out now; refresh tokens stay good."""
        self._by_access.clear()

    def revoke(self, location_id: str) -> None:
        """End every token of a location, as an uninstallation does."""
        for tokens in (self._by_access, self._by_refresh):
            for key in [key for key, token in tokens.items() if token.location_id == location_id]:
                del tokens[key]

    def bearer(self, header: str | None, scope: str) -> Token:
        """Return the token of an Authorization header that holds the scope; `oauth.write` wants a company's.

        Raises:
            Refusal: 401, with HighLevel's words.
        """
        kind, _, value = (header or "").partition(" ")
        token = self._by_access.get(value) if kind.lower() == "bearer" else None
        if token is None or token.expires_at <= self._clock.now():
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Invalid token: access token is invalid")
        if scope == "oauth.write" and token.user_type != COMPANY:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Token's user type mismatch!")
        if scope != "oauth.write" and token.user_type != LOCATION:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "This authClass type is not allowed to access this scope.")
        if scope not in token.scopes:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "The token is not authorized for this scope.")
        return token

    def token(self, form: Mapping[str, str]) -> Token:
        """Answer POST /oauth/token.

        Raises:
            Refusal: 422, a field is missing.
            OAuthRefused: the client, the code or the refresh token is not good.
        """
        if wrong := [
            f"{key} should not be empty" for key in ("client_id", "client_secret", "grant_type") if not form.get(key)
        ]:
            raise unprocessable(wrong)
        if (form["client_id"], form["client_secret"]) != (self.client_id, self.client_secret):
            raise OAuthRefused(HTTPStatus.UNAUTHORIZED, "invalid_client", "Invalid client credentials!")
        match form["grant_type"]:
            case "refresh_token":
                return self._refreshed(form.get("refresh_token", ""))
            case "authorization_code":
                return self._exchanged(form.get("code", ""))
        raise unprocessable("grant_type must be one of the following values: authorization_code, refresh_token")

    def location_token(self, agency: Token, company_id: str, location_id: str) -> Token:
        """Answer POST /oauth/locationToken; the caller has looked whether the location is the company's.

        Raises:
            Refusal: 403, another company's.
        """
        if agency.company_id != company_id:
            raise Refusal(HTTPStatus.FORBIDDEN, "The token does not have access to this location.")
        scopes = tuple(scope for scope in agency.scopes if not scope.startswith("oauth."))
        return self._new(company_id, location_id, scopes, agency.user_id)

    def answer(self, token: Token) -> Document:
        """Return a token set as the endpoints answer it."""
        left = (token.expires_at - self._clock.now()).total_seconds()
        own = {"locationId": token.location_id} if token.location_id else {"isBulkInstallation": True}
        return {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "expires_in": int(left),
            "refresh_token": token.refresh_token,
            "scope": " ".join(token.scopes),
            "userType": token.user_type,
            "companyId": token.company_id,
            **own,
            "userId": token.user_id,
        }

    def _refreshed(self, refresh_token: str) -> Token:
        old = self._by_refresh.pop(refresh_token, None)
        if old is None:
            raise OAuthRefused(self._behaviour.refused_grant, "invalid_grant", "This refresh token is invalid")
        return self._new(old.company_id, old.location_id, old.scopes, old.user_id)

    def _exchanged(self, code: str) -> Token:
        installation = self._codes.pop(code, None)
        if installation is None:
            raise OAuthRefused(self._behaviour.refused_grant, "invalid_grant", "Invalid grant: code is invalid")
        company_id, location_id = installation
        return self.issue(company_id, location_id, SCOPES if location_id else COMPANY_SCOPES)

    def _new(self, company_id: str, location_id: str | None, scopes: tuple[str, ...], user_id: str) -> Token:
        token = Token(
            access_token=f"ghl-access-{self._ids.text(40)}",
            refresh_token=f"ghl-refresh-{self._ids.text(40)}",
            expires_at=self._clock.now() + timedelta(seconds=self._behaviour.access_token_s),
            scopes=scopes,
            user_type=LOCATION if location_id else COMPANY,
            company_id=company_id,
            location_id=location_id,
            user_id=user_id,
        )
        self._by_access[token.access_token] = token
        self._by_refresh[token.refresh_token] = token
        return token
