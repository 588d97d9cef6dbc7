"""Whatever the invoice: a document whose total is HighLevel's to the cent, or a reason why there is none."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from consumers.invoice_push import discounts, proof
from consumers.invoice_push.decision import map_invoice
from consumers.invoice_push.verdict import Create, Dead, Links, Skip
from relay.sandbox import xero_arithmetic
from relay.sandbox.xero_rows import Line
from schemas import money
from schemas.reasons import Reason
from tests.givens import mapping
from tests.givens.mapping import an_invoice, an_item, an_organisation

CENT = Decimal("0.01")
UNITS = {"AUD": CENT, "JPY": Decimal(1), "KWD": Decimal("0.001")}
RATES = (Decimal(0), Decimal(10), Decimal("12.5"), Decimal("8.875"))
ORGANISATION = an_organisation(
    TaxRates=[
        mapping.a_rate("OUTPUT", 10),
        mapping.a_rate("HALF", Decimal("12.5")),
        mapping.a_rate("CITY", Decimal("8.875")),
        mapping.a_rate("NONE", 0, CanApplyToExpenses=True),
    ]
)


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


@st.composite
def items(draw: st.DrawFn) -> dict[str, Any]:
    rate = draw(st.sampled_from(RATES))
    tax = {"_id": f"tax-{rate}", "name": "Tax", "rate": rate, "calculation": "exclusive"}
    price = draw(decimals(-300, 2000, draw(st.sampled_from((0, 2, 2, 2, 3, 6)))))
    return an_item(
        price,
        draw(st.one_of(st.integers(-2, 40), decimals(0, 9, 2), decimals(0, 2, 4))),
        taxes=[tax] if rate and price >= 0 else [],
        taxInclusive=draw(st.booleans()),
        productId=draw(st.sampled_from(("product-1", "product-2"))),
    )


def _rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


@st.composite
def invoices(draw: st.DrawFn) -> Any:
    """Invoices as HighLevel may compute them: rounded per line or once, discounts before or after tax, odd cents."""
    currency = draw(st.sampled_from(("AUD", "AUD", "AUD", "JPY", "KWD")))
    unit, lines = UNITS[currency], draw(st.lists(items(), min_size=1, max_size=5))
    per_line, after_tax = draw(st.booleans()), draw(st.booleans())
    amounts = [
        _rounded(line["qty"] * line["amount"], unit) if per_line else line["qty"] * line["amount"] for line in lines
    ]
    share = draw(st.sampled_from((Decimal(0), Decimal(10), Decimal("33.333"), Decimal(100))))
    discount = _rounded(max(sum(amounts, Decimal(0)), Decimal(0)) * share / 100, unit)
    left = [amount * (1 if after_tax else 1 - share / 100) for amount in amounts]
    taxes = [
        amount * line["taxes"][0]["rate"] / 100 if line["taxes"] and not line["taxInclusive"] else Decimal(0)
        for line, amount in zip(lines, left, strict=True)
    ]
    tax = sum((_rounded(each, unit) if per_line else each for each in taxes), Decimal(0))
    odd = draw(st.sampled_from((0, 0, 0, 1, -2, 7))) * unit
    return an_invoice(
        *lines,
        currency=currency,
        total=_rounded(sum(amounts, Decimal(0)) - discount + tax, unit) + odd,
        discount={"type": "percentage", "value": share},
        totalSummary={"subTotal": _rounded(sum(amounts, Decimal(0)), unit), "discount": discount, "tax": tax},
    )


def judged(document: Any) -> Decimal:
    """Return the total as the simulated Xero computes it, which knows nothing of our arithmetic."""
    kind, rates = document["LineAmountTypes"], {rate.tax_type: rate.effective_rate for rate in ORGANISATION.tax_rates}
    lines = [
        xero_arithmetic.computed(
            Line(
                line_item_id="line",
                description=line["Description"],
                quantity=line.get("Quantity"),
                unit_amount=line.get("UnitAmount"),
                discount_amount=line.get("DiscountAmount"),
                tax_sent=line.get("TaxAmount"),
            ),
            kind=kind,
            rate=rates.get(line.get("TaxType"), Decimal(0)),
            unit_decimals=4,
        )
        for line in document["LineItems"]
    ]
    return xero_arithmetic.totals(lines, kind).total


@settings(max_examples=300, deadline=None)
@given(
    invoice=invoices(),
    style=st.sampled_from(("amount", "net")),
    rounding=st.sampled_from((None, "860")),
    extra=st.sampled_from((None, None, "210")),
)
def test_a_document_comes_to_what_the_customer_is_asked_or_there_is_none(
    invoice: Any, style: str, rounding: str | None, extra: str | None
) -> None:
    chosen = mapping.settings(discount_style=style, rounding_account_code=rounding, extra_charges_account_code=extra)

    verdict = map_invoice(invoice, chosen, ORGANISATION, Links("contact-x"))

    match verdict:
        case Create(document, total):
            event("a document")
            assert total == _rounded(invoice.total, UNITS[invoice.currency])
            assert judged(document) == proof.xero_total(document, ORGANISATION) == total
        case Dead(reason, detail):
            event(f"none: {reason}")
            assert detail
            assert "Xero" not in detail or reason is not Reason.TOTAL_DIFFERS, (
                "the mapping wrote what the proof refuses"
            )
        case _:
            assert isinstance(verdict, Skip)


@given(
    cents=st.lists(st.integers(0, 10**7), min_size=1, max_size=8),
    part=st.integers(0, 100),
    unit=st.sampled_from((CENT, Decimal(1))),
)
def test_a_discount_spread_over_lines_adds_up_and_takes_no_line_below_nothing(
    cents: list[int], part: int, unit: Decimal
) -> None:
    amounts = [cent * unit for cent in cents]
    discount = _rounded(sum(amounts, Decimal(0)) * part / 100, unit)
    lines = mapping.lines(*(an_item(amount) for amount in amounts))

    shares = discounts.shares(discount, lines, amounts, unit)

    assert shares is not None
    assert sum(shares, Decimal(0)) == discount
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))
    assert all(share % unit == 0 for share in shares)


@given(st.lists(decimals(-(10**6), 10**6, 4), max_size=8))
def test_rounding_lines_loses_less_than_half_a_cent_a_line(amounts: list[Decimal]) -> None:
    lost = sum(amounts, Decimal(0)) - sum((money.rounded(amount) for amount in amounts), Decimal(0))

    assert abs(lost) <= len(amounts) * CENT / 2
