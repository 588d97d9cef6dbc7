"""`/Payments` of the API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.routing import Route

from relay.sandbox.xero_answers import payment_answer
from relay.sandbox.xero_batch import saved
from relay.sandbox.xero_errors import Invalid, not_found
from relay.sandbox.xero_gate import BROAD, Asked, Gate, Reply
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_payment_rules import create_payment, delete_payment
from relay.sandbox.xero_queries import matching, modified_since, ordered, paged
from relay.sandbox.xero_rows import Payment
from relay.sandbox.xero_wire import Element, elements, text

NAME: Final = "Payments"


def routes(gate: Gate) -> list[Route]:
    """Return the routes below the API's base."""
    scopes = ("accounting.payments", BROAD)
    return [
        Route("/Payments", gate.opened(list_payments, *scopes), methods=["GET"]),
        Route("/Payments", gate.opened(write_payments, *scopes), methods=["PUT", "POST"]),
        Route("/Payments/{id}", gate.opened(get_payment, *scopes), methods=["GET"]),
        Route("/Payments/{id}", gate.opened(post_payment, *scopes), methods=["POST"]),
    ]


def fields(ledger: Ledger) -> Mapping[str, Callable[[Payment], Any]]:
    """Return what `where` and `order` may name."""
    return {
        "PaymentID": lambda payment: payment.payment_id,
        "PaymentType": lambda payment: payment.payment_type,
        "Status": lambda payment: payment.status,
        "Date": lambda payment: payment.day,
        "Amount": lambda payment: payment.amount,
        "Reference": lambda payment: payment.reference,
        "Invoice.InvoiceID": lambda payment: payment.invoice_id,
        "Invoice.InvoiceNumber": lambda payment: ledger.invoices[payment.invoice_id].number,
        "UpdatedDateUTC": lambda payment: payment.updated,
    }


def list_payments(asked: Asked) -> Reply:
    """Answer GET /Payments; deleted ones are listed too."""
    ledger, query = asked.ledger, asked.query
    payments, since = list(ledger.payments.values()), modified_since(asked.headers.get("if-modified-since"))
    known = fields(ledger)
    if since:
        payments = [payment for payment in payments if payment.updated > since]
    if where := query.get("where"):
        payments = list(filter(matching(where, "Payment", known), payments))
    if order := query.get("order"):
        payments = ordered(payments, order, "Payment", known)
    if {"page", "pageSize"}.intersection(query):
        page = paged(payments, query.get("page"), query.get("pageSize"))
        return Reply(NAME, [payment_answer(ledger, payment) for payment in page.rows], page.pagination)
    return Reply(NAME, [payment_answer(ledger, payment) for payment in payments])


def _found(asked: Asked) -> Payment:
    payment = asked.ledger.payments.get(asked.path["id"].lower())
    if payment is None:
        raise not_found()
    return payment


def get_payment(asked: Asked) -> Reply:
    """Answer GET /Payments/{id}."""
    return Reply(NAME, [payment_answer(asked.ledger, _found(asked))])


def write_payments(asked: Asked) -> Reply:
    """Answer PUT and POST /Payments: create."""

    def save(element: Element) -> dict[str, Any]:
        return payment_answer(asked.ledger, create_payment(asked.ledger, element))

    return _saved(asked, elements(asked.body, NAME), save)


def post_payment(asked: Asked) -> Reply:
    """Answer POST /Payments/{id}: only its deletion is possible."""
    payment = _found(asked)

    def save(element: Element) -> dict[str, Any]:
        if text(element, "Status") != "DELETED":
            raise Invalid("A payment cannot be changed, only deleted")
        return payment_answer(asked.ledger, delete_payment(asked.ledger, payment))

    return _saved(asked, elements(asked.body, NAME)[:1], save)


def _saved(asked: Asked, sent: list[Element], save: Callable[[Element], dict[str, Any]]) -> Reply:
    return saved(asked, sent, save, name=NAME, id_key="PaymentID", errors_key="HasValidationErrors")
