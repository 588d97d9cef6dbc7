import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from relay.clock import FakeClock
from relay.sandbox.delivery import Parcel
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.signers import Forgery, GhlShape, HighLevelSigner, XeroSigner, forged, xero_event

INVOICE = {"_id": "6578278e879ad2646715ba9c", "status": "paid", "invoiceNumber": "19", "altId": "loc"}


def highlevel_signer() -> HighLevelSigner:
    return HighLevelSigner(clock=FakeClock(), ids=Ids(1), app_id="our-app")


def xero_signer() -> XeroSigner:
    return XeroSigner(ids=Ids(2), key=Ids(3).webhook_key())


def by_highlevel(signer: HighLevelSigner, parcel: Parcel) -> bool:
    key = load_pem_public_key(signer.public_pem.encode())
    assert isinstance(key, Ed25519PublicKey)
    try:
        key.verify(base64.b64decode(parcel.headers.get("X-GHL-Signature", "")), parcel.body)
    except (InvalidSignature, ValueError):
        return False
    return True


def by_xero(signer: XeroSigner, parcel: Parcel) -> bool:
    digest = hmac.new(signer.key.encode(), parcel.body, hashlib.sha256).digest()
    return parcel.headers.get("x-xero-signature") == base64.b64encode(digest).decode()


def test_highlevel_signs_exactly_the_bytes_it_sends() -> None:
    signer = highlevel_signer()

    parcel = signer.parcel("InvoicePaid", "loc", INVOICE)

    assert by_highlevel(signer, parcel)
    assert b" " not in parcel.body.replace(b"2026", b"")


def test_an_enveloped_invoice_has_its_own_fields_and_those_of_the_envelope() -> None:
    body = json.loads(highlevel_signer().parcel("InvoicePaid", "loc", INVOICE).body)

    assert body.items() >= INVOICE.items()
    assert (body["type"], body["locationId"], body["appId"]) == ("InvoicePaid", "loc", "our-app")
    assert body["timestamp"] == "2026-11-24T12:00:00.000Z"
    assert body["webhookId"]


def test_a_documented_invoice_is_bare_and_a_documented_contact_typed() -> None:
    signer = highlevel_signer()
    signer.shape = GhlShape.DOCUMENTED

    assert json.loads(signer.parcel("InvoicePaid", "loc", INVOICE).body) == INVOICE
    assert json.loads(signer.parcel("ContactCreate", "loc", {"id": "c"}).body) == {
        "type": "ContactCreate",
        "locationId": "loc",
        "id": "c",
    }


def test_an_installation_is_always_typed() -> None:
    body = json.loads(highlevel_signer().app_parcel("INSTALL", {"locationId": "loc"}).body)

    assert (body["type"], body["appId"], body["locationId"]) == ("INSTALL", "our-app", "loc")


def test_xeros_bytes_have_spaces_where_xero_has_them() -> None:
    intent = xero_signer().intent()

    assert re.fullmatch(
        rb'\{"events":\[\],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "[A-Z0-9]{20}"\}', intent.body
    )
    assert len(intent.body) == 95
    assert intent.headers["Content-Type"] == "application/json; charset=utf-8"


def test_xero_signs_with_the_text_of_its_key_and_counts_its_events() -> None:
    signer = xero_signer()
    event = xero_event(tenant_id="t", category="INVOICE", kind="UPDATE", resource_id="i", at=datetime.now(UTC))

    first, second = signer.parcel([event, event]), signer.parcel([event])

    assert by_xero(signer, first)
    assert by_xero(signer, second)
    numbers = [json.loads(parcel.body) for parcel in (first, second)]
    assert [(one["firstEventSequence"], one["lastEventSequence"]) for one in numbers] == [(1, 2), (3, 3)]
    assert first.body.startswith(b'{"events":[{"resourceUrl":"https://api.xero.com/api.xro/2.0/Invoices/i"')


def test_xeros_times_are_utc_without_a_zone() -> None:
    at = datetime(2026, 6, 21, 1, 15, 39, 902_999, tzinfo=UTC)

    event = xero_event(
        tenant_id="t", category="CREDITNOTE", kind="CREATE", resource_id="c", at=at, data={"Status": "PAID"}
    )

    assert event["eventDateUtc"] == "2026-06-21T01:15:39.902"
    assert event["resourceUrl"].endswith("/CreditNotes/c")
    assert event["data"] == {"Status": "PAID"}


@pytest.mark.parametrize("how", Forgery)
def test_nothing_forged_verifies(how: Forgery) -> None:
    ghl, xero = highlevel_signer(), xero_signer()

    assert not by_highlevel(ghl, forged(ghl.parcel("InvoicePaid", "loc", INVOICE), how, Ids(9)))
    assert not by_xero(xero, forged(xero.intent(), how, Ids(9)))


def test_a_forged_body_is_still_json() -> None:
    parcel = forged(highlevel_signer().parcel("InvoicePaid", "loc", INVOICE), Forgery.ALTERED_BODY, Ids(9))

    assert json.loads(parcel.body)["_id"] == INVOICE["_id"]
