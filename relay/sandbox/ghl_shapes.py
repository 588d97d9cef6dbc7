"""What a request body must hold: HighLevel's descriptions (apps/invoices.json, apps/contacts.json), as tables.

Words of the refusals are those of its validator (class-validator): "altId must be a string".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from relay.sandbox.ghl_behaviour import RecordPayment
from relay.sandbox.ghl_errors import unprocessable

Check = Callable[[str, Any], Sequence[str]]  # the name and the value; what is wrong with it


@dataclass(frozen=True)
class Shape:
    """An object: the fields it must have, and those it may have. Unknown ones are let through, as HighLevel does."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)

    def __call__(self, name: str, value: Any) -> Sequence[str]:
        """Return what is wrong with a value."""
        if not isinstance(value, Mapping):
            return [f"{name} must be an object"]
        prefix = f"{name}." if name else ""
        wrong: list[str] = []
        for key, check in self.required.items():
            wrong += check(prefix + key, value.get(key))
        for key, check in self.optional.items():
            if value.get(key) is not None:
                wrong += check(prefix + key, value[key])
        return wrong


def demand(body: Any, shape: Shape) -> Mapping[str, Any]:
    """Return a body that fits.

    Raises:
        Refusal: 422 with every reason, as a list.
    """
    if wrong := shape("", body):
        raise unprocessable(wrong)
    return dict(body)


def text(name: str, value: Any) -> Sequence[str]:
    """Demand a string."""
    return [] if isinstance(value, str) else [f"{name} must be a string"]


def filled(name: str, value: Any) -> Sequence[str]:
    """Demand a string with something in it."""
    return [] if isinstance(value, str) and value else [f"{name} should not be empty"]


def number(name: str, value: Any) -> Sequence[str]:
    """Demand a number."""
    good = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return [] if good else [f"{name} must be a number conforming to the specified constraints"]


def boolean(name: str, value: Any) -> Sequence[str]:
    """Demand true or false."""
    return [] if isinstance(value, bool) else [f"{name} must be a boolean value"]


def anything(name: str, value: Any) -> Sequence[str]:
    """Demand an object, of whatever."""
    return [] if isinstance(value, Mapping) else [f"{name} must be an object"]


def one_of(*values: str) -> Check:
    """Demand one of these words."""
    words = ", ".join(values)
    return lambda name, value: [] if value in values else [f"{name} must be one of the following values: {words}"]


def list_of(check: Check, *, least: int = 0) -> Check:
    """Demand an array of such values."""

    def checked(name: str, value: Any) -> Sequence[str]:
        if not isinstance(value, list) or len(value) < least:
            return [f"{name} must be an array" if not isinstance(value, list) else f"{name} should not be empty"]
        return [wrong for position, one in enumerate(value) for wrong in check(f"{name}.{position}", one)]

    return checked


LOCATION: Final = {"altId": filled, "altType": one_of("location")}
TAX: Final = Shape({"_id": text, "name": text, "rate": number}, {"calculation": one_of("exclusive")})
ITEM: Final = Shape(
    {"name": text, "currency": text, "amount": number, "qty": number},
    {"description": text, "productId": text, "priceId": text, "taxes": list_of(TAX), "taxInclusive": boolean},
)
DISCOUNT: Final = Shape({"type": one_of("percentage", "fixed")}, {"value": number, "validOnProductIds": list_of(text)})
CUSTOMER: Final = Shape(
    # phoneNo and email are really enforced: GoHighLevel/highlevel-api-docs#16
    {"id": filled, "name": text, "phoneNo": filled, "email": filled},
    {"companyName": text, "address": anything},
)
CREATE_INVOICE: Final = Shape(
    {
        **LOCATION,
        "name": text,
        "businessDetails": anything,
        "currency": filled,
        "items": list_of(ITEM),
        "discount": DISCOUNT,
        "contactDetails": CUSTOMER,
        "issueDate": filled,
        "sentTo": Shape({"email": list_of(text)}),
        "liveMode": boolean,
    },
    {"dueDate": text, "invoiceNumber": text, "invoiceNumberPrefix": text, "title": text, "termsNotes": text},
)
UPDATE_INVOICE: Final = Shape(
    {
        **LOCATION,
        "name": text,
        "currency": filled,
        "invoiceItems": list_of(ITEM),
        "issueDate": filled,
        "dueDate": filled,
    },
    {"discount": DISCOUNT, "contactDetails": CUSTOMER, "invoiceNumber": text, "liveMode": boolean, "title": text},
)
SEND: Final = Shape(
    {
        **LOCATION,
        "userId": text,
        "action": one_of("sms_and_email", "send_manually", "email", "sms"),
        "liveMode": boolean,
    }
)
VOID: Final = Shape(LOCATION)
CARD: Final = Shape({"brand": text, "last4": text})
CHEQUE: Final = Shape({"number": text})
MODES: Final = ("cash", "card", "cheque", "bank_transfer", "other")
_PAYMENT: Final = {**LOCATION, "mode": one_of(*MODES)}
_PAYMENT_MAY: Final = {"amount": number, "meta": anything, "fulfilledAt": text, "paymentScheduleIds": list_of(text)}
RECORD_PAYMENT: Final = {
    RecordPayment.DESCRIPTION: Shape({**_PAYMENT, "card": CARD, "cheque": CHEQUE, "notes": text}, _PAYMENT_MAY),
    RecordPayment.COMMUNITY: Shape(_PAYMENT, {**_PAYMENT_MAY, "card": CARD, "cheque": CHEQUE, "notes": text}),
}
CREATE_CONTACT: Final = Shape({"locationId": filled}, {"tags": list_of(text), "customFields": list_of(anything)})
UPDATE_CONTACT: Final = Shape({}, {"tags": list_of(text), "customFields": list_of(anything)})
TAGS: Final = Shape({"tags": list_of(text, least=1)})
NOTE: Final = Shape({"body": text}, {"userId": text, "title": text, "color": text, "pinned": boolean})
LOCATION_TOKEN: Final = Shape({"companyId": filled, "locationId": filled})
