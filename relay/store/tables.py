"""Every table of the database. Migrations bring an installation here; `schema.check` says when the two differ.

Columns are named as the fields of the dataclass they hold. Rows are kept when what they name is gone (a trace reads
them), so foreign keys stand only where a row is a part of another.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from relay.store.types import Json, Money, RecordHeaders, UtcDateTime

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _needed(name: str, kind: Any, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=primary_key, nullable=False)


CONNECTIONS: Final = Table(
    "connections",
    METADATA,
    _needed("id", String, primary_key=True),
    _needed("name", String),
    _needed("location_id", String),
    Column("company_id", String),
    _needed("tenant_id", String),
    _needed("tenant_name", String),
    _needed("ghl_grant_id", String),
    _needed("xero_grant_id", String),
    _needed("state", String),
    _needed("settings_version", Integer),
    Index(None, "tenant_id"),
)
Index(
    "uq_connections_location_id",
    CONNECTIONS.c.location_id,
    unique=True,
    sqlite_where=CONNECTIONS.c.state != "disconnected",
    postgresql_where=CONNECTIONS.c.state != "disconnected",
)

CONNECTION_SETTINGS: Final = Table(
    "connection_settings",
    METADATA,
    Column("connection_id", String, ForeignKey("connections.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("values", Json, nullable=False),
    Column("by", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

ORGANISATIONS: Final = Table(
    "organisations",
    METADATA,
    _needed("tenant_id", String, primary_key=True),
    _needed("snapshot", Json),
    _needed("read_at", UtcDateTime),
)

GRANTS: Final = Table(
    "grants",
    METADATA,
    _needed("id", String, primary_key=True),
    _needed("vendor", String),
    _needed("access_token", Text),  # the three tokens are encrypted by the vault
    _needed("refresh_token", Text),
    _needed("expires_at", UtcDateTime),
    _needed("scope", Text),
    Column("previous_refresh_token", Text),
    Column("rotated_at", UtcDateTime),
    Column("broken", String),
)

LEASES: Final = Table(
    "leases",
    METADATA,
    _needed("name", String, primary_key=True),
    _needed("holder", String),
    _needed("until", UtcDateTime),
    _needed("fence", BigInteger),
)

OUTCOMES: Final = Table(
    "outcomes",
    METADATA,
    _needed("consumer", String, primary_key=True),
    _needed("ce_id", String, primary_key=True),
    _needed("run_id", String, primary_key=True),
    _needed("delivery_id", String),
    _needed("type", String),
    Column("connection_id", String),
    _needed("subject", String),
    Column("link", String),
    _needed("outcome", String),
    Column("reason", String),
    _needed("detail", Text),
    Column("settings_version", Integer),
    _needed("topic", String),
    _needed("partition", Integer),
    _needed("offset", BigInteger),
    _needed("attempts", Integer),
    _needed("received_at", UtcDateTime),
    _needed("handled_at", UtcDateTime),
    Index(None, "ce_id"),
    Index(None, "delivery_id"),
    Index(None, "subject"),
    Index(None, "link"),
    Index(None, "run_id", "outcome"),
    Index(None, "connection_id", "handled_at"),
    Index(None, "handled_at"),
)

PARKED: Final = Table(
    "parked",
    METADATA,
    _needed("consumer", String, primary_key=True),
    _needed("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    _needed("ce_id", String, primary_key=True),
    _needed("key", LargeBinary),
    _needed("value", LargeBinary),
    _needed("headers", RecordHeaders),
    _needed("subject", String),
    Column("connection_id", String),
    _needed("state", String),
    _needed("scope", String),
    _needed("reason", String),
    _needed("detail", Text),
    _needed("attempts", Integer),
    _needed("not_before", UtcDateTime),
    _needed("first_failure", UtcDateTime),
    _needed("last_failure", UtcDateTime),
    _needed("received_at", UtcDateTime),  # of the delivery: what a newer event of the subject is measured against
    Index("ix_parked_taken_over", "consumer", "state", "topic", "partition", "offset"),
    Index("ix_parked_due", "consumer", "state", "not_before"),
    Index(None, "consumer", "subject", "state"),
    Index(None, "state", "reason", "last_failure"),
    Index(None, "connection_id", "state"),
    Index(None, "ce_id"),
    Index(None, "subject"),
)

WRITES: Final = Table(
    "writes",
    METADATA,
    _needed("key", String, primary_key=True),
    _needed("tenant_id", String),
    _needed("method", String),
    _needed("path", Text),
    _needed("body", LargeBinary),
    _needed("subjects", Json),
    _needed("sent_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Index(None, "sent_at"),
)

WRITE_SUBJECTS: Final = Table(
    "write_subjects",
    METADATA,
    Column("subject", String, primary_key=True),
    Column("key", String, ForeignKey("writes.key", ondelete="CASCADE"), primary_key=True),
    Index(None, "key"),
)

INVOICE_LINKS: Final = Table(
    "invoice_links",
    METADATA,
    _needed("id", String, primary_key=True),
    _needed("connection_id", String),
    _needed("tenant_id", String),
    _needed("ghl_invoice_id", String),
    _needed("number", String),
    _needed("state", String),
    _needed("currency", String),
    Column("ghl_contact_id", String),
    Column("xero_invoice_id", String),
    Column("xero_contact_id", String),
    Column("xero_status", String),
    _needed("total", Money),
    _needed("amount_paid", Money),
    _needed("amount_credited", Money),
    _needed("line_item_ids", Json),
    Column("digest", String),
    Column("xero_updated_at", UtcDateTime),
    Column("xero_read_at", UtcDateTime),
    Column("ghl_read_at", UtcDateTime),
    Column("ghl_status", String),
    Column("shown_status", String),
    UniqueConstraint("connection_id", "ghl_invoice_id"),
    UniqueConstraint("xero_invoice_id"),
    Index(None, "connection_id", "ghl_contact_id"),
    Index(None, "tenant_id", "state"),
    Index(None, "ghl_invoice_id"),
    Index(None, "number"),
    Index(None, "ghl_contact_id"),
    Index(None, "xero_contact_id"),
)

CONTACT_LINKS: Final = Table(
    "contact_links",
    METADATA,
    _needed("connection_id", String, primary_key=True),
    _needed("ghl_contact_id", String, primary_key=True),
    _needed("tenant_id", String),
    _needed("xero_contact_id", String),
    Column("shown_status", String),
    UniqueConstraint("tenant_id", "xero_contact_id"),
    Index(None, "ghl_contact_id"),
    Index(None, "xero_contact_id"),
)

# the number keeps the order in which the rows were first written
_SERIAL: Final = BigInteger().with_variant(Integer, "sqlite")

PAYMENTS: Final = Table(
    "payments",
    METADATA,
    Column("serial", _SERIAL, primary_key=True),
    _needed("link_id", String),
    _needed("origin", String),
    _needed("kind", String),
    _needed("external_id", String),
    _needed("amount", Money),
    _needed("recorded", Money),
    _needed("refunded", Money),
    _needed("state", String),
    Column("twin", String),
    Column("planned", Money),
    Column("intended_at", UtcDateTime),
    UniqueConstraint("link_id", "origin", "external_id"),
    Index(None, "external_id"),
    Index(None, "twin"),
)
