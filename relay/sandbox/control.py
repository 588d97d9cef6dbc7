"""The sandbox's control API: deeds of people, faults, deliveries, and everything needed to judge a run. JSON only."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from relay.sandbox.bookkeeper import Bookkeeper
from relay.sandbox.connection import ConnectionSheet
from relay.sandbox.deliveries import Deliveries, Order
from relay.sandbox.delivery import GhlRetries, Mischief, Vendor
from relay.sandbox.faults import FaultKind, Faults, Refusal, Rule
from relay.sandbox.ghl import HighLevelSandbox
from relay.sandbox.ghl_deeds import DeedFailed, HighLevelDeeds
from relay.sandbox.ghl_errors import Refusal as HighLevelRefusal
from relay.sandbox.ghl_json import Json, loads
from relay.sandbox.signers import Forgery, GhlShape
from relay.sandbox.xero import XeroSandbox
from relay.sandbox.xero_errors import Invalid

Act = Callable[[Request, Json], Awaitable[Any]]


class Control:
    """Routes of `/control`; `api` is the ASGI app. Answers 400 with `error` to what cannot be done."""

    def __init__(
        self,
        *,
        ghl: HighLevelSandbox,
        xero: XeroSandbox,
        ghl_deeds: HighLevelDeeds,
        faults: Faults,
        deliveries: Deliveries,
        sheet: ConnectionSheet,
    ) -> None:
        self._ghl = ghl
        self._xero = xero
        self._ghl_deeds = ghl_deeds
        self._bookkeeper = Bookkeeper(xero.books)
        self._faults = faults
        self._deliveries = deliveries
        self._sheet = sheet
        self.api = Router([self._route(*line) for line in self._table()], redirect_slashes=False)

    def _table(self) -> tuple[tuple[str, str, Act], ...]:
        return (
            ("GET", "/health", self._health),
            ("GET", "/books", self._books),
            ("GET", "/calls", self._calls),
            ("GET", "/keys", self._keys),
            ("GET", "/connection", self._connection),
            ("GET", "/deliveries", self._report),
            ("GET", "/faults", self._list_faults),
            ("POST", "/faults", self._add_fault),
            ("DELETE", "/faults", self._clear_faults),
            ("POST", "/targets", self._targets),
            ("POST", "/throttle", self._throttle),
            ("POST", "/deliveries/bend", self._bend),
            ("POST", "/deliveries/duplicate", self._bend),
            ("POST", "/deliveries/release", self._release),
            ("POST", "/deliveries/resend", self._resend),
            ("POST", "/deliveries/resend-all", self._resend_all),
            ("POST", "/deliveries/forge", self._forge),
            ("POST", "/deliveries/raw", self._raw),
            ("POST", "/deliveries/intent-to-receive", self._intent),
            ("POST", "/deliveries/ghl", self._ghl_habits),
            ("POST", "/ghl/{deed:path}", self._ghl_deed),
            ("POST", "/xero/{deed}", self._xero_deed),
        )

    def _route(self, method: str, path: str, act: Act) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                body = loads(await request.body() or b"{}")
                status, answer = HTTPStatus.OK, await act(request, body)
            except KeyError as error:
                status, answer = HTTPStatus.BAD_REQUEST, {"error": f"{error} is missing or not known"}
            except (DeedFailed, Invalid, ValueError, LookupError, TypeError) as error:
                status, answer = HTTPStatus.BAD_REQUEST, {"error": str(error)}
            except HighLevelRefusal as refusal:
                status, answer = HTTPStatus.BAD_REQUEST, {"error": str(refusal), "status": int(refusal.status)}
            return Response(_written(answer), int(status), media_type="application/json")

        return Route(path, endpoint, methods=[method])

    async def _health(self, _request: Request, _body: Json) -> Any:
        return {"ok": True, "unsettled": self._deliveries.unsettled}

    async def _books(self, _request: Request, _body: Json) -> Any:
        return {"xero": self._xero.books.snapshot(), "ghl": self._ghl.books.snapshot()}

    async def _calls(self, _request: Request, _body: Json) -> Any:
        """Return the calls without their answers' bodies: those of the books may be large."""
        xero = [{**asdict(call), "response_body": None} for call in self._xero.calls]
        return {"ghl": list(self._ghl.calls), "xero": xero}

    async def _keys(self, _request: Request, _body: Json) -> Any:
        return self._sheet.keys()

    async def _connection(self, _request: Request, _body: Json) -> Any:
        return self._sheet.connections()

    async def _report(self, _request: Request, _body: Json) -> Any:
        return self._deliveries.report()

    async def _list_faults(self, _request: Request, _body: Json) -> Any:
        return {"faults": list(self._faults.rules)}

    async def _add_fault(self, _request: Request, body: Json) -> Any:
        refusal = Refusal(**body.get("refusal", {}))
        known = {key: value for key, value in body.items() if key not in {"kind", "vendor", "refusal"}}
        rule = Rule(FaultKind(body["kind"]), Vendor(body["vendor"]), refusal=refusal, **_floats(known, "seconds"))
        return self._faults.add(rule)

    async def _clear_faults(self, _request: Request, _body: Json) -> Any:
        self._faults.clear()
        return {}

    async def _targets(self, _request: Request, body: Json) -> Any:
        targets = self._deliveries.targets
        for key in ("ghl", "xero"):
            if key in body:
                setattr(targets, key, _url(key, body[key]))
        targets.ghl_url_per_event = bool(body.get("ghl_url_per_event", targets.ghl_url_per_event))
        return targets

    async def _throttle(self, _request: Request, body: Json) -> Any:
        seconds = float(body.get("seconds", 60))
        if Vendor(body["vendor"]) is Vendor.GHL:
            self._ghl.limits.throttle(body.get("location_id") or self._sheet.location_id, seconds)
        else:
            tenant_id = body.get("tenant_id") or self._sheet.tenant_id
            self._xero.throttle(tenant_id, body.get("problem", "minute"), seconds)
        return {}

    async def _bend(self, _request: Request, body: Json) -> Any:
        wanted = {key: value for key, value in body.items() if key != "vendor"}
        mischief = Mischief(**_floats(wanted, "delay_s", "jitter_s"))
        for vendor in self._vendors(body):
            self._deliveries.bend(vendor, mischief)
        return mischief

    async def _release(self, _request: Request, body: Json) -> Any:
        order = Order(body.get("order", Order.AS_FIRED))
        return {"released": sum(self._deliveries.release(vendor, order) for vendor in self._vendors(body))}

    async def _resend(self, _request: Request, body: Json) -> Any:
        return {"deliveries": self._deliveries.resend(body["ids"])}

    async def _resend_all(self, _request: Request, _body: Json) -> Any:
        return {"deliveries": self._deliveries.resend()}

    async def _forge(self, _request: Request, body: Json) -> Any:
        how = Forgery(body.get("how", Forgery.WRONG_KEY))
        return {"status": await self._deliveries.forge(Vendor(body["vendor"]), how)}

    async def _raw(self, _request: Request, body: Json) -> Any:
        sent = self._deliveries.send_raw(Vendor(body["vendor"]), body["event"], str(body["body"]).encode())
        return {"deliveries": [sent.id]}

    async def _intent(self, _request: Request, _body: Json) -> Any:
        return {"answers": await self._deliveries.intent_to_receive()}

    async def _ghl_habits(self, _request: Request, body: Json) -> Any:
        """Set what is not established of HighLevel's deliveries: `shape` of the bodies, policy of `retries`."""
        signer, sender = self._deliveries.ghl_signer, self._deliveries.ghl
        signer.shape = GhlShape(body.get("shape", signer.shape))
        sender.retries = GhlRetries(body.get("retries", sender.retries))
        return {"shape": signer.shape, "retries": sender.retries}

    async def _ghl_deed(self, request: Request, body: Json) -> Any:
        return self._ghl_deeds.do(request.path_params["deed"], body)

    async def _xero_deed(self, request: Request, body: Json) -> Any:
        told = {"tenant_id": self._sheet.tenant_id, **body}
        return {"result": self._bookkeeper.do(request.path_params["deed"], told)}

    @staticmethod
    def _vendors(body: Json) -> tuple[Vendor, ...]:
        return (Vendor(body["vendor"]),) if "vendor" in body else tuple(Vendor)


def _floats(values: Json, *names: str) -> dict[str, Any]:
    """Return the values with these as float: JSON's fractions are Decimal here, seconds are not money."""
    return {key: float(value) if key in names else value for key, value in values.items()}


def _url(name: str, value: str | None) -> str | None:
    if value is not None and urlsplit(value).scheme not in {"http", "https"}:
        raise ValueError(f"{name}: {value!r} is no http address")
    return value


def _written(answer: object) -> bytes:
    return orjson.dumps(answer, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (Mapping, tuple)):
        return dict(value) if isinstance(value, Mapping) else list(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")
