"""What nobody knows about HighLevel for sure, as switches: the relay must hold under every setting."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class TaxRounding(StrEnum):
    """Where HighLevel rounds tax; not documented."""

    LINE = "line"  # once a line, over the sum of its rates
    TAX = "tax"  # each tax of each line
    DOCUMENT = "document"  # once, over everything


class RecordPayment(StrEnum):
    """Which bodies record-payment accepts."""

    DESCRIPTION = "description"  # card, cheque and notes required for every mode, as apps/invoices.json says
    COMMUNITY = "community"  # card only for cards, cheque only for cheques, as public code sends it


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way HighLevel may behave. Limits: Authorization.md, FAQ; a developer's sandbox was measured at 25 / 10 s."""

    tax_rounding: TaxRounding = TaxRounding.LINE
    record_payment: RecordPayment = RecordPayment.DESCRIPTION
    returns_marks: bool = True  # whether a transaction gives back `meta` and `notes`
    missing: HTTPStatus = HTTPStatus.NOT_FOUND  # of a GET; the descriptions know only 400
    refused_grant: HTTPStatus = HTTPStatus.BAD_REQUEST  # of a used refresh token; 401 has been seen too
    burst: int = 100
    burst_window_s: int = 10
    daily: int = 200_000
    access_token_s: int = 86_399
