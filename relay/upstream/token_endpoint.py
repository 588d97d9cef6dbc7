"""A vendor's token endpoint: one question, one answer, and what its failures mean for the authorisation."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx

from relay.upstream.call import MAY_HAVE_LANDED, NOTHING_SENT, Reply
from relay.upstream.errors import Throttled, Unauthorised, Unavailable

DEADLINE_S: Final = 25.0  # a client with 3.5 s lost tokens that Xero had already rotated (XeroAPI/xero-node#614)
SHORTEST_S: Final = 1800  # of both vendors' access tokens, where an answer does not say

# HighLevel answers invalid_grant, and in older texts a sentence
_SPENT: Final = ("invalid_grant", "refresh token is invalid", "invalid refresh token", "refresh token expired")


class AnswerLost(Exception):
    """The vendor may have done what it was asked, but its answer did not arrive."""


class InvalidGrant(Exception):
    """The vendor does not take this refresh token or code, and never will."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a token endpoint gave."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in_s: int
    scope: str


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where a vendor gives tokens, and how it wants to be asked."""

    vendor: str
    http: httpx.AsyncClient
    url: str
    form: Mapping[str, str] = field(repr=False)  # sent with every question
    auth: tuple[str, str] | None = field(repr=False)  # HTTP Basic, where the vendor wants it
    previous_works: bool  # the refresh token before the last one is taken for 30 more minutes
    usable: bool = True  # False: client id or secret are not set
    deadline_s: float = DEADLINE_S

    async def refresh(self, refresh_token: str) -> Given:
        """Return new tokens for a refresh token, which is spent by it.

        Raises:
            AnswerLost: it may be spent.
            InvalidGrant: it was spent, revoked or is too old.
            Unavailable: the vendor was not reached; nothing is spent.
            Throttled: over a limit; nothing is spent.
            Unauthorised: it is us it does not take: client id or secret.
        """
        if not self.usable:
            raise Unauthorised(f"client id or secret of {self.vendor} are not set: see `relay settings`")
        return given(self.vendor, await self._asked({"grant_type": "refresh_token", "refresh_token": refresh_token}))

    async def _asked(self, question: Mapping[str, str]) -> Reply:
        try:
            async with asyncio.timeout(self.deadline_s):
                answer = await self.http.post(
                    self.url,
                    data={**question, **self.form},
                    auth=self.auth or httpx.USE_CLIENT_DEFAULT,
                    timeout=httpx.Timeout(self.deadline_s, connect=5.0, pool=5.0),
                    headers={"Accept": "application/json"},
                )
        except NOTHING_SENT as error:
            raise Unavailable(f"{self.vendor} could not be reached: {type(error).__name__}") from error
        except (TimeoutError, *MAY_HAVE_LANDED) as error:
            raise AnswerLost(type(error).__name__) from error
        return Reply.of(answer)


def given(vendor: str, reply: Reply) -> Given:
    """Return what an answer gives. Pure; raises as `TokenEndpoint.refresh`."""
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = reply.headers.get("retry-after", "")
        raise Throttled(f"{vendor} limits token requests", int(seconds) if seconds.isdigit() else None)
    if reply.undecided:
        raise AnswerLost(f"answered {reply.status}")
    try:
        document: Any = reply.document()
    except ValueError as error:
        raise AnswerLost(f"answered {reply.status} without JSON") from error
    if not isinstance(document, dict):
        raise AnswerLost(f"answered {reply.status} with something else")
    if not reply.good:  # in OAuth's form (RFC 6749, 5.2) or the vendor's own
        words = " ".join(str(document.get(name, "")) for name in ("error", "error_description", "message")).strip()
        if any(phrase in words.lower() for phrase in _SPENT):
            raise InvalidGrant(words)
        raise Unauthorised(f"{vendor} gives no token: {words or reply.status}; check client id and secret")
    if not document.get("access_token"):
        raise AnswerLost("answered without a token")
    return Given(
        access_token=str(document["access_token"]),
        refresh_token=document.get("refresh_token"),
        expires_in_s=int(document.get("expires_in", SHORTEST_S)),
        scope=str(document.get("scope", "")),
    )
