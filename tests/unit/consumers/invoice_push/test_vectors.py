"""The golden cases: what an invoice becomes, and which contact it goes to. The runner of tests/vectors/README.md."""

import pathlib
from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push import proof
from consumers.invoice_push.decision import map_invoice
from consumers.invoice_push.matching import ContactLinks, ContactVerdict, CreateContact, UseContact, decide_contact
from consumers.invoice_push.verdict import Create, Dead, Delete, LinkedInvoice, Links, Skip, Update, Verdict, Void
from schemas import ghl, money, xero
from schemas.connection_settings import settings_from

ROOT = pathlib.Path(__file__).parents[3] / "vectors"
NUMERIC = {
    "Quantity",
    "UnitAmount",
    "DiscountAmount",
    "TaxAmount",
    "amount",
    "recorded",
    "refunded",
    "planned",
    "total",
}
WAITING: frozenset[str] = frozenset()  # cases whose branch of the mapping is not written yet, by name


def cases(kind: str) -> list[Any]:
    return [pytest.param(path, id=path.stem) for path in sorted((ROOT / kind).glob("*.json"))]


def same(want: Any, have: Any, key: str = "") -> bool:
    if isinstance(want, dict):
        have = {k: v for k, v in have.items() if v is not None}
        want = {k: v for k, v in want.items() if v is not None}
        return want.keys() == have.keys() and all(same(want[k], have[k], k) for k in want)
    if isinstance(want, list):
        return len(want) == len(have) and all(same(w, h, key) for w, h in zip(want, have, strict=True))
    if key in NUMERIC:
        return Decimal(want) == Decimal(str(have))
    return want in ("*", have)


def links_of(value: dict[str, Any]) -> Links:
    invoice = value["invoice"]
    if invoice is None:
        return Links(value["contact_id"])
    return Links(
        value["contact_id"],
        LinkedInvoice(
            invoice_id=invoice["InvoiceID"],
            number=invoice["InvoiceNumber"],
            status=invoice["Status"],
            total=Decimal(invoice["Total"]),
            amount_paid=Decimal(invoice["AmountPaid"]),
            amount_credited=Decimal(invoice["AmountCredited"]),
            line_item_ids=invoice["LineItemIDs"],
        ),
    )


def as_json(verdict: Verdict) -> dict[str, Any]:
    match verdict:
        case Create(document, total):
            return {"action": "create", "xero_invoice": document, "total": total}
        case Update(document, total):
            return {"action": "update", "xero_invoice": document, "total": total}
        case Void(document):
            return {"action": "void", "xero_invoice": document}
        case Delete(document):
            return {"action": "delete", "xero_invoice": document}
        case Dead(reason):
            return {"dead_letter": reason.value}
        case Skip(reason):
            return {"skip": reason.value}


@pytest.mark.parametrize("path", cases("mapping"))
def test_an_invoice_becomes_exactly_this_document(path: pathlib.Path) -> None:
    vector = money.loads(path.read_text(encoding="utf-8"))
    want = {key: value for key, value in vector["expect"].items() if key != "total_tax"}
    organisation = xero.Organisation.model_validate(vector["organisation"])

    verdict = map_invoice(
        ghl.Invoice.model_validate(vector["ghl_invoice"]),
        settings_from(vector["settings"]),
        organisation,
        links_of(vector["links"]),
    )

    assert same(want, as_json(verdict)), (vector["title"], want, as_json(verdict))
    if "total_tax" in vector["expect"]:
        assert isinstance(verdict, (Create, Update))
        assert proof.xero_tax(verdict.document, organisation) == Decimal(vector["expect"]["total_tax"])


def source_of(value: dict[str, Any]) -> ghl.Contact | ghl.ContactDetails:
    shape = ghl.ContactDetails if "phoneNo" in value else ghl.Contact
    return shape.model_validate(value)


def contact_as_json(verdict: ContactVerdict) -> dict[str, Any]:
    match verdict:
        case UseContact(contact_id, matched_by, changes):
            return {"action": "use", "contact_id": contact_id, "matched_by": matched_by, "changes": changes}
        case CreateContact(contact):
            return {"action": "create", "contact": contact}
        case Dead(reason):
            return {"dead_letter": reason.value}


@pytest.mark.parametrize("path", cases("contacts"))
def test_a_contact_becomes_exactly_this_one(path: pathlib.Path) -> None:
    vector = money.loads(path.read_text(encoding="utf-8"))
    links = ContactLinks(vector["links"]["contact_id"], frozenset(vector["links"]["linked_elsewhere"]))

    verdict = decide_contact(
        source_of(vector["ghl_contact"]),
        settings_from(vector["settings"]),
        [xero.Contact.model_validate(contact) for contact in vector["xero_contacts"]],
        links,
    )

    assert same(vector["expect"], contact_as_json(verdict)), (vector["title"], contact_as_json(verdict))


def test_every_golden_case_is_run() -> None:
    assert len(cases("mapping")) >= 45
    assert len(cases("contacts")) >= 12
    assert not WAITING
