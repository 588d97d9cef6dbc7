"""HighLevel's contacts: flat records with tags, custom fields and notes. Deeds of people and of the API alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from relay.clock import Clock
from relay.sandbox.ghl_behaviour import Behaviour
from relay.sandbox.ghl_errors import Refusal
from relay.sandbox.ghl_ids import Ids
from relay.sandbox.ghl_json import Document, Json, iso

Fire = Callable[[str, str, Document], None]  # event type, location id, body without envelope: something has changed

GIVEN: Final = (
    *("firstName", "lastName", "name", "email", "phone", "companyName", "address1", "city", "state", "postalCode"),
    *("country", "website", "timezone", "dnd", "source", "dateOfBirth", "assignedTo"),
)


@dataclass(slots=True)
class Contact:
    """A person of a location."""

    id: str
    location_id: str
    added: str
    updated: str
    fields: Document = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    custom: dict[str, object] = field(default_factory=dict)
    notes: list[Document] = field(default_factory=list)

    def answer(self) -> Document:
        """Return the contact as the API answers it."""
        return {
            "id": self.id,
            "locationId": self.location_id,
            **self._named(),
            "tags": list(self.tags),
            "customFields": [{"id": key, "value": value} for key, value in self.custom.items()],
            "dateAdded": self.added,
            "dateUpdated": self.updated,
        }

    def hook(self) -> Document:
        """Return the contact as its webhooks carry it: without dateUpdated."""
        body = {key: value for key, value in self.answer().items() if key not in {"locationId", "dateUpdated"}}
        return {**body, "attachments": []}

    def _named(self) -> Document:
        known = {key: value for key, value in self.fields.items() if value is not None}
        whole = " ".join(part for part in (known.get("firstName"), known.get("lastName")) if part)
        return {**known, "name": known.get("name") or whole}


class ContactBook:
    """All contacts of all locations."""

    def __init__(self, *, clock: Clock, ids: Ids, fire: Fire, behaviour: Behaviour) -> None:
        self._clock = clock
        self._ids = ids
        self._fire = fire
        self._behaviour = behaviour
        self._contacts: dict[str, Contact] = {}

    def get(self, location_id: str, contact_id: str) -> Contact:
        """Return a contact.

        Raises:
            Refusal: there is none of that id in the location.
        """
        contact = self._contacts.get(contact_id)
        if contact is None or contact.location_id != location_id:
            raise Refusal(self._behaviour.missing, f"Contact with id {contact_id} not found")
        return contact

    def of(self, location_id: str) -> Sequence[Contact]:
        """Return a location's contacts, oldest first."""
        return [contact for contact in self._contacts.values() if contact.location_id == location_id]

    def create(self, location_id: str, given: Json) -> Contact:
        """Add a contact; fires ContactCreate."""
        now = iso(self._clock.now())
        contact = Contact(self._ids.record(), location_id, now, now)
        self._take(contact, given)
        self._contacts[contact.id] = contact
        self._fire("ContactCreate", location_id, contact.hook())
        return contact

    def edit(self, location_id: str, contact_id: str, given: Json) -> Contact:
        """Change what is given; `tags`, if given, replace all tags. Fires ContactUpdate."""
        contact = self.get(location_id, contact_id)
        self._take(contact, given)
        contact.updated = iso(self._clock.now())
        self._fire("ContactUpdate", location_id, contact.hook())
        return contact

    def delete(self, location_id: str, contact_id: str) -> Contact:
        """Remove a contact for ever; fires ContactDelete."""
        contact = self.get(location_id, contact_id)
        del self._contacts[contact_id]
        self._fire("ContactDelete", location_id, contact.hook())
        return contact

    def add_tags(self, location_id: str, contact_id: str, tags: Iterable[str]) -> Contact:
        """Add tags that are not there yet; fires ContactTagUpdate when that changed something."""
        contact = self.get(location_id, contact_id)
        new = [tag for tag in dict.fromkeys(tags) if tag not in contact.tags]
        return self._retag(contact, [*contact.tags, *new])

    def remove_tags(self, location_id: str, contact_id: str, tags: Iterable[str]) -> Contact:
        """Remove tags; fires ContactTagUpdate when that changed something."""
        contact = self.get(location_id, contact_id)
        gone = set(tags)
        return self._retag(contact, [tag for tag in contact.tags if tag not in gone])

    def add_note(self, location_id: str, contact_id: str, given: Json) -> Document:
        """Add a note and return it; notes fire nothing we subscribe to."""
        contact = self.get(location_id, contact_id)
        known = {key: given[key] for key in ("body", "userId", "title", "color", "pinned") if key in given}
        note = {"id": self._ids.record(), **known, "dateAdded": iso(self._clock.now()), "contactId": contact_id}
        contact.notes.append(note)
        return note

    def _retag(self, contact: Contact, tags: list[str]) -> Contact:
        if tags != contact.tags:
            contact.tags = tags
            contact.updated = iso(self._clock.now())
            self._fire("ContactTagUpdate", contact.location_id, contact.hook())
        return contact

    @staticmethod
    def _take(contact: Contact, given: Json) -> None:
        contact.fields |= {key: given[key] for key in GIVEN if key in given}
        if "tags" in given:
            contact.tags = list(dict.fromkeys(given["tags"]))
        for entry in given.get("customFields") or ():
            value = entry.get("field_value", entry.get("fieldValue", entry.get("value")))
            contact.custom[entry.get("id") or entry["key"]] = value
