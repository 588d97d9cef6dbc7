"""The ledger while one decision works on it: rows in their order, what is known, what is uncovered."""

from collections.abc import Sequence
from decimal import Decimal

from consumers.payments.echoes import marked_receipt
from consumers.payments.receipts import document_of
from relay.store.ledger import Kind, LedgerRow, Origin, State
from schemas import ghl
from schemas.money import ZERO

Key = tuple[Origin, str]


def void(row: LedgerRow) -> bool:
    """Whether a row stands for nothing on the other side: its money is treated as if no row knew it."""
    return row.state is State.REVERSED and row.recorded == 0 and row.twin is None


def uncovered(row: LedgerRow) -> Decimal:
    """Return what HighLevel still shows as paid for a row beyond what Xero holds for it.

    What Xero recorded of a HighLevel transaction counts as shown there, less what was refunded since.
    """
    if row.state not in (State.APPLIED, State.REVERSED):
        return ZERO
    if row.origin is Origin.GHL:
        shown = min(row.recorded, row.amount - row.refunded) if row.state is State.REVERSED else ZERO
    else:
        shown = row.recorded - row.refunded - (row.amount if row.state is State.APPLIED else ZERO)
    return max(shown, ZERO)


class Book:
    """A working copy: `decide` gives it the ledger, each rule puts rows into it, and its rows are the result."""

    def __init__(self, ledger: Sequence[LedgerRow]) -> None:
        self._rows: dict[Key, LedgerRow] = {(row.origin, row.external_id): row for row in ledger}

    @property
    def rows(self) -> Sequence[LedgerRow]:
        """Return the rows, known ones first in their order, then new ones."""
        return tuple(self._rows.values())

    def get(self, origin: Origin, external_id: str) -> LedgerRow | None:
        """Return that row, None without one."""
        return self._rows.get((origin, external_id))

    def put(self, row: LedgerRow) -> None:
        """Replace the row of that key in its place, or append it."""
        self._rows[row.origin, row.external_id] = row

    def knows_payment(self, payment_id: str) -> bool:
        """Whether a Xero payment is known by id or as the twin of a transaction. Its mark makes it not known."""
        return any(
            payment_id == (row.external_id if row.origin is Origin.XERO else row.twin)
            for row in self.rows
            if not void(row)
        )

    def row_of_transaction(self, transaction_id: str) -> LedgerRow | None:
        """Return the row that knows a HighLevel transaction by id or twin."""
        return next(
            (
                row
                for row in self.rows
                if not void(row) and transaction_id == (row.external_id if row.origin is Origin.GHL else row.twin)
            ),
            None,
        )

    def is_new(self, transaction: ghl.Transaction) -> bool:
        """Whether a transaction is known neither by id, twin nor mark: only such a one may go to Xero."""
        return marked_receipt(transaction) is None and self.row_of_transaction(transaction.id) is None

    def live_of_document(self, document: str) -> Sequence[LedgerRow]:
        """Return the rows of one credit of Xero that stand, in the order they were written."""
        return [
            row
            for row in self.rows
            if row.origin is Origin.XERO
            and row.kind is not Kind.PAYMENT
            and row.state is not State.REVERSED
            and document_of(row.external_id) == document
        ]

    def free_id(self, document: str, applied: Decimal) -> str:
        """Return the external id for a growth of a credit: the document's, else with what is applied now."""
        ids = [document, f"{document}:{applied:.2f}"]
        ids += [f"{ids[1]}#{n}" for n in range(2, len(self._rows) + 3)]
        return next(candidate for candidate in ids if (row := self.get(Origin.XERO, candidate)) is None or void(row))
