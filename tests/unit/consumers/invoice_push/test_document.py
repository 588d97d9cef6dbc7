from decimal import Decimal
from typing import Any

import pytest

from consumers.invoice_push.document import document, header
from consumers.invoice_push.verdict import Links, Unmappable
from schemas.reasons import Reason
from tests.givens.mapping import GST, an_invoice, an_item, an_organisation, linked, settings

NEW = Links("contact-x")


def the_document(
    links: Links = NEW, chosen: dict[str, Any] | None = None, total: str = "100", **given: Any
) -> dict[str, Any]:
    items = given.pop("items", [an_item()])
    invoice = an_invoice(*items, total=Decimal(total), **given)
    return dict(document(invoice, Decimal(total), settings(**chosen or {}), an_organisation(), links))


@pytest.mark.parametrize(
    ("status", "links", "chosen", "becomes", "marked"),
    [
        ("sent", NEW, {}, "AUTHORISED", True),
        ("paid", NEW, {}, "AUTHORISED", True),
        ("draft", NEW, {}, "DRAFT", False),
        ("sent", NEW, {"mark_as_sent": False}, "AUTHORISED", False),
        ("sent", NEW, {"invoice_status_on_sent": "SUBMITTED"}, "SUBMITTED", False),
        ("sent", linked(status="DRAFT"), {}, "AUTHORISED", True),
        ("sent", linked(), {}, "AUTHORISED", False),
        ("draft", linked(), {}, "AUTHORISED", False),
        ("sent", linked(status="SUBMITTED"), {"invoice_status_on_sent": "DRAFT"}, "SUBMITTED", False),
    ],
)
def test_a_status_never_goes_back_and_is_marked_once(
    status: str, links: Links, chosen: dict[str, Any], becomes: str, marked: bool
) -> None:
    found = the_document(links, chosen, status=status)

    assert (found["Status"], found.get("SentToContact", False)) == (becomes, marked)


def test_a_status_nobody_knows_is_a_bad_document() -> None:
    with pytest.raises(Unmappable) as stop:
        the_document(status="pondering")

    assert stop.value.reason is Reason.BAD_DOCUMENT


def test_a_number_is_given_once() -> None:
    assert the_document(linked(number="CRM-7"))["InvoiceNumber"] == "CRM-7"
    assert the_document(Links("contact-x", number="CRM-8"))["InvoiceNumber"] == "CRM-8"
    assert the_document()["InvoiceNumber"] == "19"


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("https://crm.example.com/{location_id}/{invoice_id}", "https://crm.example.com/location-1/invoice-1"),
        ("http://crm.example.com/{invoice_id}", None),
        ("https://xero.example.com/{invoice_id}", None),
        (None, None),
    ],
)
def test_a_link_back_is_one_that_xero_takes(template: str | None, url: str | None) -> None:
    assert the_document(chosen={"source_url_template": template}).get("Url") == url


def test_known_lines_keep_their_ids_and_extra_lines_follow() -> None:
    links = linked(line_item_ids={"item-1": "line-1"})

    found = the_document(links, {"rounding_account_code": "860"}, total="100.02")

    [known, rounding] = found["LineItems"]
    assert known["LineItemID"] == "line-1"
    assert (rounding["Description"], rounding["UnitAmount"], rounding["AccountCode"]) == (
        "Rounding",
        Decimal("0.02"),
        "860",
    )


def test_extra_lines_carry_a_type_of_nothing_where_lines_carry_types() -> None:
    fee = {"paidCharges": [{"name": "", "amount": 5}]}

    found = the_document(total="115", items=[an_item(taxes=[GST])], miscellaneousCharges=fee)

    assert [(line["Description"], line["TaxType"]) for line in found["LineItems"]] == [
        ("Consulting", "OUTPUT"),
        ("Charge", "BASEXCLUDED"),
    ]


def test_computed_sales_tax_needs_an_account() -> None:
    given: dict[str, Any] = {"automaticTaxesEnabled": True, "totalSummary": {"tax": 8}, "total": "108"}

    with pytest.raises(Unmappable) as stop:
        the_document(**given)

    assert stop.value.reason is Reason.TAX_NOT_MAPPED
    assert the_document(chosen={"automatic_tax_account_code": "210"}, **given)["LineItems"][1]["UnitAmount"] == 8


def test_a_header_is_what_may_change_under_money() -> None:
    whole = the_document(linked(), {"branding_theme_id": "theme"})

    assert header(whole) == {
        "InvoiceID": "document-1",
        "DueDate": "2026-12-04",
        "Reference": "invoice-1",
        "BrandingThemeID": "theme",
    }
