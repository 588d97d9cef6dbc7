"""The first tables."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels = None
depends_on = None

INSTANT: Final = sa.DateTime(timezone=True)
CENTS: Final = sa.BigInteger()
SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only so SQLite numbers rows by itself


def upgrade() -> None:
    _connections()
    _grants_and_leases()
    _outcomes()
    _parked()
    _writes()
    _invoice_links()
    _contact_links_and_payments()


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("company_id", sa.String(), nullable=True),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("tenant_name", sa.String(), nullable=False),
        sa.Column("ghl_grant_id", sa.String(), nullable=False),
        sa.Column("xero_grant_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_connections"),
    )
    op.create_index("ix_connections_tenant_id", "connections", ["tenant_id"])
    op.create_index(
        "uq_connections_location_id",
        "connections",
        ["location_id"],
        unique=True,
        sqlite_where=sa.text("state != 'disconnected'"),
        postgresql_where=sa.text("state != 'disconnected'"),
    )
    op.create_table(
        "connection_settings",
        sa.Column("connection_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name="fk_connection_settings_connection_id"),
        sa.PrimaryKeyConstraint("connection_id", "version", name="pk_connection_settings"),
    )
    op.create_table(
        "organisations",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_organisations"),
    )


def _grants_and_leases() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("previous_refresh_token", sa.Text(), nullable=True),
        sa.Column("rotated_at", INSTANT, nullable=True),
        sa.Column("broken", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("ce_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("connection_id", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("handled_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "ce_id", "run_id", name="pk_outcomes"),
    )
    op.create_index("ix_outcomes_ce_id", "outcomes", ["ce_id"])
    op.create_index("ix_outcomes_connection_id_handled_at", "outcomes", ["connection_id", "handled_at"])
    op.create_index("ix_outcomes_delivery_id", "outcomes", ["delivery_id"])
    op.create_index("ix_outcomes_handled_at", "outcomes", ["handled_at"])
    op.create_index("ix_outcomes_link", "outcomes", ["link"])
    op.create_index("ix_outcomes_run_id_outcome", "outcomes", ["run_id", "outcome"])
    op.create_index("ix_outcomes_subject", "outcomes", ["subject"])


def _parked() -> None:
    op.create_table(
        "parked",
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ce_id", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("connection_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("first_failure", INSTANT, nullable=False),
        sa.Column("last_failure", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("consumer", "topic", "partition", "offset", "ce_id", name="pk_parked"),
    )
    op.create_index("ix_parked_ce_id", "parked", ["ce_id"])
    op.create_index("ix_parked_connection_id_state", "parked", ["connection_id", "state"])
    op.create_index("ix_parked_consumer_subject_state", "parked", ["consumer", "subject", "state"])
    op.create_index("ix_parked_due", "parked", ["consumer", "state", "not_before"])
    op.create_index("ix_parked_state_reason_last_failure", "parked", ["state", "reason", "last_failure"])
    op.create_index("ix_parked_subject", "parked", ["subject"])
    op.create_index("ix_parked_taken_over", "parked", ["consumer", "state", "topic", "partition", "offset"])


def _writes() -> None:
    op.create_table(
        "writes",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_writes"),
    )
    op.create_index("ix_writes_sent_at", "writes", ["sent_at"])
    op.create_table(
        "write_subjects",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["writes.key"], name="fk_write_subjects_key", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subject", "key", name="pk_write_subjects"),
    )
    op.create_index("ix_write_subjects_key", "write_subjects", ["key"])


def _invoice_links() -> None:
    op.create_table(
        "invoice_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("connection_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("ghl_invoice_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("ghl_contact_id", sa.String(), nullable=True),
        sa.Column("xero_invoice_id", sa.String(), nullable=True),
        sa.Column("xero_contact_id", sa.String(), nullable=True),
        sa.Column("xero_status", sa.String(), nullable=True),
        sa.Column("total", CENTS, nullable=False),
        sa.Column("amount_paid", CENTS, nullable=False),
        sa.Column("amount_credited", CENTS, nullable=False),
        sa.Column("line_item_ids", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("xero_updated_at", INSTANT, nullable=True),
        sa.Column("xero_read_at", INSTANT, nullable=True),
        sa.Column("ghl_read_at", INSTANT, nullable=True),
        sa.Column("ghl_status", sa.String(), nullable=True),
        sa.Column("shown_status", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_links"),
        sa.UniqueConstraint("connection_id", "ghl_invoice_id", name="uq_invoice_links_connection_id_ghl_invoice_id"),
        sa.UniqueConstraint("xero_invoice_id", name="uq_invoice_links_xero_invoice_id"),
    )
    op.create_index(
        "ix_invoice_links_connection_id_ghl_contact_id", "invoice_links", ["connection_id", "ghl_contact_id"]
    )
    op.create_index("ix_invoice_links_ghl_contact_id", "invoice_links", ["ghl_contact_id"])
    op.create_index("ix_invoice_links_ghl_invoice_id", "invoice_links", ["ghl_invoice_id"])
    op.create_index("ix_invoice_links_number", "invoice_links", ["number"])
    op.create_index("ix_invoice_links_tenant_id_state", "invoice_links", ["tenant_id", "state"])
    op.create_index("ix_invoice_links_xero_contact_id", "invoice_links", ["xero_contact_id"])


def _contact_links_and_payments() -> None:
    op.create_table(
        "contact_links",
        sa.Column("connection_id", sa.String(), nullable=False),
        sa.Column("ghl_contact_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("xero_contact_id", sa.String(), nullable=False),
        sa.Column("shown_status", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id", "ghl_contact_id", name="pk_contact_links"),
        sa.UniqueConstraint("tenant_id", "xero_contact_id", name="uq_contact_links_tenant_id_xero_contact_id"),
    )
    op.create_index("ix_contact_links_ghl_contact_id", "contact_links", ["ghl_contact_id"])
    op.create_index("ix_contact_links_xero_contact_id", "contact_links", ["xero_contact_id"])
    op.create_table(
        "payments",
        sa.Column("serial", SERIAL, nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("amount", CENTS, nullable=False),
        sa.Column("recorded", CENTS, nullable=False),
        sa.Column("refunded", CENTS, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("twin", sa.String(), nullable=True),
        sa.Column("planned", CENTS, nullable=True),
        sa.Column("intended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("serial", name="pk_payments"),
        sa.UniqueConstraint("link_id", "origin", "external_id", name="uq_payments_link_id_origin_external_id"),
    )
    op.create_index("ix_payments_external_id", "payments", ["external_id"])
    op.create_index("ix_payments_twin", "payments", ["twin"])
