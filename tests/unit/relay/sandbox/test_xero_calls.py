from datetime import UTC, datetime

from relay.sandbox.xero_calls import Call, Calls


def a_call(method: str = "PUT", path: str = "/Invoices") -> Call:
    return Call(datetime(2026, 11, 2, tzinfo=UTC), method, path, "", 200, "t", "key", b"{}", b"{}", "application/json")


def test_writes_are_counted_by_path() -> None:
    calls = Calls()
    for method, path in (("GET", "/Invoices"), ("PUT", "/Invoices"), ("POST", "/Payments")):
        calls.add(a_call(method, path))

    assert (len(calls.writes()), len(calls.writes("Invoices")), len(calls)) == (2, 1, 3)


def test_only_the_last_calls_are_kept_but_all_are_counted() -> None:
    calls = Calls(kept=2)
    for path in ("/1", "/2", "/3"):
        calls.add(a_call(path=path))

    assert ([call.path for call in calls], calls.count) == (["/2", "/3"], 3)
