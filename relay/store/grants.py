"""Grants: OAuth token sets, encrypted by the vault. A Xero grant may serve several tenants."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select, update

from relay.store.engine import Database
from relay.store.errors import Missing
from relay.store.rows import columns_of, values_of
from relay.store.tables import GRANTS
from relay.vault import Vault

_SECRETS: Final = ("access_token", "refresh_token", "previous_refresh_token")


@dataclass(frozen=True, slots=True)
class Grant:
    """One token set. Its tokens are shown by no `repr`, so that none ends in a log or a traceback."""

    id: str
    vendor: Literal["ghl", "xero"]
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scope: str = ""
    # Xero takes it 30 more minutes when an answer was lost
    previous_refresh_token: str | None = field(default=None, repr=False)
    rotated_at: datetime | None = None
    broken: str | None = None  # why it is no longer accepted, None while it is; never a token


class Grants:
    """Reads and writes grants; tokens are encrypted on the way in and decrypted on the way out."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def get(self, grant_id: str) -> Grant | None:
        """Return a grant with its tokens readable.

        Raises:
            VaultError: none of our keys decrypts it; a person must give the key back or authorise again.
        """
        statement = select(*columns_of(GRANTS, Grant)).where(GRANTS.c.id == grant_id)
        async with self._database.reading() as transaction:
            row = (await transaction.execute(statement)).mappings().first()
        return Grant(**_with_secrets(dict(row), self._vault.decrypt)) if row else None

    async def put(self, grant: Grant) -> None:
        """Insert, or replace by id; durable when it returns. A refreshed token is put before it is used."""
        row = _with_secrets(values_of(grant), self._vault.encrypt)
        async with self._database.writing() as transaction:
            await transaction.execute(self._database.replace(GRANTS), row)

    async def mark_broken(self, grant_id: str, why: str) -> None:
        """Say why a grant is accepted no longer; its tokens stay.

        Raises:
            Missing: there is no such grant.
        """
        async with self._database.writing() as transaction:
            marked = await transaction.execute(update(GRANTS).where(GRANTS.c.id == grant_id).values(broken=why))
            if marked.rowcount == 0:
                raise Missing(f"there is no grant {grant_id}")

    async def ids(self) -> list[str]:
        """Return the id of every grant: for checks that go through all of them."""
        async with self._database.reading() as transaction:
            return list(await transaction.scalars(select(GRANTS.c.id).order_by(GRANTS.c.id)))

    async def rotate_all(self, vault: Vault) -> int:
        """Encrypt every token anew under the first key of `vault`, in one transaction; return how many grants.

        Raises:
            VaultError: some token fits no key of `vault`: nothing is changed.
        """
        columns = [GRANTS.c.id, *(GRANTS.c[name] for name in _SECRETS)]
        async with self._database.writing() as transaction:
            # locked: a token refreshed meanwhile waits for us, and is not overwritten by the one before
            rows = (await transaction.execute(select(*columns).with_for_update())).mappings().all()
            for row in rows:
                rotated = _with_secrets(dict(row), vault.rotate)
                await transaction.execute(update(GRANTS).where(GRANTS.c.id == rotated.pop("id")).values(rotated))
        return len(rows)


def _with_secrets(row: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    return row | {name: change(row[name]) for name in _SECRETS if row[name] is not None}
