"""Organisation snapshots: what the mapping knew of a tenant, and since when."""

from datetime import datetime

from sqlalchemy import select

from relay.store.engine import Database
from relay.store.tables import ORGANISATIONS
from schemas.xero import Organisation


class Organisations:
    """Keeps the last snapshot of each tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant_id: str) -> tuple[Organisation, datetime] | None:
        """Return the last snapshot and when its reading began; None before the first."""
        statement = select(ORGANISATIONS).where(ORGANISATIONS.c.tenant_id == tenant_id)
        async with self._database.reading() as transaction:
            row = (await transaction.execute(statement)).mappings().first()
        return (Organisation.model_validate(row["snapshot"]), row["read_at"]) if row else None

    async def put(self, tenant_id: str, organisation: Organisation, read_at: datetime) -> None:
        """Keep a snapshot instead of the last one; one whose reading began earlier than that changes nothing."""
        statement = self._database.insert(ORGANISATIONS)
        new = {"snapshot": statement.excluded.snapshot, "read_at": statement.excluded.read_at}
        newer = ORGANISATIONS.c.read_at <= statement.excluded.read_at
        upsert = statement.on_conflict_do_update(index_elements=[ORGANISATIONS.c.tenant_id], set_=new, where=newer)
        row = {"tenant_id": tenant_id, "snapshot": organisation.model_dump(by_alias=True), "read_at": read_at}
        async with self._database.writing() as transaction:
            await transaction.execute(upsert, row)
