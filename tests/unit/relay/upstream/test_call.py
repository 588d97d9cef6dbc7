import asyncio
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from relay.clock import FakeClock
from relay.telemetry.metrics import BUDGET_REMAINING, REGISTRY
from relay.upstream.call import MAY_HAVE_LANDED, NOTHING_SENT, Reply, Request
from relay.upstream.errors import OutcomeUnknown, Throttled, Unauthorised, Unavailable, UpstreamError
from schemas.reasons import Reason
from tests.givens.upstream import NOON, FixedTokens, Script, answer, ghl_caller, raised, text, xero_caller

READ = Request("GET /Things", "GET", "/Things?IDs=1")
WRITE = Request("PUT /Things", "PUT", "/Things", b'{"Things":[]}', key="key-1")
EXPIRED = {"Type": None, "Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: token expired at 08/12/2022"}


def leaves() -> list[type[Exception]]:
    found = [kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return [kind for kind in found if not any(other is not kind and issubclass(other, kind) for other in found)]


def counted(endpoint: str, status: str, vendor: str = "xero") -> float:
    labels = {"vendor": vendor, "endpoint": endpoint, "status": status}
    return REGISTRY.get_sample_value("relay_upstream_calls_total", labels) or 0.0


def test_every_error_of_httpx_has_one_meaning() -> None:
    meanings = (*NOTHING_SENT, *MAY_HAVE_LANDED)

    assert sorted(kind.__name__ for kind in leaves()) == sorted(kind.__name__ for kind in meanings)


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("kind", NOTHING_SENT)
async def test_what_was_never_sent_is_unavailable(kind: type[Exception], request_: Request) -> None:
    caller = xero_caller(Script(raised(kind)))

    with pytest.raises(Unavailable):
        await caller.send(request_)


@pytest.mark.parametrize(("request_", "error"), [(READ, Unavailable), (WRITE, OutcomeUnknown)], ids=["read", "write"])
@pytest.mark.parametrize("kind", MAY_HAVE_LANDED)
async def test_a_write_without_an_answer_may_have_landed(
    kind: type[Exception], request_: Request, error: type[UpstreamError]
) -> None:
    caller = xero_caller(Script(raised(kind)))

    with pytest.raises(error):
        await caller.send(request_)


@pytest.mark.parametrize(("request_", "error"), [(READ, Unavailable), (WRITE, OutcomeUnknown)], ids=["read", "write"])
async def test_a_call_ends_with_its_deadline(request_: Request, error: type[UpstreamError]) -> None:
    async def silent(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    caller = xero_caller(silent, deadline_s=0.01)

    with pytest.raises(error, match=r"no answer within 0\.01 s"):
        await caller.send(request_)


@pytest.mark.parametrize(("request_", "error"), [(READ, Unavailable), (WRITE, OutcomeUnknown)], ids=["read", "write"])
@pytest.mark.parametrize(
    "good_but_unreadable",
    [
        pytest.param(text("<html>", 200), id="no JSON"),
        pytest.param(httpx.Response(200, content=b"{", headers={"content-type": "application/json"}), id="half of it"),
        pytest.param(answer({"Other": []}), id="another shape"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_no_answer(
    good_but_unreadable: httpx.Response, request_: Request, error: type[UpstreamError]
) -> None:
    caller = xero_caller(Script(good_but_unreadable))

    def things(document: Any) -> Any:
        if "Things" not in document:
            raise ValueError("no Things")

    with pytest.raises(error):
        await caller.call(request_, things)


async def test_xero_is_told_who_asks_for_whom_under_which_key() -> None:
    vendor = Script(answer({}))

    await xero_caller(vendor).send(WRITE)

    sent = vendor.requests[0]
    assert (sent.method, str(sent.url)) == ("PUT", "https://api.xero.com/api.xro/2.0/Things")
    assert sent.content == WRITE.body
    wanted = {
        "authorization": "Bearer token-0",
        "xero-tenant-id": "tenant-1",
        "accept": "application/json",
        "content-type": "application/json",
        "idempotency-key": "key-1",
    }
    assert {name: sent.headers[name] for name in wanted} == wanted


async def test_highlevel_is_told_its_version() -> None:
    vendor = Script(answer({}))

    await ghl_caller(vendor).send(READ)

    assert vendor.requests[0].headers["version"] == "2021-07-28"
    assert "idempotency-key" not in vendor.requests[0].headers


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
async def test_a_rejected_token_is_replaced_once_and_the_call_repeated(request_: Request) -> None:
    vendor, tokens = Script(answer(EXPIRED, 401), answer({"Things": [1]})), FixedTokens()

    found = await xero_caller(vendor, tokens=tokens).call(request_, lambda document: document["Things"])

    assert found == [1]
    assert [sent.headers["authorization"] for sent in vendor.requests] == ["Bearer token-0", "Bearer token-1"]
    assert [sent.content for sent in vendor.requests] == [request_.body or b""] * 2
    assert tokens.rejected == ["token-0"]


async def test_a_token_rejected_twice_needs_a_person() -> None:
    vendor = Script(answer(EXPIRED, 401))

    with pytest.raises(Unauthorised) as error:
        await xero_caller(vendor).send(READ)

    assert error.value.reason == Reason.AUTHORISATION_EXPIRED
    assert len(vendor.requests) == 2


async def test_after_a_limit_nobody_asks_until_its_time_has_come() -> None:
    clock = FakeClock(NOON)
    vendor = Script(answer({}, 429, retry_after="22", x_rate_limit_problem="minute"), answer({}))
    caller = xero_caller(vendor, clock=clock)

    with pytest.raises(Throttled) as first:
        await caller.send(READ)
    clock.advance(10)
    with pytest.raises(Throttled) as second:
        await caller.send(READ)
    clock.advance(12)
    await caller.send(READ)

    assert (first.value.retry_after, second.value.retry_after) == (22, 12)
    assert len(vendor.requests) == 2


async def test_calls_are_counted_by_endpoint_and_answer() -> None:
    vendor = Script(answer({}), text("bad", 500), httpx.ReadTimeout("late"))
    caller = xero_caller(vendor)
    before = [counted("PUT /Things", status) for status in ("200", "500", "OutcomeUnknown")]

    await caller.send(WRITE)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await caller.send(WRITE)

    after = [counted("PUT /Things", status) for status in ("200", "500", "OutcomeUnknown")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]


async def test_what_the_vendor_says_is_left_can_be_watched() -> None:
    vendor = Script(answer({}, x_minlimit_remaining="41", x_daylimit_remaining="4539"))

    await xero_caller(vendor).send(READ)

    shown = [BUDGET_REMAINING.labels("xero", window)._value.get() for window in ("minute", "day")]
    assert shown == [41, 4539]


async def test_xeros_correlation_id_is_logged_and_no_token_is() -> None:
    vendor = Script(answer({}, xero_correlation_id="abc-1"))

    with capture_logs() as logs:
        await xero_caller(vendor).send(READ)

    assert [entry["correlation"] for entry in logs if entry["event"] == "upstream.answered"] == ["abc-1"]
    assert "token-0" not in repr(logs)


@pytest.mark.parametrize(
    ("status", "good", "undecided"),
    [
        (200, True, False),
        (204, True, False),
        (302, False, True),
        (400, False, False),
        (404, False, False),
        (408, False, True),
        (500, False, True),
        (503, False, True),
    ],
)
def test_a_status_says_done_refused_or_neither(status: int, good: bool, undecided: bool) -> None:
    reply = Reply(status, {}, b"")

    assert (reply.good, reply.undecided) == (good, undecided)


def test_a_document_has_exact_fractions_and_no_nulls() -> None:
    reply = Reply(200, {"content-type": "application/json; charset=utf-8"}, b'{"a":0.10,"b":null,"c":[{"d":null}]}')

    document = reply.document()

    assert str(document["a"]) == "0.10"
    assert document == {"a": document["a"], "c": [{}]}


def test_what_does_not_say_that_it_is_json_is_not_parsed() -> None:
    with pytest.raises(ValueError, match="text/html"):
        Reply(404, {"content-type": "text/html"}, b"{}").document()
