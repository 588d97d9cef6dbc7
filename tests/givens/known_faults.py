"""The vendors' own API descriptions, and where each is known to be wrong or silent, with the source that says so.

Anything outside these lists is a difference. An entry that nothing needs any more fails too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

XERO_SPEC: Final = "XeroAPI/Xero-OpenAPI 16.1.0 @e952d0b"
XERO_CODES: Final = "developer.xero.com, HTTP response codes"
GHL_DOCS: Final = "GoHighLevel/highlevel-api-docs @0af86a4"
GHL_HOST: Final = "https://services.leadconnectorhq.com"
GHL_REFUSALS: Final = (frozenset({"statusCode", "message", "traceId"}), frozenset({"error"}))


@dataclass(frozen=True)
class Description:
    """One description: its file, which paths it speaks of, and where it is wrong or silent, each with the source."""

    file: str
    host: str
    paths: str  # pattern; group 1 is the path as the description has it
    faults: Mapping[str, str]  # pattern of a difference -> why we know better
    refusals: Sequence[frozenset[str]] = ()  # what a refusal's body holds, all keys of one of these; empty: anything

    def stale(self, differences: Iterable[str]) -> list[str]:
        """Return the faults that none of these differences needs."""
        seen = list(differences)
        return [known for known in self.faults if not any(re.search(known, difference) for difference in seen)]


def each(pattern: str, names: Sequence[str], source: str) -> Mapping[str, str]:
    """Return a fault for each name, put in the place of `{}`: each must be needed."""
    return {pattern.replace("{}", name): source for name in names}


ACCOUNTING: Final = Description(
    file="xero-accounting-16.1.0.yaml",
    host="https://api.xero.com",
    paths=r".*(/api\.xro/2\.0/.*)",
    faults={
        **each(
            r"^answer {}: undeclared$",
            ("Id", "Status", "ProviderName", "DateTimeUTC"),
            f"the envelope of its own examples ({XERO_SPEC})",
        ),
        **each(
            r"^answer .*\.{}: undeclared$",
            ("DateString", "DueDateString"),
            f"in its own example of Invoices ({XERO_SPEC})",
        ),
        r"^answer HistoryRecords\.\*\.DateUTCString: undeclared$": f"in its own example of history ({XERO_SPEC})",
        r"^answer .*LineItems\.\*\.ValidationErrors: undeclared$": f"in its own example of Invoices ({XERO_SPEC})",
        r"^request : format .* is not a 'uuid'": "an invoice is found by its number too (developer.xero.com, Invoices)",
        r"^answer Elements\.\*\..*: undeclared$": f"a refused element comes back whole, as in its 400 ({XERO_SPEC})",
        r"^answer: status 400 undeclared$": f"a filter that is not understood, on GET too ({XERO_CODES})",
        **each(r"^answer: status {} undeclared$", ("401", "403", "404", "412"), XERO_CODES),
        r"^answer: status 429 undeclared$": "developer.xero.com, OAuth 2 API limits",
    },
)
IDENTITY: Final = Description(
    file="xero-identity-16.1.0.yaml",
    host="https://api.xero.com",
    paths=r".*(/[Cc]onnections.*)",
    faults=each(
        r"^answer \*\.{}: format",
        ("createdDateUtc", "updatedDateUtc"),
        f"its own example is without a zone too ({XERO_SPEC})",
    ),
)
INVOICES: Final = Description(
    file="ghl-invoices.json",
    host=GHL_HOST,
    paths=r".*(/invoices/.*)",
    faults={
        r"^answer (.+\.)?invoiceItems\.\*: type \(\{": f"typed text, its own example is an object ({GHL_DOCS})",
        r"^answer (.+\.)?invoiceNumber: type \('.*' is not of type 'number'": (
            f"typed number, its own example is the text '19' ({GHL_DOCS})"
        ),
        r"^answer (.+\.)?totalSummary: undeclared$": f"an invoice is one: GET names it, writes do not ({GHL_DOCS})",
        **each(
            r"^answer (.+\.)?{}: undeclared$",
            ("sentTo", "invoiceNumberPrefix"),
            f"given on create and kept (CreateInvoiceDto, {GHL_DOCS})",
        ),
        r"^answer: status 403 undeclared$": "another location's token: measured by a third party",
        r"^answer: status 404 undeclared$": "an id that is not there; named is 400, not established: switch `missing`",
        r"^answer: status 429 undeclared$": f"limits: docs/oauth/Authorization.md, FAQ ({GHL_DOCS})",
    },
    refusals=GHL_REFUSALS,
)
PAYMENTS: Final = Description(
    file="ghl-payments.json",
    host=GHL_HOST,
    paths=r".*(/payments/.*)",
    faults={
        r"^answer (data\.\*\.)?status: type \('": f"typed object, its own example is 'succeeded' ({GHL_DOCS})",
        **each(
            r"^answer (data\.\*\.)?{}: undeclared$",
            ("meta", "notes"),
            "whether record-payment's marks come back is not established: the sandbox's `returns_marks`",
        ),
        **each(
            r"^answer {}: undeclared$",
            ("paymentMethod", "fulfilledAt"),
            f"the list names it, the single transaction does not ({GHL_DOCS})",
        ),
    },
    refusals=GHL_REFUSALS,
)
CONTACTS: Final = Description(
    file="ghl-contacts.json",
    host=GHL_HOST,
    paths=r".*(/contacts/.*)",
    faults={r"^answer contact\.name: undeclared$": f"GET names it, POST does not ({GHL_DOCS})"},
    refusals=GHL_REFUSALS,
)
OAUTH: Final = Description(
    file="ghl-oauth.json",
    host=GHL_HOST,
    paths=r".*(/oauth/.*)",
    faults=each(
        r"^answer {}: undeclared$",
        ("refresh_token", "userType", "companyId"),
        "POST /oauth/locationToken: third-party code reads and refreshes it",
    ),
    refusals=GHL_REFUSALS,
)
DESCRIPTIONS: Final = {"xero": (ACCOUNTING, IDENTITY), "ghl": (INVOICES, PAYMENTS, CONTACTS, OAUTH)}
