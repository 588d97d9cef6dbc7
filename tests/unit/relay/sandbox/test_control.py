from typing import Any

import httpx
import pytest

from tests.givens.sandbox_app import Whole, whole
from tests.givens.vendor_hooks import Receiver, turned


async def told(world: Whole, method: str, path: str, body: Any = None) -> httpx.Response:
    async with world.vendor("/control") as http:
        return await http.request(method, path, json=body)


async def test_everything_needed_to_judge_is_there() -> None:
    async with whole() as world:
        invoice = await world.invoice()
        await world.people.ghl("contacts/tag", id=invoice["contactDetails"]["id"], tags=["vip"])
        async with world.vendor("/ghl") as http:
            await http.get(f"/contacts/{invoice['contactDetails']['id']}", headers=await world.ghl_headers())

        books, calls, health = await world.people.books(), await world.people.calls(), await world.people.health()
        tenant_id = world.sandbox.xero.tenant_id

    assert [one["_id"] for one in books["ghl"]["invoices"]] == [invoice["_id"]]
    assert [one["tags"] for one in books["ghl"]["contacts"]] == [["vip"]]
    assert list(books["xero"]) == [tenant_id]
    assert [(one["method"], one["status"]) for one in calls["ghl"]] == [("GET", 200)]
    assert health["ok"] is True


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/ghl/invoices/frame", {}, "no deed"),
        ("/ghl/invoices/void", {"id": "x"}, "Unable to find an invoice"),
        ("/xero/burn", {}, "no deed burn"),
        ("/xero/enter_payment", {"invoice": "x", "amount": 1}, "no invoice x"),
        ("/xero/enter_payment", {"invoice": "x"}, "amount"),
        ("/faults", {"kind": "explode", "vendor": "ghl"}, "explode"),
        ("/faults", {"kind": "hang", "vendor": "ghl", "path": "("}, "regular expression"),
        ("/faults", {"kind": "hang", "vendor": "ghl", "colour": "red"}, "colour"),
        ("/faults", {}, "'kind' is missing"),
        ("/targets", {"ghl": "ftp://x"}, "no http address"),
        ("/deliveries/bend", {"duplicate": 1}, "duplicate"),
        ("/deliveries/release", {"order": "random"}, "random"),
        ("/deliveries/resend", {"ids": ["x"]}, "no delivery x"),
        ("/deliveries/forge", {"vendor": "quickbooks"}, "quickbooks"),
    ],
)
async def test_what_cannot_be_done_is_400_and_says_why(path: str, body: dict[str, Any], words: str) -> None:
    async with whole() as world:
        answer = await told(world, "POST", path, body)

    assert answer.status_code == 400
    assert words in answer.json()["error"]


async def test_a_body_that_is_no_json_is_400() -> None:
    async with whole() as world, world.vendor("/control") as http:
        answer = await http.post("/faults", content=b"{")

    assert answer.status_code == 400


async def test_faults_are_added_listed_and_cleared() -> None:
    async with whole() as world:
        refusal = {"status": 502, "body": "bad gateway"}
        await told(world, "POST", "/faults", {"kind": "refuse", "vendor": "ghl", "times": 1, "refusal": refusal})
        async with world.vendor("/ghl") as http:
            answers = [await http.get("/contacts/x", headers=await world.ghl_headers()) for _ in range(2)]
        (rule,) = (await told(world, "GET", "/faults")).json()["faults"]
        await told(world, "DELETE", "/faults")
        left = (await told(world, "GET", "/faults")).json()

    assert [answer.status_code for answer in answers] == [502, 404]
    assert (rule["bitten"], rule["kind"], left) == (1, "refuse", {"faults": []})


@pytest.mark.parametrize("vendor", ["ghl", "xero"])
async def test_a_throttled_vendor_answers_429(vendor: str) -> None:
    async with whole() as world:
        (connection,) = (await world.people.connection())["connections"]
        await told(world, "POST", "/throttle", {"vendor": vendor, "seconds": 60})
        async with world.vendor("") as http:
            grants, tenant = connection["grants"], connection["tenant_id"]
            headers = {"Authorization": f"Bearer {grants[vendor]['access_token']}", "xero-tenant-id": tenant}
            path = {"ghl": "/ghl/contacts/x", "xero": "/xero/api.xro/2.0/Organisation"}[vendor]
            answer = await http.get(path, headers=headers | {"Version": "2021-07-28"})

    assert answer.status_code == 429


async def test_deliveries_are_bent_and_released() -> None:
    async with whole() as world:
        await told(world, "POST", "/deliveries/bend", {"vendor": "ghl", "held": True, "duplicates": 1})
        await world.invoice()
        held = (await told(world, "GET", "/deliveries")).json()["counts"]["held"]
        released = (await told(world, "POST", "/deliveries/release", {"order": "reversed"})).json()
        await world.people.settled()

    assert (held, released) == (6, {"released": 6})
    assert [path.rsplit("/", 1)[1] for path in world.receiver.paths] == [
        *("InvoiceSent", "InvoiceSent", "InvoiceCreate", "InvoiceCreate", "ContactCreate", "ContactCreate"),
    ]


async def test_deliveries_are_sent_again_forged_and_raw() -> None:
    async with whole(Receiver([200])) as world:
        await world.invoice()
        await world.people.settled()
        (await told(world, "POST", "/deliveries/resend-all")).raise_for_status()
        one = (await told(world, "GET", "/deliveries")).json()["deliveries"][0]["id"]
        (await told(world, "POST", "/deliveries/resend", {"ids": [one]})).raise_for_status()
        forged = await told(world, "POST", "/deliveries/forge", {"vendor": "ghl", "how": "unsigned"})
        raw = {"vendor": "ghl", "event": "InvoicePaid", "body": "no json"}
        (await told(world, "POST", "/deliveries/raw", raw)).raise_for_status()
        await world.people.settled()

    assert len(world.receiver.got) == 3 + 3 + 1 + 1 + 1
    assert forged.json() == {"status": 200}


async def test_what_is_not_established_of_highlevel_can_be_set() -> None:
    async with whole(Receiver([500])) as world:
        habits = await told(world, "POST", "/deliveries/ghl", {"shape": "documented", "retries": "old"})
        await world.invoice()
        await turned()
        counts = (await told(world, "GET", "/deliveries")).json()["counts"]

    assert habits.json() == {"shape": "documented", "retries": "old"}
    assert counts["given_up"] == 3
    assert all(b"webhookId" not in one.body for one in world.receiver.got)


async def test_an_unset_address_ends_the_subscription() -> None:
    async with whole() as world:
        await told(world, "POST", "/targets", {"ghl": None})
        await world.invoice()

        assert (await told(world, "GET", "/deliveries")).json()["counts"]["lost"] == 3
