"""The payment ledger of a link: one for both directions. A row is written as intended before the call it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, or_, select

from relay.store.engine import Database
from relay.store.rows import columns_of, values_of
from relay.store.tables import PAYMENTS


class Origin(StrEnum):
    """The side on which the money was entered first."""

    XERO = "xero"
    GHL = "ghl"


class Kind(StrEnum):
    """What kind of money it is."""

    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    OVERPAYMENT = "overpayment"
    PREPAYMENT = "prepayment"


class State(StrEnum):
    """How far it is recorded on the other side (mapping.md 6)."""

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


_READ = select(*columns_of(PAYMENTS, LedgerRow))


class Ledger:
    """Reads and writes the rows of links. Callers hold the link's lease: the store does not merge two decisions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, link_id: str) -> Sequence[LedgerRow]:
        """Return every row of a link, in the order the rows were first written."""
        statement = _READ.where(PAYMENTS.c.link_id == link_id).order_by(PAYMENTS.c.serial)
        async with self._database.reading() as transaction:
            return [_ledger_row(row) for row in (await transaction.execute(statement)).mappings()]

    async def save(self, link_id: str, rows: Sequence[LedgerRow]) -> None:
        """Insert or update these rows, in one transaction; others of the link stay. None saves nothing.

        Raises:
            ValueError: an amount is not a whole number of cents; nothing is stored.
        """
        if not rows:
            return
        statement = self._database.insert(PAYMENTS)
        key = ("link_id", "origin", "external_id")
        new = {c.name: statement.excluded[c.name] for c in PAYMENTS.columns if c.name not in (*key, "serial")}
        upsert = statement.on_conflict_do_update(index_elements=key, set_=new)
        async with self._database.writing() as transaction:
            await transaction.execute(upsert, [values_of(row) | {"link_id": link_id} for row in rows])

    async def of_external(self, external_id: str) -> Sequence[tuple[str, LedgerRow]]:
        """(link id, row) of every row with that external id or twin: for trace and for PAYMENT events."""
        either = or_(PAYMENTS.c.external_id == external_id, PAYMENTS.c.twin == external_id)
        statement = _READ.add_columns(PAYMENTS.c.link_id).where(either).order_by(PAYMENTS.c.serial)
        async with self._database.reading() as transaction:
            found = [dict(row) for row in (await transaction.execute(statement)).mappings()]
        return [(row.pop("link_id"), _ledger_row(row)) for row in found]


def _ledger_row(row: RowMapping | dict[str, Any]) -> LedgerRow:
    words = {"origin": Origin(row["origin"]), "kind": Kind(row["kind"]), "state": State(row["state"])}
    return LedgerRow(**{**row, **words})
