"""A contact in Xero's keys: what is sent for a new one, and what changes on one that exists (mapping.md 5). Pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from consumers.invoice_push.names import cleaned, comparable
from consumers.invoice_push.people import Person
from consumers.invoice_push.verdict import Document
from schemas.connection_settings import ConnectionSettings
from schemas.xero import Contact

_EMAIL: Final = re.compile(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+")  # printable ASCII with one @
_COUNTRY: Final = re.compile(r"[^\W\d_]+( [^\W\d_]+)*")
_SHORT: Final = 50
_LINE: Final = 500
_MAIN_PARTS: Final = ("AddressLine1", "City", "PostalCode")


def email_of(person: Person) -> str:
    """Return the address as Xero takes it, empty where it would refuse it."""
    address = unicodedata.normalize("NFKC", person.email).strip()  # a ligature broke one
    return address if _EMAIL.fullmatch(address) and len(address) <= 255 else ""  # noqa: PLR2004 - Xero's limit


def card(person: Person, name: str, settings: ConnectionSettings) -> Document:
    """Return the contact to create; nothing empty, nothing that the settings keep back."""
    return {"Name": name, "ContactNumber": person.id, **_details(person, settings)}


def changes(existing: Contact, person: Person, settings: ConnectionSettings, *, adopted: bool) -> Document | None:
    """Return what to change on a contact that exists, None when nothing. The name is never changed.

    Existing ContactPersons go along, because Xero drops those not listed.
    """
    wanted = {} if settings.contact_update == "never" else _details(person, settings)
    changed: dict[str, Any] = {
        key: value
        for key, value in wanted.items()
        if (_is_empty(existing, key) if settings.contact_update == "fill" else _differs(existing, key, value))
    }
    if adopted and not existing.contact_number:
        changed = {"ContactNumber": person.id, **changed}
    if not changed:
        return None
    if existing.contact_persons:
        changed["ContactPersons"] = [dict(each) for each in existing.contact_persons]
    return {"ContactID": existing.contact_id, **changed}


def _details(person: Person, settings: ConnectionSettings) -> dict[str, Any]:
    sent = settings.contact_fields
    phone = cleaned(person.phone, _LINE)
    tax_number = cleaned(person.custom_fields.get(settings.contact_tax_number_field or "", ""), _LINE)
    address = _address(person)
    found: dict[str, Any] = {
        "FirstName": cleaned(person.first_name),
        "LastName": cleaned(person.last_name),
        "EmailAddress": email_of(person) if "email" in sent else "",
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": phone}]
        if phone and len(phone) <= _SHORT and "phone" in sent
        else [],
        "Addresses": [address] if address and "address" in sent else [],
        "TaxNumber": tax_number if len(tax_number) <= _SHORT else "",
    }
    return {key: value for key, value in found.items() if value}


def _address(person: Person) -> Document | None:
    country = cleaned(person.country)
    parts = {
        "AddressLine1": cleaned(person.address1, _LINE),
        "AddressLine2": cleaned(person.address2, _LINE),
        "City": cleaned(person.city),
        "Region": cleaned(person.state),
        "PostalCode": cleaned(person.postal_code, _SHORT),
    }
    if not any(parts.values()):
        return None  # nothing but a country is no address
    if _COUNTRY.fullmatch(country) and len(country) <= _SHORT:
        parts["Country"] = country
    return {"AddressType": "POBOX", **{key: value for key, value in parts.items() if value}}


def _is_empty(existing: Contact, key: str) -> bool:
    if key == "Phones":
        return not _digits(_phone(existing))
    if key == "Addresses":
        return not any(_held(existing).get(part) for part in _MAIN_PARTS)
    return not _field(existing, key)


def _differs(existing: Contact, key: str, value: Any) -> bool:
    if key == "Phones":
        return _digits(_phone(existing)) != _digits(value[0])
    if key == "Addresses":
        held = _held(existing)
        return any((held.get(part) or "") != text for part, text in value[0].items())
    if key == "EmailAddress":
        return comparable(_field(existing, key)) != comparable(value)
    return bool(_field(existing, key) != value)


def _field(existing: Contact, key: str) -> str:
    held = {
        "FirstName": existing.first_name,
        "LastName": existing.last_name,
        "EmailAddress": existing.email,
        "TaxNumber": existing.tax_number,
    }
    return held[key] or ""


def _phone(existing: Contact) -> Mapping[str, Any]:
    return next((phone for phone in existing.phones if phone.get("PhoneType") == "DEFAULT"), {})


def _held(existing: Contact) -> Mapping[str, Any]:
    return next((address for address in existing.addresses if address.get("AddressType") == "POBOX"), {})


def _digits(phone: Mapping[str, Any]) -> str:
    text = "".join(str(phone.get(key) or "") for key in ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"))
    return "".join(char for char in text if char.isdecimal())
