"""Grants: OAuth token sets, encrypted by the vault. A Xero grant may serve several tenants."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Grant:
    id: str
    vendor: Literal["ghl", "xero"]
    access_token: str
    refresh_token: str
    expires_at: datetime
    scope: str = ""
    previous_refresh_token: str | None = None  # Xero takes it 30 more minutes when an answer was lost
    rotated_at: datetime | None = None
    broken: str | None = None  # why it is no longer accepted, None while it is; never a token


class Grants:
    async def get(self, grant_id: str) -> Grant | None:
        """Raises VaultError when it cannot be decrypted."""

    async def put(self, grant: Grant) -> None: ...
    async def mark_broken(self, grant_id: str, why: str) -> None: ...
