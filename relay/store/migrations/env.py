"""Runs migrations on the connection `schema.py` hands over; Alembic loads this by path."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from relay.store.tables import METADATA


def _plain(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write a new migration without our column types: it must mean the same when they have changed."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_item=_plain,
)
with context.begin_transaction():
    context.run_migrations()
