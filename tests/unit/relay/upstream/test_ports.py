import inspect
from typing import Any

import pytest

from relay.upstream import ports
from relay.upstream.ghl.contacts import Contacts as GhlContacts
from relay.upstream.ghl.invoices import Invoices as GhlInvoices
from relay.upstream.ghl.transactions import Transactions as GhlTransactions
from relay.upstream.vendors import OpenVendors
from relay.upstream.xero.chart import Chart
from relay.upstream.xero.contacts import Contacts as XeroContacts
from relay.upstream.xero.invoices import Invoices as XeroInvoices
from relay.upstream.xero.payments import Payments as XeroPayments

ADAPTERS = [
    (ports.XeroInvoices, XeroInvoices),
    (ports.XeroContacts, XeroContacts),
    (ports.XeroPayments, XeroPayments),
    (ports.XeroChart, Chart),
    (ports.GhlInvoices, GhlInvoices),
    (ports.GhlTransactions, GhlTransactions),
    (ports.GhlContacts, GhlContacts),
    (ports.Vendors, OpenVendors),
]


@pytest.mark.parametrize(
    ("port", "adapter", "method"),
    [
        pytest.param(port, adapter, name, id=f"{port.__name__}.{name}")
        for port, adapter in ADAPTERS
        for name, member in vars(port).items()
        if inspect.isfunction(member) and not name.startswith("_")
    ],
)
def test_the_real_client_has_the_ports_signature(port: Any, adapter: Any, method: str) -> None:
    assert inspect.signature(getattr(adapter, method)) == inspect.signature(getattr(port, method))
