"""A simulated Xero: the Accounting API, its identity service, the books behind them, and what people do in those.

It is a judge: it follows what the vendor documents, and knows nothing of our clients.
"""

import itertools
from collections.abc import Callable
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from relay.clock import Clock
from relay.sandbox import xero_chart, xero_contacts, xero_credits, xero_invoices, xero_payments
from relay.sandbox.xero_books import Books, Fire
from relay.sandbox.xero_calls import Calls
from relay.sandbox.xero_errors import not_found
from relay.sandbox.xero_gate import Gate
from relay.sandbox.xero_idempotency import Idempotency
from relay.sandbox.xero_identity import Identity, connection_routes
from relay.sandbox.xero_limits import Limits, Problem
from relay.sandbox.xero_tokens import Tokens

BASE: Final = "/api.xro/2.0"
SCOPES: Final = (
    "offline_access",
    "accounting.invoices",
    "accounting.payments",
    "accounting.contacts",
    "accounting.settings.read",
)


class XeroSandbox:
    """One app at a simulated Xero. `api` and `identity` are the ASGI apps of its two hosts.

    It starts with one organisation, `tenant_id`; more come with `books.add_demo`. `ids` gives ids and tokens: UUIDs,
    always the same ones unless another source is handed in.
    """

    def __init__(
        self, *, clock: Clock, fire: Fire, client_id: str, client_secret: str, ids: Callable[[], str] | None = None
    ) -> None:
        self.new_id = ids or numbered_ids("sandbox")
        self.tenant_id = self.new_id()
        self.books = Books(clock=clock, fire=fire, ids=self.new_id)
        self.books.add_demo(self.tenant_id)
        self.tokens = Tokens(clock, self.new_id)
        self.limits = Limits(clock)
        self.calls = Calls()
        self.gate = Gate(
            clock=clock,
            books=self.books,
            tokens=self.tokens,
            limits=self.limits,
            calls=self.calls,
            keys=Idempotency(clock),
            new_id=self.new_id,
        )
        modules = (xero_invoices, xero_contacts, xero_payments, xero_credits, xero_chart)
        accounting = [route for module in modules for route in module.routes(self.gate)]
        self.api = Starlette(
            routes=[*connection_routes(self.gate), Mount(BASE, routes=accounting)],
            exception_handlers={404: _not_found},
        )
        identity = Identity(self.tokens, client_id=client_id, client_secret=client_secret)
        self.identity = Starlette(routes=identity.routes(), exception_handlers={404: _not_found})

    def throttle(self, tenant_id: str, problem: Problem, seconds: float) -> None:
        """Answer 429 with this problem to every call of the tenant, for that long."""
        self.limits.throttle(tenant_id, problem, seconds)


def numbered_ids(seed: str) -> Callable[[], str]:
    """Return a source of ids that look like Xero's and depend on the seed alone."""
    count = itertools.count(1)
    return lambda: str(uuid5(NAMESPACE_URL, f"{seed}/{next(count)}"))


async def _not_found(_request: Request, _error: Exception) -> Response:
    refusal = not_found()
    return Response(refusal.body, refusal.status, {"Content-Type": refusal.content_type})
