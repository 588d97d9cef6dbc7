"""Who an invoice is for: a HighLevel contact, or the customer as copied into an invoice, as one value. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas import ghl


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as HighLevel has it; empty text where it says nothing."""

    id: str
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    custom_fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Return first and last name; HighLevel's `name`, which may be in lower case, only where it has neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.name


def person(source: ghl.Contact | ghl.ContactDetails) -> Person:
    """Return the customer of either shape. A name is never split."""
    if isinstance(source, ghl.ContactDetails):
        return _of_details(source)
    return Person(
        id=source.id,
        name=source.name or "",
        first_name=source.first_name or "",
        last_name=source.last_name or "",
        company=source.company_name or "",
        email=source.email or "",
        phone=source.phone or "",
        address1=source.address1 or "",
        address2=source.address2 or "",
        city=source.city or "",
        state=source.state or "",
        postal_code=source.postal_code or "",
        country=source.country or "",
        custom_fields=dict(_custom(entry) for entry in source.custom_fields),
    )


def _of_details(source: ghl.ContactDetails) -> Person:
    address = source.address if isinstance(source.address, Mapping) else {}
    return Person(
        id=source.id,
        name=source.name,
        company=source.company_name or "",
        email=source.email or "",
        phone=source.phone or "",
        address1=_text(address.get("addressLine1")),
        address2=_text(address.get("addressLine2")),
        city=_text(address.get("city")),
        state=_text(address.get("state")),
        postal_code=_text(address.get("postalCode")),
        country=_text(address.get("countryCode")),
    )


def _custom(entry: Mapping[str, Any]) -> tuple[str, str]:
    value = next((entry[key] for key in ("value", "fieldValue", "field_value") if entry.get(key) is not None), None)
    return _text(entry.get("id")), _text(value)


def _text(value: object) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
