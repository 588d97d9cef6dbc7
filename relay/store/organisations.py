"""Organisation snapshots: what the mapping knew of a tenant, and since when."""

from datetime import datetime

from schemas.xero import Organisation


class Organisations:
    async def get(self, tenant_id: str) -> tuple[Organisation, datetime] | None: ...
    async def put(self, tenant_id: str, organisation: Organisation, read_at: datetime) -> None: ...
