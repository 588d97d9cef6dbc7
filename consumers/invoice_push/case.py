"""One invoice on its way to Xero: what every step of a push is handed."""

from dataclasses import dataclass
from datetime import datetime

from consumers.invoice_push.customers import Customer
from relay.store.connections import Connection
from relay.upstream.ports import GhlClient, XeroClient
from schemas import ghl
from schemas.connection_settings import ConnectionSettings


@dataclass(frozen=True, slots=True)
class Case:
    """The invoice as it was read, with the clients and settings of its connection."""

    connection: Connection
    settings: ConnectionSettings
    crm: GhlClient
    books: XeroClient
    invoice: ghl.Invoice
    read_at: datetime  # when the reading of the invoice began
    attempts: int

    @property
    def customer(self) -> Customer:
        """Return whose invoice it is."""
        return Customer(self.connection, self.settings, self.crm, self.books, self.invoice.contact)
