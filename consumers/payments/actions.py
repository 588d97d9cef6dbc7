"""What a decision about money asks for: values, performed by `perform.py` and printed by whoever shows a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from relay.store.ledger import Kind, LedgerRow, Origin
from schemas import ghl
from schemas.connection_settings import Status
from schemas.reasons import Reason

AWAITED: Final = "*"  # stands in a decided ledger for an id that the other side has yet to give


class Side(StrEnum):
    """One of the two sides that a decision looks at."""

    XERO = "xero"
    GHL = "ghl"


@dataclass(frozen=True, slots=True)
class GhlSide:
    """A HighLevel invoice with its transactions; None: they could not be read (no scope), which is not "none"."""

    invoice: ghl.Invoice
    transactions: Sequence[ghl.Transaction] | None


@dataclass(frozen=True, slots=True)
class RecordInGhl:
    """Record money of Xero on the HighLevel invoice."""

    kind: Kind
    external_id: str
    amount: Decimal
    mode: str
    date: date
    notes: str


@dataclass(frozen=True, slots=True)
class PayInXero:
    """Record a HighLevel transaction as a payment in Xero."""

    external_id: str
    amount: Decimal
    account_code: str
    date: date
    reference: str


Call = RecordInGhl | PayInXero  # what is written to a vendor as money; its row is intended before


@dataclass(frozen=True, slots=True)
class Confirm:
    """An intended write landed: the other side holds it under `twin`."""

    origin: Origin
    external_id: str
    twin: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """An intended write surely did not land: the same `call` is made again."""

    origin: Origin
    external_id: str
    call: Call


@dataclass(frozen=True, slots=True)
class Drop:
    """An intended write did not land, and must not any more."""

    origin: Origin
    external_id: str


@dataclass(frozen=True, slots=True)
class Read:
    """A side that is needed was not read, or not in full."""

    side: Side


@dataclass(frozen=True, slots=True)
class Pair:
    """The same money entered on both sides: nothing is written."""

    external_id: str
    twin: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Reuse:
    """Money of Xero takes over what HighLevel still shows for a row that is gone: nothing is written."""

    external_id: str
    source: str  # external id of the row whose uncovered money is taken over
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Reverse:
    """HighLevel shows money that Xero no longer holds, and cannot un-pay: a person is told."""

    origin: Origin
    external_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Refund:
    """A transaction was refunded in HighLevel: a person is told, nothing is booked."""

    external_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Note:
    """Money of Xero that was not recorded in HighLevel: a person is told why."""

    reason: Reason
    external_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Wait:
    """A HighLevel transaction waits for something that comes with an event of its own."""

    reason: Reason
    external_id: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A person must decide about this money. `detail` holds the figures."""

    reason: Reason
    external_id: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ShowStatus:
    """The status that the CRM must show differs from the one shown last."""

    status: Status


Telling = Note | Reverse | Refund  # told to a person as a note on the contact
Action = Call | Confirm | Repeat | Drop | Read | Pair | Reuse | Telling | Wait | DeadLetter | ShowStatus


@dataclass(frozen=True, slots=True)
class Decision:
    """The steps of one round, in order, and the ledger as it is when every one of them has succeeded."""

    actions: Sequence[Action]
    ledger: Sequence[LedgerRow]

    def row(self, origin: Origin, external_id: str) -> LedgerRow:
        """Return that row of the decided ledger.

        Raises:
            KeyError: the decision has no such row.
        """
        for row in self.ledger:
            if (row.origin, row.external_id) == (origin, external_id):
                return row
        raise KeyError((origin, external_id))
