"""Reading the lines of an invoice: account, item, tracking, tax (mapping.md 3.1, 3.2). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from consumers.invoice_push import taxes
from consumers.invoice_push.numbers import LARGEST, exact
from consumers.invoice_push.taxes import Tax
from consumers.invoice_push.verdict import Unmappable
from schemas.connection_settings import ConnectionSettings, ItemMapping, Tracking
from schemas.ghl import Discount, Invoice, InvoiceItem
from schemas.money import ZERO
from schemas.reasons import Reason
from schemas.xero import Account, Organisation


@dataclass(frozen=True, slots=True)
class Line:
    """One line, decided but for its cents. Without quantity it is text: no account, no tax, no money."""

    position: int  # from 1
    item: InvoiceItem
    quantity: Decimal
    price: Decimal
    account_code: str = ""
    item_code: str | None = None
    tracking: tuple[Tracking, ...] = ()
    tax: Tax = Tax.NONE
    rate: Decimal = ZERO  # a fraction: 0.1 is 10 %
    tax_type: str | None = None
    discounted: bool = False  # takes part in the invoice's discount

    @property
    def exact(self) -> Decimal:
        """Return quantity times price, not rounded."""
        return self.quantity * self.price

    @property
    def is_text(self) -> bool:
        """Say whether it is text only."""
        return not self.quantity


def usable(code: str | None, organisation: Organisation, what: str) -> Account:
    """Return the account of that code.

    Raises:
        Unmappable: it is not named, not there, not active, or of a kind that invoices may not use.
    """
    if not code:
        raise Unmappable(Reason.ACCOUNT_UNUSABLE, f"{what}: no account is set")
    account = next((account for account in organisation.accounts if account.code == code), None)
    if account is None:
        raise Unmappable(Reason.ACCOUNT_UNUSABLE, f"{what}: account {code} is not in the chart")
    if account.status != "ACTIVE":
        raise Unmappable(Reason.ACCOUNT_UNUSABLE, f"{what}: account {code} is {account.status}")
    if account.type == "BANK" or account.system_account in ("DEBTORS", "CREDITORS", "GST"):
        kind = account.system_account or account.type
        raise Unmappable(Reason.ACCOUNT_UNUSABLE, f"{what}: account {code} is a {kind} account")
    return account


@dataclass(frozen=True, slots=True)
class _Books:
    """What every line of one invoice is read with."""

    settings: ConnectionSettings
    organisation: Organisation
    discount: Discount
    taxless: bool


def read_lines(invoice: Invoice, settings: ConnectionSettings, organisation: Organisation) -> Sequence[Line]:
    """Return the lines in their order, each with its account and tax.

    Raises:
        Unmappable: the first line that has no place in these books.
    """
    figures = [_figures(item, position) for position, item in enumerate(invoice.items, 1)]
    money = [item for item, (quantity, _) in zip(invoice.items, figures, strict=True) if quantity]
    books = _Books(settings, organisation, invoice.discount, taxes.taxless(money, settings))
    return [
        _line(position, item, figure, books)
        for position, (item, figure) in enumerate(zip(invoice.items, figures, strict=True), 1)
    ]


def _figures(item: InvoiceItem, position: int) -> tuple[Decimal, Decimal]:
    quantity = exact(item.qty or ZERO, f"the quantity of line {position}")
    price = exact(item.amount, f"the price of line {position}")
    if abs(quantity * price) > LARGEST:
        raise Unmappable(Reason.BAD_DOCUMENT, f"line {position} comes to more than {LARGEST}")
    return quantity, price


def _line(position: int, item: InvoiceItem, figure: tuple[Decimal, Decimal], books: _Books) -> Line:
    quantity, price = figure
    if not quantity:
        return Line(position, item, quantity, price)
    settings, mapping = books.settings, _mapping(item, books.settings)
    code = (mapping.account_code if mapping else None) or settings.default_account_code
    account = usable(code, books.organisation, f"line {position}")
    tax, rate, tax_type = _tax(item, mapping, account, books)
    own = mapping.tracking if mapping else None
    return Line(
        position=position,
        item=item,
        quantity=quantity,
        price=price,
        account_code=account.code,
        item_code=(mapping.item_code if mapping else None) or settings.default_item_code,
        tracking=(settings.default_tracking if own is None else own)[:2],
        tax=tax,
        rate=rate,
        tax_type=tax_type,
        discounted=_takes_part(item, books.discount.valid_on_product_ids),
    )


def _mapping(item: InvoiceItem, settings: ConnectionSettings) -> ItemMapping | None:
    named = (settings.item_map.get(key) for key in (item.price_id, item.product_id) if key)
    return next((mapping for mapping in named if mapping), None)


def _tax(
    item: InvoiceItem, mapping: ItemMapping | None, account: Account, books: _Books
) -> tuple[Tax, Decimal, str | None]:
    settings, organisation = books.settings, books.organisation
    percent = taxes.rate_of(item)
    if percent:
        tax_type = taxes.taxed_type(item, mapping, account, settings, organisation)
        return (Tax.INSIDE if item.tax_inclusive else Tax.ON_TOP), percent / 100, tax_type
    if mapped := taxes.mapped_zero(item, settings):
        return Tax.NONE, ZERO, taxes.checked(mapped, ZERO, account, organisation)
    if hidden := taxes.hidden_rate(item, settings, organisation):
        tax_type = taxes.checked(hidden.tax_type, hidden.effective_rate, account, organisation)
        return Tax.INSIDE, hidden.effective_rate / 100, tax_type
    return Tax.NONE, ZERO, None if books.taxless else taxes.zero_type(account, settings, organisation)


def _takes_part(item: InvoiceItem, product_ids: Any) -> bool:
    if not product_ids:
        return True
    return bool(item.product_id) and item.product_id in product_ids  # a list of ids, or a text that holds them
