"""Money with valid defaults: rows, payments, transactions, both sides, events."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from consumers.payments.actions import GhlSide
from consumers.runtime.handler import QueuedEvent, Subject
from relay.store.connections import Connection
from relay.store.ledger import Kind, LedgerRow, Origin, State
from relay.store.links import InvoiceLink, LinkState
from schemas import ghl, xero
from schemas.connection_settings import ConnectionSettings, settings_from
from schemas.envelope import Event

CONNECTION = Connection("c1", "Account A", "loc", None, "tenant", "Org", "g-ghl", "g-xero")
INVOICE = "11111111-1111-4111-8111-111111111111"
GHL_INVOICE = "ghl-invoice-1"
CONTACT = "contact-1"
TODAY = date(2026, 11, 24)


def uuid(number: int) -> str:
    return str(UUID(int=number, version=4))


def row(external_id: str = uuid(1), amount: Any = "110", *, origin: Origin = Origin.XERO, **changes: Any) -> LedgerRow:
    numbers = {key: Decimal(changes.pop(key)) for key in ("recorded", "refunded", "planned") if key in changes}
    given: dict[str, Any] = {
        "origin": origin,
        "kind": Kind.PAYMENT,
        "external_id": external_id,
        "amount": Decimal(amount),
        "recorded": Decimal(amount),
        "refunded": Decimal(0),
        "state": State.APPLIED,
        **numbers,
        **changes,
    }
    return LedgerRow(**given)


def xero_payment(payment_id: str = uuid(1), amount: Any = "110", **changes: Any) -> xero.Payment:
    values = {"PaymentID": payment_id, "Amount": Decimal(amount), "Date": "2026-11-20", **changes}
    return xero.Payment.model_validate(values)


def xero_credit(credit_id: str = uuid(500), applied: Any = "20", number: str = "CN-1") -> xero.Credit:
    values = {"id": credit_id, "AppliedAmount": Decimal(applied), "Date": "2026-11-20", "number": number}
    return xero.Credit.model_validate(values)


def xero_invoice(
    *payments: xero.Payment, total: Any = "110", credits_: Sequence[xero.Credit] = (), **changes: Any
) -> xero.Invoice:
    """An approved invoice whose figures follow from its payments and credits."""
    live = [payment for payment in payments if payment.status == "AUTHORISED"]
    paid = sum((payment.amount for payment in live), Decimal(0))
    credited = sum((credit.applied_amount for credit in credits_), Decimal(0))
    due = Decimal(total) - paid - credited
    values = {
        "invoice_id": INVOICE,
        "number": "INV-1",
        "status": "PAID" if due == 0 else "AUTHORISED",
        "currency": "AUD",
        "due_date": "2026-12-24",
        "total": Decimal(total),
        "amount_paid": paid,
        "amount_credited": credited,
        "amount_due": due,
        "payments": payments,
        "credit_notes": tuple(credits_),
        "updated_at": datetime(2026, 11, 24, 11, 0, tzinfo=UTC),
        **changes,
    }
    return xero.Invoice.model_validate(values)


def transaction(transaction_id: str = "t1", amount: Any = "110", **changes: Any) -> ghl.Transaction:
    values = {
        "_id": transaction_id,
        "amount": Decimal(amount),
        "status": "succeeded",
        "paymentMethod": {"card": {"brand": "visa"}},
        "fulfilledAt": "2026-11-20T03:00:00.000Z",
        "createdAt": "2026-11-20T03:00:00.000Z",
        **changes,
    }
    return ghl.Transaction.model_validate(values)


def ghl_side(*transactions: ghl.Transaction, total: Any = "110", readable: bool = True, **changes: Any) -> GhlSide:
    """A sent invoice whose figures follow from its transactions."""
    paid = sum((one.amount for one in transactions if one.status == "succeeded"), Decimal(0))
    values = {
        "_id": GHL_INVOICE,
        "status": "sent",
        "total": Decimal(total),
        "amountPaid": paid,
        "amountDue": max(Decimal(total) - paid, Decimal(0)),
        **changes,
    }
    return GhlSide(ghl.Invoice.model_validate(values), transactions if readable else None)


def settings(**values: Any) -> ConnectionSettings:
    return settings_from(values)


PUSHING: Mapping[str, Any] = {"push_payments": True, "payment_account_map": {"card": "614", "default": "090"}}


LINK = InvoiceLink(
    id="l1",
    connection_id=CONNECTION.id,
    tenant_id="tenant",
    ghl_invoice_id=GHL_INVOICE,
    number="INV-1",
    state=LinkState.LINKED,
    currency="AUD",
    ghl_contact_id=CONTACT,
    xero_invoice_id=INVOICE,
    xero_contact_id="xero-contact-1",
)


def event(
    subject: str = INVOICE,
    kind: str = "invoice.update",
    *,
    at: datetime = datetime(2026, 11, 24, 11, 59, tzinfo=UTC),
    received_at: datetime = datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
) -> Event:
    return Event(
        id=f"{subject} {kind} {at.isoformat()}",
        source="xero",
        type=f"com.xero.{kind}",
        subject=subject,
        key="tenant",
        topic="xero.invoices" if kind.startswith("invoice") else "xero.payments",
        value=b"{}",
        delivery_id="d",
        received_at=received_at,
        time=at,
    )


def subject(*events: Event, connection: Connection | None = CONNECTION, **queued: Any) -> Subject:
    return Subject(
        events[0].subject,
        connection,
        tuple(QueuedEvent(one, one.topic, 0, offset, **queued) for offset, one in enumerate(events)),
    )
