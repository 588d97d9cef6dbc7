"""The money that a Xero document holds: payments, and credits applied to it, as one list. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from relay.store.ledger import Kind
from schemas import xero
from schemas.money import ZERO

LIVE: Final = "AUTHORISED"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment, or a credit with all that is applied of it. `label` is Xero's own reference or number."""

    kind: Kind
    document: str
    amount: Decimal
    date: date | None
    label: str = ""
    marked: str | None = None  # the transaction that a payment's reference names


def document_of(external_id: str) -> str:
    """Return the Xero document behind a ledger row's external id: growths of a credit are `id:{AppliedAmount}`."""
    return external_id.partition(":")[0]


def live_payments(invoice: xero.Invoice) -> Sequence[xero.Payment]:
    """Return the payments that stand."""
    return [payment for payment in invoice.payments if payment.status == LIVE]


def credits_of(invoice: xero.Invoice) -> Sequence[Receipt]:
    """Return the credits of a document, each once with all that is applied of it: a credit may be applied in parts."""
    found: dict[str, Receipt] = {}
    for kind, listed in (
        (Kind.CREDIT_NOTE, invoice.credit_notes),
        (Kind.OVERPAYMENT, invoice.overpayments),
        (Kind.PREPAYMENT, invoice.prepayments),
    ):
        for credit in listed:
            before = found.get(credit.id)
            amount = credit.applied_amount + (before.amount if before else ZERO)
            found[credit.id] = Receipt(kind, credit.id, amount, credit.date, credit.number)
    return list(found.values())


def payment_receipt(payment: xero.Payment) -> Receipt:
    """Return a payment as money."""
    return Receipt(Kind.PAYMENT, payment.payment_id, payment.amount, payment.date, payment.reference.strip())


def listed_in_full(invoice: xero.Invoice) -> bool:
    """Whether the listed payments and credits add up to what the document says: only then may one be "gone"."""
    return _unlisted(invoice) == (ZERO, ZERO)


def lacks_some(invoice: xero.Invoice) -> bool:
    """Whether the document says that more was paid or credited than is listed: it counts as not read."""
    return max(_unlisted(invoice)) > 0


def _unlisted(invoice: xero.Invoice) -> tuple[Decimal, Decimal]:
    paid = sum((payment.amount for payment in live_payments(invoice)), ZERO)
    credited = sum((credit.amount for credit in credits_of(invoice)), ZERO)
    return invoice.amount_paid - paid, invoice.amount_credited - credited
