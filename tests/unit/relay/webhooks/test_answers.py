from http import HTTPStatus

import pytest

from relay.webhooks.answers import NOT_FOUND, Outcome, answer, answers, method_not_allowed

TABLES = {"ghl": answers(HTTPStatus.TOO_MANY_REQUESTS), "xero": answers(HTTPStatus.SERVICE_UNAVAILABLE)}


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.GONE])
def test_every_outcome_has_an_answer_without_body_and_cookies(outcome: Outcome) -> None:
    for table in TABLES.values():
        names = [name for name, _ in table[outcome]["headers"]]

        assert (b"content-length", b"0") in table[outcome]["headers"]
        assert b"set-cookie" not in names


def test_xero_hears_only_what_it_understands() -> None:
    assert {message["status"] for message in TABLES["xero"].values()} == {200, 401, 413, 503}


def test_highlevel_is_asked_to_come_again_in_the_way_it_always_obeyed() -> None:
    for outcome in (Outcome.OVERLOADED, Outcome.SLOW, Outcome.UNSTORED, Outcome.FAILED):
        message = TABLES["ghl"][outcome]

        assert message["status"] == 429
        assert b"retry-after" in [name for name, _ in message["headers"]]


def test_another_method_hears_which_one_is_allowed() -> None:
    assert (b"allow", b"POST") in method_not_allowed("POST")["headers"]


async def test_an_answer_is_sent_whole() -> None:
    sent = []

    async def send(message: object) -> None:
        sent.append(message)

    await answer(send, NOT_FOUND)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (sent[0]["status"], sent[1]["body"], sent[1]["more_body"]) == (404, b"", False)
