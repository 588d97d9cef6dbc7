from relay.sandbox.ghl_errors import bad_request, unprocessable


def test_a_refusal_carries_status_words_and_a_trace_id() -> None:
    assert bad_request("Invoice is already void").body("trace-1") == {
        "statusCode": 400,
        "message": "Invoice is already void",
        "error": "Bad Request",
        "traceId": "trace-1",
    }


def test_several_reasons_are_a_list() -> None:
    refusal = unprocessable(("altId should not be empty", "mode must be a string"))

    assert refusal.body("t")["message"] == ["altId should not be empty", "mode must be a string"]
    assert refusal.body("t")["statusCode"] == 422
