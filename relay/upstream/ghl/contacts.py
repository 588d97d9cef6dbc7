"""HighLevel contacts: read, tagged, noted on."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from relay.upstream.call import Caller, Request
from relay.upstream.ghl.replies import rows
from schemas import ghl, money


class Contacts:
    """`ports.GhlContacts` of one location."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def read(self, contact_id: str) -> ghl.Contact:
        """Return one.

        Raises:
            NotFound: no such contact, or this token may not see it.
        """
        return await self._caller.call(Request("GET /contacts/{id}", "GET", _path(contact_id)), _contact)

    async def add_tags(self, contact_id: str, tags: Sequence[str]) -> None:
        """Add tags; the others stay. Doing it again is harmless."""
        await self._tags("POST", contact_id, tags)

    async def remove_tags(self, contact_id: str, tags: Sequence[str]) -> None:
        """Remove tags; the others stay. Doing it again is harmless."""
        await self._tags("DELETE", contact_id, tags)

    async def add_note(self, contact_id: str, body: str) -> None:
        """Write a note. Doing it again writes a second one."""
        path = f"{_path(contact_id)}/notes"
        await self._caller.send(Request("POST /contacts/{id}/notes", "POST", path, money.dumps({"body": body})))

    async def notes(self, contact_id: str) -> Sequence[str]:
        """Return what the notes of a contact say, in HighLevel's order."""
        path = f"{_path(contact_id)}/notes"
        return await self._caller.call(Request("GET /contacts/{id}/notes", "GET", path), _notes)

    async def _tags(self, method: str, contact_id: str, tags: Sequence[str]) -> None:
        # not PUT /contacts/{id}: its `tags` replace all that are there
        if tags:
            body = money.dumps({"tags": list(tags)})
            await self._caller.send(
                Request(f"{method} /contacts/{{id}}/tags", method, f"{_path(contact_id)}/tags", body)
            )


def _path(contact_id: str) -> str:
    return f"/contacts/{quote(contact_id, safe='')}"


def _contact(document: Any) -> ghl.Contact:
    wrapped = document.get("contact") if isinstance(document, dict) else None
    return ghl.Contact.model_validate(wrapped)


def _notes(document: Any) -> Sequence[str]:
    return [str(row.get("body") or "") for row in rows(document, "notes")]
