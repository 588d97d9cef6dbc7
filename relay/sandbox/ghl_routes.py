"""The operations of HighLevel's API that the sandbox knows: path, scope, body, and what is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_books import HighLevelBooks, InvoiceFilter, ManualPayment
from relay.sandbox.ghl_errors import unprocessable
from relay.sandbox.ghl_json import Document, Json
from relay.sandbox.ghl_shapes import (
    CREATE_CONTACT,
    CREATE_INVOICE,
    NOTE,
    RECORD_PAYMENT,
    SEND,
    TAGS,
    UPDATE_CONTACT,
    UPDATE_INVOICE,
    VOID,
    Shape,
)
from relay.sandbox.ghl_totals import decimal

MOST_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class Ask:
    """One call that passed the checks."""

    books: HighLevelBooks
    location_id: str
    path: Mapping[str, Any]
    query: Mapping[str, str]
    body: Json
    behaviour: Behaviour

    def count(self, name: str, default: int) -> int:
        """Return a number of the query.

        Raises:
            Refusal: 422, it is none.
        """
        text = self.query.get(name) or str(default)
        if not (text.isascii() and text.isdigit()):
            raise unprocessable(f"{name} must be a number string")
        return int(text)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered."""

    body: Document
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `query` must be there; `shape` says what the body must hold under a behaviour."""

    method: str
    path: str
    scope: str
    act: Callable[[Ask], Answer]
    shape: Callable[[Behaviour], Shape] | None = None
    query: Sequence[str] = ()


def _always(shape: Shape) -> Callable[[Behaviour], Shape]:
    return lambda _behaviour: shape


def _list_invoices(ask: Ask) -> Answer:
    mode = ask.query.get("paymentMode")
    wanted = InvoiceFilter(
        status=ask.query.get("status"),
        contact_id=ask.query.get("contactId"),
        start_at=ask.query.get("startAt"),
        end_at=ask.query.get("endAt"),
        search=ask.query.get("search"),
        live=None if mode in {None, "default"} else mode == "live",
        ascending=ask.query.get("sortOrder") == "ascend",
    )
    found = ask.books.invoices(ask.location_id, wanted)
    offset, limit = ask.count("offset", 0), min(ask.count("limit", 10), MOST_LISTED)
    return Answer({"invoices": [one.answer() for one in found[offset : offset + limit]], "total": len(found)})


def _get_invoice(ask: Ask) -> Answer:
    return Answer(ask.books.invoice(ask.location_id, ask.path["invoice_id"]).answer())


def _create_invoice(ask: Ask) -> Answer:
    ask.books.contacts.get(ask.location_id, ask.body["contactDetails"]["id"])
    return Answer(ask.books.create_invoice(ask.location_id, ask.body).answer())


def _update_invoice(ask: Ask) -> Answer:
    return Answer(ask.books.edit_invoice(ask.location_id, ask.path["invoice_id"], ask.body).answer())


def _send_invoice(ask: Ask) -> Answer:
    invoice = ask.books.send_invoice(ask.location_id, ask.path["invoice_id"])
    return Answer({"invoice": invoice.answer(), "smsData": {}, "emailData": {}})


def _void_invoice(ask: Ask) -> Answer:
    return Answer(ask.books.void_invoice(ask.location_id, ask.path["invoice_id"]).answer())


def _delete_invoice(ask: Ask) -> Answer:
    return Answer(ask.books.delete_invoice(ask.location_id, ask.path["invoice_id"]).answer())


def _record_payment(ask: Ask) -> Answer:
    body, mode = ask.body, ask.body["mode"]
    payment = ManualPayment(
        mode=mode,
        amount=None if body.get("amount") is None else decimal(body["amount"]),
        notes=body.get("notes") or "",
        meta=body.get("meta") or {},
        fulfilled_at=body.get("fulfilledAt"),
        detail=body.get(mode) or {} if mode in {"card", "cheque"} else {},
    )
    paid = ask.books.record_payment(ask.location_id, ask.path["invoice_id"], payment)
    return Answer({"success": True, "invoice": paid.invoice.answer()})


def _list_transactions(ask: Ask) -> Answer:
    query = ask.query
    found = ask.books.transactions(ask.location_id, entity_id=query.get("entityId"), contact_id=query.get("contactId"))
    offset, limit = ask.count("offset", 0), min(ask.count("limit", 10), MOST_LISTED)
    rows = [one.row(marks=ask.behaviour.returns_marks) for one in found[offset : offset + limit]]
    return Answer({"data": rows, "totalCount": len(found)})


def _get_transaction(ask: Ask) -> Answer:
    found = ask.books.transaction(ask.location_id, ask.path["transaction_id"])
    return Answer(found.answer(marks=ask.behaviour.returns_marks))


def _get_contact(ask: Ask) -> Answer:
    return Answer({"contact": ask.books.contacts.get(ask.location_id, ask.path["contact_id"]).answer()})


def _create_contact(ask: Ask) -> Answer:
    return Answer({"contact": ask.books.contacts.create(ask.location_id, ask.body).answer()}, HTTPStatus.CREATED)


def _update_contact(ask: Ask) -> Answer:
    contact = ask.books.contacts.edit(ask.location_id, ask.path["contact_id"], ask.body)
    return Answer({"succeded": True, "contact": contact.answer()})  # misspelt at HighLevel too


def _delete_contact(ask: Ask) -> Answer:
    ask.books.contacts.delete(ask.location_id, ask.path["contact_id"])
    return Answer({"succeded": True})


def _add_tags(ask: Ask) -> Answer:
    contact = ask.books.contacts.add_tags(ask.location_id, ask.path["contact_id"], ask.body["tags"])
    return Answer({"tags": list(contact.tags)}, HTTPStatus.CREATED)


def _remove_tags(ask: Ask) -> Answer:
    contact = ask.books.contacts.remove_tags(ask.location_id, ask.path["contact_id"], ask.body["tags"])
    return Answer({"tags": list(contact.tags)})


def _add_note(ask: Ask) -> Answer:
    note = ask.books.contacts.add_note(ask.location_id, ask.path["contact_id"], ask.body)
    return Answer({"note": note}, HTTPStatus.CREATED)


def _list_notes(ask: Ask) -> Answer:
    notes = ask.books.contacts.get(ask.location_id, ask.path["contact_id"]).notes
    return Answer({"notes": notes[::-1]})


_ALT: Final = ("altId", "altType")
_INVOICE: Final = "/invoices/{invoice_id}"
_CONTACT: Final = "/contacts/{contact_id}"
_READ, _WRITE = "invoices.readonly", "invoices.write"
_MONEY: Final = "payments/transactions.readonly"
_SEE, _CHANGE = "contacts.readonly", "contacts.write"

ROUTES: Final = (
    Operation("GET", "/invoices/", _READ, _list_invoices, query=(*_ALT, "limit", "offset")),
    Operation("POST", "/invoices/", _WRITE, _create_invoice, _always(CREATE_INVOICE)),
    Operation("GET", _INVOICE, _READ, _get_invoice, query=_ALT),
    Operation("PUT", _INVOICE, _WRITE, _update_invoice, _always(UPDATE_INVOICE)),
    Operation("DELETE", _INVOICE, _WRITE, _delete_invoice, query=_ALT),
    Operation("POST", f"{_INVOICE}/send", _WRITE, _send_invoice, _always(SEND)),
    Operation("POST", f"{_INVOICE}/void", _WRITE, _void_invoice, _always(VOID)),
    Operation(
        "POST",
        f"{_INVOICE}/record-payment",
        _WRITE,
        _record_payment,
        lambda behaviour: RECORD_PAYMENT[behaviour.record_payment],
    ),
    Operation("GET", "/payments/transactions", _MONEY, _list_transactions, query=_ALT),
    Operation("GET", "/payments/transactions/{transaction_id}", _MONEY, _get_transaction, query=_ALT),
    Operation("POST", "/contacts/", _CHANGE, _create_contact, _always(CREATE_CONTACT)),
    Operation("GET", _CONTACT, _SEE, _get_contact),
    Operation("PUT", _CONTACT, _CHANGE, _update_contact, _always(UPDATE_CONTACT)),
    Operation("DELETE", _CONTACT, _CHANGE, _delete_contact),
    Operation("POST", f"{_CONTACT}/tags", _CHANGE, _add_tags, _always(TAGS)),
    Operation("DELETE", f"{_CONTACT}/tags", _CHANGE, _remove_tags, _always(TAGS)),
    Operation("POST", f"{_CONTACT}/notes", _CHANGE, _add_note, _always(NOTE)),
    Operation("GET", f"{_CONTACT}/notes", _SEE, _list_notes),
)
