"""Xero contacts: looked up by what they are known by, written in batches."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from relay.upstream.call import Caller, Request
from relay.upstream.ports import ElementRefused, Json
from relay.upstream.xero.bulk import PAGE, all_pages, batch, blocks, encoded, per_element
from relay.upstream.xero.replies import elements
from schemas import xero

_WRITE: Final = "/Contacts?summarizeErrors=false"
_ARCHIVED: Final = "&includeArchived=true"


def create_request(contacts: Sequence[Json], key: str) -> Request:
    """Return the request that creates: PUT fails where name or ContactNumber exist, POST would change that contact."""
    return Request("PUT /Contacts", "PUT", _WRITE, batch("Contacts", contacts), key)


def update_request(contacts: Sequence[Json], key: str) -> Request:
    """Return the request that changes contacts, each named by its ContactID.

    Raises:
        ValueError: one has none: POST would create it, or change whoever has its name.
    """
    if not all(contact.get("ContactID") for contact in contacts):
        raise ValueError("an update without ContactID")
    return Request("POST /Contacts", "POST", _WRITE, batch("Contacts", contacts), key)


class Contacts:
    """`ports.XeroContacts` of one tenant."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def read(self, ids: Sequence[str]) -> Sequence[xero.Contact]:
        """Return those that exist, archived ones included."""
        found: list[xero.Contact] = []
        for block in blocks(ids):
            found += await self._caller.call(_page(f"IDs={encoded(*block)}{_ARCHIVED}", 1), _contacts)
        return found

    async def by_contact_number(self, number: str) -> Sequence[xero.Contact]:
        """Return whoever has this external key, archived ones included."""
        return await self._matching("ContactNumber", number, _ARCHIVED)

    async def by_email(self, email: str) -> Sequence[xero.Contact]:
        """Return active contacts with this address."""
        return await self._matching("EmailAddress", email, "")

    async def by_name(self, name: str) -> Sequence[xero.Contact]:
        """Return active contacts of this name."""
        return await self._matching("Name", name, "")

    async def create(self, contacts: Sequence[Json], *, key: str) -> Sequence[xero.Contact | ElementRefused]:
        """Create up to 50; `create_request` is what goes out."""
        return await self._write(create_request(contacts, key), contacts, "ContactNumber") if contacts else []

    async def update(self, contacts: Sequence[Json], *, key: str) -> Sequence[xero.Contact | ElementRefused]:
        """Change up to 50; `update_request` is what goes out."""
        return await self._write(update_request(contacts, key), contacts, "ContactID") if contacts else []

    async def _write(
        self, request: Request, contacts: Sequence[Json], identity: str
    ) -> Sequence[xero.Contact | ElementRefused]:
        read = per_element("Contacts", contacts, xero.Contact.model_validate, lambda element: element.get(identity))
        return await self._caller.call(request, read)

    async def _matching(self, field: str, value: str, archived: str) -> Sequence[xero.Contact]:
        if not value:
            return []
        if '"' not in value and "\\" not in value:
            return await self._all("where=" + encoded(f'{field}=="{value}"') + archived)
        # `where` knows no way to write a quote: bare or behind a backslash it is a syntax error
        # (XeroAPI/Xero-Java#347, waynerobinson/xeroizer#160). So: search for the longest piece without, and compare.
        piece = max(value.replace("\\", '"').split('"'), key=len).strip()
        found = await self._all("searchTerm=" + encoded(piece) + archived) if piece else []
        return [contact for contact in found if _field(contact, field).casefold() == value.casefold()]

    async def _all(self, query: str) -> Sequence[xero.Contact]:
        return await all_pages(self._caller, partial(_page, query), _contacts)


def _page(query: str, page: int) -> Request:
    return Request("GET /Contacts", "GET", f"/Contacts?{query}&page={page}&pageSize={PAGE}")


def _contacts(document: Any) -> Sequence[xero.Contact]:
    return [xero.Contact.model_validate(element) for element in elements(document, "Contacts")]


def _field(contact: xero.Contact, field: str) -> str:
    values = {"Name": contact.name, "EmailAddress": contact.email, "ContactNumber": contact.contact_number}
    return values[field] or ""
