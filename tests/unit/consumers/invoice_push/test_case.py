from typing import Any

from consumers.invoice_push.case import Case
from tests.givens.mapping import an_invoice, settings
from tests.givens.store import NOON, connection


def test_the_customer_of_an_invoice_is_the_contact_it_names() -> None:
    nothing: Any = None
    case = Case(connection(), settings(), nothing, nothing, an_invoice(total=1), NOON, 0)

    assert case.customer.details.id == "contact-1"
    assert case.customer.subject == "contact:connection-1:contact-1"
