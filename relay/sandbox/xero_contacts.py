"""`/Contacts` of the API."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.routing import Route

from relay.sandbox.xero_answers import contact_answer
from relay.sandbox.xero_batch import saved
from relay.sandbox.xero_contact_rules import create_contact, save_contact, update_contact
from relay.sandbox.xero_errors import Invalid, not_found
from relay.sandbox.xero_gate import Asked, Gate, Reply
from relay.sandbox.xero_queries import listed, matching, modified_since, ordered, paged
from relay.sandbox.xero_rows import Contact
from relay.sandbox.xero_wire import Element, elements, text

NAME: Final = "Contacts"
FIELDS: Final[Mapping[str, Callable[[Contact], Any]]] = {
    "ContactID": lambda contact: contact.contact_id,
    "Name": lambda contact: contact.name,
    "EmailAddress": lambda contact: contact.email,
    "ContactNumber": lambda contact: contact.contact_number,
    "AccountNumber": lambda contact: contact.account_number,
    "ContactStatus": lambda contact: contact.status,
    "UpdatedDateUTC": lambda contact: contact.updated,
}


def routes(gate: Gate) -> list[Route]:
    """Return the routes below the API's base."""
    scope = "accounting.contacts"
    return [
        Route("/Contacts", gate.opened(list_contacts, scope), methods=["GET"]),
        Route("/Contacts", gate.opened(put_contacts, scope), methods=["PUT"]),
        Route("/Contacts", gate.opened(post_contacts, scope), methods=["POST"]),
        Route("/Contacts/{id}", gate.opened(get_contact, scope), methods=["GET"]),
        Route("/Contacts/{id}", gate.opened(post_contact, scope), methods=["POST"]),
    ]


def list_contacts(asked: Asked) -> Reply:
    """Answer GET /Contacts; archived ones are hidden unless asked for."""
    query, since = asked.query, modified_since(asked.headers.get("if-modified-since"))
    contacts = list(asked.ledger.contacts.values())
    if query.get("includeArchived", "").lower() != "true":
        contacts = [contact for contact in contacts if contact.status == "ACTIVE"]
    if since:
        contacts = [contact for contact in contacts if contact.updated > since]
    if "IDs" in query:
        wanted = set(listed(query["IDs"]))
        contacts = [contact for contact in contacts if contact.contact_id in wanted]
    if term := query.get("searchTerm", "").casefold():
        contacts = [contact for contact in contacts if term in _searched(contact)]
    if where := query.get("where"):
        contacts = list(filter(matching(where, "Contact", FIELDS), contacts))
    if order := query.get("order"):
        contacts = ordered(contacts, order, "Contact", FIELDS)
    if {"page", "pageSize", "summaryOnly"}.intersection(query):
        page = paged(contacts, query.get("page"), query.get("pageSize"))
        return Reply(NAME, [contact_answer(contact) for contact in page.rows], page.pagination)
    return Reply(NAME, [contact_answer(contact, whole=False) for contact in contacts])


def _searched(contact: Contact) -> str:
    values = (contact.name, contact.first_name, contact.last_name, contact.contact_number, contact.company_number)
    return "\n".join(value or "" for value in (*values, contact.email)).casefold()


def _found(asked: Asked) -> Contact:
    key = asked.path["id"]
    by_number = (contact for contact in asked.ledger.contacts.values() if contact.contact_number == key)
    contact = asked.ledger.contacts.get(key.lower()) or next(by_number, None)
    if contact is None:
        raise not_found()
    return contact


def get_contact(asked: Asked) -> Reply:
    """Answer GET /Contacts/{id or ContactNumber}."""
    return Reply(NAME, [contact_answer(_found(asked))])


def put_contacts(asked: Asked) -> Reply:
    """Answer PUT /Contacts: create; a name or number that exists is an error."""

    def save(element: Element) -> dict[str, Any]:
        if text(element, "ContactID"):
            raise Invalid("A ContactID cannot be given to a new contact")
        return contact_answer(create_contact(asked.ledger, element))

    return _saved(asked, elements(asked.body, NAME), save)


def post_contacts(asked: Asked) -> Reply:
    """Answer POST /Contacts: create, or update the one with that id, number or name."""
    return _saved(
        asked, elements(asked.body, NAME), lambda element: contact_answer(save_contact(asked.ledger, element))
    )


def post_contact(asked: Asked) -> Reply:
    """Answer POST /Contacts/{id}: update one."""
    contact = _found(asked)
    sent = elements(asked.body, NAME)[:1]
    return _saved(asked, sent, lambda element: contact_answer(update_contact(asked.ledger, contact, element)))


def _saved(asked: Asked, sent: list[Element], save: Callable[[Element], dict[str, Any]]) -> Reply:
    return saved(asked, sent, save, name=NAME, id_key="ContactID", errors_key="HasValidationErrors")
