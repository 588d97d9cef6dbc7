"""What a decision looks at: both sides as they were read, the settings, the day. None of it changes while deciding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from consumers.payments.actions import GhlSide
from schemas import xero
from schemas.connection_settings import ConnectionSettings
from schemas.ghl import Transaction
from schemas.money import ZERO

NOT_OPEN: Final = frozenset({"draft", "void", "delete", "deleted"})  # HighLevel takes no payment in these
SUCCEEDED: Final = "succeeded"


@dataclass(frozen=True, slots=True)
class View:
    """Both sides; a side that was not read is None. `today` is the day in the connection's zone."""

    xero: xero.Invoice | None
    ghl: GhlSide | None
    settings: ConnectionSettings
    today: date

    @property
    def transactions(self) -> Sequence[Transaction]:
        """Return the succeeded transactions, as far as they could be read."""
        listed = self.ghl.transactions if self.ghl else None
        return [transaction for transaction in listed or () if transaction.status == SUCCEEDED]

    @property
    def ghl_in_full(self) -> bool:
        """Whether the transactions explain what the HighLevel invoice says was paid."""
        if self.ghl is None or self.ghl.transactions is None:
            return False
        listed = sum((transaction.amount for transaction in self.transactions), ZERO)
        return self.ghl.invoice.amount_paid <= listed

    @property
    def ghl_open(self) -> bool:
        """Whether the HighLevel invoice was read and takes payments."""
        return self.ghl is not None and self.ghl.invoice.status not in NOT_OPEN


def net(transaction: Transaction) -> Decimal:
    """Return what is left of a transaction after refunds."""
    return transaction.amount - transaction.amount_refunded
