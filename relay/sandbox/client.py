"""A small client of the control API: with it the demo, the end-to-end tests and scripts drive the sandbox."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self

import httpx
import orjson

from relay.sandbox.delivery import Vendor
from relay.sandbox.faults import FaultKind
from relay.sandbox.signers import Forgery

TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.02

Json = Mapping[str, Any]


class ControlRefused(Exception):
    """The sandbox did not do it; the text says why."""


class SandboxClient:
    """Talks to `<base_url>/control`. Use it as a context manager. Amounts come back as Decimal.

    Every method may raise `ControlRefused`, and `httpx.HTTPError` when the sandbox is not there.
    """

    def __init__(self, base_url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{base_url.rstrip('/')}/control", timeout=TIMEOUT_S, transport=transport, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def health(self) -> Json:
        """Return `ok`, and how many deliveries are unsettled."""
        return await self._ask("GET", "/health")

    async def books(self) -> Json:
        """Return everything both sides hold: `xero` and `ghl`."""
        return await self._ask("GET", "/books")

    async def calls(self) -> Json:
        """Return the calls that reached the vendors' APIs: `xero` and `ghl`."""
        return await self._ask("GET", "/calls")

    async def keys(self) -> Json:
        """Return keys of webhooks, ids and secrets of the apps."""
        return await self._ask("GET", "/keys")

    async def connection(self) -> Json:
        """Return the connections, as `relay connections import` reads them."""
        return await self._ask("GET", "/connection")

    async def targets(self, *, ghl: str | None, xero: str | None, ghl_url_per_event: bool = True) -> Json:
        """Set where webhooks go."""
        return await self._ask("POST", "/targets", ghl=ghl, xero=xero, ghl_url_per_event=ghl_url_per_event)

    async def ghl(self, deed: str, /, **told: Any) -> Json:
        """Do a deed of a person in HighLevel (`contacts`, `invoices`, `invoices/send`, ...); return what it left."""
        return await self._ask("POST", f"/ghl/{deed}", **told)

    async def xero(self, deed: str, /, **told: Any) -> Any:
        """Do a deed of a bookkeeper (`enter_payment`, `void_invoice`, ...); return what the books return."""
        return (await self._ask("POST", f"/xero/{deed}", **told))["result"]

    async def fault(self, kind: FaultKind, vendor: Vendor, /, **rule: Any) -> Json:
        """Add a fault rule: path, method, times, after, seconds, refusal {status, headers, body}."""
        return await self._ask("POST", "/faults", kind=kind, vendor=vendor, **rule)

    async def faults(self) -> Sequence[Json]:
        """Return the rules with how often each bit."""
        found: Sequence[Json] = (await self._ask("GET", "/faults"))["faults"]
        return found

    async def clear_faults(self) -> None:
        """Forget every rule."""
        await self._ask("DELETE", "/faults")

    async def throttle(self, vendor: Vendor, seconds: float, **more: Any) -> None:
        """Have a vendor answer 429 for so long; `problem` for Xero: minute, day, concurrent, appminute."""
        await self._ask("POST", "/throttle", vendor=vendor, seconds=seconds, **more)

    async def deliveries(self) -> Json:
        """Return every delivery that is remembered, and the counts."""
        return await self._ask("GET", "/deliveries")

    async def bend(self, vendor: Vendor | None = None, **mischief: Any) -> None:
        """Set duplicates, delay_s, jitter_s and held; None: for both vendors."""
        await self._ask("POST", "/deliveries/bend", **({"vendor": vendor} if vendor else {}), **mischief)

    async def release(self, vendor: Vendor | None = None, order: str = "as_fired") -> int:
        """Let go what was held back; return how many there were."""
        body = {"order": order, **({"vendor": vendor} if vendor else {})}
        return int((await self._ask("POST", "/deliveries/release", **body))["released"])

    async def resend(self, ids: Sequence[str] | None = None) -> Sequence[str]:
        """Send past deliveries once more, the same bytes; None: all. Return the new ids."""
        answer = await (
            self._ask("POST", "/deliveries/resend-all")
            if ids is None
            else self._ask("POST", "/deliveries/resend", ids=list(ids))
        )
        found: Sequence[str] = answer["deliveries"]
        return found

    async def forge(self, vendor: Vendor, how: Forgery = Forgery.WRONG_KEY) -> int | None:
        """Send what the vendor never signed; return the answer's status."""
        status: int | None = (await self._ask("POST", "/deliveries/forge", vendor=vendor, how=how))["status"]
        return status

    async def intent_to_receive(self) -> Sequence[Json]:
        """Run Xero's intent-to-receive; return each request with its verdict."""
        answers: Sequence[Json] = (await self._ask("POST", "/deliveries/intent-to-receive"))["answers"]
        return answers

    async def ghl_habits(self, **habits: str) -> Json:
        """Set `shape` (envelope, documented) and `retries` (new, old) of HighLevel's deliveries."""
        return await self._ask("POST", "/deliveries/ghl", **habits)

    async def settled(self, within_s: float = 20.0) -> None:
        """Wait until every delivery has arrived or was given up.

        Raises:
            TimeoutError: they have not within that time.
        """
        async with asyncio.timeout(within_s):
            while (await self.health())["unsettled"]:  # noqa: ASYNC110 - the other side is another process
                await asyncio.sleep(POLL_S)

    async def _ask(self, method: str, path: str, /, **body: Any) -> Json:
        content = orjson.dumps(body, default=_plain) if body else None
        answer = await self._http.request(method, path, content=content)
        try:
            document: Json = json.loads(answer.content, parse_float=Decimal)
        except ValueError as error:
            raise ControlRefused(f"{path} answered {answer.status_code} without JSON") from error
        if not answer.is_success:
            raise ControlRefused(f"{path}: {document.get('error', answer.status_code)}")
        return document


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    raise TypeError(f"{type(value).__name__} has no JSON form")
