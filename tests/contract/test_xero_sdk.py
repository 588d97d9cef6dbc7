"""Xero's own SDK drives the simulated Xero over HTTP: what its maker's client understands, ours may rely on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from xero_python.accounting import (
    Account,
    AccountingApi,
    Allocation,
    Allocations,
    Contact,
    Contacts,
    CreditNote,
    CreditNotes,
    CurrencyCode,
    HistoryRecord,
    HistoryRecords,
    Invoice,
    Invoices,
    LineAmountTypes,
    LineItem,
    Payment,
    PaymentDelete,
    Payments,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.exceptions import HTTPStatusException
from xero_python.identity import IdentityApi

from relay.clock import SystemClock
from relay.sandbox.xero import BASE, SCOPES, XeroSandbox
from relay.serving import served
from tests.givens.xero_sandbox import CLIENT_ID, CLIENT_SECRET, a_sandbox


@dataclass
class Xero:
    """A running sandbox and the SDK's API; `call` runs a method of it beside the server."""

    sandbox: XeroSandbox
    api: AccountingApi
    identity: IdentityApi

    @property
    def tenant(self) -> str:
        return self.sandbox.tenant_id

    async def call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return await asyncio.to_thread(method, self.tenant, *arguments, **named)


@asynccontextmanager
async def running(sandbox: XeroSandbox) -> AsyncIterator[Xero]:
    pair = sandbox.tokens.issue("owner", [sandbox.tenant_id], SCOPES)
    token = {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_in": pair.expires_in,
        "expires_at": datetime.now(UTC).timestamp() + pair.expires_in,
        "token_type": "Bearer",
        "scope": pair.scope.split(),
    }
    configuration = Configuration(oauth2_token=OAuth2Token(client_id=CLIENT_ID, client_secret=CLIENT_SECRET))
    client = ApiClient(configuration, oauth2_token_getter=lambda: token, oauth2_token_saver=lambda _token: None)
    async with served(sandbox.api, "127.0.0.1", 0) as port:
        host = f"http://127.0.0.1:{port}"
        try:
            yield Xero(sandbox, AccountingApi(client, base_url=f"{host}{BASE}"), IdentityApi(client, base_url=host))
        finally:
            client.rest_client.pool_manager.clear()


@pytest.fixture
async def xero() -> AsyncIterator[Xero]:
    async with running(a_sandbox(SystemClock())) as opened:
        yield opened


def a_line(**fields: Any) -> LineItem:
    plain = {"quantity": Decimal(1), "unit_amount": Decimal("99.9999"), "account_code": "200", "tax_type": "OUTPUT"}
    return LineItem(**{"description": "Work", **plain, **fields})


def an_invoice(**fields: Any) -> Invoice:
    plain = {
        "type": "ACCREC",
        "contact": Contact(name="Sample Customer"),
        "date": date(2026, 11, 2),
        "due_date": date(2026, 11, 16),
        "line_amount_types": LineAmountTypes.EXCLUSIVE,
        "line_items": [a_line()],
        "status": "AUTHORISED",
        "currency_code": CurrencyCode.AUD,
    }
    return Invoice(**plain | fields)


async def created(xero: Xero, *invoices: Invoice) -> list[Invoice]:
    sent = Invoices(invoices=list(invoices))
    return (await xero.call(xero.api.create_invoices, sent, summarize_errors=False, unitdp=4)).invoices


async def refusal(answer: Awaitable[Any]) -> HTTPStatusException:
    with pytest.raises(HTTPStatusException) as refused:
        await answer
    return refused.value


async def test_the_organisation_and_its_chart_are_read(xero: Xero) -> None:
    organisation = (await xero.call(xero.api.get_organisations)).organisations[0]
    accounts = (await xero.call(xero.api.get_accounts, where='Status=="ACTIVE"')).accounts
    rates = (await xero.call(xero.api.get_tax_rates)).tax_rates
    currencies = (await xero.call(xero.api.get_currencies)).currencies

    assert (organisation.base_currency, organisation.is_demo_company) == (CurrencyCode.AUD, True)
    assert {account.code for account in accounts} >= {"090", "200", "614"}
    assert {rate.tax_type: rate.effective_rate for rate in rates}["TAX001"] == 15
    assert CurrencyCode.NZD in {currency.code for currency in currencies}


async def test_the_connection_is_listed(xero: Xero) -> None:
    connections = await asyncio.to_thread(xero.identity.get_connections)

    assert [(connection.tenant_id, connection.tenant_name) for connection in connections] == [
        (xero.tenant, "Demo Company (AU)")
    ]


async def test_a_contact_is_created_and_found(xero: Xero) -> None:
    sent = Contacts(contacts=[Contact(name="Anna", email_address="anna@example.com", contact_number="n-1")])
    (anna,) = (await xero.call(xero.api.create_contacts, sent, summarize_errors=False)).contacts

    by_where = (await xero.call(xero.api.get_contacts, where='EmailAddress=="anna@example.com"')).contacts
    by_id = (await xero.call(xero.api.get_contact, anna.contact_id)).contacts
    by_ids = (await xero.call(xero.api.get_contacts, i_ds=[anna.contact_id], page=1, page_size=10)).contacts

    assert {contact.contact_id for contact in (*by_where, *by_id, *by_ids)} == {anna.contact_id}
    assert (anna.contact_number, anna.contact_status) == ("n-1", "ACTIVE")


async def test_a_taken_name_is_an_error_of_that_contact(xero: Xero) -> None:
    sent = Contacts(contacts=[Contact(name="Anna")])
    await xero.call(xero.api.create_contacts, sent)

    (again,) = (await xero.call(xero.api.create_contacts, sent, summarize_errors=False)).contacts

    assert again.has_validation_errors
    assert "must be unique across all active contacts" in again.validation_errors[0].message


async def test_an_invoice_is_created_read_updated_and_voided(xero: Xero) -> None:
    (invoice,) = await created(xero, an_invoice(invoice_number="A-1", reference="r", sent_to_contact=True))
    (read,) = (await xero.call(xero.api.get_invoice, invoice.invoice_id, unitdp=4)).invoices
    changes = Invoices(invoices=[Invoice(reference="other", line_items=[a_line(unit_amount=Decimal(50))])])
    (changed,) = (await xero.call(xero.api.update_invoice, invoice.invoice_id, changes, unitdp=4)).invoices
    void = Invoices(invoices=[Invoice(status="VOIDED")])
    (voided,) = (await xero.call(xero.api.update_invoice, invoice.invoice_id, void)).invoices

    assert (read.total, read.total_tax, read.line_items[0].unit_amount) == (
        Decimal("110.00"),
        Decimal("10.00"),
        Decimal("99.9999"),
    )
    assert (read.date, read.due_date, read.sent_to_contact) == (date(2026, 11, 2), date(2026, 11, 16), True)
    assert read.updated_date_utc == invoice.updated_date_utc < changed.updated_date_utc
    assert (changed.reference, changed.total, voided.status) == ("other", Decimal("55.00"), "VOIDED")


async def test_each_invoice_of_a_batch_has_its_own_errors(xero: Xero) -> None:
    good, bad = await created(xero, an_invoice(invoice_number="A-1"), an_invoice(invoice_number="A-1"))

    assert (good.status_attribute_string, bad.status_attribute_string) == ("OK", "ERROR")
    assert (bad.has_errors, bad.validation_errors[0].message) == (True, "Invoice # must be unique.")


async def test_one_bad_invoice_refuses_them_all(xero: Xero) -> None:
    sent = Invoices(invoices=[an_invoice(), an_invoice(due_date=None)])

    error = await refusal(xero.call(xero.api.create_invoices, sent, summarize_errors=True))

    assert error.status == 400
    assert b"ValidationException" in error.body
    assert not xero.sandbox.books.snapshot()[xero.tenant]["invoices"]


async def test_an_update_or_create_overwrites_by_number(xero: Xero) -> None:
    (first,) = await created(xero, an_invoice(invoice_number="A-1"))
    sent = Invoices(invoices=[an_invoice(invoice_number="A-1", reference="other")])

    (second,) = (await xero.call(xero.api.update_or_create_invoices, sent, summarize_errors=False)).invoices

    assert (second.invoice_id, second.reference) == (first.invoice_id, "other")


async def test_pages_show_lines_and_lists_do_not(xero: Xero) -> None:
    await created(xero, *(an_invoice(invoice_number=f"A-{number}") for number in range(1, 6)))

    page = await xero.call(xero.api.get_invoices, page=2, page_size=2, order="InvoiceNumber ASC", unitdp=4)
    every = await xero.call(xero.api.get_invoices, invoice_numbers=["A-5", "A-4"])
    summary = await xero.call(xero.api.get_invoices, summary_only=True, statuses=["AUTHORISED"])

    assert [invoice.invoice_number for invoice in page.invoices] == ["A-3", "A-4"]
    assert (page.pagination.page_count, page.pagination.item_count) == (3, 5)
    assert [len(invoice.line_items) for invoice in page.invoices] == [1, 1]
    assert [len(invoice.line_items) for invoice in every.invoices] == [0, 0]
    assert summary.pagination.item_count == 5


async def test_a_time_hides_older_invoices(xero: Xero) -> None:
    await created(xero, an_invoice(invoice_number="A-1"))

    later = await xero.call(xero.api.get_invoices, if_modified_since=datetime(2999, 1, 1, tzinfo=UTC))
    earlier = await xero.call(xero.api.get_invoices, if_modified_since=datetime(2000, 1, 1, tzinfo=UTC))

    assert (len(later.invoices), len(earlier.invoices)) == (0, 1)


async def test_a_payment_is_made_listed_and_deleted(xero: Xero) -> None:
    (invoice,) = await created(xero, an_invoice(invoice_number="A-1"))
    sent = Payments(
        payments=[
            Payment(
                invoice=Invoice(invoice_id=invoice.invoice_id),
                account=Account(code="090"),
                date=date(2026, 11, 20),
                amount=Decimal(110),
                reference="r",
            )
        ]
    )
    (payment,) = (await xero.call(xero.api.create_payments, sent, summarize_errors=False)).payments
    (paid,) = (await xero.call(xero.api.get_invoice, "A-1")).invoices
    (too_much,) = (await xero.call(xero.api.create_payments, sent, summarize_errors=False)).payments
    listed = (await xero.call(xero.api.get_payments, where='Status=="AUTHORISED"', page=1)).payments
    (read,) = (await xero.call(xero.api.get_payment, payment.payment_id)).payments
    deletion = PaymentDelete(status="DELETED")
    (deleted,) = (await xero.call(xero.api.delete_payment, payment.payment_id, deletion)).payments

    assert (paid.status, paid.amount_paid, paid.payments[0].payment_id) == ("PAID", 110, payment.payment_id)
    assert too_much.validation_errors[0].message.startswith("Payment amount exceeds")
    assert [each.payment_id for each in listed] == [payment.payment_id]
    assert (read.invoice.invoice_id, read.account.code, deleted.status) == (invoice.invoice_id, "090", "DELETED")


async def test_a_credit_note_is_allocated(xero: Xero) -> None:
    (invoice,) = await created(xero, an_invoice(invoice_number="A-1"))
    customer = Contact(contact_id=invoice.contact.contact_id)
    note = CreditNote(type="ACCRECCREDIT", status="AUTHORISED", contact=customer, line_items=[a_line()])
    sent = CreditNotes(credit_notes=[note])
    (credit,) = (await xero.call(xero.api.create_credit_notes, sent)).credit_notes
    part = Allocation(invoice=Invoice(invoice_id=invoice.invoice_id), amount=Decimal(10), date=date(2026, 11, 20))
    await xero.call(xero.api.create_credit_note_allocation, credit.credit_note_id, Allocations(allocations=[part]))

    (owed,) = (await xero.call(xero.api.get_invoice, "A-1")).invoices

    assert (owed.amount_credited, owed.amount_due) == (10, 100)
    assert owed.credit_notes[0].credit_note_id == credit.credit_note_id


async def test_history_takes_a_note(xero: Xero) -> None:
    (invoice,) = await created(xero, an_invoice())
    note = HistoryRecords(history_records=[HistoryRecord(details="Seen")])
    await xero.call(xero.api.create_invoice_history, invoice.invoice_id, note)

    records = (await xero.call(xero.api.get_invoice_history, invoice.invoice_id)).history_records

    assert [record.details for record in records] == ["Seen"]


async def test_a_key_brings_the_first_answer_again(xero: Xero) -> None:
    sent = Invoices(invoices=[an_invoice(invoice_number="A-1")])

    answers = [
        await xero.call(xero.api.create_invoices, sent, summarize_errors=False, idempotency_key="k") for _ in range(2)
    ]

    assert len({answer.invoices[0].invoice_id for answer in answers}) == 1
    assert len(xero.sandbox.books.snapshot()[xero.tenant]["invoices"]) == 1


@pytest.mark.parametrize(
    ("method", "arguments", "status"),
    [
        ("get_invoice", ("00000000-0000-0000-0000-000000000001",), 404),
        ("get_payment", ("00000000-0000-0000-0000-000000000001",), 404),
    ],
)
async def test_what_is_not_there_is_not_found(xero: Xero, method: str, arguments: tuple[str], status: int) -> None:
    error = await refusal(xero.call(getattr(xero.api, method), *arguments))

    assert error.status == status


async def test_a_question_that_is_not_understood_is_refused(xero: Xero) -> None:
    error = await refusal(xero.call(xero.api.get_invoices, where="Foo==1"))

    assert (error.status, b"QueryParseException" in error.body) == (400, True)


async def test_another_tenant_is_forbidden(xero: Xero) -> None:
    error = await refusal(asyncio.to_thread(xero.api.get_organisations, "another"))

    assert error.status == 403


async def test_an_expired_token_is_unauthorised(xero: Xero) -> None:
    xero.sandbox.tokens.expire_access_tokens()

    error = await refusal(xero.call(xero.api.get_organisations))

    assert (error.status, b"TokenExpired" in error.body) == (401, True)


async def test_a_call_too_many_at_once_is_refused_without_a_time(xero: Xero) -> None:
    # urllib3 below the SDK would wait and try again by itself if there were a Retry-After
    xero.sandbox.throttle(xero.tenant, "concurrent", 300)

    error = await refusal(xero.call(xero.api.get_organisations))

    headers = error.http_resp.urllib3_response.headers
    assert (error.status, headers["X-Rate-Limit-Problem"], headers.get("Retry-After")) == (429, "concurrent", None)
