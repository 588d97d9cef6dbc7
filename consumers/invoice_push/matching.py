"""Which Xero contact a HighLevel contact is (mapping.md 5). Pure.

Two HighLevel contacts never share one Xero contact, and nobody is taken for somebody else: in doubt a new one is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from consumers.invoice_push.cards import card, changes, email_of
from consumers.invoice_push.names import comparable, contact_name, suffixed
from consumers.invoice_push.people import Person, person
from consumers.invoice_push.verdict import Dead, Document
from schemas import ghl
from schemas.connection_settings import ConnectionSettings
from schemas.reasons import Reason
from schemas.xero import Contact

ACTIVE: Final = "ACTIVE"
MatchedBy = Literal["link", "contact_number", "email", "name"]


@dataclass(frozen=True, slots=True)
class ContactLinks:
    """What is linked already: this contact, and Xero contacts to others."""

    contact_id: str | None = None
    linked_elsewhere: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class UseContact:
    """This one it is; `changes` is the element to POST, None when nothing changes."""

    contact_id: str
    matched_by: MatchedBy
    changes: Document | None = None


@dataclass(frozen=True, slots=True)
class CreateContact:
    """There is none: PUT this element."""

    contact: Document


ContactVerdict = UseContact | CreateContact | Dead


def decide_contact(
    source: ghl.Contact | ghl.ContactDetails,
    settings: ConnectionSettings,
    contacts: Sequence[Contact],
    links: ContactLinks,
) -> ContactVerdict:
    """Return which of the organisation's contacts this is, or the one to create.

    `contacts` holds at least those with its number, its e-mail, its name, the linked one and what that was merged into.
    """
    who = person(source)
    linked = _survivor(links.contact_id, contacts)
    if linked is not None:
        return _used(linked, "link", who, settings)
    numbered = [contact for contact in contacts if contact.contact_number == who.id]
    if numbered:
        active = [contact for contact in numbered if contact.status == ACTIVE]
        return _used((active or numbered)[0], "contact_number", who, settings)
    if (found := _by_email(who, settings, contacts, links)) is not None:
        return _used(found, "email", who, settings)
    return _by_name(who, settings, contacts, links)


def _used(contact: Contact, matched_by: MatchedBy, who: Person, settings: ConnectionSettings) -> ContactVerdict:
    if contact.status != ACTIVE:
        return Dead(Reason.CONTACT_ARCHIVED, f"contact {contact.contact_id} is {contact.status} in Xero")
    adopted = matched_by in ("email", "name")
    return UseContact(contact.contact_id, matched_by, changes(contact, who, settings, adopted=adopted))


def _survivor(contact_id: str | None, contacts: Sequence[Contact]) -> Contact | None:
    """Return the linked contact, or the one it was merged into, as far as the index knows the way."""
    known = {contact.contact_id: contact for contact in contacts}
    contact = known.get(contact_id or "")
    for _ in contacts:  # each merge is followed once: a circle ends
        if contact is None or contact.status == ACTIVE or contact.merged_to not in known:
            break
        contact = known[contact.merged_to]
    return contact


def _free(contact: Contact, links: ContactLinks) -> bool:
    return contact.status == ACTIVE and not contact.contact_number and contact.contact_id not in links.linked_elsewhere


def _by_email(
    who: Person, settings: ConnectionSettings, contacts: Sequence[Contact], links: ContactLinks
) -> Contact | None:
    address = email_of(who).casefold()
    if not address:
        return None
    found = [each for each in contacts if _free(each, links) and (each.email or "").casefold() == address]
    if len(found) > 1:
        name = comparable(contact_name(who, settings.contact_name_format))
        found = [contact for contact in found if comparable(contact.name) == name]
    return found[0] if len(found) == 1 else None


def _by_name(
    who: Person, settings: ConnectionSettings, contacts: Sequence[Contact], links: ContactLinks
) -> ContactVerdict:
    name = contact_name(who, settings.contact_name_format)
    taken = {comparable(contact.name) for contact in contacts if contact.status == ACTIVE}
    if comparable(name) not in taken:
        return CreateContact(card(who, name, settings))
    same = [each for each in contacts if each.status == ACTIVE and comparable(each.name) == comparable(name)]
    mine = [each for each in same if _free(each, links) and not _contradict(each, who)]
    if len(mine) == 1:
        return _used(mine[0], "name", who, settings)
    if settings.contact_name_taken == "suffix":
        for other in suffixed(name, who):
            if comparable(other) not in taken:
                return CreateContact(card(who, other, settings))
    return Dead(Reason.CONTACT_NAME_TAKEN, f"another contact of that name stands in Xero: {same[0].contact_id}")


def _contradict(contact: Contact, who: Person) -> bool:
    ours, theirs = email_of(who).casefold(), (contact.email or "").casefold()
    return bool(ours) and bool(theirs) and ours != theirs
