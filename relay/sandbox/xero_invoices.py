"""`/Invoices` of the API: lists, single invoices, writes, history."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.routing import Route

from relay.sandbox.xero_answers import history_answer, invoice_answer, invoice_head, invoice_unpaged
from relay.sandbox.xero_batch import saved
from relay.sandbox.xero_errors import Invalid, not_found, refused
from relay.sandbox.xero_gate import BROAD, Asked, Gate, Reply
from relay.sandbox.xero_invoice_rules import create_invoice, save_invoice, update_invoice
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_queries import listed, matching, modified_since, ordered, paged
from relay.sandbox.xero_rows import Invoice
from relay.sandbox.xero_wire import Element, elements, text

NAME: Final = "Invoices"
LONGEST_NOTE: Final = 2500
# filters that are comma lists
LISTS: Final[Mapping[str, Callable[[Invoice], str]]] = {
    "IDs": lambda invoice: invoice.invoice_id,
    "InvoiceNumbers": lambda invoice: invoice.number,
    "ContactIDs": lambda invoice: invoice.contact_id,
    "Statuses": lambda invoice: invoice.status,
}


def routes(gate: Gate) -> list[Route]:
    """Return the routes below the API's base."""
    scopes = ("accounting.invoices", BROAD)
    return [
        Route("/Invoices", gate.opened(list_invoices, *scopes), methods=["GET"]),
        Route("/Invoices", gate.opened(put_invoices, *scopes), methods=["PUT"]),
        Route("/Invoices", gate.opened(post_invoices, *scopes), methods=["POST"]),
        Route("/Invoices/{id}", gate.opened(get_invoice, *scopes), methods=["GET"]),
        Route("/Invoices/{id}", gate.opened(post_invoice, *scopes), methods=["POST"]),
        Route("/Invoices/{id}/History", gate.opened(get_history, *scopes), methods=["GET"]),
        Route("/Invoices/{id}/History", gate.opened(put_history, *scopes), methods=["PUT"]),
    ]


def fields(ledger: Ledger) -> Mapping[str, Callable[[Invoice], Any]]:
    """Return what `where` and `order` may name."""
    return {
        "Type": lambda invoice: invoice.type,
        "Status": lambda invoice: invoice.status,
        "InvoiceNumber": lambda invoice: invoice.number,
        "InvoiceID": lambda invoice: invoice.invoice_id,
        "InvoiceId": lambda invoice: invoice.invoice_id,
        "Reference": lambda invoice: invoice.reference,
        "Date": lambda invoice: invoice.day,
        "DueDate": lambda invoice: invoice.due_date,
        "Total": lambda invoice: invoice.total,
        "AmountDue": ledger.due,
        "AmountPaid": ledger.paid,
        "Contact.ContactID": lambda invoice: invoice.contact_id,
        "Contact.Name": lambda invoice: ledger.contacts[invoice.contact_id].name,
        "Contact.ContactNumber": lambda invoice: ledger.contacts[invoice.contact_id].contact_number,
        "UpdatedDateUTC": lambda invoice: invoice.updated,
    }


def list_invoices(asked: Asked) -> Reply:
    """Answer GET /Invoices: whole invoices in a page, heads without one."""
    ledger, query = asked.ledger, asked.query
    invoices = _filtered(asked)
    known = fields(ledger)
    if where := query.get("where"):
        invoices = list(filter(matching(where, "Invoice", known), invoices))
    if order := query.get("order"):
        invoices = ordered(invoices, order, "Invoice", known)
    if query.get("summaryOnly", "").lower() == "true":
        page = paged(invoices, query.get("page"), query.get("pageSize"))
        return Reply(NAME, [invoice_head(ledger, invoice) for invoice in page.rows], page.pagination)
    if "page" in query or "pageSize" in query:
        page = paged(invoices, query.get("page"), query.get("pageSize"))
        whole = [invoice_answer(ledger, invoice, asked.unit_decimals) for invoice in page.rows]
        return Reply(NAME, whole, page.pagination)
    return Reply(NAME, [invoice_unpaged(ledger, invoice) for invoice in invoices])


def _filtered(asked: Asked) -> list[Invoice]:
    query, since = asked.query, modified_since(asked.headers.get("if-modified-since"))
    invoices = list(asked.ledger.invoices.values())
    if since:
        invoices = [invoice for invoice in invoices if invoice.updated > since]
    for parameter, read in LISTS.items():
        if parameter in query:
            wanted = set(listed(query[parameter]))
            invoices = [invoice for invoice in invoices if read(invoice) in wanted]
    if term := query.get("searchTerm", "").casefold():
        invoices = [invoice for invoice in invoices if term in f"{invoice.number} {invoice.reference}".casefold()]
    return invoices


def _found(asked: Asked) -> Invoice:
    invoice = asked.ledger.find_invoice(asked.path["id"])
    if invoice is None:
        raise not_found()
    return invoice


def get_invoice(asked: Asked) -> Reply:
    """Answer GET /Invoices/{id or number}."""
    return Reply(NAME, [invoice_answer(asked.ledger, _found(asked), asked.unit_decimals)])


def put_invoices(asked: Asked) -> Reply:
    """Answer PUT /Invoices: create."""

    def save(element: Element) -> dict[str, Any]:
        if text(element, "InvoiceID"):
            raise Invalid("An InvoiceID cannot be given to a new invoice")
        return invoice_answer(asked.ledger, create_invoice(asked.ledger, element, unit_decimals=asked.unit_decimals))

    return _saved(asked, elements(asked.body, NAME), save)


def post_invoices(asked: Asked) -> Reply:
    """Answer POST /Invoices: create, or overwrite the one with that id or number."""

    def save(element: Element) -> dict[str, Any]:
        return invoice_answer(asked.ledger, save_invoice(asked.ledger, element, unit_decimals=asked.unit_decimals))

    return _saved(asked, elements(asked.body, NAME), save)


def post_invoice(asked: Asked) -> Reply:
    """Answer POST /Invoices/{id}: update one."""
    invoice = _found(asked)

    def save(element: Element) -> dict[str, Any]:
        changed = update_invoice(asked.ledger, invoice, element, unit_decimals=asked.unit_decimals)
        return invoice_answer(asked.ledger, changed)

    return _saved(asked, elements(asked.body, NAME)[:1], save)


def _saved(asked: Asked, sent: list[Element], save: Callable[[Element], dict[str, Any]]) -> Reply:
    return saved(asked, sent, save, name=NAME, id_key="InvoiceID", errors_key="HasErrors")


def get_history(asked: Asked) -> Reply:
    """Answer GET /Invoices/{id}/History."""
    records = asked.ledger.history.get(_found(asked).invoice_id, ())
    return Reply("HistoryRecords", [history_answer(record) for record in reversed(records)])


def put_history(asked: Asked) -> Reply:
    """Answer PUT /Invoices/{id}/History."""
    invoice = _found(asked)
    notes = [text(element, "Details") or "" for element in elements(asked.body, "HistoryRecords")]
    if not all(0 < len(note) <= LONGEST_NOTE for note in notes):
        raise refused(f"Details must be given, with at most {LONGEST_NOTE} characters")
    return Reply(
        "HistoryRecords", [history_answer(asked.ledger.add_history(invoice.invoice_id, note)) for note in notes]
    )
