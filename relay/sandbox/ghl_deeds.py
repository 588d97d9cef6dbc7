"""What people do in HighLevel's app, told as JSON: one table from a deed's name to what it does.

More lenient than the API: a person's browser fills in what the form does not show.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from relay.clock import Clock
from relay.sandbox.deliveries import Deliveries
from relay.sandbox.ghl import HighLevelSandbox
from relay.sandbox.ghl_books import HighLevelBooks, ManualPayment
from relay.sandbox.ghl_json import Document, Json
from relay.sandbox.ghl_totals import decimal

NOT_FIELDS: Final = frozenset({"location_id", "id", "contact_id", "send"})


class DeedFailed(Exception):
    """The deed cannot be done as told; nothing was changed. The text says why."""


class HighLevelDeeds:
    """The people of every location of one HighLevel."""

    def __init__(self, *, clock: Clock, ghl: HighLevelSandbox, deliveries: Deliveries) -> None:
        self._clock = clock
        self._ghl = ghl
        self._deliveries = deliveries
        self._deeds: Mapping[str, Callable[[str, Json], Document]] = {
            "contacts": self._create_contact,
            "contacts/edit": self._edit_contact,
            "contacts/delete": self._delete_contact,
            "contacts/tag": self._tag,
            "contacts/untag": self._untag,
            "invoices": self._create_invoice,
            "invoices/edit": self._edit_invoice,
            "invoices/send": self._send,
            "invoices/void": self._void,
            "invoices/delete": self._delete,
            "invoices/pay": self._pay,
            "invoices/record-payment": self._record_payment,
            "transactions/refund": self._refund,
            "install": self._install,
            "uninstall": self._uninstall,
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Return the deeds there are."""
        return tuple(self._deeds)

    def do(self, name: str, told: Json) -> Document:
        """Do a deed in the location told, else in the first; return what it left, as the API would answer it.

        Raises:
            DeedFailed: an unknown deed or location, or something is missing.
            Refusal: HighLevel's app would not do it either.
        """
        if name not in self._deeds:
            raise DeedFailed(f"no deed {name}; there are {', '.join(self._deeds)}")
        location_id = told.get("location_id") or next(iter(self._books.locations))
        if location_id not in self._books.locations:
            raise DeedFailed(f"no location {location_id}")
        try:
            return self._deeds[name](location_id, told)
        except KeyError as error:
            raise DeedFailed(f"{name} needs {error.args[0]}") from error

    @property
    def _books(self) -> HighLevelBooks:
        return self._ghl.books

    def _create_contact(self, location_id: str, told: Json) -> Document:
        return self._books.contacts.create(location_id, told).answer()

    def _edit_contact(self, location_id: str, told: Json) -> Document:
        return self._books.contacts.edit(location_id, told["id"], told).answer()

    def _delete_contact(self, location_id: str, told: Json) -> Document:
        return self._books.contacts.delete(location_id, told["id"]).answer()

    def _tag(self, location_id: str, told: Json) -> Document:
        return self._books.contacts.add_tags(location_id, told["id"], told["tags"]).answer()

    def _untag(self, location_id: str, told: Json) -> Document:
        return self._books.contacts.remove_tags(location_id, told["id"], told["tags"]).answer()

    def _create_invoice(self, location_id: str, told: Json) -> Document:
        contact = self._books.contacts.get(location_id, told["contact_id"]).answer()
        address = {"addressLine1": contact.get("address1"), "city": contact.get("city"), "state": contact.get("state")}
        address |= {"postalCode": contact.get("postalCode"), "countryCode": contact.get("country")}
        customer = {
            "id": contact["id"],
            "name": contact["name"],
            "phoneNo": contact.get("phone", ""),
            "email": contact.get("email", ""),
            "companyName": contact.get("companyName", ""),
            "address": {key: value for key, value in address.items() if value},
        }
        form: Document = {
            "name": "New Invoice",
            "currency": "AUD",
            "businessDetails": {"name": self._books.locations[location_id].name},
            "contactDetails": customer,
            "issueDate": self._clock.now().date().isoformat(),
            "discount": {"type": "percentage", "value": 0},
            "liveMode": True,
            "sentTo": {"email": [customer["email"]]},
            **_fields(told),
        }
        form["items"] = [{"currency": form["currency"], "qty": 1, **item} for item in told["items"]]
        invoice = self._books.create_invoice(location_id, form)
        if told.get("send"):
            self._books.send_invoice(location_id, invoice.id)
        return invoice.answer()

    def _edit_invoice(self, location_id: str, told: Json) -> Document:
        form = _fields(told)
        if "items" in form:
            currency = self._books.invoice(location_id, told["id"]).fields["currency"]
            form["invoiceItems"] = [{"currency": currency, "qty": 1, **item} for item in form.pop("items")]
        return self._books.edit_invoice(location_id, told["id"], form).answer()

    def _send(self, location_id: str, told: Json) -> Document:
        return self._books.send_invoice(location_id, told["id"]).answer()

    def _void(self, location_id: str, told: Json) -> Document:
        return self._books.void_invoice(location_id, told["id"]).answer()

    def _delete(self, location_id: str, told: Json) -> Document:
        return self._books.delete_invoice(location_id, told["id"]).answer()

    def _pay(self, location_id: str, told: Json) -> Document:
        amount = None if told.get("amount") is None else decimal(told["amount"])
        return self._books.pay(location_id, told["id"], amount).row(marks=True)

    def _record_payment(self, location_id: str, told: Json) -> Document:
        payment = ManualPayment(
            mode=told.get("mode", "cash"),
            amount=None if told.get("amount") is None else decimal(told["amount"]),
            notes=told.get("notes", ""),
            fulfilled_at=told.get("fulfilled_at"),
        )
        return self._books.record_payment(location_id, told["id"], payment).row(marks=True)

    def _refund(self, location_id: str, told: Json) -> Document:
        amount = None if told.get("amount") is None else decimal(told["amount"])
        return self._books.refund(location_id, told["id"], amount).row(marks=True)

    def _install(self, location_id: str, _told: Json) -> Document:
        location = self._books.locations[location_id]
        fields = {"installType": "Location", "locationId": location.id, "companyId": location.company_id}
        self._deliveries.fire_app("INSTALL", fields)
        return self._ghl.access.answer(self._ghl.access.issue(location.company_id, location.id))

    def _uninstall(self, location_id: str, _told: Json) -> Document:
        self._ghl.access.revoke(location_id)
        self._deliveries.fire_app("UNINSTALL", {"locationId": location_id})
        return {"locationId": location_id}


def _fields(told: Json) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in NOT_FIELDS}
