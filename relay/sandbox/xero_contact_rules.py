"""Who a contact is: the rules of a name, a number and an address, and which contact a request means.

PUT only creates; POST updates the contact with that ContactID, ContactNumber or name. Names are unique among ACTIVE
contacts, archiving frees them. A change drops every contact person it does not list.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from relay.sandbox.xero_errors import Invalid
from relay.sandbox.xero_ledger import Ledger
from relay.sandbox.xero_rows import Contact
from relay.sandbox.xero_wire import Element, rows, text

MOST_PERSONS: Final = 5
LONGEST: Final = {
    "Name": 255,
    "FirstName": 255,
    "LastName": 255,
    "EmailAddress": 255,
    "ContactNumber": 50,
    "AccountNumber": 50,
    "CompanyNumber": 50,
    "TaxNumber": 50,
}
Typed = Mapping[str, Mapping[str, Any]]  # type of a phone or address -> its fields


@dataclass(frozen=True, slots=True)
class Kind:
    """Phones or addresses: a contact has one of each type; the first type is meant when none is given."""

    key: str
    type_key: str
    types: tuple[str, ...]
    longest: Mapping[str, int]


PHONES: Final = Kind(
    "Phones",
    "PhoneType",
    ("DEFAULT", "DDI", "FAX", "MOBILE", "OFFICE"),
    {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20},
)
ADDRESSES: Final = Kind(
    "Addresses",
    "AddressType",
    ("STREET", "POBOX"),
    {
        **dict.fromkeys(("AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4"), 500),
        "City": 255,
        "Region": 255,
        "PostalCode": 50,
        "Country": 50,
        "AttentionTo": 255,
    },
)
IDENTIFYING: Final = frozenset({"ContactID", "ContactNumber"})
_EMAIL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_FIELDS: Final = {
    "FirstName": "first_name",
    "LastName": "last_name",
    "EmailAddress": "email",
    "ContactNumber": "contact_number",
    "AccountNumber": "account_number",
    "CompanyNumber": "company_number",
    "TaxNumber": "tax_number",
}


def find_contact(ledger: Ledger, element: Element) -> Contact | None:
    """Return the contact a request means: by ContactID, else ContactNumber, else name among ACTIVE ones.

    Raises:
        Invalid: a ContactID that does not exist.
    """
    if contact_id := text(element, "ContactID"):
        contact = ledger.contacts.get(contact_id.lower())
        if contact is None:
            raise Invalid(f"The contact {contact_id} does not exist")
        return contact
    number = text(element, "ContactNumber")
    if number and (contact := _by_number(ledger, number)):
        return contact
    name = text(element, "Name")
    return _by_name(ledger, name) if name else None


def _by_number(ledger: Ledger, number: str) -> Contact | None:
    matches = [contact for contact in ledger.contacts.values() if contact.contact_number == number]
    return next((contact for contact in matches if contact.status == "ACTIVE"), matches[0] if matches else None)


def _by_name(ledger: Ledger, name: str) -> Contact | None:
    active = (contact for contact in ledger.contacts.values() if contact.status == "ACTIVE")
    return next((contact for contact in active if contact.name.casefold() == name.casefold()), None)


def create_contact(ledger: Ledger, element: Element) -> Contact:
    """Insert a contact (PUT).

    Raises:
        Invalid: a bad field, or a name or number that is taken.
    """
    name = text(element, "Name")
    if not name:
        raise Invalid("The contact name must be specified.")
    contact = _with_fields(Contact(ledger.new_id(), name, ledger.stamp()), element)
    _require_free(ledger, contact)
    ledger.contacts[contact.contact_id] = contact
    ledger.changed("CONTACT", "CREATE", contact.contact_id, contact.updated)
    return contact


def update_contact(ledger: Ledger, contact: Contact, element: Element) -> Contact:
    """Change a contact (POST); persons that are not listed go.

    Raises:
        Invalid: a bad field, a name or number that is taken, or a contact that is not ACTIVE.
    """
    status = text(element, "ContactStatus") or contact.status
    if contact.status != "ACTIVE" and status != "ACTIVE":
        raise Invalid(f"The contact {contact.name} is archived and cannot be changed")
    if status not in {"ACTIVE", "ARCHIVED"}:
        raise Invalid(f"ContactStatus {status} cannot be set")
    changed = _with_fields(replace(contact, status=status, persons=()), element)
    changed = replace(changed, name=text(element, "Name") or contact.name, updated=ledger.stamp())
    _require_free(ledger, changed)
    ledger.contacts[changed.contact_id] = changed
    ledger.changed("CONTACT", "UPDATE", changed.contact_id, changed.updated)
    return changed


def save_contact(ledger: Ledger, element: Element) -> Contact:
    """Update the contact the request means, else insert one (POST).

    Raises:
        Invalid: as `create_contact` and `update_contact`.
    """
    found = find_contact(ledger, element)
    return update_contact(ledger, found, element) if found else create_contact(ledger, element)


def contact_of_document(ledger: Ledger, element: Element) -> Contact:
    """Return the contact of an invoice's element; it is created by a new name, and edited by any field beside its id.

    Raises:
        Invalid: none is given, it does not exist, or it is archived.
    """
    if not any(text(element, key) for key in ("ContactID", "ContactNumber", "Name")):
        raise Invalid("A Contact must be specified for this type of transaction")
    found = find_contact(ledger, element)
    if found is None:
        return create_contact(ledger, element)
    if found.status != "ACTIVE":
        raise Invalid(f"The contact {found.name} is archived and cannot be used")
    beside = {key for key, value in element.items() if value is not None} - IDENTIFYING
    only_found_by_name = beside == {"Name"} and not text(element, "ContactID")
    return found if not beside or only_found_by_name else update_contact(ledger, found, element)


def _require_free(ledger: Ledger, contact: Contact) -> None:
    others = [other for other in ledger.contacts.values() if other.contact_id != contact.contact_id]
    name = contact.name.casefold()
    if contact.status == "ACTIVE" and any(o.status == "ACTIVE" and o.name.casefold() == name for o in others):
        raise Invalid(
            f"The contact name {contact.name} is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        )
    if contact.contact_number and any(other.contact_number == contact.contact_number for other in others):
        raise Invalid(f"The contact number {contact.contact_number} is already assigned to another contact.")
    if contact.account_number and any(other.account_number == contact.account_number for other in others):
        raise Invalid("The Account Number already exists. Please enter a different Account Number.")


def _with_fields(contact: Contact, element: Element) -> Contact:
    problems = [
        f"{key} must not be longer than {most} characters"
        for key, most in LONGEST.items()
        if len(text(element, key) or "") > most
    ]
    problems += _name_problems(text(element, "Name"))
    email = text(element, "EmailAddress")
    if email and not _EMAIL.fullmatch(email):
        problems.append(f"Email address {email} is not a valid email address")
    persons = rows(element, "ContactPersons")
    if persons and len(persons) > MOST_PERSONS:
        problems.append("A contact can have at most 5 contact persons")
    problems += _kind_problems(element, PHONES) + _kind_problems(element, ADDRESSES)
    if problems:
        raise Invalid(*problems)
    fields = {field: text(element, key) for key, field in _FIELDS.items() if text(element, key) is not None}
    merged: Any = fields | {
        "phones": _merged(contact.phones, element, PHONES),
        "addresses": _merged(contact.addresses, element, ADDRESSES),
    }
    return replace(contact, **merged, persons=contact.persons if persons is None else tuple(persons))


def _name_problems(name: str | None) -> list[str]:
    if name is None:
        return []
    problems = []
    if "<" in name or ">" in name:
        problems.append("Name must not contain < or >")
    if name != name.strip() or "  " in name:
        problems.append("Name must not have leading, trailing or double spaces")
    return problems


def _kind_problems(element: Element, kind: Kind) -> list[str]:
    sent = rows(element, kind.key) or []
    problems = [
        f"{field} must not be longer than {most} characters"
        for row in sent
        for field, most in kind.longest.items()
        if len(text(row, field) or "") > most
    ]
    wrong = {text(row, kind.type_key) for row in sent} - {None, *kind.types}
    return problems + [f"{kind.type_key} {each} is not valid" for each in wrong]


def _merged(before: Typed | None, element: Element, kind: Kind) -> Typed:
    """Return the phones or addresses by type: what is sent replaces its type, the others stay."""
    merged = dict(before or {})
    for row in rows(element, kind.key) or []:
        merged[text(row, kind.type_key) or kind.types[0]] = {field: text(row, field) or "" for field in kind.longest}
    return merged
