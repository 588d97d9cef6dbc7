"""The payment ledger of a link: one for both directions. A row is written as intended before the call it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Origin(StrEnum):
    XERO = "xero"
    GHL = "ghl"


class Kind(StrEnum):
    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    OVERPAYMENT = "overpayment"
    PREPAYMENT = "prepayment"


class State(StrEnum):
    INTENDED = "intended"
    APPLIED = "applied"
    REVERSED = "reversed"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Key: (link, origin, external_id). Amounts are major units, whole cents, never negative."""

    origin: Origin
    kind: Kind
    external_id: str
    amount: Decimal  # at the origin
    recorded: Decimal  # on the other side
    refunded: Decimal
    state: State
    twin: str | None = None  # its id on the other side
    planned: Decimal | None = None  # while intended: amount of the write under way
    intended_at: datetime | None = None  # while intended


class Ledger:
    async def read(self, link_id: str) -> Sequence[LedgerRow]:
        """In the order the rows were first written."""

    async def save(self, link_id: str, rows: Sequence[LedgerRow]) -> None:
        """Insert or update these rows, in one transaction; others of the link stay."""

    async def of_external(self, external_id: str) -> Sequence[tuple[str, LedgerRow]]:
        """(link id, row) of every row with that external id or twin: for trace and for PAYMENT events."""
