"""`/CreditNotes`, `/Overpayments` and `/Prepayments` of the API, as far as credits reach invoices."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Route

from relay.sandbox.xero_answers import allocation_answer, credit_answer
from relay.sandbox.xero_batch import saved
from relay.sandbox.xero_credit_rules import create_credit
from relay.sandbox.xero_errors import not_found
from relay.sandbox.xero_gate import BROAD, Asked, Gate, Reply
from relay.sandbox.xero_payment_rules import CREDIT_NAMES, allocate, remove_allocation
from relay.sandbox.xero_queries import modified_since, paged
from relay.sandbox.xero_rows import Credit
from relay.sandbox.xero_wire import Element, elements

NOTES: Final = "CreditNotes"


def routes(gate: Gate) -> list[Route]:
    """Return the routes below the API's base. Over- and prepayments are made from bank transactions, not here."""
    found = [
        Route("/CreditNotes", gate.opened(write_credit_notes, "accounting.invoices", BROAD), methods=["PUT", "POST"]),
    ]
    for kind, name in CREDIT_NAMES.items():
        scope = "accounting.invoices" if kind == "CREDITNOTE" else "accounting.payments"
        shelf = Shelf(kind, f"{name}s", f"{name}ID")
        found += [
            Route(f"/{name}s", gate.opened(shelf.listed, scope, BROAD), methods=["GET"]),
            Route(f"/{name}s/{{id}}", gate.opened(shelf.one, scope, BROAD), methods=["GET"]),
            Route(f"/{name}s/{{id}}/Allocations", gate.opened(shelf.allocate, scope, BROAD), methods=["PUT"]),
            Route(
                f"/{name}s/{{id}}/Allocations/{{allocation}}",
                gate.opened(shelf.take_back, scope, BROAD),
                methods=["DELETE"],
            ),
        ]
    return found


def write_credit_notes(asked: Asked) -> Reply:
    """Answer PUT and POST /CreditNotes: create."""

    def save(element: Element) -> dict[str, Any]:
        return credit_answer(asked.ledger, create_credit(asked.ledger, element))

    sent = elements(asked.body, NOTES)
    return saved(asked, sent, save, name=NOTES, id_key="CreditNoteID", errors_key="HasErrors")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The credits of one kind."""

    kind: str
    name: str
    id_key: str

    def listed(self, asked: Asked) -> Reply:
        """Answer GET of the list."""
        since = modified_since(asked.headers.get("if-modified-since"))
        credits_ = [credit for credit in asked.ledger.credits.values() if credit.kind == self.kind]
        recent = [credit for credit in credits_ if since is None or credit.updated > since]
        page = paged(recent, asked.query.get("page"), asked.query.get("pageSize"))
        answers = [credit_answer(asked.ledger, credit) for credit in page.rows]
        return Reply(self.name, answers, page.pagination if "page" in asked.query else None)

    def one(self, asked: Asked) -> Reply:
        """Answer GET of one."""
        return Reply(self.name, [credit_answer(asked.ledger, self._found(asked))])

    def allocate(self, asked: Asked) -> Reply:
        """Answer PUT of allocations."""
        credit_id = self._found(asked).credit_id

        def save(element: Element) -> dict[str, Any]:
            credit = asked.ledger.credits[credit_id]
            return allocation_answer(asked.ledger, allocate(asked.ledger, credit, element))

        sent = elements(asked.body, "Allocations")
        return saved(asked, sent, save, name="Allocations", id_key="AllocationID", errors_key="HasErrors")

    def take_back(self, asked: Asked) -> Reply:
        """Answer DELETE of an allocation: the allocation alone."""
        credit = self._found(asked)
        allocation = asked.ledger.allocations.get(asked.path["allocation"])
        if allocation is None or allocation.credit_id != credit.credit_id:
            raise not_found()
        answer = allocation_answer(asked.ledger, allocation) | {"IsDeleted": True}
        remove_allocation(asked.ledger, allocation)
        return Reply(None, [answer])

    def _found(self, asked: Asked) -> Credit:
        credit = asked.ledger.credits.get(asked.path["id"].lower())
        if credit is None or credit.kind != self.kind:
            raise not_found()
        return credit
